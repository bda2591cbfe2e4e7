"""Widgets that draw rows of cells."""

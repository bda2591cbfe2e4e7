"""Scenarios: a machine, its load, and where it starts, as a file."""

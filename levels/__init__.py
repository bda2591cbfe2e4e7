"""Levels as data, their loader, goals and scoring."""

"""Aggregates, windows and joins over columns."""

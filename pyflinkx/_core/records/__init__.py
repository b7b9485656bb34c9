"""Batches of Python values, rows, and copies of records."""

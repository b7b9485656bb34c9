"""Aggregates over rows before and after each row: OVER."""

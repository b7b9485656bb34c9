"""The time of rows: watermarks, windows, and aggregates over rows that came before."""

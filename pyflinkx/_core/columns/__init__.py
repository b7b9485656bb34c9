"""Batches of typed columns: in and out of Arrow, rows and frames."""

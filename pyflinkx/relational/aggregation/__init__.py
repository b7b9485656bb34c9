"""Aggregates of queries: their functions, GROUP BY, ranks, and the order of rows."""

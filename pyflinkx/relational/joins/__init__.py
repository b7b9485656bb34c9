"""Joins of queries: what stands after FROM, subqueries, and their operators."""

"""UNION, INTERSECT and EXCEPT of queries."""

"""The order of rows: ORDER BY, LIMIT, row numbers and the best rows by them."""

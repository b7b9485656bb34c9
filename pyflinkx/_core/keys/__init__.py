"""Keys: their canonical bytes, their numbers in native tables, and where they belong."""

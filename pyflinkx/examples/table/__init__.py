"""Programs that use SQL and the Table API."""

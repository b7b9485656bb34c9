"""Programs to run, read and start from."""

"""The user's functions in queries."""

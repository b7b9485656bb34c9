"""Statements of SQL: what each kind of them does in a table environment."""

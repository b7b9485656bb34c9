"""Loops that call the user's functions."""

"""Syntax trees to text, by the kind of node."""

"""Keyed tables of Python values, their handles, and timers."""

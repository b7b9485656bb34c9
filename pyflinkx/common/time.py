"""Amounts of time and points in time, under PyFlink's module path."""

from pyflinkx.types.time import Duration, Instant, Time

__all__ = ["Duration", "Instant", "Time"]

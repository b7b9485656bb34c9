"""Spans of time as users write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


def to_milliseconds(duration: Any, what: str) -> int:
    """A duration in whole milliseconds.

    Args:
        duration: a Time or Duration, a ``datetime.timedelta``, or an int of milliseconds.
        what: what the duration is for, named in the error.

    Raises:
        TypeError: it is none of these.

    Example:
        >>> to_milliseconds(timedelta(seconds=2), "size")
        2000
    """
    if isinstance(duration, timedelta):
        return duration // timedelta(milliseconds=1)
    for method in ("to_milliseconds", "to_millis"):
        if hasattr(duration, method):
            return int(getattr(duration, method)())
    if isinstance(duration, int) and not isinstance(duration, bool):
        return duration
    raise TypeError(f"{what} must be a Time, a Duration, a timedelta or an int of milliseconds, not {duration!r}")

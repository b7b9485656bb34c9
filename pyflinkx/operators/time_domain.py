"""Which time a timer belongs to."""

from __future__ import annotations

import enum


class TimeDomain(enum.Enum):
    """Event time, which watermarks drive, or processing time, which the clock drives."""

    EVENT_TIME = 0
    PROCESSING_TIME = 1

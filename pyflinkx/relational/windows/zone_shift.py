"""From instants to local times and back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)
NO_OFFSET = timedelta(0)


def shifted(values: Any, unit: int, zone: str, local: bool, numpy: Any) -> Any:
    """Local times of an array of instants, or the other way.

    Args:
        values: in units of a second.
        unit: how many of them a second has.
        zone: the local one.
        local: whether local times are wanted.
        numpy: the module.
    """
    if zone == "UTC":
        return values
    place = ZoneInfo(zone)
    distinct, places = numpy.unique(values // unit, return_inverse=True)
    offsets = []
    for second in distinct.tolist():
        moment = EPOCH + timedelta(seconds=second)
        there = moment.replace(tzinfo=timezone.utc).astimezone(place) if local else moment.replace(tzinfo=place)
        offsets.append(int((there.utcoffset() or NO_OFFSET).total_seconds()))
    shift = numpy.array(offsets, "int64")[places].reshape(values.shape) * unit
    return values + shift if local else values - shift

"""Time zones: from instants to local times and back."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pyflinkx.relational.faults import ValueFault

OFFSET = re.compile(r"(?:GMT|UTC|UT)?([+-])(\d{1,2})(?::?(\d{2}))?")
EPOCH = datetime(1970, 1, 1)
# A zone's offset changes at full quarters of an hour, but for times of the sun, which all zones left by then.
QUARTER = 900
SUN = -1_500_000_000
# Zones that Java knows by letters and Python does not.
SHORT = {
    "PST": "America/Los_Angeles",
    "CST": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "JST": "Asia/Tokyo",
    "Z": "UTC",
}


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """A time zone by its name, or by its offset, such as ``GMT+8`` or ``-08:00``.

    Raises:
        ValueFault: there is none.
    """
    found = OFFSET.fullmatch(name)
    if found is not None:
        sign = -1 if found[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)))
    try:
        return ZoneInfo(SHORT.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueFault(f"there is no time zone {name!r}") from None


@lru_cache(maxsize=65_536)
def offset_at(name: str, seconds: int) -> int:
    """What is added to an instant for the local time (s)."""
    zone = zone_of(name)
    try:
        moment = (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=timezone.utc).astimezone(zone)
    except OverflowError:
        raise ValueFault("a time is outside of the years 1 to 9999") from None
    offset = moment.utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


@lru_cache(maxsize=65_536)
def offset_for(name: str, seconds: int) -> int:
    """What is taken off a local time for the instant (s): of two the first, in a gap that before it, as Java's."""
    try:
        offset = (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=zone_of(name)).utcoffset()
    except OverflowError:
        raise ValueFault("a time is outside of the years 1 to 9999") from None
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


def to_local(value: int, unit: int, zone: str) -> int:
    """The local time of an instant, both in units of a second."""
    seconds = value // unit
    return value + offset_at(zone, seconds // QUARTER * QUARTER if seconds > SUN else seconds) * unit


def to_instant(value: int, unit: int, zone: str) -> int:
    """The instant of a local time."""
    seconds = value // unit
    return value - offset_for(zone, seconds // QUARTER * QUARTER if seconds > SUN else seconds) * unit


def shifted(values: Any, unit: int, zone: str, local: bool, numpy: Any) -> Any:
    """Local times of an array of instants, or the other way."""
    if zone_of(zone) == timezone.utc or zone == "UTC":
        return values
    seconds = values // unit
    blocks = numpy.where(seconds > SUN, seconds // QUARTER * QUARTER, seconds)
    distinct, places = numpy.unique(blocks, return_inverse=True)
    find = offset_at if local else offset_for
    offsets = numpy.array([find(zone, second) for second in distinct.tolist()], "int64")[places].reshape(values.shape)
    return values + offsets * unit if local else values - offsets * unit


def machine_zone() -> str:
    """The name of the machine's time zone, or its offset where it has no name that is known."""
    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        try:
            name = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
        except OSError:
            name = ""
    try:
        zone_of(name)
    except ValueFault:
        seconds = -time.timezone
        sign = "-" if seconds < 0 else "+"
        return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) // 60 % 60:02d}"
    return name

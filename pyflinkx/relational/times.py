"""Dates, times and timestamps as text and as numbers: days since 1970, units of a second since then or midnight."""

from __future__ import annotations

import re
from datetime import date

from pyflinkx.relational.faults import ValueFault
from pyflinkx.types.data_type import DataType
from pyflinkx.types.data_type_field import format_of

PER_SECOND = {"s": 1, "m": 1_000, "u": 1_000_000, "n": 1_000_000_000}
NANOS = 1_000_000_000
SECONDS_PER_DAY = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()
DATE = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})")
TIME = re.compile(r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9})\d*)?)?)?")


def units_of(kind: DataType) -> int:
    """How many of a column's units a second has."""
    return PER_SECOND[format_of(kind)[2]]


def rescaled(value: int, before: int, unit: int, digits: int) -> int:
    """In another unit, cut off after so many digits of a second."""
    value = value * unit // before if unit >= before else value // (before // unit)
    step = unit // 10**digits if unit >= 10**digits else 1
    return value // step * step


def day_of(text: str) -> int:
    found = DATE.fullmatch(text)
    if found is None:
        raise ValueFault(f"{text!r:.100} is no DATE")
    try:
        return date(*map(int, found.groups())).toordinal() - EPOCH_DAY
    except ValueError:
        raise ValueFault(f"{text!r:.100} is no DATE") from None


def date_of(text: str) -> int:
    """A date, or that of a timestamp.

    Raises:
        ValueFault: it is none.
    """
    return day_of(re.split("[ T]", text.strip(), maxsplit=1)[0])


def time_of(text: str) -> int:
    """Nanoseconds of a time of day.

    Raises:
        ValueFault: it is none.
    """
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise ValueFault(f"{text!r:.100} is no TIME")
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueFault(f"{text!r:.100} is no TIME")
    return ((hour * 60 + minute) * 60 + second) * NANOS + int((found[4] or "0").ljust(9, "0"))


def stamp_of(text: str) -> int:
    """Nanoseconds since 1970 of a date, or of a date and a time.

    Raises:
        ValueFault: it is neither.
    """
    day, *time = re.split("[ T]", text.strip(), maxsplit=1)
    try:
        return day_of(day) * SECONDS_PER_DAY * NANOS + (time_of(time[0]) if time else 0)
    except ValueFault:
        raise ValueFault(f"{text!r:.100} is no TIMESTAMP") from None


def date_text(days: int) -> str:
    """A date as SQL writes it.

    Raises:
        ValueFault: it is outside of Python's calendar.
    """
    try:
        return date.fromordinal(days + EPOCH_DAY).isoformat()
    except (ValueError, OverflowError):
        raise ValueFault(f"day {days} is outside of the years 1 to 9999") from None


def time_text(value: int, unit: int, digits: int) -> str:
    """A time of day with so many digits of a second."""
    seconds, rest = divmod(value, unit)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    fraction = f"{rest * NANOS // unit:09d}"[:digits]
    return f"{text}.{fraction}" if fraction else text


def stamp_text(value: int, unit: int, digits: int) -> str:
    """A timestamp with so many digits of a second."""
    days, rest = divmod(value, SECONDS_PER_DAY * unit)
    return f"{date_text(days)} {time_text(rest, unit, digits)}"

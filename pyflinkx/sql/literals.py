"""What texts of dates and times have to look like."""

from __future__ import annotations

import re
from datetime import date

_DATE = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d*)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EXAMPLES = {
    "DATE": "2024-01-31",
    "TIME": "23:59:59.999",
    "TIMESTAMP": "2024-01-31 23:59:59.999",
    "TIMESTAMP_LTZ": "2024-01-31 23:59:59.999",
    "UUID": "123e4567-e89b-12d3-a456-426614174000",
}


def fault_of(kind: str, value: str) -> str | None:
    """What is wrong with the text of a literal; None if nothing is.

    Example:
        >>> fault_of("DATE", "2023-02-29")
        "'2023-02-29' is no DATE: it is written as in '2024-01-31'"
    """
    value = value.strip()
    if kind == "DATE":
        right = _is_date(value)
    elif kind == "TIME":
        right = _is_time(value)
    elif kind == "UUID":
        right = _UUID.fullmatch(value) is not None
    else:
        day, space, time = value.partition(" ")
        right = _is_date(day) and (not space or _is_time(time.strip()))
    return None if right else f"{value!r} is no {kind}: it is written as in {_EXAMPLES[kind]!r}"


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day = map(int, match.groups())
    try:
        # Year 0 is a leap year; Python has none.
        date(year or 4, month, day)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    return match is not None and int(match[1]) < 24 and int(match[2]) < 60 and int(match[3]) < 60

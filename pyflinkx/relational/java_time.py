"""Patterns of times as Java has them: ``yyyy-MM-dd HH:mm:ss.SSS``."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from pyflinkx.relational.calendar import day_of
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.times import EPOCH_DAY, NANOS, SECONDS_PER_DAY

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_NANOS = SECONDS_PER_DAY * NANOS
LETTERS = "yuMLdHhKkmsSaEDnAQq"


class Part(NamedTuple):
    """A run of one letter, or a text (with no letter) that stands for itself."""

    letter: str
    size: int
    text: str


@lru_cache(maxsize=512)
def parts_of(pattern: str) -> tuple[Part, ...]:
    """A pattern's parts.

    Raises:
        ValueFault: it has a letter that stands for nothing.
    """
    found: list[Part] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        if sign == "'":
            end = place + 1
            text = ""
            while end < len(pattern):
                if pattern[end] == "'":
                    if pattern[end + 1 : end + 2] != "'":
                        break
                    end += 1
                text += pattern[end]
                end += 1
            else:
                raise ValueFault(f"the pattern {pattern!r:.100} has a quote that is not closed")
            found.append(Part("", 0, text or "'"))
            place = end + 1
        elif sign.isascii() and sign.isalpha():
            end = place
            while end < len(pattern) and pattern[end] == sign:
                end += 1
            if sign not in LETTERS and sign not in "zZXxVOG":
                raise ValueFault(f"the pattern {pattern!r:.100} has the letter {sign}, which stands for nothing")
            found.append(Part(sign, end - place, pattern[place:end]))
            place = end
        else:
            found.append(Part("", 0, sign))
            place += 1
    return tuple(found)


def number_of(letter: str, day: date, nanos: int) -> int:
    """What a letter stands for."""
    seconds = nanos // NANOS
    if letter in "yu":
        return day.year
    if letter in "ML":
        return day.month
    if letter == "d":
        return day.day
    if letter == "D":
        return day.timetuple().tm_yday
    if letter in "Qq":
        return (day.month + 2) // 3
    hour = seconds // 3600
    if letter == "H":
        return hour
    if letter == "h":
        return (hour + 11) % 12 + 1
    if letter == "K":
        return hour % 12
    if letter == "k":
        return hour or 24
    if letter == "m":
        return seconds // 60 % 60
    if letter == "s":
        return seconds % 60
    return nanos % NANOS if letter == "n" else nanos // 1_000_000


def format_time(nanos: int, pattern: str) -> str:
    """A time as text.

    Args:
        nanos: since 1970, of local time.
        pattern: as Java's.

    Raises:
        ValueFault: the pattern is none.
    """
    days, rest = divmod(nanos, DAY_NANOS)
    day = day_of(days)
    made = []
    for letter, size, text in parts_of(pattern):
        if not letter:
            made.append(text)
        elif letter == "S":
            made.append(f"{rest % NANOS:09d}"[:size].ljust(size, "0"))
        elif letter == "a":
            made.append("PM" if rest >= DAY_NANOS // 2 else "AM")
        elif letter in "ML" and size > 2:
            made.append(MONTHS[day.month - 1][: 3 if size == 3 else None])
        elif letter == "E":
            made.append(DAYS[day.weekday()][: None if size == 4 else 3])
        elif letter in "yu" and size == 2:
            made.append(f"{day.year % 100:02d}")
        elif letter in LETTERS:
            made.append(str(number_of(letter, day, rest)).rjust(size, "0"))
        else:
            raise ValueFault(f"the pattern {pattern!r:.100} asks for a zone, which a time of this type has not")
    return "".join(made)


def finest(pattern: str) -> int:
    """The nanoseconds between times that a pattern tells apart; 1 for a pattern that is none."""
    try:
        letters = {letter for letter, _, _ in parts_of(pattern)}
    except ValueFault:
        return 1
    for some, step in (("SnAzZXxVOG", 1), ("s", NANOS), ("m", 60 * NANOS), ("HhKka", 3600 * NANOS)):
        if letters & set(some):
            return step
    return DAY_NANOS


ZONE = r"(?:Z|[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z_]+(?:/[A-Za-z_]+)?)"


@lru_cache(maxsize=512)
def reader_of(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """What reads a time, and which letters its groups are of."""
    parts = parts_of(pattern)
    written, letters = [], []
    for place, (letter, size, text) in enumerate(parts):
        following = parts[place + 1].letter if place + 1 < len(parts) else ""
        adjacent = bool(following) and following not in "aEzZXxVOG"
        if not letter:
            written.append(re.escape(text))
            continue
        letters.append(letter)
        if letter == "a":
            written.append("([AaPp][Mm])")
        elif (letter in "ML" and size > 2) or letter == "E":
            written.append("([A-Za-z]+)")
        elif letter in "zZXxVO":
            written.append(f"({ZONE})")
        elif letter == "G":
            written.append("(AD|BC)")
        elif letter == "S":
            written.append(
                f"(\\d{{{size}}})"
                if adjacent
                else f"(\\d{{1,{size}}})\\d*"
                if following == "" and place + 1 == len(parts)
                else f"(\\d{{1,{size}}})"
            )
        elif adjacent:
            written.append(f"(\\d{{{size}}})")
        elif letter in "yu":
            written.append("(\\d{2})" if size == 2 else "([+-]?\\d{1,9})" if size < 4 else "(\\d{4})")
        else:
            written.append(f"(\\d{{1,{max(size, 3 if letter == 'D' else 2)}}})")
    return re.compile("".join(written)), tuple(letters)


def parse_time(text: str, pattern: str) -> tuple[int, str | None] | None:
    """Nanoseconds since 1970 of a time as text, and its zone where it has one; None where the text is none.

    Raises:
        ValueFault: the pattern is none.
    """
    regex, letters = reader_of(pattern)
    found = regex.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, nanos = 1970, 1, 1, 0, 0, 0, 0
    half: str | None = None
    zone: str | None = None
    of_year: int | None = None
    for letter, value in zip(letters, found.groups(), strict=True):
        if letter in "yu":
            year = int(value) + (2000 if len(value) == 2 else 0)
        elif letter in "ML":
            month = int(value) if value.isdigit() else month_of(value)
        elif letter == "d":
            day = int(value)
        elif letter == "D":
            of_year = int(value)
        elif letter in "HkhK":
            hour = int(value) % (24 if letter in "Hk" else 12) if letter != "H" else int(value)
        elif letter == "m":
            minute = int(value)
        elif letter == "s":
            second = int(value)
        elif letter == "S":
            nanos = int(value.ljust(9, "0")[:9])
        elif letter == "a":
            half = value.upper()
        elif letter in "zZXxVO":
            zone = value
    if half == "PM":
        hour += 12
    try:
        days = date(year, month, day).toordinal() - EPOCH_DAY
    except (ValueError, OverflowError):
        return None
    if of_year is not None:
        days = date(year, 1, 1).toordinal() - EPOCH_DAY + of_year - 1
    if hour > 23 or minute > 59 or second > 59:
        return None
    return days * DAY_NANOS + ((hour * 60 + minute) * 60 + second) * NANOS + nanos, zone


def month_of(name: str) -> int:
    """The number of a month's name; 0 for none."""
    for place, known in enumerate(MONTHS):
        if name.lower() in (known.lower(), known[:3].lower()):
            return place + 1
    return 0

"""The types of configuration values: how text becomes a value and a value text.

The syntax is Flink's. Every ``parse`` raises ValueError for text that is no such value; the options turn that into an
error that names the key.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

INTEGER_PATTERN = re.compile(r"[+-]?[0-9]+")
NUMBER_PATTERN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?")
AMOUNT_PATTERN = re.compile(r"([0-9]+)\s*([^\s0-9].*)?")
ISO_PATTERN = re.compile(
    r"([+-]?)P(?:([+-]?[0-9]+)D)?(T(?:([+-]?[0-9]+)H)?(?:([+-]?[0-9]+)M)?(?:([+-]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?",
    re.IGNORECASE,
)

MEMORY_UNIT_NAMES = (
    ("b", "bytes"),
    ("k", "kb", "kibibytes"),
    ("m", "mb", "mebibytes"),
    ("g", "gb", "gibibytes"),
    ("t", "tb", "tebibytes"),
)
MEMORY_UNITS = {name: 1024**power for power, names in enumerate(MEMORY_UNIT_NAMES) for name in names}

SECOND = 10**9
DURATION_UNIT_NAMES = {
    1: ("ns", "nano", "nanos", "nanosecond", "nanoseconds"),
    10**3: ("\u00b5s", "micro", "micros", "microsecond", "microseconds"),
    10**6: ("ms", "milli", "millis", "millisecond", "milliseconds"),
    SECOND: ("s", "sec", "secs", "second", "seconds"),
    60 * SECOND: ("m", "min", "minute", "minutes"),
    3600 * SECOND: ("h", "hour", "hours"),
    86400 * SECOND: ("d", "day", "days"),
}
DURATION_UNITS = {name: nanos for nanos, names in DURATION_UNIT_NAMES.items() for name in names}


def parse_integer(text: str) -> int:
    """A whole number of any size."""
    text = text.strip()
    if not INTEGER_PATTERN.fullmatch(text):
        raise ValueError(text)
    return int(text)


def parse_int(text: str) -> int:
    """A whole number of 32 bits."""
    return bounded(parse_integer(text), 31)


def parse_long(text: str) -> int:
    """A whole number of 64 bits."""
    return bounded(parse_integer(text), 63)


def bounded(number: int, bits: int) -> int:
    """``number``, if it fits in ``bits`` bits and a sign."""
    if not -(1 << bits) <= number < 1 << bits:
        raise ValueError(f"{number} does not fit in {bits + 1} bits")
    return number


def parse_double(text: str) -> float:
    """A number; NaN and Infinity too."""
    text = text.strip()
    if NUMBER_PATTERN.fullmatch(text):
        return float(text.rstrip("fFdD"))
    if text not in ("NaN", "Infinity", "+Infinity", "-Infinity", "nan", "inf", "-inf"):
        raise ValueError(text)
    return float(text)


def parse_float(text: str) -> float:
    """A number, rounded to 32 bits."""
    return single(parse_double(text))


def single(number: float) -> float:
    """``number`` rounded to 32 bits."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        raise ValueError(f"{number} does not fit in 32 bits") from None


def parse_boolean(text: str) -> bool:
    """true or false, in any case."""
    lowered = text.strip().lower()
    if lowered not in ("true", "false"):
        raise ValueError(text)
    return lowered == "true"


def parse_memory(text: str) -> int:
    """Bytes, from a whole number and a unit (none: bytes); all units count in steps of 1024."""
    match = AMOUNT_PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    unit = (match[2] or "b").strip().lower()
    if unit not in MEMORY_UNITS:
        raise ValueError(f"unknown unit {unit!r}")
    return bounded(int(match[1]) * MEMORY_UNITS[unit], 63)


def format_memory(size: int) -> str:
    """Bytes as text, in the largest unit that leaves a whole number."""
    for name in ("t", "g", "m", "k"):
        if size and size % MEMORY_UNITS[name] == 0:
            return f"{size // MEMORY_UNITS[name]} {name}b"
    return f"{size} bytes"


def parse_duration(text: str) -> int:
    """Milliseconds, from a whole number and a unit (none: milliseconds) or ISO 8601; the rest is cut off."""
    text = text.strip()
    nanos = iso_nanos(text) if text[:1] in "Pp+-" else amount_nanos(text)
    millis = abs(nanos) // 10**6
    return bounded(millis if nanos >= 0 else -millis, 63)


def amount_nanos(text: str) -> int:
    """Nanoseconds of a number and a unit."""
    match = AMOUNT_PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    unit = (match[2] or "ms").strip().lower().replace("\u03bc", "\u00b5")
    if unit not in DURATION_UNITS:
        raise ValueError(f"unknown unit {unit!r}")
    return int(match[1]) * DURATION_UNITS[unit]


def iso_nanos(text: str) -> int:
    """Nanoseconds of an ISO 8601 duration without years and months."""
    match = ISO_PATTERN.fullmatch(text)
    if match is None or not any(match.group(2, 4, 5, 6)) or (match[3] or "").upper() == "T":
        raise ValueError(text)
    sign, days, _, hours, minutes, seconds, fraction = match.groups()
    rest = int((fraction or "").ljust(9, "0"))
    total = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    nanos = total * SECOND + (-rest if (seconds or "").startswith("-") else rest)
    return -nanos if sign == "-" else nanos


def split(text: str, separator: str, also: str = "") -> list[str]:
    """The parts between separators, with their quotes.

    A part may stand in single or double quotes: separators within are text, and a doubled quote is a quote. Quotes may
    also begin after the character ``also``, at which nothing is cut.
    """
    parts, start, begin, position, quote = [], 0, 0, 0, ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == quote and text[position + 1 : position + 2] == quote:
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"" and not text[begin:position].strip():
            quote = character
        elif character == separator:
            parts.append(text[start:position])
            start = begin = position + 1
        elif character == also:
            begin = position + 1
        position += 1
    return [*parts, text[start:]]


def unquote(part: str) -> str:
    """A part without its quotes and the space around it."""
    part = part.strip()
    quote = part[:1]
    if quote not in ("'", '"'):
        return part
    inner = part[1:-1].replace(quote * 2, "")
    if len(part) < 2 or not part.endswith(quote) or quote in inner:
        raise ValueError(f"wrong quotes in {part}")
    return part[1:-1].replace(quote * 2, quote)


def quote(part: str) -> str:
    """A part in quotes if it needs them."""
    plain = part == part.strip() and not any(character in part for character in ";,:'\"[]{}") and part
    return part if plain else "'" + part.replace("'", "''") + "'"


def parse_list(text: str) -> list[str]:
    """Items separated by semicolons, or by commas within square brackets, or each in a line after a hyphen, as YAML."""
    text = text.strip()
    lines = text.split("\n")
    if all(line.strip().startswith("- ") for line in lines):
        return [unquote(line.strip()[1:]) for line in lines]
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
        return [unquote(part) for part in split(text, ",")] if text else []
    return [unquote(part) for part in split(text, ";") if part.strip()]


def format_list(items: list[str]) -> str:
    """Items as text."""
    return ";".join(quote(item) for item in items)


def parse_map(text: str) -> dict[str, str]:
    """Pairs ``key:value`` separated by commas, with or without braces around them."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    pairs = {}
    for pair in split(text, ",", also=":") if text else []:
        key, *value = split(pair, ":")
        if not value:
            raise ValueError(f"{pair.strip()!r} has no colon")
        pairs[unquote(key)] = unquote(":".join(value))
    return pairs


def format_map(pairs: dict[str, str]) -> str:
    """Pairs as text."""
    return ",".join(f"{quote(key)}:{quote(value)}" for key, value in pairs.items())


@dataclass(frozen=True)
class ValueType(Generic[T]):
    """A type of configuration values.

    ``name`` says what is expected ("a whole number"); ``python`` are the types that a value to be formatted may have.
    """

    name: str
    python: tuple[type, ...]
    parse: Callable[[str], T]
    format: Callable[[T], str]


def format_boolean(value: bool) -> str:
    """true or false."""
    return "true" if value else "false"


def format_duration(millis: int) -> str:
    """Milliseconds as text."""
    return f"{millis} ms"


INT: ValueType[int] = ValueType("a whole number of 32 bits", (int,), parse_int, str)
LONG: ValueType[int] = ValueType("a whole number of 64 bits", (int,), parse_long, str)
FLOAT: ValueType[float] = ValueType("a number", (float, int), parse_float, repr)
DOUBLE: ValueType[float] = ValueType("a number", (float, int), parse_double, repr)
BOOLEAN: ValueType[bool] = ValueType("true or false", (bool,), parse_boolean, format_boolean)
STRING: ValueType[str] = ValueType("text", (str,), str, str)
MEMORY: ValueType[int] = ValueType('a memory size such as "64 mb"', (int,), parse_memory, format_memory)
DURATION: ValueType[int] = ValueType('a duration such as "200 ms" or "PT1S"', (int,), parse_duration, format_duration)
LIST: ValueType[list[str]] = ValueType("a list such as a;b or [a, b]", (list,), parse_list, format_list)
MAP: ValueType[dict[str, str]] = ValueType("a map such as a:1,b:2", (dict,), parse_map, format_map)


def enumeration(*names: str) -> ValueType[str]:
    """One of the names, in any case; the value is the name as it is written here."""
    by_name = {name.lower(): name for name in names}

    def parse(text: str) -> str:
        if text.strip().lower() not in by_name:
            raise ValueError(text)
        return by_name[text.strip().lower()]

    return ValueType(f"one of {', '.join(names)}", (str,), parse, str)

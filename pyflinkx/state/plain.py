"""Plain values as bytes that name no code: what travels between a program and those who ask for its state.

Each value is a letter and what the letter says; what is read is checked byte for byte, and nothing is called but the
constructors of these types. Tuples, lists and dicts may be nested.
"""

from __future__ import annotations

import datetime
import decimal
import struct
import uuid
from collections.abc import Callable
from typing import Any

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import CorruptDataError

MAX_DEPTH = 32
LENGTH = struct.Struct("<I")
DOUBLE = struct.Struct("<d")

CONSTANTS = {b"N": None, b"T": True, b"F": False}
TEXTS: dict[bytes, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    b"i": (int, str, int),
    b"s": (str, str, str),
    b"D": (decimal.Decimal, str, decimal.Decimal),
    b"U": (uuid.UUID, str, uuid.UUID),
    b"Z": (datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    b"Y": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    b"C": (datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
}
LONGEST_NUMBER = 4000  # digits of an int: reading text as one takes the square of its length


def encoded(value: Any) -> bytes:
    """A plain value as bytes.

    Raises:
        TypeError: it is, or holds, something else than None, bool, int, float, str, bytes, Decimal, UUID, dates and
            times, Row, tuples, lists and dicts of these.

    Example:
        >>> decoded(encoded(("a", 1, [None, 2.5])))
        ('a', 1, [None, 2.5])
    """
    parts: list[bytes] = []
    write(value, parts, 0)
    return b"".join(parts)


def write(value: Any, parts: list[bytes], depth: int) -> None:
    """Append the bytes of a value."""
    if depth > MAX_DEPTH:
        raise TypeError(f"values that are nested more than {MAX_DEPTH} deep are no plain values")
    if value is None or isinstance(value, bool):
        parts.append({None: b"N", True: b"T", False: b"F"}[value])
    elif isinstance(value, float):
        parts.append(b"f" + DOUBLE.pack(value))
    elif isinstance(value, bytes | bytearray):
        parts.append(b"b" + LENGTH.pack(len(value)) + bytes(value))
    elif isinstance(value, Row):
        names = list(getattr(value, "_fields", ()))
        write_all(b"R", [value.get_row_kind().value, names, tuple(value)], parts, depth)
    elif isinstance(value, tuple):
        write_all(b"t", value, parts, depth)
    elif isinstance(value, list):
        write_all(b"l", value, parts, depth)
    elif isinstance(value, dict):
        write_all(b"m", [part for entry in value.items() for part in entry], parts, depth)
    else:
        for letter, (kind, written, _) in TEXTS.items():
            if isinstance(value, kind):
                text = written(value).encode()
                if kind is int and len(text) > LONGEST_NUMBER:
                    raise TypeError(f"an int of more than {LONGEST_NUMBER} digits is no plain value")
                parts.append(letter + LENGTH.pack(len(text)) + text)
                return
        raise TypeError(f"a {type(value).__name__} is no plain value (None, numbers, text, bytes, dates, tuples, ...)")


def write_all(letter: bytes, values: Any, parts: list[bytes], depth: int) -> None:
    """Append several values."""
    parts.append(letter + LENGTH.pack(len(values)))
    for value in values:
        write(value, parts, depth + 1)


def decoded(data: bytes) -> Any:
    """The value of which ``encoded`` made these bytes.

    Raises:
        CorruptDataError: they are no such bytes.
    """
    reader = Reader(data)
    try:
        value = reader.value(0)
    except CorruptDataError:
        raise
    except (ValueError, TypeError, ArithmeticError, OverflowError) as error:
        raise CorruptDataError(f"bytes that are no plain value: {error}") from error
    if reader.place != len(data):
        raise CorruptDataError(f"{len(data) - reader.place} bytes too many behind a plain value")
    return value


class Reader:
    """Reads values one after the other.

    Args:
        data: from the first byte on.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if size > len(self.data) - self.place:
            raise CorruptDataError("a plain value that is cut")
        start, self.place = self.place, self.place + size
        return self.data[start : self.place]

    def value(self, depth: int) -> Any:
        """The next value."""
        if depth > MAX_DEPTH:
            raise CorruptDataError(f"a plain value that is nested more than {MAX_DEPTH} deep")
        letter = self.take(1)
        if letter in CONSTANTS:
            return CONSTANTS[letter]
        if letter == b"f":
            return DOUBLE.unpack(self.take(DOUBLE.size))[0]
        (length,) = LENGTH.unpack(self.take(LENGTH.size))
        if letter == b"b":
            return self.take(length)
        if letter in TEXTS:
            if letter == b"i" and length > LONGEST_NUMBER:
                raise CorruptDataError("a number with too many digits")
            return TEXTS[letter][2](self.take(length).decode())
        if letter not in (b"t", b"l", b"m", b"R") or length > len(self.data) - self.place:
            raise CorruptDataError(f"bytes that are no plain value: {letter!r}")
        values = [self.value(depth + 1) for _ in range(length)]
        return self.composed(letter, values)

    def composed(self, letter: bytes, values: list[Any]) -> Any:
        """A value that is made of others."""
        if letter == b"t":
            return tuple(values)
        if letter == b"l":
            return values
        if letter == b"m":
            if len(values) % 2:
                raise CorruptDataError("a dict that has a key without a value")
            return dict(zip(values[::2], values[1::2], strict=True))
        return row_of(*values)


def row_of(kind: Any, names: Any, fields: Any) -> Row:
    """A Row of its parts."""
    row = Row(*fields)
    if names:
        row.set_field_names(names)
    row.set_row_kind(RowKind(kind))
    return row

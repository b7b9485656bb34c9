"""JSON as text: how it is read, and how values of SQL are written as it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyflinkx.formats.java_text import java_double, java_float
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.times import date_text, stamp_text, time_text, units_of
from pyflinkx.types.data_type import DataType, Family, Kind

ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def refused(name: str) -> Any:
    raise ValueFault(f"{name} is no JSON")


def parsed(text: str) -> Any:
    """The value of a text of JSON.

    Raises:
        ValueFault: it is none.
    """
    try:
        return json.loads(text, parse_constant=refused)
    except (ValueError, RecursionError) as error:
        raise ValueFault(f"{text!r:.100} is no JSON: {error}") from None


def quoted(text: str) -> str:
    """A text as JSON has it."""
    return '"' + "".join(ESCAPES.get(sign) or (sign if sign >= " " else f"\\u{ord(sign):04X}") for sign in text) + '"'


def number(value: float) -> str:
    return java_double(value) if math.isfinite(value) else quoted(java_double(value))


def written(value: Any) -> str:
    """A value of JSON as text, with the keys of objects in order."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(key)}:{written(value[key])}" for key in sorted(value)) + "}"
    return str(value)


@lru_cache(maxsize=512)
def writer_of(kind: DataType) -> Callable[[Any], str]:
    """What writes values of a type as JSON.

    Raises:
        NotImplementedError: there is no such JSON.
    """
    if kind.family(Family.CHARACTER_STRING):
        return quoted
    if kind.kind is Kind.BOOLEAN:
        return lambda value: "true" if value else "false"
    if kind.family(Family.INTEGER):
        return str
    if kind.kind is Kind.DECIMAL:
        return lambda value: f"{value:f}"
    if kind.kind is Kind.FLOAT:
        return lambda value: java_float(value) if math.isfinite(value) else quoted(java_float(value))
    if kind.kind is Kind.DOUBLE:
        return number
    if kind.family(Family.BINARY_STRING):
        return lambda value: quoted(base64.b64encode(bytes(value)).decode())
    if kind.kind is Kind.DATE:
        return lambda value: quoted(date_text(value))
    if kind.kind in (Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ):
        return time_writer(kind)
    if kind.kind is Kind.ARRAY:
        element = or_null(writer_of(kind.children[0]))
        return lambda value: f"[{','.join(map(element, value))}]"
    if kind.kind is Kind.ROW:
        parts = sorted(enumerate(kind.names), key=lambda pair: pair[1])
        writers = [(place, quoted(name), or_null(writer_of(kind.children[place]))) for place, name in parts]
        return lambda value: "{" + ",".join(f"{name}:{write(value[place])}" for place, name, write in writers) + "}"
    if kind.kind in (Kind.MAP, Kind.MULTISET) and kind.children[0].family(Family.CHARACTER_STRING):
        item = or_null(writer_of(kind.children[1])) if kind.kind is Kind.MAP else str
        return lambda value: "{" + ",".join(f"{quoted(key)}:{item(value[key])}" for key in sorted(value)) + "}"
    if kind.kind is Kind.NULL:
        return lambda value: "null"
    raise NotImplementedError(f"{kind} has no form in JSON")


def or_null(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "null" if value is None else write(value)


def time_writer(kind: DataType) -> Callable[[Any], str]:
    unit = units_of(kind)
    if kind.kind is Kind.TIME:
        return lambda value: quoted(trimmed(time_text(value, unit, 9)))
    zone = "Z" if kind.kind is Kind.TIMESTAMP_LTZ else ""
    return lambda value: quoted(trimmed(stamp_text(value, unit, 9)).replace(" ", "T") + zone)


def trimmed(text: str) -> str:
    """A time without the zeros at its end, in groups of three, as Java writes them."""
    whole, _, fraction = text.partition(".")
    while fraction and fraction.endswith("000"):
        fraction = fraction[:-3]
    return f"{whole}.{fraction}" if fraction else whole

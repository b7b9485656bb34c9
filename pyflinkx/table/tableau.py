"""Rows printed as a table, as Flink prints them."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.formats.java_text import java_double, java_float
from pyflinkx.relational.nodes import Columns
from pyflinkx.types.data_type import DataType, Family, Kind

NULL = "<NULL>"
WIDEST = 30
WIDTHS = {Kind.TINYINT: 4, Kind.SMALLINT: 6, Kind.INT: 11, Kind.BIGINT: 20, Kind.BOOLEAN: 5, Kind.DATE: 10}


def width_of(kind: DataType) -> int:
    """How wide the values of a type are."""
    digits = kind.precision or 0
    if kind.kind in WIDTHS:
        return WIDTHS[kind.kind]
    if kind.kind is Kind.DECIMAL:
        return digits + 2
    if kind.kind is Kind.TIME:
        return digits + 9 if digits else 8
    if kind.family(Family.TIME_STAMP):
        return 19 if not digits else 20 + (digits + 2) // 3 * 3
    return WIDEST


def printed(value: Any, kind: DataType) -> str:
    """A value as SQL's CAST to STRING writes it."""
    if value is None:
        return NULL
    if kind.kind is Kind.BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind.kind is Kind.DOUBLE:
        return java_double(value)
    if kind.kind is Kind.FLOAT:
        return java_float(value)
    if kind.kind is Kind.DECIMAL:
        return f"{value:f}"
    if kind.family(Family.BINARY_STRING):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (datetime.datetime, datetime.time)):
        text = value.replace(microsecond=0, tzinfo=None).isoformat(
            *([" "] if isinstance(value, datetime.datetime) else [])
        )
        fraction = f"{value.microsecond:06d}000"[: kind.precision or 0]
        return f"{text}.{fraction}" if fraction else text
    if kind.kind is Kind.ARRAY:
        return f"[{', '.join(printed(item, kind.children[0]) for item in value)}]"
    if kind.kind is Kind.MAP:
        key, item = kind.children
        return "{" + ", ".join(f"{printed(k, key)}={printed(v, item)}" for k, v in value.items()) + "}"
    if kind.kind is Kind.ROW:
        return f"({', '.join(printed(item, child) for item, child in zip(value, kind.children, strict=True))})"
    return str(value)


def display_width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) + sum(unicodedata.east_asian_width(sign) in "FW" for sign in text)


def cell(text: str, width: int) -> str:
    """A text at the right of its column; what is too wide is cut, with dots."""
    if display_width(text) > width:
        kept = text
        while display_width(kept) > width - 3:
            kept = kept[:-1]
        text = " " * (width - 3 - display_width(kept)) + kept + "..."
    return " " * (width - display_width(text)) + text


def print_rows(rows: Iterable[Row], columns: Columns, streaming: bool, write: Callable[[str], Any]) -> None:
    """Print rows as they come.

    Args:
        rows: the rows.
        columns: name and type of each column.
        streaming: whether rows have kinds, and widths follow from the types rather than from all rows.
        write: takes a line.
    """
    names = [name for name, _ in columns]

    def cells(row: Row) -> list[str]:
        texts = [printed(value, kind) for value, (_, kind) in zip(row, columns, strict=True)]
        return [str(row.get_row_kind()), *texts] if streaming else texts

    lines: Iterator[list[str]] = map(cells, rows)
    if streaming:
        names = ["op", *names]
        widths = [2, *(max(len(name), width_of(kind), len(NULL)) for name, kind in columns)]
    else:
        known = list(lines)
        lines = iter(known)
        widths = [
            min(max(map(display_width, (name, *(line[place] for line in known)))), WIDEST)
            for place, name in enumerate(names)
        ]
    first = next(lines, None)
    if first is None:
        write("Empty set")
        return
    border = f"+{'+'.join('-' * (width + 2) for width in widths)}+"
    for text in (border, row_line(names, widths), border, row_line(first, widths)):
        write(text)
    count = 1
    for line in lines:
        write(row_line(line, widths))
        count += 1
    write(border)
    write(f"{count} row{'s' if count > 1 else ''} in set")


def print_shown(rows: Iterable[Row], columns: Columns, write: Callable[[str], Any]) -> None:
    """Print what SHOW and DESCRIBE give: nulls as nothing, columns as wide as they need, texts of many lines as such.

    Args:
        rows: the rows.
        columns: name and type of each column.
        write: takes a line.
    """
    names = [name for name, _ in columns]
    lines = [
        ["" if value is None else printed(value, kind) for value, (_, kind) in zip(row, columns, strict=True)]
        for row in rows
    ]
    if not lines:
        write("Empty set")
        return
    widths = [max(map(display_width, column)) for column in zip(names, *lines, strict=True)]
    border = f"+{'+'.join('-' * (width + 2) for width in widths)}+"
    for text in (border, row_line(names, widths), border, *(row_line(line, widths) for line in lines), border):
        write(text)
    write(f"{len(lines)} row{'s' if len(lines) > 1 else ''} in set")


def row_line(texts: Sequence[str], widths: Sequence[int]) -> str:
    """A row of the table."""
    return f"| {' | '.join(map(cell, texts, widths))} |"

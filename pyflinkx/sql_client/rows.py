"""Rows of a result as lines of CSV or JSON."""

from __future__ import annotations

import base64
import csv
import datetime
import decimal
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyflinkx.common.types import Row

OP = "op"


def write_csv(rows: Iterable[Row], names: Sequence[str], kinds: bool, write: Callable[[str], Any]) -> None:
    """A line of names, then a line for each row.

    Args:
        rows: the rows, which are written as they come.
        names: of the columns.
        kinds: whether the first column says the kind of a row.
        write: takes a line.
    """
    write(_csv_line([OP, *names] if kinds else names))
    for row in rows:
        texts = ["" if value is None else _text(value) for value in row]
        write(_csv_line([str(row.get_row_kind()), *texts] if kinds else texts))


def write_json(rows: Iterable[Row], names: Sequence[str], kinds: bool, write: Callable[[str], Any]) -> None:
    """An object a line."""
    for row in rows:
        fields: dict[str, Any] = {OP: str(row.get_row_kind())} if kinds else {}
        fields.update(zip(names, map(_plain, row), strict=True))
        write(json.dumps(fields, ensure_ascii=False))


def _csv_line(texts: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return line.getvalue()


def _text(value: Any) -> str:
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has not, as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Row):
        names = getattr(value, "_fields", None)
        parts = [_plain(part) for part in value]
        return dict(zip(names, parts, strict=True)) if names else parts
    if isinstance(value, dict):
        return {key if isinstance(key, str) else _text(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    return str(value)

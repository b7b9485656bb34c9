"""How long the intervals are that a text names."""

from __future__ import annotations

import re
from decimal import Decimal

from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import expressions as tree

# Milliseconds of a unit, or months.
MILLIS = {"WEEK": 604_800_000, "DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1_000}
MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}
ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")
SEPARATORS = re.compile(r"[ :]+")


def millis_of(node: tree.Expression, text: str, what: str) -> int:
    """Milliseconds of an interval that is a constant of days or less.

    Args:
        node: the interval.
        text: what it was read from, for errors.
        what: it is for, for errors.

    Raises:
        SqlError: it is no such interval.
    """
    if isinstance(node, tree.Prefix) and node.operator in "+-":
        found = millis_of(node.operand, text, what)
        return -found if node.operator == "-" else found
    if isinstance(node, tree.Operation) and node.operator == "*" and len(node.operands) == 2:
        interval, times = node.operands
        if isinstance(times, tree.Number) and isinstance(times.value, int):
            return millis_of(interval, text, what) * times.value
    if not isinstance(node, tree.Interval):
        raise error_at(text, *node.span, f"{what} is a constant interval such as INTERVAL '5' MINUTE")
    unit = node.unit
    if unit.start in MONTHS:
        raise error_at(
            text, *node.span, f"{what} is an interval of days, hours, minutes or seconds, not of {unit.start}S"
        )
    if not isinstance(node.value, (tree.String, tree.Number)):
        raise error_at(text, *node.span, f"{what} is a constant interval such as INTERVAL '5' MINUTE")
    written = str(node.value.value).strip()
    negative = node.negative != written.startswith("-")
    units = (unit.start,) if unit.end is None else ORDER[ORDER.index(unit.start) : ORDER.index(unit.end) + 1]
    parts = SEPARATORS.split(written.lstrip("+-"))
    digits = r"\d+(\.\d+)?"
    if len(parts) != len(units) or not all(re.fullmatch(digits, part) for part in parts):
        shape = unit.start if unit.end is None else f"{unit.start} TO {unit.end}"
        raise error_at(text, *node.span, f"{written!r} is no interval of {shape}")
    total = sum(Decimal(part) * MILLIS[name] for part, name in zip(parts, units, strict=True))
    return int(-total if negative else total)

"""Intervals, units of time, and periods."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.binding.values import text
from pyflinkx.relational.bound import Bound, Constant
from pyflinkx.relational.calendar import UNIT_MILLIS, UNIT_MONTHS
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.types import IntervalUnit
from pyflinkx.types.data_type import BIGINT, DataType, Family, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.binder import Binder

DAY_TIME = DataType(Kind.INTERVAL_DAY_TIME, scale=3, unit="DAY TO SECOND")
YEAR_MONTH = DataType(Kind.INTERVAL_YEAR_MONTH, unit="YEAR TO MONTH")
CLOCK = ("DAY", "HOUR", "MINUTE", "SECOND")
PERIODS = ("OVERLAPS", "CONTAINS", "EQUALS", "PRECEDES", "SUCCEEDS", "IMMEDIATELY PRECEDES", "IMMEDIATELY SUCCEEDS")
# Other names of units.
SHORT = {"FRAC_SECOND": "MICROSECOND", "EPOCH_SECOND": "EPOCH"}


def interval_type(unit: IntervalUnit) -> DataType:
    """The type of an interval that is written in a unit."""
    name = unit.start if unit.end is None else f"{unit.start} TO {unit.end}"
    if unit.start in UNIT_MONTHS:
        return DataType(Kind.INTERVAL_YEAR_MONTH, unit=name, nullable=False)
    return DataType(Kind.INTERVAL_DAY_TIME, scale=3, unit=name, nullable=False)


def amount(written: str, unit: IntervalUnit) -> int | None:
    """Months or milliseconds of an interval's text; None where it is none of that unit."""
    sign = -1 if written.strip().startswith("-") else 1
    body = written.strip().lstrip("+-").strip()
    if unit.end is None:
        number = re.fullmatch(r"(\d+)(?:\.(\d+))?", body)
        if number is None or (number[2] and unit.start != "SECOND"):
            return None
        if unit.start in UNIT_MONTHS:
            return sign * int(number[1]) * UNIT_MONTHS[unit.start]
        return sign * (int(number[1]) * UNIT_MILLIS[unit.start] + millis(number[2]))
    if unit.start == "YEAR":
        pair = re.fullmatch(r"(\d+)-(\d+)", body)
        return None if pair is None else sign * (int(pair[1]) * 12 + int(pair[2]))
    names = CLOCK[CLOCK.index(unit.start) : CLOCK.index(unit.end) + 1]
    found = re.fullmatch(
        r"(\d+)" + "".join(f"{' ' if name == 'DAY' else ':'}(\\d+)" for name in names[:-1]) + r"(?:\.(\d+))?", body
    )
    if found is None or (found[len(names) + 1] and unit.end != "SECOND"):
        return None
    total = sum(int(number) * UNIT_MILLIS[name] for name, number in zip(names, found.groups(), strict=False))
    return sign * (total + millis(found[len(names) + 1]))


def millis(fraction: str | None) -> int:
    """Milliseconds of the digits after the point."""
    return int((fraction or "").ljust(3, "0")[:3])


def interval(binder: Binder, node: tree.Interval) -> Bound:
    """INTERVAL '1' DAY; the value may be an expression of a whole number, too."""
    kind = interval_type(node.unit)
    if isinstance(node.value, (tree.String, tree.Number)):
        written = node.value.value if isinstance(node.value, tree.String) else node.value.text
        found = amount(written, node.unit)
        if found is None:
            binder.refuse(node, f"'{written}' is no interval of {kind.unit}")
        return Constant(kind, -found if node.negative else found)
    operand = binder.bind(node.value)
    if not operand.type.family(Family.EXACT_NUMERIC) or node.unit.end is not None:
        binder.refuse(node, f"the value of an interval is a whole number of one unit, and this is {operand.type}")
    one = Constant(kind, UNIT_MONTHS.get(node.unit.start) or UNIT_MILLIS[node.unit.start])
    found_bound = binder.apply(node, "*", [one, operand])
    return binder.apply(node, "NEGATIVE", [found_bound]) if node.negative else found_bound


def difference(binder: Binder, node: tree.Difference) -> Bound:
    """(a - b) DAY: the interval between two times."""
    operands = [binder.bind(node.right), binder.bind(node.left)]
    kind = interval_type(node.unit)
    months = kind.kind is Kind.INTERVAL_YEAR_MONTH
    whole = binder.apply(node, "TIMESTAMPDIFF", [text("MONTH" if months else "MILLISECOND"), *operands])
    one = Constant(kind, 1)
    return binder.apply(node, "*", [one, binder.cast(whole, BIGINT.with_nullable(whole.type.nullable), node)])


def unit_of(binder: Binder, node: tree.Expression) -> str:
    """The name of a unit that is an argument."""
    if isinstance(node, tree.Symbol):
        name = node.name
    elif isinstance(node, tree.Name) and len(node.parts) == 1:
        name = node.parts[0].upper()
    elif isinstance(node, tree.String):
        name = node.value.upper()
    else:
        binder.refuse(node, "a unit of time such as DAY is needed here")
    name = name.removeprefix("SQL_TSI_")
    return SHORT.get(name, name)


def part(binder: Binder, node: Node, unit: str, time: Bound) -> Bound:
    """EXTRACT of a unit; instants are local times for it."""
    return binder.apply(node, "EXTRACT", [text(unit), local(binder, node, time)])


def local(binder: Binder, node: Node, time: Bound) -> Bound:
    """An instant as local time; any other value as it is."""
    if time.type.kind is not Kind.TIMESTAMP_LTZ:
        return time
    return binder.cast(time, DataType(Kind.TIMESTAMP, time.type.precision, nullable=time.type.nullable), node)


def extract(binder: Binder, node: tree.Call) -> Bound:
    unit, time = node.arguments
    return part(binder, node, unit_of(binder, unit), binder.bind(time))


def rounded(binder: Binder, node: tree.Call) -> Bound:
    """FLOOR and CEIL of a number, or of a time to a unit."""
    name = node.name.parts[0].upper()
    if len(node.arguments) != 2 or not isinstance(node.arguments[1], tree.Symbol):
        return binder.apply(node, name, [binder.bind(argument) for argument in node.arguments])
    time, unit = binder.bind(node.arguments[0]), unit_of(binder, node.arguments[1])
    name = "CEIL" if name == "CEILING" else name
    found = binder.apply(node, f"{name} TO", [local(binder, node, time), text(unit)])
    return binder.cast(found, time.type, node) if time.type.kind is Kind.TIMESTAMP_LTZ else found


def added(binder: Binder, node: tree.Call) -> Bound:
    """TIMESTAMPADD and TIMESTAMPDIFF."""
    name = node.name.parts[0].upper()
    if len(node.arguments) != 3:
        binder.refuse(node, f"{name} takes a unit and two values")
    unit, *others = node.arguments
    operands = [binder.bind(other) for other in others]
    if name == "TIMESTAMPDIFF":
        operands = [local(binder, node, operand) for operand in operands]
    return binder.apply(node, name, [text(unit_of(binder, unit)), *operands])


def periods(binder: Binder, node: tree.Operation) -> Bound:
    """OVERLAPS and its relatives, of pairs of times, or of a time and an interval."""
    if len(node.operands) != 2 or not all(
        isinstance(operand, tree.Row) and len(operand.items) == 2 for operand in node.operands
    ):
        binder.refuse(node, f"{node.operator} takes two pairs such as (begin, end) or (begin, interval)")
    first, second = (period(binder, node, operand) for operand in node.operands)

    (a, b), (c, d) = first, second
    comparisons = {
        "OVERLAPS": [(">=", b, c), (">=", d, a)],
        "CONTAINS": [("<=", a, c), (">=", b, d)],
        "EQUALS": [("=", a, c), ("=", b, d)],
        "PRECEDES": [("<=", b, c)],
        "SUCCEEDS": [(">=", a, d)],
        "IMMEDIATELY PRECEDES": [("=", b, c)],
        "IMMEDIATELY SUCCEEDS": [("=", a, d)],
    }
    tests = [binder.apply(node, operator, pair) for operator, *pair in comparisons[node.operator]]
    return tests[0] if len(tests) == 1 else binder.apply(node, "AND", tests)


def period(binder: Binder, node: Node, pair: Any) -> tuple[Bound, Bound]:
    """Begin and end of a period, in their order."""
    begin, end = map(binder.bind, pair.items)
    if end.type.family(Family.INTERVAL):
        end = binder.apply(node, "+", [begin, end])
    return binder.apply(node, "LEAST", [begin, end]), binder.apply(node, "GREATEST", [begin, end])


def zoned(binder: Binder, node: tree.Call) -> Bound:
    """Functions of times as text, for which instants are local times."""
    arguments = [local(binder, node, binder.bind(argument)) for argument in node.arguments]
    return binder.apply(node, node.name.parts[0].upper(), arguments)


def symbol(binder: Binder, node: tree.Symbol) -> Bound:
    """A word of the language where a value is asked for."""
    binder.refuse(node, f"{node.name} is a word of SQL; as the name of a column it stands between backticks")


RULES: dict[type[Node], Callable[[Binder, Any], Bound]] = {
    tree.Interval: interval,
    tree.Difference: difference,
    tree.Symbol: symbol,
}
CALLS: dict[str, Callable[[Binder, tree.Call], Bound]] = {
    "EXTRACT": extract,
    "FLOOR": rounded,
    "CEIL": rounded,
    "CEILING": rounded,
    "TIMESTAMPADD": added,
    "TIMESTAMPDIFF": added,
    "DATE_FORMAT": zoned,
}

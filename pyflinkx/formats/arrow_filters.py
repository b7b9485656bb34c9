"""Which rows of files of columns are wanted: conditions of column, operator and value, as pyarrow has them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import ConfigurationError

COMPARISONS = ("==", "=", "!=", "<", ">", "<=", ">=", "in", "not in")
# Whether values from least to most may compare so with a value. Others may always.
MAY_BE: dict[str, Callable[[Any, Any, Any], bool]] = {
    "==": lambda least, most, value: least <= value <= most,
    "=": lambda least, most, value: least <= value <= most,
    "<": lambda least, most, value: least < value,
    "<=": lambda least, most, value: least <= value,
    ">": lambda least, most, value: most > value,
    ">=": lambda least, most, value: most >= value,
    "in": lambda least, most, values: any(least <= value <= most for value in values),
}


@dataclass(frozen=True)
class Condition:
    """What a column must be; a null never is."""

    column: str
    comparison: str
    value: Any


class Filters:
    """One of several lists of conditions holds, with all that are in it.

    Args:
        conditions: a list of conditions such as ``("fare", ">", 2.5)``, or a list of such lists.

    Raises:
        ConfigurationError: they are none.

    Example:
        >>> sorted(Filters([("fare", ">", 2.5), ("origin", "in", ["JFK", "LGA"])]).columns)
        ['fare', 'origin']
    """

    def __init__(self, conditions: Iterable[Any]) -> None:
        given = list(conditions)
        lists = given if given and all(isinstance(one, list) for one in given) else [given]
        self.choices = [[_condition(one) for one in choice] for choice in lists]
        if not all(self.choices):
            raise ConfigurationError("filters hold at least one condition such as ('fare', '>', 2.5)")
        self.columns = {one.column for choice in self.choices for one in choice}

    def check(self, schema: Any) -> None:
        """See whether columns can be compared so.

        Args:
            schema: of pyarrow, with the columns.

        Raises:
            ConfigurationError: one is not there, or no value of its type.
        """
        import pyarrow as pa

        absent = sorted(self.columns - set(schema.names))
        if absent:
            raise ConfigurationError(f"filters name the column {absent[0]!r}; there are {', '.join(schema.names[:50])}")
        try:
            schema.empty_table().filter(self.expression())
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise ConfigurationError(f"filters do not fit the columns: {error}") from error

    def expression(self) -> Any:
        """The conditions as an expression of pyarrow."""
        import pyarrow.compute as pc

        found = None
        for choice in self.choices:
            all_of = None
            for one in choice:
                part = _expression(pc, one)
                all_of = part if all_of is None else all_of & part
            found = all_of if found is None else found | all_of
        return found

    def may_match(self, bounds: Callable[[str], tuple[Any, Any] | None]) -> bool:
        """Whether rows may be wanted.

        Args:
            bounds: least and greatest value of a column, None where they are not known.
        """
        return any(all(_may_be(one, bounds(one.column)) for one in choice) for choice in self.choices)


def _condition(given: Any) -> Condition:
    if not isinstance(given, tuple) or len(given) != 3 or not isinstance(given[0], str):
        raise ConfigurationError(f"a filter is a tuple such as ('fare', '>', 2.5), not {short_repr(given)}")
    column, comparison, value = given
    if comparison not in COMPARISONS:
        raise ConfigurationError(f"a filter compares by one of {', '.join(map(repr, COMPARISONS))}, not {comparison!r}")
    if comparison in ("in", "not in"):
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise ConfigurationError(f"a filter by {comparison!r} has a list of values, not {short_repr(value)}")
        value = list(value)
    if value is None:
        raise ConfigurationError(f"column {column!r} is compared with None, which nothing equals")
    return Condition(column, comparison, value)


def _expression(pc: Any, one: Condition) -> Any:
    field = pc.field(one.column)
    if one.comparison == "in":
        return field.isin(one.value)
    if one.comparison == "not in":
        return ~field.isin(one.value) & field.is_valid()
    compare = {"==": operator.eq, "=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt}
    compare |= {"<=": operator.le, ">=": operator.ge}
    return compare[one.comparison](field, one.value)


def _may_be(one: Condition, bounds: tuple[Any, Any] | None) -> bool:
    check = MAY_BE.get(one.comparison)
    if check is None or bounds is None:
        return True
    try:
        return check(*bounds, one.value)
    except TypeError:  # times with and without a zone, and the like
        return True

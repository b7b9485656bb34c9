"""Times and intervals in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.types import IntervalUnit
from pyflinkx.table.expression_methods import Methods
from pyflinkx.table.expression_words import TimeIntervalUnit

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class TimeMethods(Methods):
    """Methods of expressions that are times, and of numbers that are intervals."""

    def extract(self, time_interval_unit: TimeIntervalUnit) -> Expression:
        """A part of a time."""
        return self._to("EXTRACT", time_interval_unit, True)

    def floor(self, time_interval_unit: TimeIntervalUnit | None = None) -> Expression:
        """A number rounded down, or a time down to a unit."""
        return self._to("FLOOR", time_interval_unit)

    def ceil(self, time_interval_unit: TimeIntervalUnit | None = None) -> Expression:
        """A number rounded up, or a time up to a unit."""
        return self._to("CEIL", time_interval_unit)

    def _to(self, name: str, unit: TimeIntervalUnit | None, before: bool = False) -> Expression:
        arguments: tuple[tree.Expression, ...] = (self._node,)
        if unit is not None:
            symbol = tree.Symbol(unit.name)
            arguments = (symbol, self._node) if before else (self._node, symbol)
        return self._made(tree.Call(tree.Name((name,)), arguments))

    def _interval(self, unit: str) -> Expression:
        negative = isinstance(self._node, tree.Prefix) and self._node.operator == "-"
        inner = self._node.operand if isinstance(self._node, tree.Prefix) and negative else self._node
        value = tree.String(inner.text) if isinstance(inner, tree.Number) else self._node
        if unit in ("MILLISECOND",):
            return self._made(
                tree.Operation("*", (tree.Interval(tree.String("0.001"), IntervalUnit("SECOND")), self._node))
            )
        kept = negative and isinstance(value, tree.String)
        return self._made(tree.Interval(value, IntervalUnit(unit), kept))

    @property
    def year(self) -> Expression:
        """An interval of so many years."""
        return self._interval("YEAR")

    @property
    def years(self) -> Expression:
        """An interval of so many years."""
        return self._interval("YEAR")

    @property
    def quarter(self) -> Expression:
        """An interval of so many quarters."""
        return self._interval("QUARTER")

    @property
    def quarters(self) -> Expression:
        """An interval of so many quarters."""
        return self._interval("QUARTER")

    @property
    def month(self) -> Expression:
        """An interval of so many months."""
        return self._interval("MONTH")

    @property
    def months(self) -> Expression:
        """An interval of so many months."""
        return self._interval("MONTH")

    @property
    def week(self) -> Expression:
        """An interval of so many weeks."""
        return self._interval("WEEK")

    @property
    def weeks(self) -> Expression:
        """An interval of so many weeks."""
        return self._interval("WEEK")

    @property
    def day(self) -> Expression:
        """An interval of so many days."""
        return self._interval("DAY")

    @property
    def days(self) -> Expression:
        """An interval of so many days."""
        return self._interval("DAY")

    @property
    def hour(self) -> Expression:
        """An interval of so many hours."""
        return self._interval("HOUR")

    @property
    def hours(self) -> Expression:
        """An interval of so many hours."""
        return self._interval("HOUR")

    @property
    def minute(self) -> Expression:
        """An interval of so many minutes."""
        return self._interval("MINUTE")

    @property
    def minutes(self) -> Expression:
        """An interval of so many minutes."""
        return self._interval("MINUTE")

    @property
    def second(self) -> Expression:
        """An interval of so many seconds."""
        return self._interval("SECOND")

    @property
    def seconds(self) -> Expression:
        """An interval of so many seconds."""
        return self._interval("SECOND")

    @property
    def milli(self) -> Expression:
        """An interval of so many millis."""
        return self._interval("MILLISECOND")

    @property
    def millis(self) -> Expression:
        """An interval of so many millis."""
        return self._interval("MILLISECOND")

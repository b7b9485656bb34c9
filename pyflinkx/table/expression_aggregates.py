"""Aggregates in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import replaced
from pyflinkx.table.arguments import given
from pyflinkx.table.expression_methods import Methods

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class AggregateMethods(Methods):
    """Methods of expressions whose values in many rows make one."""

    @property
    def distinct(self) -> Expression:
        """An aggregate in which equal values count once: ``col("a").sum.distinct``."""
        if not isinstance(self._node, tree.Call):
            raise TypeError(f"{self!r} is no aggregate: write col('a').count.distinct")
        return self._made(replaced(self._node, quantifier="DISTINCT"))

    def list_agg(self, separator: Any = None) -> Expression:
        """The texts with a separator between, by default a comma."""
        return self._call("LISTAGG", *given(separator))

    def percentile(self, percentage: Any, frequency: Any = None) -> Expression:
        """The value below which such a part of the values is."""
        return self._call("PERCENTILE", percentage, *given(frequency))

    def over(self, alias: Any) -> Expression:
        """An aggregate over a window of rows, by the window's alias."""
        if not isinstance(self._node, tree.Call):
            raise TypeError(f"{self!r} is no aggregate")
        name = alias._node.parts[-1] if isinstance(getattr(alias, "_node", None), tree.Name) else alias
        return self._made(replaced(self._node, over=str(name)))

    @property
    def start(self) -> Expression:
        """Where a group window begins."""
        return self._call("WINDOW_START")

    @property
    def end(self) -> Expression:
        """Where a group window ends."""
        return self._call("WINDOW_END")

    @property
    def rowtime(self) -> Expression:
        """The time of rows of a group window."""
        return self._call("WINDOW_ROWTIME")

    @property
    def proctime(self) -> Expression:
        """The processing time of a group window."""
        return self._call("WINDOW_PROCTIME")

    @property
    def sum(self) -> Expression:
        """The sum; null of no values."""
        return self._call("SUM")

    @property
    def sum0(self) -> Expression:
        """The sum; 0 of no values."""
        return self._call("SUM0")

    @property
    def min(self) -> Expression:
        """The least value."""
        return self._call("MIN")

    @property
    def max(self) -> Expression:
        """The greatest value."""
        return self._call("MAX")

    @property
    def count(self) -> Expression:
        """How many values are there."""
        return self._call("COUNT")

    @property
    def avg(self) -> Expression:
        """The average."""
        return self._call("AVG")

    @property
    def first_value(self) -> Expression:
        """The value of the first row."""
        return self._call("FIRST_VALUE")

    @property
    def last_value(self) -> Expression:
        """The value of the last row."""
        return self._call("LAST_VALUE")

    @property
    def stddev_pop(self) -> Expression:
        """The standard deviation of all."""
        return self._call("STDDEV_POP")

    @property
    def stddev_samp(self) -> Expression:
        """The standard deviation of a sample."""
        return self._call("STDDEV_SAMP")

    @property
    def var_pop(self) -> Expression:
        """The variance of all."""
        return self._call("VAR_POP")

    @property
    def var_samp(self) -> Expression:
        """The variance of a sample."""
        return self._call("VAR_SAMP")

    @property
    def collect(self) -> Expression:
        """The values as a multiset."""
        return self._call("COLLECT")

    @property
    def array_agg(self) -> Expression:
        """The values as an array."""
        return self._call("ARRAY_AGG")

"""Tables in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc
from pyflinkx.relational.user.correlate import Correlate
from pyflinkx.relational.user.definition import field_of
from pyflinkx.sql.tree import queries
from pyflinkx.table.chosen_columns import name_of
from pyflinkx.table.expression import Expression
from pyflinkx.types.data_type import Kind

if TYPE_CHECKING:
    from pyflinkx.table.table import Table


# What an aggregate is called before its columns are taken out of it.
AGGREGATED = "$aggregated"


class GroupedTable:
    """The rows of a table in groups of the same values.

    Args:
        java_table: the rows; it has PyFlink's name, and is a Table.
        t_env: the table environment.
        keys: what is the same in a group.
    """

    def __init__(self, java_table: Any, t_env: Any, keys: Sequence[Expression] = ()) -> None:
        self._table = java_table
        self._t_env = t_env
        self._keys = tuple(keys)

    def select(self, *fields: Expression) -> Table:
        """A row for each group: its keys, and aggregates such as ``col("a").sum``.

        Raises:
            SqlError: a field is neither a key nor an aggregate.
        """
        if not fields:
            raise GraphError("select() takes at least one column")
        items = tuple(
            queries.SelectItem(field._node, field._name or name_of(field, place)) for place, field in enumerate(fields)
        )
        keys = tuple(key._node for key in self._keys)
        made: Table = self._table._query(queries.Select(items, self._table._source(), group_by=keys or None))
        return made

    def aggregate(self, func: Any) -> AggregatedTable:
        """An aggregate of each group, whose result may be a row.

        Args:
            func: a call of a function of ``udaf()``, perhaps with ``alias()`` for its columns.
        """
        return AggregatedTable(self._aggregated(func), self._t_env)

    def flat_aggregate(self, func: Any) -> FlatAggregateTable:
        """The rows that a table aggregate function gives for each group.

        Args:
            func: a call of a function of ``udtaf()``, perhaps with ``alias()`` for its columns.
        """
        return FlatAggregateTable(self._aggregated(func), self._t_env)

    def _aggregated(self, func: Any) -> Table:
        """The keys, and the columns that an aggregate gives."""
        if not isinstance(func, Expression):
            raise TypeError(f"a call of a function of udaf() or udtaf() is needed, and not {func!r}")
        keys = self._keys
        made = self.select(*keys, Expression(func._node, AGGREGATED))
        node = made._node
        width = len(keys)
        kind = node.columns[width][1]
        if kind.kind is Kind.ARRAY:
            found = Correlate(node, Input(kind, width, AGGREGATED), False, flat=True)
            given = enumerate(found.columns[width + 1 :])
            rest: list[tuple[str, Bound]] = [(name, Input(part, width + 1 + at, name)) for at, (name, part) in given]
            node = found
        elif kind.kind is Kind.ROW:
            row = Input(kind, width, AGGREGATED)
            rest = [(name, field_of(row, name)) for name in kind.names]
        else:
            rest = [("_c0", Input(kind, width, AGGREGATED))]
        names = func._columns or tuple(name for name, _ in rest)
        if len(names) != len(rest):
            raise GraphError(f"{len(names)} names for {len(rest)} columns")
        first = [(name, Input(part, place, name)) for place, (name, part) in enumerate(node.columns[:width])]
        renamed = [(name, bound) for name, (_, bound) in zip(names, rest, strict=True)]
        return made._made(Calc(node, (*first, *renamed)))


class AggregatedTable:
    """The keys of groups, and the columns of an aggregate.

    Args:
        java_table: the rows; it has PyFlink's name, and is a Table.
        t_env: the table environment.
    """

    def __init__(self, java_table: Any, t_env: Any) -> None:
        self._table = java_table
        self._t_env = t_env

    def select(self, *fields: Expression) -> Table:
        """Just these columns."""
        made: Table = self._table.select(*fields)
        return made


class FlatAggregateTable(AggregatedTable):
    """The keys of groups, and the rows of a table aggregate function."""

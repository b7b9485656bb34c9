"""Tables in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import Answering, answers
from pyflinkx.sql.tree import queries
from pyflinkx.table.chosen_columns import name_of
from pyflinkx.table.expression import Expression

if TYPE_CHECKING:
    from pyflinkx.table.table import Table


@answers("table.table.GroupedTable")
class GroupedTable(metaclass=Answering):
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
        made: Table = self._table._query(queries.Select(items, self._table._source(), group_by=keys))
        return made

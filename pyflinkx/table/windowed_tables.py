"""Tables in windows: of groups of rows, and around each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import Answering, answers
from pyflinkx.relational.windows.group_windows import rewritten
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.chosen_columns import name_of
from pyflinkx.table.expression import Expression
from pyflinkx.table.window import GroupWindow, OverWindow

if TYPE_CHECKING:
    from pyflinkx.table.table import Table

# What is asked of a window, by the functions that expressions make of it.
PARTS = {f"WINDOW_{part}": part for part in ("START", "END", "ROWTIME", "PROCTIME")}


def items_of(fields: Sequence[Expression]) -> tuple[queries.SelectItem, ...]:
    """What is selected."""
    if not fields:
        raise GraphError("select() takes at least one column")
    return tuple(
        queries.SelectItem(field._node, field._name or name_of(field, place)) for place, field in enumerate(fields)
    )


@answers("table.table.GroupWindowedTable")
class GroupWindowedTable(metaclass=Answering):
    """The rows of a table in windows, which want to be grouped by them.

    Args:
        java_group_windowed_table: the rows; it has PyFlink's name, and is a Table.
        t_env: the table environment.
        window: the windows.
    """

    def __init__(self, java_group_windowed_table: Any, t_env: Any, window: GroupWindow | None = None) -> None:
        self._table = java_group_windowed_table
        self._t_env = t_env
        self._window = window

    def group_by(self, *fields: Expression) -> WindowGroupedTable:
        """Group the rows by the window, and by other values.

        Args:
            fields: ``col()`` of the window's name, and other expressions.

        Raises:
            GraphError: the window is not among them.
        """
        assert self._window is not None
        alias = self._window._alias
        others = [field for field in fields if not is_window(field._node, alias)]
        if len(others) == len(fields):
            raise GraphError(f"group_by() after window() names the window, too: group_by(col({alias!r}), ...)")
        return WindowGroupedTable(self._table, self._t_env, self._window, others)


@answers("table.table.WindowGroupedTable")
class WindowGroupedTable(metaclass=Answering):
    """The rows of a table in groups by windows and other values.

    Args:
        java_window_grouped_table: the rows; it has PyFlink's name, and is a Table.
        t_env: the table environment.
        window: the windows.
        keys: the other values.
    """

    def __init__(
        self,
        java_window_grouped_table: Any,
        t_env: Any,
        window: GroupWindow | None = None,
        keys: Sequence[Expression] = (),
    ) -> None:
        self._table = java_window_grouped_table
        self._t_env = t_env
        self._window = window
        self._keys = tuple(keys)

    def select(self, *fields: Expression) -> Table:
        """A row for each group: its keys, aggregates, and ``start``, ``end``, ``rowtime`` or ``proctime`` of windows.

        Raises:
            SqlError: a field is none of these.
        """
        window = self._window
        assert window is not None

        def part(node: base.Node) -> base.Node:
            if (
                isinstance(node, tree.Call)
                and node.name.parts[-1] in PARTS
                and is_window(node.arguments[0], window._alias)
            ):
                name = f"{window._function}_{PARTS[node.name.parts[-1]]}"
                return tree.Call(tree.Name((name,)), window._arguments)
            return node

        items = tuple(base.replaced(item, expression=rewritten(item.expression, part)) for item in items_of(fields))
        call = tree.Call(tree.Name((window._function,)), window._arguments)
        keys = (*(key._node for key in self._keys), call)
        made: Table = self._table._query(queries.Select(items, self._table._source(), group_by=keys))
        return made


@answers("table.table.OverWindowedTable")
class OverWindowedTable(metaclass=Answering):
    """The rows of a table, with windows around each of them.

    Args:
        java_over_windowed_table: the rows; it has PyFlink's name, and is a Table.
        t_env: the table environment.
        windows: the windows.
    """

    def __init__(self, java_over_windowed_table: Any, t_env: Any, windows: Sequence[OverWindow] = ()) -> None:
        self._table = java_over_windowed_table
        self._t_env = t_env
        self._windows = tuple(windows)

    def select(self, *fields: Expression) -> Table:
        """Columns of each row, and aggregates such as ``col('a').sum.over(col('w'))``.

        Raises:
            SqlError: a column or a window is not there, or types do not fit.
        """
        named = tuple(queries.NamedWindow(window._alias, window._window) for window in self._windows)
        made: Table = self._table._query(queries.Select(items_of(fields), self._table._source(), windows=named))
        return made


def is_window(node: base.Node, alias: str) -> bool:
    """Whether an expression is the name of a window."""
    return isinstance(node, tree.Name) and node.parts == (alias,)


class Windowing:
    """What tables do with windows."""

    _t_env: Any

    def window(self, window: GroupWindow) -> GroupWindowedTable:
        """Put the rows into windows, by which ``group_by()`` groups them then.

        Args:
            window: made by ``Tumble``, ``Slide`` or ``Session``, with an alias.

        Example:
            >>> from datetime import datetime
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment, Tumble
            >>> from pyflinkx.table.expressions import col, lit
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> rows = [(datetime(2024, 1, 1, 12, minute), minute) for minute in (1, 4, 7)]
            >>> table = environment.from_elements(rows, ["ts", "v"])
            >>> hours = Tumble.over(lit(5).minutes).on(col("ts")).alias("w")
            >>> counted = table.window(hours).group_by(col("w")).select(col("w").start, col("v").sum)
            >>> sorted(row[1] for row in counted.execute().collect())
            [5, 7]
        """
        if not isinstance(window, GroupWindow):
            raise TypeError(f"window() takes a window with an alias, made by Tumble, Slide or Session, not {window!r}")
        return GroupWindowedTable(self, self._t_env, window)

    def over_window(self, *over_windows: OverWindow) -> OverWindowedTable:
        """Have windows around each row, for aggregates with ``over()``.

        Args:
            over_windows: made by ``Over``, each with an alias.
        """
        for window in over_windows:
            if not isinstance(window, OverWindow):
                raise TypeError(f"over_window() takes windows with an alias, made by Over, not {window!r}")
        return OverWindowedTable(self, self._t_env, over_windows)

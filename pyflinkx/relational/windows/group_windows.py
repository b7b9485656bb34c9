"""The old windows of GROUP BY: TUMBLE, HOP and SESSION there, and TUMBLE_START and its like among the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.windows.calls import spec_of, time_fault
from pyflinkx.relational.windows.intervals import millis_of
from pyflinkx.relational.windows.spec import HOP, SESSION, TUMBLE
from pyflinkx.relational.windows.table import WindowTable
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import DataType

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

GROUP_WINDOWS = {TUMBLE: 2, HOP: 3, SESSION: 2}
USAGE = {
    TUMBLE: "TUMBLE(time column, size)",
    HOP: "HOP(time column, slide, size)",
    SESSION: "SESSION(time column, gap)",
}
# What the bounds are called while a query is bound; nobody can write such names.
START, END, TIME = HIDDEN = ("$window_start", "$window_end", "$window_time")
PARTS = {"": START, "_START": START, "_END": END, "_ROWTIME": TIME, "_PROCTIME": TIME}
CALLS = {f"{window}{ending}": (window, part) for window in GROUP_WINDOWS for ending, part in PARTS.items()}


def group_window(node: base.Node) -> str | None:
    """The window that an item of GROUP BY is; None where it is none."""
    if not isinstance(node, tree.Call) or len(node.name.parts) > 1:
        return None
    name = node.name.parts[0].upper()
    return name if name in GROUP_WINDOWS else None


def with_group_windows(
    binder: QueryBinder, query: queries.Select, rows: Node, expressions: Binder
) -> tuple[queries.Select, Node, Binder]:
    """A SELECT whose GROUP BY names columns of windows in place of a window.

    Args:
        binder: of the query, for errors.
        query: the SELECT.
        rows: what WHERE has left.
        expressions: binds expressions on the rows.

    Returns:
        the SELECT, its rows, and what binds expressions on them; all as they were where there is no such window.

    Raises:
        SqlError: there are several windows, one makes no sense, or a result is asked for of another one.
    """
    found = [item for item in query.group_by or () if group_window(item)]
    if not found:
        refuse_strays(binder, query)
        return query, rows, expressions
    if len(found) > 1:
        binder.refuse(found[1], "there is one window in GROUP BY at most")
    (call,) = found
    assert isinstance(call, tree.Call)
    name = group_window(call)
    assert name is not None
    others = tuple(item for item in query.group_by or () if item is not call)
    base_rows = Calculated(binder, rows, expressions)
    time, durations = base_rows.arguments(call, name)
    partition = tuple(base_rows.position(expressions.bind(item)) for item in others) if name == SESSION else ()
    size = durations[-1]
    spec = spec_of(name, time, base_rows.kind(time), size, durations[0] if name == HOP else 0, 0, partition)
    fault = time_fault(base_rows.node, time) or spec.fault()
    if fault is not None:
        binder.refuse(call, fault)
    table = WindowTable(base_rows.node, spec)

    def bound_of_window(node: base.Node) -> base.Node:
        if not isinstance(node, tree.Call) or len(node.name.parts) > 1 or node.over is not None:
            return node
        window, hidden = CALLS.get(node.name.parts[0].upper(), ("", ""))
        if not window:
            return node
        if window != name or base_rows.arguments(node, name) != (time, durations):
            binder.refuse(node, f"GROUP BY has no such window: {node.name.parts[0].upper()} needs the same as there")
        return tree.Name((hidden,), span=node.span)

    items = tuple(
        base.replaced(item, expression=rewritten(item.expression, bound_of_window), alias=alias_of(item, place))
        for place, item in enumerate(query.items)
    )
    having = None if query.having is None else rewritten(query.having, bound_of_window)
    bounds = tuple(tree.Name((hidden,), span=call.span) for hidden in HIDDEN)
    changed = base.replaced(query, items=items, having=having, group_by=(*others, *bounds))
    return changed, table, Binder(binder.text, hidden_scope(expressions.scope, table, len(rows.columns)))


def refuse_strays(binder: QueryBinder, query: queries.Select) -> None:
    """Refuse TUMBLE_START and its like where GROUP BY has no window."""
    for item in (*query.items, *([] if query.having is None else [query.having])):
        for node in base.walk(item):
            if isinstance(node, tree.Call) and len(node.name.parts) == 1 and node.name.parts[0].upper() in CALLS:
                window, _ = CALLS[node.name.parts[0].upper()]
                binder.refuse(node, f"{node.name.parts[0].upper()} needs {USAGE[window]} in GROUP BY")


def alias_of(item: queries.SelectItem, place: int) -> str | None:
    """The name of a column that is to stay when a bound takes the place of a call."""
    if item.alias is not None or isinstance(item.expression, (tree.Name, tree.Star)):
        return item.alias
    return f"EXPR${place}"


def hidden_scope(before: Scope, table: Node, width: int) -> Scope:
    """The columns that there were, what was calculated for the window, and its bounds.

    Args:
        before: the columns.
        table: the rows with their windows.
        width: how many columns there were.
    """
    added = table.columns[width:]
    between = len(added) - len(HIDDEN)
    hidden = [f"$c{place}" for place in range(between)] + list(HIDDEN)
    columns = [(None, name, kind) for name, (_, kind) in zip(hidden, added, strict=True)]
    names = [*before.names, *(name for name, _ in added)]
    return Scope([*before.columns, *columns], names, before.hidden, before.outer)


class Calculated:
    """Rows with columns that are added as they are needed.

    Args:
        binder: of the query, for errors.
        rows: the rows.
        expressions: binds expressions on them.
    """

    def __init__(self, binder: QueryBinder, rows: Node, expressions: Binder) -> None:
        self.binder = binder
        self.rows = rows
        self.expressions = expressions
        self.added: list[Bound] = []

    @property
    def node(self) -> Node:
        """The rows with what was added."""
        if not self.added:
            return self.rows
        projection = [(name, Input(kind, index, name)) for index, (name, kind) in enumerate(self.rows.columns)]
        projection += [(f"$c{place}", bound) for place, bound in enumerate(self.added)]  # type: ignore[misc]
        return Calc(self.rows, tuple(projection))

    def position(self, bound: Bound) -> int:
        """The position of a column with the values of an expression."""
        if isinstance(bound, Input):
            return bound.index
        if bound not in self.added:
            self.added.append(bound)
        return len(self.rows.columns) + self.added.index(bound)

    def kind(self, position: int) -> DataType:
        """The type of a column."""
        return self.node.columns[position][1]

    def arguments(self, call: tree.Call, name: str) -> tuple[int, tuple[int, ...]]:
        """The position of the time of a window, and its durations (ms).

        Raises:
            SqlError: the arguments do not fit.
        """
        if len(call.arguments) != GROUP_WINDOWS[name]:
            self.binder.refuse(call, f"it is written {USAGE[name]}")
        time, *durations = call.arguments
        found = self.position(self.expressions.bind(time))
        millis = (millis_of(each, self.binder.text, f"the duration of {name}") for each in durations)
        return found, tuple(millis)


def rewritten(node: Any, change: Callable[[base.Node], base.Node]) -> Any:
    """A tree with some nodes changed; what a node becomes is not looked at again, nor are queries within.

    Args:
        node: the tree.
        change: what becomes of a node; itself for no change.
    """
    if isinstance(node, tuple):
        return tuple(rewritten(part, change) for part in node)
    if not isinstance(node, base.Node) or isinstance(node, tree.Query):
        return node
    changed = change(node)
    if changed is not node:
        return changed
    return base.replaced(node, **{name: rewritten(getattr(node, name), change) for name in node._fields})

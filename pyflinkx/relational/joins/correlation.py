"""Queries within others that read columns of the rows outside: what they say of those is taken out of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pyflinkx.relational.aggregation.functions import AGGREGATES, AggregateCall
from pyflinkx.relational.aggregation.nodes import Aggregate
from pyflinkx.relational.bound import Apply, Bound, Constant, Input, Outer, inputs
from pyflinkx.relational.joins.conditions import moved, replaced
from pyflinkx.relational.joins.identity import identity
from pyflinkx.relational.joins.nodes import INNER, KEEPS_RIGHT, Join
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.joins.single import SingleRow
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.types.data_type import BOOLEAN

Refuse = Callable[[str], NoReturn]


@dataclass(frozen=True)
class Correlated:
    """A query within another one.

    Args:
        node: its rows, which read nothing outside.
        width: how many columns are the query's own; others behind them are for the conditions.
        conditions: which of its rows there are for a row outside, which they read by ``Outer``.
        empty: of a row of aggregates, what its columns are for rows outside that there are no rows for; empty for none.
    """

    node: Node
    width: int
    conditions: tuple[Bound, ...] = ()
    empty: tuple[Bound, ...] = ()

    def single(self, refuse: Refuse) -> Correlated:
        """The same, where there may be only one row for each row outside.

        Args:
            refuse: raises the error for conditions that do not say which one.
        """
        keys = []
        for condition in self.conditions:
            equal = equality(condition)
            if equal is None or not isinstance(equal[0], Input):
                if any(not key for key in self.node.unique):
                    return self
                refuse("a query as a value that reads the rows outside compares them with = only in this version")
            keys.append(equal[0].index)
        if any(key <= set(keys) for key in self.node.unique):
            return self
        return replace(self, node=SingleRow(self.node, tuple(keys)))


def equality(condition: Bound) -> tuple[Bound, Bound] | None:
    """What of a query's rows is equal to what of the rows outside; None where a condition says something else."""
    if not isinstance(condition, Apply) or condition.function != "=":
        return None
    first, second = condition.operands
    if is_correlated(first):
        first, second = second, first
    if is_correlated(first) or not is_correlated(second) or any(True for _ in inputs(second)):
        return None
    return first, second


def is_correlated(bound: Bound) -> bool:
    """Whether an expression reads columns of rows outside."""
    pending = [bound]
    while pending:
        part = pending.pop()
        if isinstance(part, Outer):
            return True
        if isinstance(part, Apply):
            pending.extend(part.operands)
    return False


def reads_outside(node: Node) -> bool:
    """Whether something in a plan reads columns of rows outside."""
    if isinstance(node, Calc):
        expressions = [bound for _, bound in node.projection] + conjuncts(node.condition)
        if any(map(is_correlated, expressions)):
            return True
    if isinstance(node, Join) and node.condition is not None and is_correlated(node.condition):
        return True
    if isinstance(node, Join) and any(is_correlated(key.left) or is_correlated(key.right) for key in node.keys):
        return True
    return any(map(reads_outside, node.inputs))


def decorrelated(node: Node, refuse: Refuse) -> Correlated:
    """A query without what it says of rows outside.

    Args:
        node: the query.
        refuse: raises the error for what cannot be.
    """
    width = len(node.columns)
    if not reads_outside(node):
        return Correlated(node, width)
    rule = RULES.get(type(node))
    if rule is None:
        refuse(f"a query within another that reads the rows outside below {type(node).__name__} is not in this version")
    found: Correlated = rule(node, refuse)
    return found


def exposed(node: Node, conditions: list[Bound], projection: list[tuple[str, Bound]]) -> list[Bound]:
    """Conditions on the rows of a node as such on a projection of them, which gets the columns that they need."""
    places = {
        bound.index: place for place, (_, bound) in reversed(list(enumerate(projection))) if isinstance(bound, Input)
    }
    names = {name for name, _ in projection}
    for condition in conditions:
        for column in inputs(condition):
            if column.index not in places:
                name, number = column.name, 0
                while name in names:
                    name, number = f"{column.name}{number}", number + 1
                names.add(name)
                places[column.index] = len(projection)
                projection.append((name, column))
    columns = tuple((name, bound.type) for name, bound in projection)
    return [moved(condition, columns, places=places) for condition in conditions]


def calc(node: Calc, refuse: Refuse) -> Correlated:
    """Of a Calc its condition."""
    below = decorrelated(node.input, refuse)
    if any(is_correlated(bound) for _, bound in node.projection):
        refuse("a query within another that selects columns of the rows outside is not in this version")
    parts = conjuncts(node.condition)
    out = [*below.conditions, *(part for part in parts if is_correlated(part))]
    projection = list(node.projection)
    conditions = exposed(below.node, out, projection)
    kept = conjunction([part for part in parts if not is_correlated(part)])
    empty: tuple[Bound, ...] = ()
    if below.empty and kept is None:
        empty = tuple(replaced(bound, lambda column: below.empty[column.index]) for _, bound in node.projection)
    return Correlated(Calc(below.node, tuple(projection), kept), len(node.projection), tuple(conditions), empty)


def join(node: Join, refuse: Refuse) -> Correlated:
    """Of a join what can be said of its rows afterwards as well."""
    keyed_outside = any(is_correlated(key.left) or is_correlated(key.right) for key in node.keys)
    if node.kind in KEEPS_RIGHT or keyed_outside:
        refuse(f"a query within another that reads the rows outside in a {node.kind} join is not in this version")
    left, right = decorrelated(node.left, refuse), decorrelated(node.right, refuse)
    parts = conjuncts(node.condition)
    out = [part for part in parts if is_correlated(part)]
    if node.kind != INNER and (right.conditions or out):
        refuse(f"a query within another that reads the rows outside in a {node.kind} join is not in this version")
    old, new = len(node.left.columns), len(left.node.columns)
    kept = conjunction([part for part in parts if not is_correlated(part)])
    made = replace(node, left=left.node, right=right.node, condition=None)
    places = {index: index if index < old else index - old + new for index in range(len(node.pair) + 1)}
    if kept is not None:
        made = replace(made, condition=moved(kept, made.pair, places=places))
    conditions = [
        *left.conditions,
        *(moved(part, made.pair, new) for part in right.conditions),
        *(moved(part, made.pair, places=places) for part in out),
    ]
    # The query's own columns first, as before.
    own: list[tuple[str, Bound]] = []
    for index, (name, _) in enumerate(node.columns):
        place = places[index]
        column, kind = made.columns[place]
        own.append((name, Input(kind, place, column)))
    behind = exposed(made, conditions, own)
    return Correlated(Calc(made, tuple(own)), len(node.columns), tuple(behind))


def aggregate(node: Aggregate, refuse: Refuse) -> Correlated:
    """Of a grouping what says that a column equals something outside: then rows are grouped by that column, too."""
    below = decorrelated(node.input, refuse)
    projection = list(identity(below.node))
    places: list[int] = []
    outside: list[Bound] = []
    for condition in below.conditions:
        equal = equality(condition)
        if equal is None:
            refuse("a query within another that groups rows compares them with those outside by = only in this version")
        inside, other = equal
        if isinstance(inside, Input):
            places.append(inside.index)
        else:
            places.append(len(projection))
            projection.append((f"$c{len(projection)}", inside))
        outside.append(other)
    rows = below.node if len(projection) == len(below.node.columns) else Calc(below.node, tuple(projection))
    more = [place for place in dict.fromkeys(places) if place not in node.keys]
    made = replace(node, input=rows, keys=node.keys + tuple(more))
    width, added = len(node.keys), len(more)
    results = range(width + added, len(made.columns))
    order = [*range(width), *results, *range(width, width + added)]
    own = tuple(
        (made.columns[place][0], Input(made.columns[place][1], place, made.columns[place][0])) for place in order
    )
    shown = Calc(made, own)
    conditions = []
    for place, other in zip(places, outside, strict=True):
        found = node.keys.index(place) if place in node.keys else len(node.columns) + more.index(place)
        name, kind = shown.columns[found]
        conditions.append(Apply(BOOLEAN, "=", (Input(kind, found, name), other)))
    empty = () if node.keys else tuple(map(of_nothing, node.calls))
    return Correlated(shown, len(node.columns), tuple(conditions), empty)


def of_nothing(call: AggregateCall) -> Constant:
    """What an aggregate of no rows is."""
    return Constant(call.type, None if AGGREGATES[call.function].null_when_empty else 0)


RULES: dict[type[Node], Callable[[Any, Refuse], Correlated]] = {
    Calc: calc,
    Join: join,
    Aggregate: aggregate,
}

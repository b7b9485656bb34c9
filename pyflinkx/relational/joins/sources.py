"""What stands after FROM: tables side by side, and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.joins.identity import identity
from pyflinkx.relational.joins.nodes import FULL, INNER, LEFT, RIGHT, paired
from pyflinkx.relational.joins.parts import conjunction
from pyflinkx.relational.joins.pushdown import joined
from pyflinkx.relational.joins.snapshot import snapshot_call, snapshot_join
from pyflinkx.relational.joins.temporal import as_of_time, temporal_join
from pyflinkx.relational.nodes import Calc, Node, Values
from pyflinkx.relational.user.lateral import is_lateral, lateral, lateral_join
from pyflinkx.sql.tree import queries

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

# What a table function reads that reads no table.
NO_COLUMNS = Values(((),), ())
KINDS = {"INNER": INNER, "CROSS": INNER, "COMMA": INNER, "LEFT": LEFT, "RIGHT": RIGHT, "FULL": FULL}


def from_clause(binder: QueryBinder, source: queries.Source) -> tuple[Node, Scope]:
    """The rows of what stands after FROM, and the columns that names stand for.

    Raises:
        SqlError: a name, a type or a condition does not fit.
    """
    if not isinstance(source, queries.Join):
        if is_lateral(binder, source):
            return lateral(binder, source, NO_COLUMNS, Scope([], outer=binder.outer), False)
        node, qualifier = binder.source(source)
        return node, Scope([(qualifier, name, kind) for name, kind in node.columns], outer=binder.outer)
    if source.kind not in KINDS:
        binder.refuse(source, f"{source.kind} JOIN is not in this version")
    left, left_scope = from_clause(binder, source.left)
    as_of = as_of_time(source.right)
    if as_of is not None:
        return temporal_join(binder, source, left, left_scope, as_of)
    if snapshot_call(source.right) is not None:
        return snapshot_join(binder, source, left, left_scope)
    if is_lateral(binder, source.right):
        return lateral_join(binder, source, left, left_scope)
    right, right_scope = from_clause(binder, source.right)
    return join(binder, source, left, left_scope, right, right_scope)


def join(
    binder: QueryBinder, source: queries.Join, left: Node, left_scope: Scope, right: Node, right_scope: Scope
) -> tuple[Node, Scope]:
    """Two sources side by side."""
    for qualifier in dict.fromkeys(table for table, _, _ in right_scope.columns if table is not None):
        if any(qualifier == table for table, _, _ in left_scope.columns):
            binder.refuse(
                source.right, f"two tables are called {qualifier} here; give one of them another name with AS"
            )
    kind = KINDS[source.kind]
    width = len(left.columns)
    hidden = left_scope.hidden | {width + index for index in right_scope.hidden}
    columns = paired(left.columns, right.columns)
    scope = Scope(
        [
            (table, name, type_in_pair)
            for (table, name, _), (_, type_in_pair) in zip(
                (*left_scope.columns, *right_scope.columns), columns, strict=True
            )
        ],
        [name for name, _ in columns],
        hidden,
        left_scope.outer,
    )
    expressions = Binder(binder.text, scope)
    if source.natural or source.using:
        names = list(source.using) or common_names(left_scope, right_scope)
        pairs = [
            (column_of(binder, source, left_scope, name), column_of(binder, source, right_scope, name))
            for name in names
        ]
        matched = [
            (found, Input(columns[width + other.index][1], width + other.index, columns[width + other.index][0]))
            for found, other in pairs
        ]
        equal = [expressions.apply(source, "=", pair) for pair in matched]
        node: Node = joined(left, right, kind, conjunction(equal))
        return merged(expressions, source, node, scope, list(zip(names, matched, strict=True)), kind)
    condition = None if source.on is None else expressions.condition(source.on, "ON")
    node = joined(left, right, kind, condition)
    return node, rescoped(scope, node)


def rescoped(scope: Scope, node: Node) -> Scope:
    """A scope with the types that columns have behind an outer join."""
    columns = [(table, name, kind) for (table, name, _), (_, kind) in zip(scope.columns, node.columns, strict=True)]
    return Scope(columns, [name for name, _ in node.columns], scope.hidden, scope.outer)


def common_names(left: Scope, right: Scope) -> list[str]:
    """The names that both sides have, for NATURAL."""
    there = {name for index, (_, name, _) in enumerate(right.columns) if index not in right.hidden}
    names = [name for index, (_, name, _) in enumerate(left.columns) if index not in left.hidden]
    return list(dict.fromkeys(name for name in names if name in there))


def column_of(binder: QueryBinder, place: queries.Join, scope: Scope, name: str) -> Input:
    """The one column of a name on a side, for USING."""
    found = scope.find(None, name)
    if len(found) != 1:
        what = "no" if not found else "more than one"
        binder.refuse(place, f"USING: there is {what} column {name} on a side; there are {', '.join(scope.visible())}")
    return found[0]


def merged(
    expressions: Binder,
    place: queries.Join,
    node: Node,
    scope: Scope,
    using: list[tuple[str, tuple[Input, Input]]],
    kind: str,
) -> tuple[Node, Scope]:
    """A join whose columns of USING stand first, once; both sides' own can still be had by their tables' names."""
    behind = rescoped(scope, node)
    expressions.scope = behind
    first: list[tuple[str, Bound]] = []
    gone = set(behind.hidden)
    for name, pair in using:
        left, right = (Input(node.columns[each.index][1], each.index, node.columns[each.index][0]) for each in pair)
        value: Bound = right if kind == RIGHT else left
        if kind == FULL:
            value = expressions.apply(place, "COALESCE", [left, right])
        first.append((name, value))
        gone |= {left.index, right.index}
    names = {name for name, _ in node.columns}
    projection: list[tuple[str, Bound]] = []
    for name, value in first:
        chosen, number = name, 0
        while chosen in names:
            chosen, number = f"{name}{number}", number + 1
        names.add(chosen)
        projection.append((chosen, value))
    moved_by = len(projection)
    projection += identity(node)
    columns = [(None, name, value.type) for name, value in first] + list(behind.columns)
    hidden = frozenset(moved_by + index for index in gone)
    return Calc(node, tuple(projection)), Scope(columns, [name for name, _ in projection], hidden, scope.outer)

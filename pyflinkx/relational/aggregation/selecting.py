"""SELECT with GROUP BY, HAVING, aggregates or DISTINCT."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING

from pyflinkx.config.values import parse_duration
from pyflinkx.relational.aggregation.grouping import Grouping, Key, aggregate_calls, has_aggregates
from pyflinkx.relational.aggregation.nodes import Aggregate
from pyflinkx.relational.binder import Binder
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.windows.aggregate import windowed
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree import expressions as tree

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

# A cube of more is more grouping sets than anybody reads.
LARGEST_CUBE = 12
Set = tuple[tree.Expression, ...]


def is_grouped(query: queries.Select) -> bool:
    """Whether a SELECT gives a row for each group, rather than for each row."""
    expressions = [item.expression for item in query.items] + ([] if query.qualify is None else [query.qualify])
    return query.group_by is not None or query.having is not None or any(map(has_aggregates, expressions))


def grouped(binder: QueryBinder, query: queries.Select, rows: Node, expressions: Binder) -> tuple[Node, Binder]:
    """The groups of a SELECT, and what binds its items and HAVING on them.

    Args:
        binder: of the query, for errors.
        query: the SELECT.
        rows: what WHERE has left.
        expressions: binds expressions on the rows.

    Returns:
        a node whose rows are the groups that HAVING has left, and the binder.
    """
    sets = grouping_sets(binder, query.group_by or ())
    keys: list[Key] = []
    places: list[frozenset[int]] = []
    for each in sets:
        found = []
        for expression in each:
            if has_aggregates(expression):
                binder.refuse(expression, "there is an aggregate in GROUP BY: that needs a query of its own in FROM")
            name = expression.parts[0] if isinstance(expression, tree.Name) and len(expression.parts) == 1 else None
            aliases = [item.alias for item in query.items]
            if name is not None and name in aliases and not expressions.scope.find(None, name):
                binder.refuse(
                    expression,
                    f"{name} is a name that SELECT gives, and GROUP BY takes those of FROM: write the expression "
                    "again, or SELECT from a query that gives the name",
                )
            bound = expressions.bind(expression)
            bounds = [key.bound for key in keys]
            if bound not in bounds:
                keys.append(Key(expression, bound))
                bounds.append(bound)
            found.append(bounds.index(bound))
        places.append(frozenset(found))
    grouping = Grouping(binder.text, expressions, keys, places if len(places) > 1 else None)
    # Which aggregates there are must be known before there is a node that what reads them can be bound on.
    clauses = [clause for clause in (query.having, query.qualify) if clause is not None]
    read: list[base.Node] = [*(item.expression for item in query.items), *clauses, *query.windows]
    for part in read:
        if isinstance(part, tree.Star):
            binder.refuse(part, "* stands for columns that are not aggregated: name those of GROUP BY")
        for call in aggregate_calls(part):
            grouping.bind(call)
    having = None if query.having is None else grouping.condition(query.having, "HAVING")
    node = windowed(grouping.node(rows, ttl_of(binder, query.hints)))
    if having is not None:
        node = Calc(node, everything(node), having)
    return node, grouping


def ttl_of(binder: QueryBinder, hints: Sequence[queries.Hint]) -> int | None:
    """How long (ms) the hint STATE_TTL has groups kept to which no row comes; None where there is none."""
    for hint in hints:
        if hint.name.upper() != "STATE_TTL":
            continue
        for option in hint.options:
            if option.key is None or not isinstance(option.value, tree.String):
                binder.refuse(option, "the hint STATE_TTL has pairs of 'table' = 'duration'")
            try:
                return parse_duration(option.value.value)
            except ValueError as error:
                binder.refuse(option, f"the hint STATE_TTL: {error}")
    return None


def everything(node: Node) -> tuple[tuple[str, Bound], ...]:
    """All columns of a node."""
    return tuple((name, Input(kind, index, name)) for index, (name, kind) in enumerate(node.columns))


def distinct(node: Node) -> Node:
    """The different rows."""
    return windowed(Aggregate(node, tuple(range(len(node.columns)))))


def grouping_sets(binder: QueryBinder, items: Sequence[tree.Expression]) -> list[Set]:
    """The grouping sets that GROUP BY says: each of its items is combined with each of the others."""
    combined = [sets_of(binder, item) for item in items]
    return [tuple(dict.fromkeys(sum(chosen, ()))) for chosen in product(*combined)]


def sets_of(binder: QueryBinder, item: tree.Expression) -> list[Set]:
    """The grouping sets of one item of GROUP BY."""
    if isinstance(item, tree.Row):
        return [item.items]
    if not isinstance(item, queries.GroupingSets):
        return [(item,)]
    if item.kind == "GROUPING SETS":
        return [each for part in item.items for each in sets_of(binder, part)]
    parts = [part.items if isinstance(part, tree.Row) else (part,) for part in item.items]
    if item.kind == "ROLLUP":
        return [sum(parts[:count], ()) for count in range(len(parts), -1, -1)]
    if len(parts) > LARGEST_CUBE:
        binder.refuse(
            item, f"CUBE of {len(parts)} is {2 ** len(parts)} grouping sets; at most {LARGEST_CUBE} are taken"
        )
    return [sum(chosen, ()) for count in range(len(parts), -1, -1) for chosen in combinations(parts, count)]

"""ORDER BY, LIMIT and OFFSET, and the row numbers of OVER: from the clauses to nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyflinkx.relational.binder import Binder
from pyflinkx.relational.bound import Apply, Bound, Constant, Input, inputs
from pyflinkx.relational.changes.nodes import Normalize
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.ranking.nodes import Rank, RowNumbers, Sort
from pyflinkx.relational.ranking.order import SortKey, has_order
from pyflinkx.relational.windows.rank import windowed_rank
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import BIGINT

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

NUMBERS = ("ROW_NUMBER", "RANK", "DENSE_RANK")
# What ORDER BY needs beside what is selected, and the numbers of rows.
ORDER_COLUMN = "$o"
NUMBER_COLUMN = "$n"
# Where a range of numbers has no end.
ENDLESS = 2**63 - 1


# ---- ORDER BY, LIMIT, OFFSET


def ordered(binder: QueryBinder, query: queries.Ordered) -> Node:
    """The rows of a query with ORDER BY, OFFSET or LIMIT."""
    offset = count_of(binder, query.offset, "OFFSET") or 0
    limit = count_of(binder, query.limit, "LIMIT")
    body, places = with_order_columns(binder, query.body, query.order_by)
    node = binder.bind(body)
    width = len(node.columns) - sum(place < 0 for place in places)
    hidden = iter(range(width, len(node.columns)))
    order = []
    for item, place in zip(query.order_by, places, strict=True):
        index = next(hidden) if place < 0 else place
        if index >= width and place >= 0:
            binder.refuse(item, f"ORDER BY {index + 1}: there are {width} columns")
        kind = node.columns[index][1]
        if not has_order(kind):
            binder.refuse(item, f"values of {kind} have no order")
        nulls_first = not item.descending if item.nulls_first is None else item.nulls_first
        order.append(SortKey(index, item.descending, nulls_first))
    made: Node = Sort(node, tuple(order), offset, limit) if order or offset or limit is not None else node
    if width < len(node.columns):
        made = Calc(made, tuple((name, Input(kind, i, name)) for i, (name, kind) in enumerate(node.columns[:width])))
    return made


def count_of(binder: QueryBinder, number: tree.Expression | None, clause: str) -> int | None:
    """How many rows a clause says."""
    if number is None:
        return None
    if not isinstance(number, tree.Number) or not isinstance(number.value, int):
        binder.refuse(number, f"{clause} takes a whole number")
    return number.value


def with_order_columns(
    binder: QueryBinder, body: tree.Query, order: Sequence[tree.OrderItem]
) -> tuple[tree.Query, list[int]]:
    """A query that gives the columns too that its rows are ordered by.

    Returns:
        the query, and for each part of the order the position of its column; -1 for the next one that was added.
    """
    items = body.items if isinstance(body, queries.Select) else ()
    stars = any(isinstance(item.expression, tree.Star) for item in items)
    places: list[int] = []
    added: list[queries.SelectItem] = []
    names: list[str] | None = None
    for item in order:
        expression = item.expression
        place = -1
        if isinstance(expression, tree.Number) and expression.text.isdigit():
            place = int(expression.text) - 1
            if place < 0:
                binder.refuse(item, "ORDER BY counts columns from 1")
        elif stars or not items:
            if isinstance(expression, tree.Name) and len(expression.parts) == 1:
                names = [name for name, _ in binder.bind(body).columns] if names is None else names
                place = names.index(expression.parts[0]) if expression.parts[0] in names else -1
        else:
            place = selected(items, expression)
        if place < 0:
            if not isinstance(body, queries.Select):
                binder.refuse(item, "ORDER BY names columns of the query, or counts them")
            if body.quantifier == "DISTINCT":
                binder.refuse(item, "with SELECT DISTINCT, ORDER BY takes what is selected")
            added.append(queries.SelectItem(expression, f"{ORDER_COLUMN}{len(added)}", span=item.span))
        places.append(place)
    if added:
        assert isinstance(body, queries.Select)
        body = base.replaced(body, items=(*items, *added))
    return body, places


def selected(items: Sequence[queries.SelectItem], expression: tree.Expression) -> int:
    """The position of what is selected by a name, or in the same words; -1 where it is not."""
    name = expression.parts[0] if isinstance(expression, tree.Name) and len(expression.parts) == 1 else None
    for place, item in enumerate(items):
        if name is not None and item.alias == name:
            return place
    for place, item in enumerate(items):
        if item.expression == expression:
            return place
        if isinstance(item.expression, tree.Name) and item.alias is None and name == item.expression.parts[-1]:
            return place
    return -1


# ---- row numbers


def with_row_numbers(binder: QueryBinder, query: queries.Select, node: Node, expressions: Binder) -> Node:
    """The rows with their numbers, where those are all that OVER is for in a SELECT; else as they are.

    Args:
        binder: of the query.
        query: the SELECT.
        node: its rows, or its groups.
        expressions: binds expressions on them; it learns what stands for the numbers.
    """
    calls = dict.fromkeys(over_calls(query))
    if not calls or len({(call.name.parts[-1].upper(), window_of(query, call)) for call in calls}) > 1:
        return node
    call = next(iter(calls))
    function = call.name.parts[-1].upper()
    window = window_of(query, call)
    if function not in NUMBERS or window is None or window.frame is not None:
        return node
    if not window.order_by:
        binder.refuse(call, f"{function} needs an ORDER BY in OVER")
    if call.arguments or call.filter is not None:
        binder.refuse(call, f"{function} is written {function}() OVER (PARTITION BY ... ORDER BY ...)")
    columns = [Input(kind, index, name) for index, (name, kind) in enumerate(node.columns)]
    read: list[Bound] = list(columns)

    def position(expression: tree.Expression) -> int:
        bound = expressions.bind(expression)
        if bound not in read:
            read.append(bound)
        return read.index(bound)

    partition = tuple(dict.fromkeys(map(position, window.partition_by)))
    order = []
    for item in window.order_by:
        index = position(item.expression)
        if not has_order(read[index].type):
            binder.refuse(item, f"values of {read[index].type} have no order")
        nulls_first = not item.descending if item.nulls_first is None else item.nulls_first
        order.append(SortKey(index, item.descending, nulls_first))
    if len(read) > len(columns):
        added = [(f"{ORDER_COLUMN}{place}", bound) for place, bound in enumerate(read[len(columns) :])]
        node = Calc(node, (*((each.name, each) for each in columns), *added))
    made = RowNumbers(node, function, partition, tuple(order), NUMBER_COLUMN)
    number = Input(BIGINT.not_null(), len(node.columns), NUMBER_COLUMN)
    expressions.known.update(dict.fromkeys(calls, number))
    return made


def has_over(query: queries.Select) -> bool:
    """Whether there is a call with OVER in a SELECT."""
    return any(True for _ in over_calls(query))


def over_calls(query: queries.Select) -> Iterator[tree.Call]:
    """The calls with OVER among what is selected and in QUALIFY."""
    pending: list[base.Node] = [item.expression for item in query.items]
    pending += [] if query.qualify is None else [query.qualify]
    while pending:
        node = pending.pop()
        if isinstance(node, tree.Call) and node.over is not None:
            yield node
        elif not isinstance(node, tree.Query):
            pending.extend(base.children(node))


def window_of(query: queries.Select, call: tree.Call) -> tree.Window | None:
    """The window of a call; None where it is built on another one."""
    window = call.over
    if isinstance(window, str):
        window = next((each.window for each in query.windows if each.name == window), None)
    return None if window is None or window.base is not None else window


def qualified(query: queries.Select, expressions: Binder) -> Bound:
    """The condition of QUALIFY, which may use the names that SELECT gives."""
    assert query.qualify is not None
    for item in query.items:
        if item.alias is not None and not expressions.scope.find(None, item.alias):
            expressions.known[tree.Name((item.alias,))] = expressions.bind(item.expression)
    return expressions.condition(query.qualify, "QUALIFY")


# ---- ranges of row numbers


def limited(calc: Calc) -> Node:
    """The same rows: by a Rank where its condition says which row numbers there are, and what makes whole changes of
    upserts leaves out what it does."""
    if calc.condition is None:
        return calc
    if isinstance(calc.input, Normalize) and calc.input.condition is None:
        return replace(calc, input=replace(calc.input, condition=calc.condition), condition=None)
    parts = conjunction(calc.condition)
    for part in parts:
        found = range_of(part)
        if found is None:
            continue
        index, first, last = found
        first, last = max(first, 1), last
        used = [part]
        for other in parts:
            more = range_of(other) if other is not part else None
            if more is not None and more[0] == index:
                first, last = max(first, more[1]), min(last, more[2])
                used.append(other)
        if last == ENDLESS:
            continue
        read = [other for other in parts if other not in used]
        read += [bound for _, bound in calc.projection] if first < last else []
        wanted = any(each.index == index for bound in read for each in inputs(bound))
        node = with_range(calc.input, index, first, last, wanted)
        if node is not None:
            rest = [other for other in parts if other not in used]
            return replace(calc, input=node, condition=all_of(rest))
    return calc


def conjunction(condition: Bound) -> list[Bound]:
    """The conditions that are all true where one is."""
    if isinstance(condition, Apply) and condition.function == "AND":
        return [part for operand in condition.operands for part in conjunction(operand)]
    return [condition]


def all_of(parts: Sequence[Bound]) -> Bound | None:
    """A condition that is true where all are."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return Apply(parts[0].type, "AND", tuple(parts))


TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


def range_of(condition: Bound) -> tuple[int, int, int] | None:
    """The column and the least and greatest value that a comparison with a whole number leaves; None for others."""
    if not isinstance(condition, Apply) or condition.function not in TURNED or len(condition.operands) != 2:
        return None
    left, right = condition.operands
    sign = condition.function
    if isinstance(left, Constant):
        left, right, sign = right, left, TURNED[sign]
    if not isinstance(left, Input) or not isinstance(right, Constant) or not isinstance(right.value, int):
        return None
    value = right.value
    ranges = {
        "<": (-ENDLESS, value - 1),
        "<=": (-ENDLESS, value),
        ">": (value + 1, ENDLESS),
        ">=": (value, ENDLESS),
        "=": (value, value),
    }
    return (left.index, *ranges[sign])


def with_range(node: Node, index: int, first: int, last: int, wanted: bool) -> Node | None:
    """A plan whose row numbers, which come out at a column, are in a range; None where it is of none.

    Args:
        node: the plan.
        index: of the column.
        first, last: the range.
        wanted: whether the numbers themselves are read.
    """
    if isinstance(node, Calc):
        bound = node.projection[index][1]
        if not isinstance(bound, Input):
            return None
        if node.condition is not None:
            return None
        below = with_range(node.input, bound.index, first, last, wanted)
        return None if below is None else replace(node, input=below)
    if isinstance(node, RowNumbers) and index == len(node.input.columns):
        return windowed_rank(Rank(node, first, last, wanted))
    return None

"""From calls with OVER to nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.aggregation.functions import AGGREGATES, AggregateCall
from pyflinkx.relational.binder import Binder
from pyflinkx.relational.bound import Bound, Constant, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.over.functions import PLACE_FUNCTIONS, result_of
from pyflinkx.relational.over.nodes import RANGE, ROWS, Frame, OrderKey, Over, OverCall, OverWindow, PlaceCall
from pyflinkx.relational.times import units_of
from pyflinkx.relational.user.aggregates import aggregate_of
from pyflinkx.relational.windows.group_windows import rewritten
from pyflinkx.relational.windows.intervals import millis_of
from pyflinkx.sql.tree import base, queries
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import DataType, Family, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

WHOLE = Frame(RANGE, None, None)
RUNNING = Frame(RANGE, None, 0)
MILLIS_OF_DAY = 86_400_000


def is_over(node: base.Node) -> bool:
    """Whether a node is a call with OVER."""
    return isinstance(node, tree.Call) and node.over is not None


def has_over(node: base.Node) -> bool:
    """Whether there is a call with OVER in an expression; queries within it have their own."""
    pending = [node]
    while pending:
        found = pending.pop()
        if is_over(found):
            return True
        if not isinstance(found, tree.Query):
            pending.extend(base.children(found))
    return False


class OverBinder(Binder):
    """Binds expressions with OVER: the results are columns behind those of the rows, which ``node`` makes.

    As only then all are known, expressions are bound twice.

    Args:
        text: what the trees were read from, for errors.
        rows: binds expressions without OVER.
        width: how many columns the rows have.
        named: the windows of the clause WINDOW.
    """

    def __init__(self, text: str, rows: Binder, width: int, named: Mapping[str, tree.Window]) -> None:
        super().__init__(text, rows.scope)
        self.rows = rows
        self.width = width
        self.named = named
        self.added: list[Bound] = []
        self.windows: dict[OverWindow, list[OverCall]] = {}

    def bind(self, node: tree.Expression) -> Bound:
        if is_over(node):
            assert isinstance(node, tree.Call)
            return self.over(node)
        return super().bind(node) if has_over(node) else self.rows.bind(node)

    # ---- windows

    def over(self, node: tree.Call) -> Bound:
        """The column of a call's results."""
        assert node.over is not None
        said = self.window_of(node, node.over)
        name = node.name.parts[-1].upper()
        partition = tuple(self.position(self.rows.bind(each)) for each in said.partition_by)
        bounds = [self.rows.bind(item.expression) for item in said.order_by]
        order = tuple(
            OrderKey(
                self.position(bound),
                item.descending,
                not item.descending if item.nulls_first is None else item.nulls_first,
            )
            for bound, item in zip(bounds, said.order_by, strict=True)
        )
        place = PLACE_FUNCTIONS.get(name)
        frame = RUNNING if order else WHOLE
        if said.frame is not None:
            frame = self.frame_of(said.frame, bounds)
        if place is not None:
            if not order and name != "ROW_NUMBER":
                self.refuse(node, f"{name} needs an ORDER BY in OVER")
            frame = Frame(ROWS, None, 0)
        window = OverWindow(partition, order, frame)
        call = (
            self.place_call(node, name) if place is not None else self.aggregate_call(node, name, frame.holds_its_row)
        )
        calls = self.windows.setdefault(window, [])
        if call not in calls:
            calls.append(call)
        before = self.width + len(self.added)
        for other, those in self.windows.items():
            if other == window:
                break
            before += len(those)
        index = before + calls.index(call)
        return Input(call.type, index, result_name(index))

    def window_of(self, node: tree.Call, over: tree.Window | str) -> tree.Window:
        """What OVER says, with what the named window says that it begins with."""
        if isinstance(over, str):
            over = tree.Window(base=over, span=node.span)
        if over.base is None:
            return over
        if over.base not in self.named:
            known = f"; there are {', '.join(self.named)}" if self.named else ""
            self.refuse(node, f"there is no window {over.base}{known}")
        before = self.window_of(node, self.named[over.base])
        if over.partition_by or (over.order_by and before.order_by) or (over.frame and before.frame):
            self.refuse(node, f"the window {over.base} says already what is said here")
        return tree.Window(
            None,
            before.partition_by,
            over.order_by or before.order_by,
            over.frame or before.frame,
        )

    def frame_of(self, frame: tree.Frame, order: Sequence[Bound]) -> Frame:
        """The rows that a frame says."""
        if frame.exclude not in (None, "NO OTHERS"):
            self.refuse(frame, f"EXCLUDE {frame.exclude} is not in this version")
        if not order:
            self.refuse(frame, f"{frame.unit} needs an ORDER BY in OVER")
        if frame.unit == RANGE and len(order) > 1 and (is_offset(frame.start) or is_offset(frame.end)):
            self.refuse(frame, "RANGE with an offset is by one column of ORDER BY")
        kind = order[0].type
        end = 0 if frame.end is None else self.offset(frame.end, frame.unit, kind)
        start = self.offset(frame.start, frame.unit, kind)
        if frame.start.kind == "FOLLOWING" and frame.start.offset is None:
            self.refuse(frame, "a frame does not begin with UNBOUNDED FOLLOWING")
        if frame.end is not None and frame.end.kind == "PRECEDING" and frame.end.offset is None:
            self.refuse(frame, "a frame does not end with UNBOUNDED PRECEDING")
        if start is not None and end is not None and start > end:
            self.refuse(frame, "a frame ends before it begins")
        return Frame(frame.unit, start, end)

    def offset(self, bound: tree.Bound, unit: str, kind: DataType) -> Any:
        """How far after a row a frame begins or ends; None for the end of the partition."""
        if bound.kind == "CURRENT ROW":
            return 0
        if bound.offset is None:
            return None
        sign = -1 if bound.kind == "PRECEDING" else 1
        if unit == RANGE and kind.family(Family.DATE_TIME):
            millis = millis_of(bound.offset, self.text, "the offset of RANGE over times")
            if kind.kind is Kind.DATE:
                return sign * (millis // MILLIS_OF_DAY)
            return sign * (millis * units_of(kind) // 1000)
        found = self.rows.bind(bound.offset)
        if not isinstance(found, Constant) or not found.type.family(Family.NUMERIC):
            self.refuse(bound, f"the offset of {unit} is a number, or an interval where RANGE is over times")
        if unit == ROWS and not found.type.family(Family.INTEGER):
            self.refuse(bound, "the offset of ROWS is a whole number")
        if found.value is None or found.value < 0:
            self.refuse(bound, "the offset of a frame is 0 or more")
        return sign * found.value

    # ---- functions

    def place_call(self, node: tree.Call, name: str) -> PlaceCall:
        """A call of a function of a row's place."""
        function = PLACE_FUNCTIONS[name]
        if not function.least <= len(node.arguments) <= function.most or node.quantifier or node.filter is not None:
            self.refuse(node, f"it is written {function.usage} OVER (...)")
        bounds = [self.rows.bind(argument) for argument in node.arguments]
        number = 1
        places = bounds if function.result is not None else bounds[1:2]
        if places:
            constant = places[0]
            if not isinstance(constant, Constant) or not constant.type.family(Family.INTEGER):
                self.refuse(node, f"the number is a constant; it is written {function.usage}")
            number = constant.value
            if number < (0 if name in ("LAG", "LEAD") else 1):
                self.refuse(node, f"the number of {name} is {number}, which makes no sense")
        kind = result_of(function, [bound.type for bound in bounds])
        default = None
        if len(bounds) > 2:
            default = self.position(self.cast(bounds[2], bounds[0].type.with_nullable(bounds[2].type.nullable), node))
        argument = self.position(bounds[0]) if function.takes_value else None
        return PlaceCall(name, kind, argument, number, default, node.nulls == "IGNORE")

    def aggregate_call(self, node: tree.Call, name: str, never_empty: bool) -> AggregateCall:
        """A call of an aggregate function."""
        own = aggregate_of(node)
        name = own or name
        function = AGGREGATES[own] if own else AGGREGATES.get(name) if len(node.name.parts) == 1 else None
        if function is None:
            known = [*PLACE_FUNCTIONS, *AGGREGATES]
            self.unknown(node.name, "function with OVER", node.name.parts[-1], known)
        arguments: list[Bound] = []
        for part in node.arguments:
            if isinstance(part, tree.Star):
                if name != "COUNT":
                    self.refuse(part, f"* is an argument of COUNT only; it is written {function.usage}")
            else:
                arguments.append(self.rows.bind(part))
        if node.separator is not None:
            arguments.append(self.rows.bind(node.separator))
        filtered = node.filter is not None
        signature = function.bound([bound.type for bound in arguments], never_empty, filtered)
        if signature is None:
            types = ", ".join(str(bound.type) for bound in arguments) or "no arguments"
            self.refuse(node, f"{name} does not take {types}; it is written {function.usage}")
        brought = [self.cast(bound, kind, node) for bound, kind in zip(arguments, signature.parameters, strict=True)]
        where = None if node.filter is None else self.position(self.rows.condition(node.filter, "FILTER"))
        nulls = function.nulls if node.nulls is None else node.nulls == "RESPECT"
        result = signature.result.with_time(None)
        return AggregateCall(
            name,
            result,
            tuple(map(self.position, brought)),
            signature.parameters,
            node.quantifier == "DISTINCT",
            where,
            nulls,
        )

    def position(self, bound: Bound) -> int:
        """The position of a column with the values of an expression."""
        if isinstance(bound, Input) and bound.index < self.width:
            return bound.index
        if bound not in self.added:
            self.added.append(bound)
        return self.width + self.added.index(bound)

    # ---- the plan

    def node(self, rows: Node) -> Node:
        """The rows with the results of all calls that were bound."""
        node = rows
        if self.added:
            projection: list[tuple[str, Bound]] = [
                (name, Input(kind, index, name)) for index, (name, kind) in enumerate(rows.columns)
            ]
            projection += [(f"$o{place}", bound) for place, bound in enumerate(self.added)]
            node = Calc(rows, tuple(projection))
        for window, calls in self.windows.items():
            first = len(node.columns)
            names = tuple(result_name(first + place) for place in range(len(calls)))
            node = Over(node, window, tuple(calls), names)
        return node


def result_name(index: int) -> str:
    """What the column of a result is called."""
    return f"$w{index}"


def is_offset(bound: tree.Bound | None) -> bool:
    """Whether an end of a frame is at a distance."""
    return bound is not None and bound.offset is not None


def named_windows(binder: QueryBinder, query: queries.Select) -> dict[str, tree.Window]:
    """The windows of the clause WINDOW by their names."""
    named: dict[str, tree.Window] = {}
    for window in query.windows:
        if window.name in named:
            binder.refuse(window, f"there are two windows {window.name}")
        named[window.name] = window.window
    return named


def with_overs(binder: QueryBinder, query: queries.Select, node: Node, expressions: Binder) -> tuple[Node, Binder]:
    """The rows of a SELECT with the results of its calls with OVER, and what binds its items on them.

    Args:
        binder: of the query, for errors.
        query: the SELECT.
        node: its rows, or its groups.
        expressions: binds expressions on them.

    Returns:
        both as they were where there is no OVER.
    """
    parts = [item.expression for item in query.items if not isinstance(item.expression, tree.Star)]
    qualify = None if query.qualify is None else with_aliases(query, expressions)
    if qualify is not None:
        parts.append(qualify)
    if not any(map(has_over, parts)):
        if qualify is not None:
            binder.refuse(qualify, "QUALIFY needs a function with OVER; WHERE and HAVING are for other conditions")
        return node, expressions
    found = OverBinder(binder.text, expressions, len(node.columns), named_windows(binder, query))
    for part in parts:
        found.bind(part)
    rows = found.node(node)
    if qualify is not None:
        everything = tuple((name, Input(kind, index, name)) for index, (name, kind) in enumerate(rows.columns))
        rows = Calc(rows, everything, found.condition(qualify, "QUALIFY"))
    return rows, found


def with_aliases(query: queries.Select, expressions: Binder) -> tree.Expression:
    """The condition of QUALIFY, with what the names of items stand for that no column has."""
    items = {item.alias: item.expression for item in query.items if item.alias is not None}

    def of_item(node: base.Node) -> base.Node:
        if isinstance(node, tree.Name) and len(node.parts) == 1 and not expressions.scope.find(None, node.parts[0]):
            return items.get(node.parts[0], node)
        return node

    changed: tree.Expression = rewritten(query.qualify, of_item)
    return changed

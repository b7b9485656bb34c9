"""GROUP BY, HAVING and DISTINCT: from the clauses of a SELECT to Aggregate and what stands before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pyflinkx.relational.aggregation.functions import AGGREGATES, AggregateCall
from pyflinkx.relational.aggregation.functions import Aggregate as Function
from pyflinkx.relational.aggregation.nodes import Aggregate, Expand, numbers_of
from pyflinkx.relational.binder import Binder
from pyflinkx.relational.bound import Apply, Bound, Constant, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.user.aggregates import aggregate_of
from pyflinkx.sql.tree import base
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import BIGINT, BOOLEAN

# Which set of GROUPING SETS a row is of.
SET_NUMBER = "$e"
GROUPING = ("GROUPING", "GROUPING_ID", "GROUP_ID")


def is_aggregate(node: base.Node) -> bool:
    """Whether a node is the call of an aggregate function, over a group."""
    if not isinstance(node, tree.Call) or len(node.name.parts) != 1 or node.over is not None:
        return False
    return node.name.parts[0].upper() in (*AGGREGATES, *GROUPING) or aggregate_of(node) is not None


def aggregate_calls(expression: base.Node) -> Iterator[tree.Call]:
    """The aggregates in an expression, but for those within others; queries within it have their own."""
    pending: list[base.Node] = [expression]
    while pending:
        node = pending.pop()
        if is_aggregate(node):
            assert isinstance(node, tree.Call)
            yield node
        elif not isinstance(node, tree.Query):
            pending.extend(base.children(node))


def has_aggregates(expression: base.Node) -> bool:
    """Whether there is an aggregate in an expression."""
    return any(True for _ in aggregate_calls(expression))


@dataclass(frozen=True)
class Key:
    """An expression that rows are grouped by.

    Args:
        tree: as it is written.
        bound: on the rows.
    """

    tree: tree.Expression
    bound: Bound


class Grouping(Binder):
    """Binds what stands for groups: keys and aggregates, and expressions of them.

    What it binds reads the columns of an Aggregate, which ``node`` makes of what has been asked for.

    Args:
        text: what the trees were read from, for errors.
        rows: binds expressions on the rows.
        keys: what the rows are grouped by.
        sets: places of the keys in each grouping set; None where there is one set of all.
    """

    def __init__(
        self, text: str, rows: Binder, keys: Sequence[Key], sets: Sequence[frozenset[int]] | None = None
    ) -> None:
        super().__init__(text, rows.scope)
        self.rows = rows
        self.keys = tuple(keys)
        self.sets = None if sets is None else tuple(sets)
        self.kinds = [key.bound.type if sets is None else key.bound.type.with_nullable(True) for key in self.keys]
        self.read: list[Bound] = []  # what aggregates read, beside the keys
        self.calls: list[AggregateCall] = []
        self.key_trees = {tree.Name, *(type(key.tree) for key in self.keys)}

    def bind(self, node: tree.Expression) -> Bound:
        if is_aggregate(node):
            assert isinstance(node, tree.Call)
            return self.aggregate(node)
        if self.known and isinstance(node, (tree.Call, tree.Name)) and node in self.known:
            return self.known[node]
        if type(node) in self.key_trees and not has_aggregates(node):
            found = self.key_of(node)
            if found is not None:
                return found
        if isinstance(node, tree.Name):
            column = self.rows.bind(node)
            self.refuse(
                node,
                f"the column {column} is neither grouped nor aggregated: "
                + (
                    f"put it into GROUP BY, or into an aggregate such as MAX({column})"
                    if self.keys
                    else f"with no GROUP BY it needs an aggregate such as MAX({column})"
                ),
            )
        return super().bind(node)

    def key_of(self, node: tree.Expression) -> Bound | None:
        """The key that an expression is; None where it is none."""
        bound = self.rows.bind(node)
        for place, key in enumerate(self.keys):
            if key.bound == bound:
                return Input(self.kinds[place], place, self.key_name(place))
        return None

    def key_name(self, place: int) -> str:
        bound = self.keys[place].bound
        names = [key.bound.name for key in self.keys[:place] if isinstance(key.bound, Input)]
        return bound.name if isinstance(bound, Input) and bound.name not in names else f"$k{place}"

    # ---- aggregates

    def aggregate(self, node: tree.Call) -> Bound:
        """The column of an aggregate's results."""
        name = aggregate_of(node) or node.name.parts[0].upper()
        if name in GROUPING:
            return self.grouping(node, name)
        function = AGGREGATES[name]
        if any(map(has_aggregates, (*node.arguments, *([] if node.filter is None else [node.filter])))):
            self.refuse(node, f"there is an aggregate within {name}: that needs a query of its own in FROM")
        if node.within_group or node.order_by:
            self.refuse(node, f"{name} with ORDER BY or WITHIN GROUP is not in this version")
        arguments = self.arguments_of(node, function)
        filtered = node.filter is not None
        signature = function.bound([bound.type for bound in arguments], bool(self.keys) and self.sets is None, filtered)
        if signature is None:
            types = ", ".join(str(bound.type) for bound in arguments) or "no arguments"
            self.refuse(node, f"{name} does not take {types}; it is written {function.usage}")
        arguments = [
            self.rows.cast(bound, kind, node) for bound, kind in zip(arguments, signature.parameters, strict=True)
        ]
        call = AggregateCall(
            "$SUM0" if name == "SUM0" else name,
            signature.result,
            tuple(map(self.reading, arguments)),
            signature.parameters,
            node.quantifier == "DISTINCT",
            None if node.filter is None else self.reading(self.rows.condition(node.filter, "FILTER")),
            self.nulls_of(node, function),
        )
        if call not in self.calls:
            self.calls.append(call)
        place = self.calls.index(call)
        return Input(call.type, self.first_result + place, self.result_name(place))

    def arguments_of(self, node: tree.Call, function: Function) -> list[Bound]:
        """The arguments of an aggregate, on the rows."""
        arguments: list[Bound] = []
        for part in node.arguments:
            if isinstance(part, tree.Star):
                if function.name != "COUNT" or len(node.arguments) > 1 or node.quantifier:
                    self.refuse(part, f"* is an argument of COUNT only; it is written {function.usage}")
            elif isinstance(part, tree.JsonEntry):
                arguments += [self.rows.bind(part.key), self.rows.bind(part.value)]
            else:
                arguments.append(self.rows.bind(part))
        if function.name == "COUNT" and not node.arguments:
            self.refuse(node, f"COUNT needs an argument; it is written {function.usage}")
        if function.name == "COUNT" and node.quantifier is None:
            # What is never null says no more than the row.
            arguments = [bound for bound in arguments if bound.type.nullable]
        if node.separator is not None:
            arguments.append(self.rows.bind(node.separator))
        return arguments

    def nulls_of(self, node: tree.Call, function: Function) -> bool:
        """Whether nulls count for a function that asks for it."""
        if node.on_null is not None:
            return node.on_null == "NULL"
        return function.nulls if node.nulls is None else node.nulls == "RESPECT"

    def reading(self, bound: Bound) -> int:
        """The position of a column that aggregates read; keys come first."""
        if bound not in self.read:
            self.read.append(bound)
        return len(self.keys) + self.read.index(bound)

    @property
    def first_result(self) -> int:
        """The position of the first aggregate's results."""
        return len(self.keys) + (self.sets is not None)

    def result_name(self, place: int) -> str:
        return f"$a{place}"

    # ---- grouping sets

    def grouping(self, node: tree.Call, name: str) -> Bound:
        """GROUPING(a, ...), GROUPING_ID(a, ...) and GROUP_ID(): from the number of the set."""
        places = []
        for argument in node.arguments:
            found = self.key_of(argument)
            if not isinstance(found, Input):
                self.refuse(argument, f"{name} takes what rows are grouped by")
            places.append(found.index)
        if bool(places) == (name == "GROUP_ID"):
            self.refuse(node, f"{name} takes {'no arguments' if places else 'one argument or more'}")
        kind = BIGINT.not_null()
        sets = self.sets or ()
        numbers = self.set_numbers()
        values = []
        for order, each in enumerate(sets):
            if name == "GROUP_ID":
                values.append(list(sets[:order]).count(each))
            else:
                values.append(sum(1 << bit for bit, place in enumerate(reversed(places)) if place not in each))
        if len(set(values)) <= 1:
            return Constant(kind, values[0] if values else 0)
        number = Input(kind, len(self.keys), SET_NUMBER)
        operands: list[Bound] = []
        for own, value in list(zip(numbers, values, strict=True))[:-1]:
            operands += [self.apply(node, "=", [number, Constant(kind, own)]), Constant(kind, value)]
        return Apply(kind, "CASE", (*operands, Constant(kind, values[-1])))

    def set_numbers(self) -> tuple[int, ...]:
        """What tells the grouping sets apart."""
        return numbers_of(tuple(range(len(self.keys))), self.sets or ())

    # ---- the plan

    def node(self, rows: Node, ttl: int | None = None) -> Node:
        """The aggregates that were asked for.

        Args:
            rows: what is grouped, on which keys and arguments are bound.
            ttl: see ``Aggregate``.
        """
        names = [self.key_name(place) for place in range(len(self.keys))]
        projection = [(name, key.bound) for name, key in zip(names, self.keys, strict=True)]
        projection += [(f"$f{place}", bound) for place, bound in enumerate(self.read)]
        results = tuple(self.result_name(place) for place in range(len(self.calls)))
        if self.sets is not None:
            keys = tuple(range(len(self.keys)))
            expanded = Expand(calculated(rows, projection), keys, self.sets, SET_NUMBER)
            return Aggregate(expanded, (*keys, len(projection)), tuple(self.calls), results, ttl)
        if all(isinstance(bound, Input) for _, bound in projection):
            # Columns are read as they are: there is nothing to calculate before.
            places = [bound.index for _, bound in projection if isinstance(bound, Input)]
            calls = tuple(
                replace(
                    call,
                    arguments=tuple(places[index] for index in call.arguments),
                    filter=None if call.filter is None else places[call.filter],
                )
                for call in self.calls
            )
            return Aggregate(rows, tuple(places[: len(self.keys)]), calls, results, ttl)
        calls = tuple(self.calls)
        return Aggregate(calculated(rows, projection), tuple(range(len(self.keys))), calls, results, ttl)


def calculated(rows: Node, projection: Sequence[tuple[str, Bound]]) -> Node:
    """The rows with these columns, of which there is one at least."""
    return Calc(rows, tuple(projection) or (("$f0", Constant(BOOLEAN.not_null(), True)),))

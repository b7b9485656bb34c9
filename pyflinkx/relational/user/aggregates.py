"""Aggregate functions of the user's: entries of the registry of aggregates, by names that know their function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pyflinkx.errors import GraphError
from pyflinkx.relational.aggregation.accumulators import Accumulators
from pyflinkx.relational.aggregation.functions import Aggregate, AggregateCall
from pyflinkx.relational.inside import inward, outward
from pyflinkx.relational.registry import Signature
from pyflinkx.relational.session import current
from pyflinkx.relational.user.context import FunctionContext
from pyflinkx.relational.user.conversion import brought
from pyflinkx.relational.user.definition import AGGREGATE, GENERAL, TABLE_AGGREGATE, UserFunction
from pyflinkx.relational.user.scalar import module, plain
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import DataType, Kind, row_type
from pyflinkx.types.data_type_rules import castable


class AggregateName(str):
    """The name of an aggregate function of the user's, which knows the function.

    Attributes:
        definition: the function.
    """

    definition: UserFunction

    @classmethod
    def of(cls, definition: UserFunction) -> AggregateName:
        """The name of a function."""
        made = cls(definition.name)
        made.definition = definition
        return made

    def entry(self) -> Aggregate:
        """The function as the registry of aggregates has it."""
        return entry(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AggregateName) and other.definition is self.definition

    def __hash__(self) -> int:
        return hash(id(self.definition))


def aggregate_of(node: tree.Call) -> AggregateName | None:
    """The name of the user's aggregate function that is called; None where it is none."""
    found = current().find(node.name.parts)
    if not isinstance(found, UserFunction) or found.kind not in (AGGREGATE, TABLE_AGGREGATE):
        return None
    return AggregateName.of(found if found.kind == AGGREGATE else emitting(found))


@lru_cache(maxsize=256)
def emitting(definition: UserFunction) -> UserFunction:
    """A table aggregate function as an aggregate whose value is an array of rows."""
    row = definition.result
    if row.kind is not Kind.ROW:
        row = row_type((("f0", row),))
    body = Emitting(definition.body, definition.result.kind is Kind.ROW)
    return replace(definition, kind=AGGREGATE, body=body, result=DataType(Kind.ARRAY, children=(row,)))


class Emitting:
    """A table aggregate function whose rows are one value.

    Args:
        function: the function.
        rows: whether it gives rows, and not values that are the only column.
    """

    def __init__(self, function: Any, rows: bool) -> None:
        self.function = function
        self.rows = rows

    def open(self, context: FunctionContext) -> None:
        self.function.open(context)

    def create_accumulator(self) -> Any:
        return self.function.create_accumulator()

    def accumulate(self, accumulator: Any, *values: Any) -> None:
        self.function.accumulate(accumulator, *values)

    def retract(self, accumulator: Any, *values: Any) -> None:
        self.function.retract(accumulator, *values)

    def merge(self, accumulator: Any, others: Any) -> None:
        self.function.merge(accumulator, others)

    def get_value(self, accumulator: Any) -> list[Any]:
        found = self.function.emit_value(accumulator) or ()
        return [each if self.rows else (each,) for each in found]


def entry(name: AggregateName) -> Aggregate:
    """A function as the registry has it."""
    definition = name.definition
    types = "..." if definition.parameters is None else ", ".join(map(str, definition.parameters))
    retracts = retractable(definition)
    return Aggregate(name, f"{name}({types})", resolving(definition), making(definition), False, retracts, nulls=True)


def retractable(definition: UserFunction) -> bool:
    """Whether values can be taken back."""
    function = getattr(definition.body, "function", definition.body)
    return definition.style != GENERAL or overrides(function, "retract")


def overrides(function: Any, name: str) -> bool:
    """Whether an aggregate function has a method of its own, and not the one that says that there is none."""
    for owner in type(function).__mro__:
        if name in vars(owner):
            return not owner.__module__.startswith("pyflinkx.table.udf")
    return False


def resolving(definition: UserFunction) -> Callable[[Sequence[DataType]], Signature | None]:
    def resolve(types: Sequence[DataType]) -> Signature | None:
        wanted = definition.parameters
        if wanted is None:
            return Signature(tuple(types), definition.result)
        if len(wanted) != len(types) or not all(map(castable, types, wanted)):
            return None
        return Signature(tuple(kind.with_nullable(True) for kind in wanted), definition.result)

    return resolve


def making(definition: UserFunction) -> Callable[[AggregateCall, bool], Accumulators]:
    def make(call: AggregateCall, retracting: bool) -> Accumulators:
        if retracting and not retractable(definition):
            raise GraphError(
                f"{definition.name} takes values back here, as rows before it are updated or deleted; "
                "it has no retract()"
            )
        kept = Imperative if definition.style == GENERAL else OfAll
        return kept(definition, call.parameters)

    return make


class Imperative(Accumulators):
    """An AggregateFunction at work.

    Args:
        definition: the function.
        parameters: the types of its arguments.
    """

    def __init__(self, definition: UserFunction, parameters: Sequence[DataType]) -> None:
        self.function = definition.instance()
        self.is_open = not hasattr(self.function, "open")
        self.changes = [outward(kind) for kind in parameters]
        self.back = results_of(definition.result)

    def values(self, values: Sequence[Any]) -> list[Any]:
        """Arguments as Python has them."""
        return [
            value if change is None or value is None else change(value)
            for value, change in zip(values, self.changes, strict=True)
        ]

    def create(self) -> list[Any]:
        self.begin()
        return [self.function.create_accumulator()]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        self.begin()
        self.function.accumulate(state[0], *self.values(values))

    def retract(self, state: list[Any], *values: Any) -> None:
        self.begin()
        self.function.retract(state[0], *self.values(values))

    def merge(self, state: list[Any], other: list[Any]) -> None:
        self.begin()
        self.function.merge(state[0], [other[0]])

    def result(self, state: list[Any]) -> Any:
        self.begin()
        return self.back(self.function.get_value(state[0]))

    def begin(self) -> None:
        """Open the function before its first call, which may be on what a checkpoint has brought back."""
        if not self.is_open:
            self.function.open(FunctionContext())
            self.is_open = True


class OfAll(Accumulators):
    """A function of pandas' series: all values are kept until it is asked.

    Args:
        definition: the function.
        parameters: the types of its arguments.
    """

    def __init__(self, definition: UserFunction, parameters: Sequence[DataType]) -> None:
        self.owner = definition.instance()
        self.changes = [outward(kind) for kind in parameters]
        self.back = results_of(definition.result)

    def create(self) -> list[Any]:
        return [[]]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        state[0].append(values)

    def retract(self, state: list[Any], *values: Any) -> None:
        if values in state[0]:
            state[0].remove(values)

    def merge(self, state: list[Any], other: list[Any]) -> None:
        state[0].extend(other[0])

    def result(self, state: list[Any]) -> Any:
        pandas = module("pandas")
        columns = [
            pandas.Series(
                [value if change is None or value is None else change(value) for value in column],
                dtype=None if column else "object",
            )
            for column, change in zip(
                zip(*state[0], strict=True) if state[0] else [()] * len(self.changes), self.changes, strict=True
            )
        ]
        if not hasattr(self.owner, "accumulate"):
            return self.back(plain(self.owner(*columns)))
        accumulator = self.owner.create_accumulator()
        self.owner.accumulate(accumulator, *columns)
        return self.back(plain(self.owner.get_value(accumulator)))


def results_of(kind: DataType) -> Callable[[Any], Any]:
    """What brings a result to its type, as values are evaluated."""
    near, inside = brought(kind), inward(kind)

    def change(value: Any) -> Any:
        if value is None:
            return None
        found = near(value)
        return found if inside is None else inside(found)

    return change

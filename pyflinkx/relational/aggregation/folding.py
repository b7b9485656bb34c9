"""Many rows at once: what aggregates make of the rows of each group of a batch, by NumPy where it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.logic import truth
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.values import is_object, load, validity
from pyflinkx.types.data_type import DataType, Family, Kind

# From values, the rows that count, their groups, the number of groups and 1 or -1 for each row (None for all 1) to
# an accumulator of each group.
Fold = Callable[[Any, Any, Any, int, Any], list[list[Any]]]


def is_whole(kind: DataType) -> bool:
    return kind.family(Family.INTEGER)


def fold_of(call: AggregateCall, retracting: bool) -> Fold | None:
    """What makes accumulators of a batch at once; None where rows are taken one after the other."""
    if call.distinct and call.function not in ("MIN", "MAX"):
        return None
    kinds = call.parameters
    if call.function == "COUNT" and len(kinds) <= 1:
        return counts
    if len(kinds) != 1 or is_object(kinds[0]):
        return None
    if call.function in ("SUM", "$SUM0", "AVG") and (is_whole(kinds[0]) or kinds[0].kind is Kind.DOUBLE):
        return sums
    if call.function in ("MIN", "MAX") and not retracting and kinds[0].kind is not Kind.BOOLEAN:
        return least if call.function == "MIN" else greatest
    return None


def counts(values: Any, counted: Any, groups: Any, number: int, signs: Any) -> list[list[Any]]:
    """Of COUNT."""
    return [[count] for count in numbers(counted, groups, number, signs)]


def numbers(counted: Any, groups: Any, number: int, signs: Any) -> list[int]:
    """How many rows of each group count; those that are taken back count -1."""
    import numpy

    if counted is not None:
        groups = groups[counted]
    if signs is None:
        found: list[int] = numpy.bincount(groups, minlength=number).tolist()
        return found
    totals = numpy.zeros(number, "int64")
    numpy.add.at(totals, groups, signs if counted is None else signs[counted])
    summed: list[int] = totals.tolist()
    return summed


def sums(values: Any, counted: Any, groups: Any, number: int, signs: Any) -> list[list[Any]]:
    """Of SUM and AVG."""
    import numpy

    totals = numpy.zeros(number, "float64" if values.dtype.kind == "f" else "int64")
    added = values if signs is None else values * signs
    if counted is None:
        numpy.add.at(totals, groups, added)
    else:
        numpy.add.at(totals, groups[counted], added[counted])
    return list(map(list, zip(totals.tolist(), numbers(counted, groups, number, signs), strict=True)))


def least(values: Any, counted: Any, groups: Any, number: int, signs: Any) -> list[list[Any]]:
    """Of MIN."""
    return extremes(values, counted, groups, number, False)


def greatest(values: Any, counted: Any, groups: Any, number: int, signs: Any) -> list[list[Any]]:
    """Of MAX."""
    return extremes(values, counted, groups, number, True)


def extremes(values: Any, counted: Any, groups: Any, number: int, most: bool) -> list[list[Any]]:
    """The least or greatest value of each group."""
    import numpy

    if counted is not None:
        values, groups = values[counted], groups[counted]
    if values.dtype.kind == "f":
        worst = -numpy.inf if most else numpy.inf
    else:
        bounds = numpy.iinfo(values.dtype)
        worst = bounds.min if most else bounds.max
    found = numpy.full(number, worst, values.dtype)
    (numpy.fmax if most else numpy.fmin).at(found, groups, values)
    there = numpy.bincount(groups, minlength=number)
    return [[value if count else None] for value, count in zip(found.tolist(), there.tolist(), strict=True)]


class BatchValues:
    """The columns of a batch as aggregates read them.

    Args:
        batch: the rows.
        columns: names and types of its columns.
    """

    def __init__(self, batch: Any, columns: Columns) -> None:
        import numpy

        self.frame = Frame(batch, numpy)
        self.columns = columns
        self.counting: dict[tuple[int | None, int | None], Any] = {}

    def vector(self, index: int) -> Vector:
        """The values of a column."""
        return load(*self.columns[index], self.frame)

    def values(self, call: AggregateCall) -> Any:
        """The values of a call's argument, as an array; None where it has none."""
        import numpy

        if not call.arguments:
            return None
        values = self.vector(call.arguments[0]).values
        return numpy.zeros(self.frame.length, "int64") if values is None else values

    def counted(self, call: AggregateCall) -> Any:
        """The rows that count for a call; None for all."""
        key = (call.arguments[0] if call.arguments else None, call.filter)
        if key not in self.counting:
            self.counting[key] = self.rows(*key)
        return self.counting[key]

    def rows(self, argument: int | None, condition: int | None) -> Any:
        counted = None
        if argument is not None:
            vector = self.vector(argument)
            there = validity(vector, self.frame)
            counted = None if there.all() else there
        if condition is not None:
            true, _ = truth(self.vector(condition), self.frame)
            counted = true if counted is None else counted & true
        return counted


def folded(
    calls: Sequence[AggregateCall],
    folds: Sequence[Fold | None],
    values: BatchValues,
    groups: Any,
    number: int,
    signs: Any,
) -> list[list[list[Any]] | None]:
    """For each call an accumulator of each group; None where it has no fold."""
    return [
        None if fold is None else fold(values.values(call), values.counted(call), groups, number, signs)
        for call, fold in zip(calls, folds, strict=True)
    ]

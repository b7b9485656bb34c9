"""Comparisons, three-valued logic, and choices between values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.scaled import ScaledRun, compared
from pyflinkx.relational.values import Run, both, by_value, is_object, missing, spread, validity
from pyflinkx.types.data_type import BOOLEAN, DataType

COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "=": ("equal", operator.eq),
    "<>": ("not_equal", operator.ne),
    "<": ("less", operator.lt),
    "<=": ("less_equal", operator.le),
    ">": ("greater", operator.gt),
    ">=": ("greater_equal", operator.ge),
}


def comparison(apply: Apply, runs: Sequence[Run]) -> Run:
    """One of the six; both operands are of one type."""
    name, function = COMPARISONS[apply.function]
    if is_object(apply.operands[0].type):
        exact = by_value(function, BOOLEAN, runs, apply)
        difference = compared(apply)
        return exact if difference is None else of_decimals(difference, name, exact)
    first, second = runs

    def run(frame: Frame) -> Vector:
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return missing(frame)
        return Vector(getattr(frame.numpy, name)(a.values, b.values), both(a, b))

    return run


def of_decimals(difference: ScaledRun, name: str, exact: Run) -> Run:
    """A comparison of decimals by their difference, where it fits 64 bits in all rows."""

    def run(frame: Frame) -> Vector:
        made = difference(frame)
        if made is None:
            return exact(frame)
        return Vector(getattr(frame.numpy, name)(made.values, 0), made.valid)

    return run


def distinct(apply: Apply, runs: Sequence[Run]) -> Run:
    """IS [NOT] DISTINCT FROM: null is a value like others."""
    same = apply.function == "IS NOT DISTINCT FROM"
    equal = comparison(Apply(BOOLEAN, "=", apply.operands), runs)

    def run(frame: Frame) -> Vector:
        true, _ = truth(equal(frame), frame)
        a, b = (~validity(one(frame), frame) for one in runs)
        found = true | (a & b)
        return Vector(found if same else ~found)

    return run


def truth(vector: Vector, frame: Frame) -> tuple[Any, Any]:
    """Where a condition is true, and where it is false."""
    numpy = frame.numpy
    if vector.values is None:
        none = numpy.zeros(frame.length, "bool")
        return none, none
    values = numpy.broadcast_to(vector.values, frame.length)
    return (values, ~values) if vector.valid is None else (values & vector.valid, ~values & vector.valid)


def within(rows: Any, run: Run, frame: Frame) -> Vector:
    """Evaluate where only the errors of ``rows`` count."""
    before = frame.active
    frame.active = rows if before is None else rows & before
    try:
        return run(frame)
    finally:
        frame.active = before


def connective(apply: Apply, runs: Sequence[Run]) -> Run:
    """AND and OR of any number of conditions; where those before have decided, errors of the next do not count."""
    conjunction = apply.function == "AND"

    def run(frame: Frame) -> Vector:
        true, false = truth(runs[0](frame), frame)
        for following in runs[1:]:
            more_true, more_false = truth(within(~false if conjunction else ~true, following, frame), frame)
            true, false = (
                (true & more_true, false | more_false) if conjunction else (true | more_true, false & more_false)
            )
        return Vector(true, true | false)

    return run


def negation(apply: Apply, runs: Sequence[Run]) -> Run:
    """NOT."""
    (condition,) = runs

    def run(frame: Frame) -> Vector:
        true, false = truth(condition(frame), frame)
        return Vector(false, true | false)

    return run


def test(apply: Apply, runs: Sequence[Run]) -> Run:
    """IS NULL, IS TRUE, IS FALSE, and their opposites; UNKNOWN is NULL."""
    (operand,) = runs
    what = apply.function.removeprefix("IS ").removeprefix("NOT ")
    negated = " NOT " in apply.function

    def run(frame: Frame) -> Vector:
        vector = operand(frame)
        found = ~validity(vector, frame) if what == "NULL" else truth(vector, frame)[what == "FALSE"]
        return Vector(~found if negated else found)

    return run


def picked(rows: Any, first: Vector, second: Vector, kind: DataType, frame: Frame) -> Vector:
    """``first`` in the rows, ``second`` in the others."""
    numpy = frame.numpy
    if first.values is None and second.values is None:
        return first
    values = numpy.where(rows, spread(first, kind, frame), spread(second, kind, frame))
    if is_object(kind):
        return Vector(values)
    valid = numpy.where(rows, validity(first, frame), validity(second, frame))
    return Vector(values, None if valid.all() else valid)


def case(apply: Apply, runs: Sequence[Run]) -> Run:
    """CASE: conditions and results in turns, the last operand is what else there is."""
    kind = apply.type

    def run(frame: Frame) -> Vector:
        numpy = frame.numpy
        left = numpy.ones(frame.length, "bool")
        chosen: list[tuple[Any, Vector]] = []
        for condition, result in zip(runs[:-1:2], runs[1::2], strict=True):
            true, _ = truth(within(left, condition, frame), frame)
            here = left & true
            chosen.append((here, within(here, result, frame)))
            left = left & ~true
        found = within(left, runs[-1], frame)
        for here, vector in reversed(chosen):
            found = picked(here, vector, found, kind, frame)
        return found

    return run


def coalesce(apply: Apply, runs: Sequence[Run]) -> Run:
    """The first value that is not null."""
    kind = apply.type

    def run(frame: Frame) -> Vector:
        found = runs[0](frame)
        for following in runs[1:]:
            have = validity(found, frame)
            if have.all():
                break
            found = picked(have, found, within(~have, following, frame), kind, frame)
        return found

    return run


def membership(apply: Apply, runs: Sequence[Run]) -> Run:
    """IN of a list: as many comparisons as there are values, with OR between."""
    operand = apply.operands[0]
    tests = [
        comparison(Apply(BOOLEAN, "=", (operand, candidate)), (runs[0], run))
        for candidate, run in zip(apply.operands[1:], runs[1:], strict=True)
    ]
    return tests[0] if len(tests) == 1 else connective(Apply(BOOLEAN, "OR", ()), tests)

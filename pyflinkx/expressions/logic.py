"""Comparisons, conditions and nulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx._core.columns.column import Column
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import Typed, common_type, converted, joint_validity, kind_of, literal
from pyflinkx.expressions.vectors import Frame, Vector, arrow, both, spread
from pyflinkx.types.data_type import BIGINT, BOOLEAN, Kind
from pyflinkx.types.data_type_field import format_of

NUMPY_NAMES = {
    "equal": "equal",
    "not_equal": "not_equal",
    "less": "less",
    "less_equal": "less_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
}
ORDERED_ONLY = ("less", "less_equal", "greater", "greater_equal")
COMPARABLE = ("bool", "int", "float", "text", "binary", "date", "timestamp", "time", "duration", "null")


def compared(expression: Expression, left: Typed, right: Typed) -> Typed | None:
    """Whether one value equals another, or comes before it; floats by IEEE 754."""
    common = common_type(left.type, right.type)
    if common is None or left.kind not in COMPARABLE or right.kind not in COMPARABLE:
        return None
    name = expression.operation
    kinds = {left.type.kind, right.type.kind}
    if Kind.UNSIGNED_BIGINT in kinds and len(kinds) > 1 and common == BIGINT:
        return unsigned_compared(name, expression, left, right)
    left, right = converted(left, common), converted(right, common)
    first, second = left.run, right.run
    if left.kind in ("text", "binary"):
        format = format_of(common)
        return Typed(BOOLEAN, lambda frame: compare_text(name, first(frame), second(frame), format, frame), expression)

    def run(frame: Frame) -> Vector:
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return nulls(frame)
        return Vector(getattr(frame.numpy, name)(a.values, b.values), joint_validity(a, b))

    return Typed(BOOLEAN, run, expression)


def unsigned_compared(name: str, expression: Expression, left: Typed, right: Typed) -> Typed:
    """uint64 with a signed integer: what is negative is less than any of the former."""
    flipped = left.type.kind is not Kind.UNSIGNED_BIGINT
    unsigned, other = (right.run, left.run) if flipped else (left.run, right.run)

    def run(frame: Frame) -> Vector:
        numpy = frame.numpy
        a, b = unsigned(frame), other(frame)
        if a.values is None or b.values is None:
            return nulls(frame)
        negative = b.values < 0
        size = numpy.maximum(b.values, 0).astype("uint64")
        # Where the other is negative, the unsigned one is greater than it, whatever the two are.
        first = numpy.where(negative, numpy.uint64(1), a.values)
        second = numpy.where(negative, numpy.uint64(0), size)
        operands = (second, first) if flipped else (first, second)
        return Vector(getattr(numpy, name)(*operands), joint_validity(a, b))

    return Typed(BOOLEAN, run, expression)


def compare_text(name: str, left: Vector, right: Vector, format: str, frame: Frame) -> Vector:
    """Text or bytes, code point by code point."""
    if left.values is None or right.values is None:
        return nulls(frame)
    arrow("text")
    import pyarrow.compute as compute

    function = getattr(compute, name)
    operands = [text_operand(vector.values, format) for vector in (left, right)]
    return from_arrow(function(*operands), frame)


def text_operand(values: Any, format: str) -> Any:
    """Text as pyarrow takes it: an array, or a scalar for a constant."""
    pyarrow = arrow("text")
    if isinstance(values, Column):
        values = pyarrow.array(values)
    elif isinstance(values, (str, bytes)):
        values = pyarrow.scalar(values)
    large = {"U": pyarrow.large_string(), "Z": pyarrow.large_binary()}.get(format)
    return values if large is None or values.type == large else values.cast(large)


def from_arrow(result: Any, frame: Frame) -> Vector:
    """What pyarrow made of booleans and numbers, as a vector."""
    numpy = frame.numpy
    if not hasattr(result, "__len__"):  # a scalar
        value = result.as_py()
        return nulls(frame) if value is None else Vector(numpy.full(frame.length, value))
    valid = None
    if result.null_count:
        valid = numpy.asarray(result.is_valid().to_numpy(zero_copy_only=False), "bool")
        result = result.fill_null(0 if str(result.type) != "bool" else False)
    return Vector(result.to_numpy(zero_copy_only=False), valid)


def nulls(frame: Frame) -> Vector:
    """Null in every row."""
    return Vector(None, frame.numpy.zeros(frame.length, "bool"))


def truth(vector: Vector, frame: Frame) -> tuple[Any, Any]:
    """Where a condition is true, and where it is false."""
    numpy = frame.numpy
    if vector.values is None:
        none = numpy.zeros(frame.length, "bool")
        return none, none
    values = numpy.broadcast_to(vector.values, frame.length)
    if vector.valid is None:
        return values, ~values
    return values & vector.valid, ~values & vector.valid


def connected(expression: Expression, left: Typed, right: Typed) -> Typed | None:
    """``&`` and ``|`` of three truth values. What the left side decides, the right side may fail on."""
    if not {left.kind, right.kind} <= {"bool", "null"}:
        return None
    first, second = left.run, right.run
    conjunction = expression.operation == "and"

    def run(frame: Frame) -> Vector:
        a = first(frame)
        a_true, a_false = truth(a, frame)
        b = within(~a_false if conjunction else ~a_true, second, frame)
        b_true, b_false = truth(b, frame)
        true = a_true & b_true if conjunction else a_true | b_true
        false = a_false | b_false if conjunction else a_false & b_false
        return Vector(true, None if a.valid is None and b.valid is None else true | false)

    return Typed(BOOLEAN, run, expression)


def within(rows: Any, run: Callable[[Frame], Vector], frame: Frame) -> Vector:
    """Evaluate where only the errors of ``rows`` count."""
    before = frame.active
    frame.active = both(frame.numpy.broadcast_to(rows, frame.length), before)
    try:
        return run(frame)
    finally:
        frame.active = before


def negation(expression: Expression, operand: Typed) -> Typed | None:
    """``~`` of a condition; null stays null."""
    if operand.kind not in ("bool", "null"):
        return None
    run = operand.run

    def opposite(frame: Frame) -> Vector:
        vector = run(frame)
        return vector if vector.values is None else Vector(frame.numpy.logical_not(vector.values), vector.valid)

    return Typed(BOOLEAN, opposite, expression)


def validity(vector: Vector, frame: Frame) -> Any:
    """Where a vector has a value, as a NumPy array of bool."""
    numpy = frame.numpy
    if vector.values is None:
        return numpy.zeros(frame.length, "bool")
    if vector.valid is not None:
        return numpy.broadcast_to(vector.valid, frame.length)
    if hasattr(vector.values, "is_valid"):
        found = vector.values.is_valid
        known = found().to_numpy(zero_copy_only=False) if callable(found) else found
        return numpy.broadcast_to(numpy.asarray(known, "bool"), frame.length)
    return numpy.ones(frame.length, "bool")


def null_test(expression: Expression, operand: Typed) -> Typed:
    """Whether a value is null, or is not."""
    run = operand.run
    if expression.operation == "is_not_null":
        return Typed(BOOLEAN, lambda frame: Vector(validity(run(frame), frame)), expression)
    return Typed(BOOLEAN, lambda frame: Vector(~validity(run(frame), frame)), expression)


def nan_test(expression: Expression, operand: Typed) -> Typed | None:
    """Whether a float is NaN."""
    run = operand.run
    if operand.kind not in ("float", "null"):
        return None

    def test(frame: Frame) -> Vector:
        vector = run(frame)
        return vector if vector.values is None else Vector(frame.numpy.isnan(vector.values), vector.valid)

    return Typed(BOOLEAN, test, expression)


def membership(expression: Expression, operand: Typed) -> Typed | str:
    """Whether a value is one of some constants; the reason where that cannot be asked."""
    constants = expression.options[0]
    type = operand.type
    for value in constants:
        found = literal(value)
        common = None if found is None else common_type(type, found[0])
        if common is None or operand.kind not in COMPARABLE:
            return f"{value!r} is not comparable to it"
        type = common
    tests = [
        compared(
            Expression("equal", (operand.expression, Expression("literal", (), (value,)))), operand, constant(value)
        )
        for value in constants
        if value is not None
    ]
    runs = [test.run for test in tests if test is not None]
    run, has_null = operand.run, len(tests) < len(constants)

    def member(frame: Frame) -> Vector:
        valid = validity(run(frame), frame)
        found = frame.numpy.zeros(frame.length, "bool")
        for test in runs:
            found = found | truth(test(frame), frame)[0]
        return Vector(found, valid & found if has_null else valid)

    return Typed(BOOLEAN, member, expression)


def constant(value: Any) -> Typed:
    """A literal."""
    expression = Expression("literal", (), (value,))
    found = literal(value)
    assert found is not None
    type, stored = found
    format = format_of(type)
    if format in ("l", "L", "g", "b") or format.startswith("t"):
        dtype = {"L": "uint64", "g": "float64", "b": "bool"}.get(format, "int64")
        return Typed(type, lambda frame: Vector(frame.numpy.dtype(dtype).type(stored)), expression)
    if format == "n":
        return Typed(type, nulls, expression)
    return Typed(type, lambda frame: Vector(stored), expression)


def unified(values: Sequence[Typed]) -> list[Typed] | None:
    """The expressions in one type; None where there is none that all fit."""
    type = values[0].type
    for value in values[1:]:
        common = common_type(type, value.type)
        if common is None:
            return None
        type = common
    return [converted(value, type) for value in values] if kind_of(type) in COMPARABLE else None


def chosen(expression: Expression, values: Sequence[Typed]) -> Typed | None:
    """The first value that is not null."""
    same = unified(values)
    if same is None:
        return None
    type, format = same[0].type, same[0].format
    runs = [value.run for value in same]

    def run(frame: Frame) -> Vector:
        result = runs[0](frame)
        for following in runs[1:]:
            have = validity(result, frame)
            if have.all():
                break
            result = picked(have, result, within(~have, following, frame), format, frame)
        return result

    return Typed(type, run, expression)


def conditional(expression: Expression, condition: Typed, if_true: Typed, if_false: Typed) -> Typed | None:
    """One value where the condition is true, another elsewhere."""
    same = unified([if_true, if_false])
    if same is None or condition.kind not in ("bool", "null"):
        return None
    type, format = same[0].type, same[0].format
    test, first, second = condition.run, same[0].run, same[1].run

    def run(frame: Frame) -> Vector:
        true, _ = truth(test(frame), frame)
        return picked(true, within(true, first, frame), within(~true, second, frame), format, frame)

    return Typed(type, run, expression)


def picked(rows: Any, first: Vector, second: Vector, format: str, frame: Frame) -> Vector:
    """``first`` in the rows, ``second`` in the others; both of one type."""
    numpy = frame.numpy
    if first.values is None and second.values is None:
        return first
    if format in ("u", "U", "z", "Z"):
        arrow("text")
        import pyarrow
        import pyarrow.compute as compute

        choices = [spread(vector.values, format, frame.length) for vector in (first, second)]
        return Vector(compute.if_else(pyarrow.array(numpy.ascontiguousarray(rows)), *choices))
    valid = numpy.where(rows, validity(first, frame), validity(second, frame))
    # A constant may be of a wider dtype than a column of the same type: a date is int64 while it is calculated with.
    zero = (first if first.values is not None else second).values.dtype.type(0)
    some, others = (zero if vector.values is None else vector.values for vector in (first, second))
    return Vector(numpy.where(rows, some, others), None if valid.all() else valid)

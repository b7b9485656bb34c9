"""Operations on numbers and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.column_math import ADD, FLOOR_DIVIDE, MODULO, MULTIPLY, SUBTRACT
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import (
    Typed,
    common_type,
    converted,
    finer,
    in_unit,
    int64_operation,
    joint_validity,
    span_in,
    stored_as,
    unit_of,
)
from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.types.data_type import BIGINT, DOUBLE, DataType

CHECKED = {
    "add": ADD,
    "subtract": SUBTRACT,
    "multiply": MULTIPLY,
    "floor_divide": FLOOR_DIVIDE,
    "modulo": MODULO,
}
NUMPY_NAMES = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "true_divide",
    "floor_divide": "floor_divide",
    "modulo": "mod",
    "power": "power",
}
NUMBERS = ("int", "float", "null")


def arithmetic(expression: Expression, left: Typed, right: Typed) -> Typed | None:
    """An operation of two numbers or times; None where their types do not allow it."""
    operation = expression.operation
    if left.kind in NUMBERS and right.kind in NUMBERS:
        if operation in CHECKED and "float" not in (left.kind, right.kind):
            return checked(CHECKED[operation], BIGINT, expression, converted(left, BIGINT), converted(right, BIGINT))
        return floating(NUMPY_NAMES[operation], expression, converted(left, DOUBLE), converted(right, DOUBLE))
    if operation in ("add", "subtract"):
        return time_arithmetic(expression, left, right)
    return None


def checked(code: int, type: DataType, expression: Expression, left: Typed, right: Typed) -> Typed:
    """An operation of int64 values; what does not fit is an error."""
    first, second = left.run, right.run
    return Typed(type, lambda frame: int64_operation(code, first(frame), second(frame), frame, expression), expression)


def floating(name: str, expression: Expression, left: Typed, right: Typed) -> Typed:
    """An operation of float64 values."""
    first, second = left.run, right.run

    def run(frame: Frame) -> Vector:
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return Vector(None, frame.numpy.zeros(frame.length, "bool"))
        return Vector(getattr(frame.numpy, name)(a.values, b.values), joint_validity(a, b))

    return Typed(DOUBLE, run, expression)


def time_arithmetic(expression: Expression, left: Typed, right: Typed) -> Typed | None:
    """Timestamps and dates plus or minus durations, and differences of timestamps, dates and durations."""
    subtracted = expression.operation == "subtract"
    if not subtracted and left.kind == "duration" and right.kind in ("timestamp", "date"):
        left, right = right, left
    code = CHECKED[expression.operation]
    kinds = (left.kind, right.kind)
    if kinds == ("duration", "duration"):
        common = common_type(left.type, right.type)
        assert common is not None
        return checked(code, common, expression, converted(left, common), converted(right, common))
    if kinds == ("date", "duration"):
        left = converted(left, stored_as(f"ts{unit_of(right.type)}:"))
        kinds = ("timestamp", "duration")
    if kinds == ("timestamp", "duration"):
        unit = finer(left.type, right.type)
        stamp = in_unit(left.type, unit)
        return checked(code, stamp, expression, converted(left, stamp), converted(right, span_in(unit)))
    if subtracted and kinds == ("date", "date"):
        seconds = stored_as("tss:")
        return checked(code, span_in("s"), expression, converted(left, seconds), converted(right, seconds))
    if subtracted and kinds == ("timestamp", "timestamp") and left.type.kind is right.type.kind:
        unit = finer(left.type, right.type)
        first, second = (converted(stamp, in_unit(stamp.type, unit)) for stamp in (left, right))
        return checked(code, span_in(unit), expression, first, second)
    return None


def negated(expression: Expression, operand: Typed) -> Typed | None:
    """A number or duration with the other sign."""
    run = operand.run
    if operand.kind == "float":
        return Typed(operand.type, lambda frame: on_values(run(frame), frame.numpy.negative), expression)
    if operand.kind in ("int", "duration", "null"):
        wide = converted(operand, BIGINT) if operand.kind != "duration" else operand
        zero = Typed(wide.type, lambda frame: Vector(frame.numpy.int64(0)), expression)
        return checked(SUBTRACT, wide.type, expression, zero, wide)
    return None


def absolute(expression: Expression, operand: Typed) -> Typed | None:
    """A number without its sign."""
    run = operand.run
    if operand.kind == "float":
        return Typed(operand.type, lambda frame: on_values(run(frame), frame.numpy.absolute), expression)
    if operand.kind not in ("int", "null"):
        return None
    wide = converted(operand, BIGINT).run

    def of_integers(frame: Frame) -> Vector:
        vector = wide(frame)
        if vector.values is None:
            return vector
        below = Vector(frame.numpy.minimum(vector.values, 0), vector.valid)
        positive = int64_operation(SUBTRACT, Vector(frame.numpy.int64(0)), below, frame, expression)
        return Vector(frame.numpy.maximum(vector.values, positive.values), vector.valid)

    return Typed(BIGINT, of_integers, expression)


def on_values(vector: Vector, function: Callable[[Any], Any]) -> Vector:
    """A NumPy function of one argument; a null stays null."""
    return vector if vector.values is None else Vector(function(vector.values), vector.valid)

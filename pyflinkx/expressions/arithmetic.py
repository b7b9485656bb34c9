"""Operations on numbers and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.column_math import ADD, FLOOR_DIVIDE, MODULO, MULTIPLY, SUBTRACT
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import (
    Typed,
    common_format,
    converted,
    finer,
    int64_operation,
    joint_validity,
    unit_of,
    zones_agree,
)
from pyflinkx.expressions.vectors import Frame, Vector

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
            return checked(CHECKED[operation], "l", expression, converted(left, "l"), converted(right, "l"))
        return floating(NUMPY_NAMES[operation], expression, converted(left, "g"), converted(right, "g"))
    if operation in ("add", "subtract"):
        return time_arithmetic(expression, left, right)
    return None


def checked(code: int, format: str, expression: Expression, left: Typed, right: Typed) -> Typed:
    """An operation of int64 values; what does not fit is an error."""
    first, second = left.run, right.run
    return Typed(
        format, lambda frame: int64_operation(code, first(frame), second(frame), frame, expression), expression
    )


def floating(name: str, expression: Expression, left: Typed, right: Typed) -> Typed:
    """An operation of float64 values."""
    first, second = left.run, right.run

    def run(frame: Frame) -> Vector:
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return Vector(None, frame.numpy.zeros(frame.length, "bool"))
        return Vector(getattr(frame.numpy, name)(a.values, b.values), joint_validity(a, b))

    return Typed("g", run, expression)


def time_arithmetic(expression: Expression, left: Typed, right: Typed) -> Typed | None:
    """Timestamps and dates plus or minus durations, and differences of timestamps, dates and durations."""
    subtracted = expression.operation == "subtract"
    if not subtracted and left.kind == "duration" and right.kind in ("timestamp", "date"):
        left, right = right, left
    code = CHECKED[expression.operation]
    kinds = (left.kind, right.kind)
    if kinds == ("duration", "duration"):
        format = common_format(left.format, right.format)
        assert format is not None
        return checked(code, format, expression, converted(left, format), converted(right, format))
    if kinds == ("date", "duration"):
        left = converted(left, f"ts{unit_of(right.format)}:")
        kinds = ("timestamp", "duration")
    if kinds == ("timestamp", "duration"):
        unit = finer(unit_of(left.format), unit_of(right.format))
        format = f"ts{unit}{left.format[3:]}"
        return checked(code, format, expression, converted(left, format), converted(right, f"tD{unit}"))
    if subtracted and kinds == ("date", "date"):
        left, right = converted(left, "tss:"), converted(right, "tss:")
        return checked(code, "tDs", expression, left, right)
    if subtracted and kinds == ("timestamp", "timestamp") and zones_agree(left.format, right.format):
        unit = finer(unit_of(left.format), unit_of(right.format))
        first, second = converted(left, f"ts{unit}{left.format[3:]}"), converted(right, f"ts{unit}{right.format[3:]}")
        return checked(code, f"tD{unit}", expression, first, second)
    return None


def negated(expression: Expression, operand: Typed) -> Typed | None:
    """A number or duration with the other sign."""
    run = operand.run
    if operand.kind == "float":
        return Typed(operand.format, lambda frame: on_values(run(frame), frame.numpy.negative), expression)
    if operand.kind in ("int", "duration", "null"):
        wide = converted(operand, "l") if operand.kind != "duration" else operand
        zero = Typed(wide.format, lambda frame: Vector(frame.numpy.int64(0)), expression)
        return checked(SUBTRACT, wide.format, expression, zero, wide)
    return None


def absolute(expression: Expression, operand: Typed) -> Typed | None:
    """A number without its sign."""
    run = operand.run
    if operand.kind == "float":
        return Typed(operand.format, lambda frame: on_values(run(frame), frame.numpy.absolute), expression)
    if operand.kind not in ("int", "null"):
        return None
    wide = converted(operand, "l").run

    def of_integers(frame: Frame) -> Vector:
        vector = wide(frame)
        if vector.values is None:
            return vector
        below = Vector(frame.numpy.minimum(vector.values, 0), vector.valid)
        positive = int64_operation(SUBTRACT, Vector(frame.numpy.int64(0)), below, frame, expression)
        return Vector(frame.numpy.maximum(vector.values, positive.values), vector.valid)

    return Typed("l", of_integers, expression)


def on_values(vector: Vector, function: Callable[[Any], Any]) -> Vector:
    """A NumPy function of one argument; a null stays null."""
    return vector if vector.values is None else Vector(function(vector.values), vector.valid)

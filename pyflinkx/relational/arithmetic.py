"""Arithmetic with Flink's rules.

Whole numbers keep their width and wrap around as Java's do; they are divided towards zero. Decimals are rounded half
up to the digits of the result, and are null where they have more of them before the point. Floats follow IEEE 754.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.scaled import DecimalRun, scaled
from pyflinkx.relational.values import Run, both, by_value, dtype, is_many, missing
from pyflinkx.types.data_type import DataType, Family, Kind

# As Java's: enough digits for any product, and those of a quotient.
EXACT = decimal.Context(prec=100, rounding=decimal.ROUND_HALF_UP, Emax=999_999, Emin=-999_999)
QUOTIENT = decimal.Context(prec=38, rounding=decimal.ROUND_HALF_UP, Emax=999_999, Emin=-999_999)


def fitted(value: Decimal, kind: DataType) -> Decimal | None:
    """A decimal with the digits of a type; None where it has more before the point."""
    rounded = value.quantize(Decimal(1).scaleb(-(kind.scale or 0)), context=EXACT)
    if rounded.is_zero():
        return abs(rounded)
    return rounded if rounded.adjusted() + 1 + (kind.scale or 0) <= (kind.precision or 0) else None


def remainder(first: Decimal, second: Decimal) -> Decimal:
    """With the sign of the first."""
    return EXACT.remainder(first, second)


EXACT_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
    "/": QUOTIENT.divide,
    "%": remainder,
}
NUMPY_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "%": "fmod"}


def operation(apply: Apply, runs: Sequence[Run]) -> Run:
    """Two numbers of one type: that of the result, but for decimals."""
    kind, sign = apply.type, apply.function
    if kind.kind is Kind.DECIMAL:
        calculated = by_value(exact(sign, kind), kind, runs, apply)
        whole = scaled(apply)
        return calculated if whole is None else DecimalRun(whole, calculated)
    if kind.family(Family.INTEGER) and sign in "/%":
        return whole_division(apply, runs)
    name, wanted = NUMPY_NAMES[sign], dtype(kind)
    first, second = runs

    def run(frame: Frame) -> Vector:
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return missing(frame)
        result = getattr(frame.numpy, name)(a.values, b.values)
        return Vector(result.astype(wanted, copy=False), both(a, b))

    return run


def exact(sign: str, kind: DataType) -> Callable[[Decimal, Decimal], Decimal | None]:
    """An operation of decimals."""
    function = EXACT_OPERATIONS[sign]

    def calculate(first: Decimal, second: Decimal) -> Decimal | None:
        if sign in "/%" and not second:
            raise ZeroDivisionError("division by zero")
        return fitted(function(first, second), kind)

    return calculate


def whole_division(apply: Apply, runs: Sequence[Run]) -> Run:
    """Towards zero; the remainder has the sign of what is divided."""
    first, second = runs
    wanted, quotient = dtype(apply.type), apply.function == "/"

    def run(frame: Frame) -> Vector:
        numpy = frame.numpy
        a, b = first(frame), second(frame)
        if a.values is None or b.values is None:
            return missing(frame)
        valid = both(a, b)
        if is_many(a.values) and not is_many(b.values) and b.values > 0:
            return Vector(by_constant(a.values, int(b.values), quotient, numpy).astype(wanted, copy=False), valid)
        zero = numpy.broadcast_to(b.values == 0, frame.length)
        if zero.any():
            counting = frame.counting(valid)
            wrong = zero if counting is None else zero & counting.view("bool")
            if wrong.any():
                record = frame.record(int(numpy.argmax(wrong)))
                raise ZeroDivisionError(f"{apply!s:.500}: division by zero, in record {record}")
        divisor = numpy.where(zero, 1, numpy.broadcast_to(b.values, frame.length)).astype(wanted)
        dividend = numpy.broadcast_to(a.values, frame.length).astype(wanted)
        rest = numpy.fmod(dividend, divisor)
        if not quotient:
            return Vector(rest, valid)
        # The least number divided by -1 wraps around, as Java's does.
        return Vector(numpy.where(divisor == -1, -dividend, (dividend - rest) // divisor).astype(wanted), valid)

    return run


def by_constant(dividend: Any, divisor: int, quotient: bool, numpy: Any) -> Any:
    """Division towards zero by one number above 0, or its rest: NumPy divides by a constant several times as fast."""
    down = dividend // divisor
    rest = dividend - down * divisor
    above = (rest != 0) & (dividend < 0)
    if quotient:
        return down + above
    return rest - divisor * above if above.any() else rest


def negated(apply: Apply, runs: Sequence[Run]) -> Run:
    """A number with the other sign."""
    if apply.type.kind is Kind.DECIMAL:
        return by_value(lambda value: value.copy_negate() if value else value, apply.type, runs, apply)
    return by_numpy("negative")(apply, runs)


def by_numpy(name: str) -> Callable[[Apply, Sequence[Run]], Run]:
    """A function of NumPy's of one number, with the type of the result."""

    def make(apply: Apply, runs: Sequence[Run]) -> Run:
        (operand,), wanted = runs, dtype(apply.type)

        def run(frame: Frame) -> Vector:
            vector = operand(frame)
            if vector.values is None:
                return vector
            return Vector(getattr(frame.numpy, name)(vector.values).astype(wanted, copy=False), vector.valid)

        return run

    return make


def absolute(apply: Apply, runs: Sequence[Run]) -> Run:
    """ABS."""
    if apply.type.kind is Kind.DECIMAL:
        return by_value(abs, apply.type, runs, apply)
    return by_numpy("absolute")(apply, runs)


def rounding(name: str, mode: str) -> Callable[[Apply, Sequence[Run]], Run]:
    """FLOOR and CEIL."""

    def make(apply: Apply, runs: Sequence[Run]) -> Run:
        if apply.type.kind is Kind.DECIMAL:
            return by_value(lambda value: fitted(value.to_integral_value(mode), apply.type), apply.type, runs, apply)
        if apply.type.family(Family.INTEGER):
            return runs[0]
        return by_numpy(name)(apply, runs)

    return make


def rounded(value: Any, digits: int, mode: str, kind: DataType) -> Any:
    """ROUND and TRUNCATE of one number; what has fewer digits stays as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    number = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    if digits < -MOST_DIGITS:
        return type(value)(0)
    result = number
    if digits < -int(number.as_tuple().exponent):
        result = number.quantize(Decimal(1).scaleb(-digits), rounding=mode, context=ROUNDING)
    return fitted(result, kind) if isinstance(value, Decimal) else type(value)(result)


# More digits before the point than any number has.
MOST_DIGITS = 400
ROUNDING = decimal.Context(prec=800, Emax=999_999, Emin=-999_999)


def by_digits(mode: str) -> Callable[[Apply, Sequence[Run]], Run]:
    """ROUND(x, digits) and TRUNCATE(x, digits)."""

    def make(apply: Apply, runs: Sequence[Run]) -> Run:
        kind = apply.type
        return by_value(lambda value, digits=0: rounded(value, digits, mode, kind), kind, runs, apply)

    return make


def sign(apply: Apply, runs: Sequence[Run]) -> Run:
    """SIGN."""
    if apply.type.kind is Kind.DECIMAL:
        return by_value(lambda value: fitted(Decimal((value > 0) - (value < 0)), apply.type), apply.type, runs, apply)
    return by_numpy("sign")(apply, runs)


def logarithm(value: float) -> float:
    """As Java's: of 0 minus infinity, of what is below NaN."""
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def base_logarithm(base: float, value: float | None = None) -> float:
    """LOG(x), LOG(base, x)."""
    if value is None:
        base, value = math.e, base
        return logarithm(value)
    if base <= 1 or value <= 0:
        raise ValueFault(f"there is no logarithm of {value} to the base {base}")
    return math.log(value) / math.log(base)


def extreme(greatest: bool) -> Callable[[Apply, Sequence[Run]], Run]:
    """GREATEST and LEAST: null where an argument is."""

    def make(apply: Apply, runs: Sequence[Run]) -> Run:
        choose = max if greatest else min
        return by_value(lambda *values: choose(values), apply.type, runs, apply)

    return make

"""Decimals as whole numbers of their last digit, where those fit 64 bits: sums, products and comparisons by NumPy.

Whether they fit is asked of each batch: the largest value there is bounds what comes of it. Where they do not, or a
result has to be rounded, expressions are evaluated on Python's decimals, as all others are.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field
from pyflinkx._core.memory.budget import Charged
from pyflinkx.expressions.vectors import Frame, Vector, bits, both, charged
from pyflinkx.relational.bound import Apply, Bound, Constant, Input
from pyflinkx.types.data_type import DataType, Family, Kind

MOST = 2**63 - 1
WORD = 8


class Scaled(NamedTuple):
    """Decimals of some rows.

    Args:
        values: an int64 array, or one int for all rows.
        valid: False where a row is null; None when none is.
        most: no value is farther from 0.
    """

    values: Any
    valid: Any
    most: int


# None for a batch whose values do not fit.
ScaledRun = Callable[[Frame], "Scaled | None"]


def scaled(bound: Bound) -> ScaledRun | None:
    """What evaluates an expression of a decimal type, or of whole numbers, so; None where it cannot be.

    The values are those of the type's scale.
    """
    kind = bound.type
    if isinstance(bound, Constant):
        return scaled_constant(bound.value, kind)
    if isinstance(bound, Input):
        return scaled_column(bound)
    assert isinstance(bound, Apply)
    if kind.kind is not Kind.DECIMAL:
        return None
    if bound.function == "CAST":
        return scaled_cast(bound)
    if bound.function in ("+", "-", "*") and len(bound.operands) == 2:
        return scaled_operation(bound)
    return None


def scaled_constant(value: Any, kind: DataType) -> ScaledRun | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    number = int(Decimal(value).scaleb(scale_of(kind)))
    made = Scaled(number, None, abs(number)) if abs(number) <= MOST else None
    return lambda frame: made


def scaled_column(bound: Input) -> ScaledRun | None:
    name, kind = bound.name, bound.type
    if kind.family(Family.INTEGER) and not kind.family(Family.UNSIGNED):

        def whole(frame: Frame) -> Scaled | None:
            values, valid = frame.load(name)
            return None if values is None else bounded(values.astype("int64", copy=False), valid, frame)

        return whole
    if kind.kind is not Kind.DECIMAL:
        return None

    def digits(frame: Frame) -> Scaled | None:
        numpy, column = frame.numpy, frame.batch.column(name)
        if not column.length or not column.format.startswith("d:") or column.format.count(",") != 1:
            return None  # columns of nulls only, or of other widths
        words = numpy.frombuffer(column.buffers[-1], "int64", 2 * column.length, column.offset * 2 * WORD)
        low, high = words[0::2], words[1::2]
        if not (high == low >> 63).all():
            return None
        valid = bits(column.buffers[0], column.offset, column.length, numpy) if column.null_count else None
        return bounded(low, valid, frame)

    return digits


def bounded(values: Any, valid: Any, frame: Frame) -> Scaled | None:
    if valid is not None:
        values = frame.numpy.where(valid, values, 0)
    if not len(values):
        return Scaled(values, valid, 0)
    most = max(int(values.max()), -int(values.min()))
    return Scaled(values, valid, most) if most <= MOST else None


def scaled_cast(bound: Apply) -> ScaledRun | None:
    """To as many digits behind the point or more."""
    operand, kind = bound.operands[0], bound.type
    run = scaled(operand)
    more = scale_of(kind) - scale_of(operand.type)
    if run is None or more < 0:
        return None
    return within(lambda frame: times(run(frame), 10**more), kind)


def scaled_operation(bound: Apply) -> ScaledRun | None:
    first, second = (scaled(operand) for operand in bound.operands)
    scales = [scale_of(operand.type) for operand in bound.operands]
    wanted = scale_of(bound.type)
    if first is None or second is None:
        return None
    if bound.function == "*":
        if sum(scales) != wanted:
            return None
        return within(lambda frame: product(first(frame), second(frame)), bound.type)
    if max(scales) != wanted:
        return None
    factors = [10 ** (wanted - scale) for scale in scales]
    if bound.function == "-":
        factors[1] = -factors[1]
    return within(lambda frame: total(times(first(frame), factors[0]), times(second(frame), factors[1])), bound.type)


def compared(bound: Apply) -> ScaledRun | None:
    """The difference of two decimals, of which the sign says how they compare."""
    if any(operand.type.kind is not Kind.DECIMAL for operand in bound.operands):
        return None
    first, second = (scaled(operand) for operand in bound.operands)
    if first is None or second is None:
        return None
    scales = [scale_of(operand.type) for operand in bound.operands]
    wanted = max(scales)
    factors = [10 ** (wanted - scales[0]), -(10 ** (wanted - scales[1]))]
    return lambda frame: total(times(first(frame), factors[0]), times(second(frame), factors[1]))


def times(scaled: Scaled | None, factor: int) -> Scaled | None:
    if scaled is None or scaled.most * abs(factor) > MOST:
        return None
    return Scaled(scaled.values * factor, scaled.valid, scaled.most * abs(factor))


def product(first: Scaled | None, second: Scaled | None) -> Scaled | None:
    if first is None or second is None or first.most * second.most > MOST:
        return None
    return Scaled(first.values * second.values, both(first.valid, second.valid), first.most * second.most)


def total(first: Scaled | None, second: Scaled | None) -> Scaled | None:
    if first is None or second is None or first.most + second.most > MOST:
        return None
    return Scaled(first.values + second.values, both(first.valid, second.valid), first.most + second.most)


def within(run: ScaledRun, kind: DataType) -> ScaledRun:
    """The same where no value can have more digits than a type, which makes it null."""
    limit = 10 ** (kind.precision or 0)

    def checked(frame: Frame) -> Scaled | None:
        made = run(frame)
        return made if made is not None and made.most < limit else None

    return checked


def scale_of(kind: DataType) -> int:
    return kind.scale or 0 if kind.kind is Kind.DECIMAL else 0


class DecimalRun:
    """Evaluates an expression of decimals: as whole numbers where they fit, else on Python's decimals."""

    def __init__(self, scaled: ScaledRun, exact: Callable[[Frame], Vector]) -> None:
        self.scaled = scaled
        self.exact = exact

    def __call__(self, frame: Frame) -> Vector:
        return self.exact(frame)

    def column(self, field: Field, frame: Frame) -> Column | None:
        """The values as a column; None where they do not fit."""
        made = self.scaled(frame)
        if made is None:
            return None
        numpy, length = frame.numpy, frame.length
        words = numpy.empty((length, 2), "int64")
        words[:, 0] = made.values
        words[:, 1] = words[:, 0] >> 63
        packed = None
        if made.valid is not None:
            packed = Charged(numpy.packbits(numpy.broadcast_to(made.valid, length), bitorder="little"))
        return Column(field, length, [packed, charged(words, numpy)])

"""Types of expressions, and how one becomes another."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from pyflinkx._core.columns.column_math import FLOOR_DIVIDE, MULTIPLY, int64_math
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.types.data_type import BIGINT, BOOLEAN, BYTES, DATE, DOUBLE, NULL, STRING, DataType, Family, Kind
from pyflinkx.types.data_type_field import field_of, format_of, is_opaque, type_of_format

UNSIGNED = DataType(Kind.UNSIGNED_BIGINT)
FAMILIES = {
    Family.INTEGER: "int",
    Family.APPROXIMATE_NUMERIC: "float",
    Family.EXACT_NUMERIC: "decimal",
    Family.CHARACTER_STRING: "text",
    Family.TIME_STAMP: "timestamp",
    Family.INTERVAL: "duration",
}
KINDS = {
    Kind.NULL: "null",
    Kind.BOOLEAN: "bool",
    Kind.VARBINARY: "binary",
    Kind.DATE: "date",
    Kind.TIME: "time",
}
PER_SECOND = {"s": 1, "m": 1_000, "u": 1_000_000, "n": 1_000_000_000}
SECONDS_PER_DAY = 86_400
EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


class Typed(NamedTuple):
    """An expression whose type is known, ready to be evaluated.

    Args:
        type: of its values, which may always be missing.
        run: from the frame of a batch to the values.
        expression: for errors.
    """

    type: DataType
    run: Callable[[Frame], Vector]
    expression: Expression

    @property
    def kind(self) -> str:
        """The family of its type."""
        return kind_of(self.type)

    @property
    def format(self) -> str:
        """How its columns are stored, as kernels know it."""
        return format_of(self.type)


def kind_of(data_type: DataType) -> str:
    """The family of a type: "bool", "int", "float", "text", "binary", "date", "timestamp", "time", "duration", ..."""
    if is_opaque(data_type) or data_type.kind is Kind.INTERVAL_YEAR_MONTH:
        return "nested"
    for family, name in FAMILIES.items():
        if data_type.family(family):
            return name
    return KINDS.get(data_type.kind, "nested")


def type_name(data_type: DataType) -> str:
    """A type as people write it."""
    return field_of("", data_type).type_name


def stored_as(format: str) -> DataType:
    """The type of columns of a plain format."""
    found = type_of_format(format)
    assert found is not None, format
    return found


def literal(value: Any) -> tuple[DataType, Any] | None:
    """The type of a constant, and how it is stored; None for one that no column could hold."""
    if value is None:
        return NULL, None
    if isinstance(value, bool):
        return BOOLEAN, value
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return BIGINT, value
        return (UNSIGNED, value) if 0 <= value < 2**64 else None
    if isinstance(value, float):
        return DOUBLE, value
    if isinstance(value, str):
        return STRING, str(value)
    if isinstance(value, (bytes, bytearray)):
        return BYTES, bytes(value)
    if isinstance(value, datetime.datetime):
        zone = "" if value.tzinfo is None else "UTC"
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return stored_as(f"tsu:{zone}"), (value - EPOCH) // MICROSECOND
    if isinstance(value, datetime.date):
        return DATE, (value - EPOCH.date()).days
    if isinstance(value, datetime.timedelta):
        micros = value // MICROSECOND
        return (stored_as("tDu"), micros) if -(2**63) <= micros < 2**63 else None
    return None


def unit_of(data_type: DataType) -> str:
    """The unit of a timestamp, duration or time: s, m, u or n."""
    return format_of(data_type)[2]


def finer(first: DataType, second: DataType) -> str:
    """The finer of the units of two times."""
    return max(unit_of(first), unit_of(second), key=PER_SECOND.__getitem__)


def in_unit(stamp: DataType, unit: str) -> DataType:
    """A timestamp of the same zone in another unit."""
    return stored_as(f"ts{unit}{format_of(stamp)[3:]}")


def span_in(unit: str) -> DataType:
    """A duration in that unit."""
    return stored_as(f"tD{unit}")


def common_type(first: DataType, second: DataType) -> DataType | None:
    """The type in which values of two types can be compared and mixed; None when there is none."""
    if first == second or second.kind is Kind.NULL:
        return first
    if first.kind is Kind.NULL:
        return second
    kinds = {kind_of(first), kind_of(second)}
    if kinds == {"int"}:
        return BIGINT
    if kinds <= {"int", "float"}:
        return DOUBLE
    if kinds == {"text"}:
        return STRING if format_of(first) == format_of(second) == "u" else stored_as("U")
    if kinds == {"binary"}:
        return stored_as("Z")
    if kinds == {"date"}:
        return DATE
    if kinds == {"timestamp"} and first.kind is second.kind:
        return in_unit(first, finer(first, second))
    if kinds == {"date", "timestamp"}:
        stamp = first if kind_of(first) == "timestamp" else second
        return stamp if stamp.kind is Kind.TIMESTAMP else None
    if kinds == {"duration"}:
        return span_in(finer(first, second))
    return None


def fail_row(error: type[Exception], typed: Expression, frame: Frame, row: int, why: str) -> Exception:
    """The error of an expression on one row."""
    return error(f"{typed!r:.500}: {why}, in record {frame.record(int(row))}")


def int64_operation(
    operation: int, left: Vector, right: Vector, frame: Frame, expression: Expression, what: str = ""
) -> Vector:
    """A checked operation of two int64 vectors.

    Raises:
        OverflowError, ZeroDivisionError: of the first row where it cannot be.
    """
    numpy = frame.numpy
    valid = joint_validity(left, right)
    if left.values is None or right.values is None:
        return Vector(None, numpy.zeros(frame.length, "bool"))
    first, second = (numpy.atleast_1d(numpy.ascontiguousarray(v.values, "int64")) for v in (left, right))
    to = numpy.empty(frame.length, "int64")
    if len(first) != 1 and len(first) != frame.length:
        raise AssertionError("operand of another length")
    row = int64_math(operation, first, second, frame.counting(valid), to)
    if row >= 0:
        a, b = (int(values[row if len(values) > 1 else 0]) for values in (first, second))
        if operation >= FLOOR_DIVIDE and b == 0:
            raise fail_row(ZeroDivisionError, expression, frame, row, f"{a} divided by zero")
        raise fail_row(OverflowError, expression, frame, row, what or f"the result for {a} and {b} does not fit int64")
    return Vector(to, valid)


def joint_validity(*vectors: Vector) -> Any:
    """Where all vectors have a value; None where that is everywhere."""
    valid = None
    for vector in vectors:
        if vector.valid is not None:
            valid = vector.valid if valid is None else valid & vector.valid
    return valid


def converted(typed: Typed, to: DataType) -> Typed:
    """The expression as another type that it fits; ``common_type`` said so."""
    run, kind, wanted = typed.run, typed.kind, kind_of(to)
    if typed.format == format_of(to) or kind in ("text", "binary", "null"):
        return typed._replace(type=to)
    if wanted == "float":
        return Typed(to, lambda frame: as_type(run(frame), "float64"), typed.expression)
    if wanted == "int":
        if typed.type.kind is Kind.UNSIGNED_BIGINT:
            return Typed(BIGINT, lambda frame: signed(run(frame), frame, typed.expression), typed.expression)
        return Typed(BIGINT, lambda frame: as_type(run(frame), "int64"), typed.expression)
    if kind == "date":
        days = in_days(typed)
        if wanted == "date":
            return days
        factor = SECONDS_PER_DAY * PER_SECOND[unit_of(to)]
        return Typed(to, lambda frame: scaled(days.run(frame), factor, frame, typed.expression), typed.expression)
    factor = PER_SECOND[unit_of(to)] // PER_SECOND[unit_of(typed.type)]
    return Typed(to, lambda frame: scaled(run(frame), factor, frame, typed.expression), typed.expression)


def as_type(vector: Vector, dtype: str) -> Vector:
    """The values in another NumPy type."""
    values = vector.values
    if values is None:
        return vector
    return Vector(values.astype(dtype, copy=False), vector.valid)


def signed(vector: Vector, frame: Frame, expression: Expression) -> Vector:
    """uint64 as int64."""
    numpy = frame.numpy
    values = vector.values
    if values is None:
        return vector
    large = values > numpy.uint64(2**63 - 1)
    if numpy.any(large):
        counting = frame.counting(vector.valid)
        wrong = numpy.broadcast_to(large if counting is None else large & counting.view("bool"), frame.length)
        if wrong.any():
            row = int(numpy.argmax(wrong))
            raise fail_row(OverflowError, expression, frame, row, "a uint64 does not fit int64, in which is calculated")
    return Vector(values.astype("int64"), vector.valid)


def in_days(typed: Typed) -> Typed:
    """A date as int64 days since the epoch."""
    run = typed.run
    if typed.format == "tdD":
        return Typed(DATE, lambda frame: as_type(run(frame), "int64"), typed.expression)
    return Typed(DATE, lambda frame: divided(run(frame), SECONDS_PER_DAY * 1000), typed.expression)


def scaled(vector: Vector, factor: int, frame: Frame, expression: Expression) -> Vector:
    """Times in a finer unit."""
    vector = as_type(vector, "int64")
    if factor == 1:
        return vector
    why = "a time does not fit its unit"
    return int64_operation(MULTIPLY, vector, Vector(frame.numpy.int64(factor)), frame, expression, why)


def divided(vector: Vector, factor: int) -> Vector:
    """Times in a coarser unit, rounded down."""
    return vector if vector.values is None else Vector(as_type(vector, "int64").values // factor, vector.valid)

"""Conversions that the program asks for."""

from __future__ import annotations

import re
from typing import Any

from pyflinkx._core.columns.schema import PLAIN_NAMES
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.exact import exact_cast, is_exact
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import (
    PER_SECOND,
    SECONDS_PER_DAY,
    Typed,
    divided,
    fail_row,
    in_days,
    kind_of,
    scaled,
    span_in,
    stored_as,
    type_name,
    unit_of,
)
from pyflinkx.expressions.logic import nulls, text_operand, validity
from pyflinkx.expressions.vectors import Frame, Vector, arrow, arrow_type, dtype_of, spread
from pyflinkx.types.arrow import columnar_field, native_field
from pyflinkx.types.data_type import DATE, DOUBLE, FLOAT, STRING, DataType, Kind
from pyflinkx.types.data_type_field import format_of, is_opaque, type_of_field, type_of_format
from pyflinkx.types.typeinfo import TypeInformation

NAMES = {name: stored_as(format) for format, name in PLAIN_NAMES.items() if format not in ("n", "tdm")} | {
    "string": STRING,
    "double": DOUBLE,
    "float": FLOAT,
}
TIMES = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, *([^\]]+))?\]")
DURATION = re.compile(r"duration\[(s|ms|us|ns)\]")
NUMBERS = ("int", "float", "bool")


def target(data_type: Any) -> DataType | None:
    """The type that a cast names; None for what is none."""
    if isinstance(data_type, TypeInformation):
        try:
            field = native_field(columnar_field("", data_type))
        except TypeInformationError:
            return None
        # What a cast makes has no length, as texts are not cut.
        return None if field is None else type_of_format(field.format) or type_of_field(field)
    if not isinstance(data_type, str):
        return None
    if data_type in NAMES:
        return NAMES[data_type]
    stamp, duration = TIMESTAMP.fullmatch(data_type), DURATION.fullmatch(data_type)
    if stamp is not None:
        return stored_as(f"ts{TIMES[stamp[1]]}:{stamp[2] or ''}")
    return None if duration is None else span_in(TIMES[duration[1]])


def cast(expression: Expression, operand: Typed) -> Typed | str:
    """A value as another type; the reason where that cannot be."""
    to = target(expression.options[0])
    if to is None:
        return f"{expression.options[0]!r} is no type; it takes Types.LONG(), 'int64', 'timestamp[ms]' and the like"
    kind, wanted, format = operand.kind, kind_of(to), format_of(to)
    if wanted == "nested":
        return f"there are no casts to {expression.options[0]!r}"
    run = operand.run
    if operand.format == format and not is_opaque(operand.type):
        return operand._replace(type=to, expression=expression)
    if kind == "null":
        return Typed(to, run, expression)
    if is_exact(operand) and (wanted in NUMBERS or wanted == "text"):
        return exact_cast(operand, to, expression)
    if kind in NUMBERS and wanted in NUMBERS:
        return Typed(to, lambda frame: number(run(frame), format, frame, expression), expression)
    if kind == "timestamp" and wanted in ("timestamp", "date"):
        return moved(operand, to, expression)
    if kind == "date" and to.kind is Kind.TIMESTAMP:
        days, factor = in_days(operand).run, SECONDS_PER_DAY * PER_SECOND[unit_of(to)]
        return Typed(to, lambda frame: scaled(days(frame), factor, frame, expression), expression)
    if kind == "date" and wanted == "date":
        return in_days(operand)._replace(expression=expression)
    if kind == "duration" and wanted == "duration":
        return moved(operand, to, expression)
    if (kind in ("timestamp", "duration") and to.kind is Kind.BIGINT) or (
        operand.type.kind is Kind.BIGINT and wanted in ("timestamp", "duration")
    ):
        return Typed(to, run, expression)
    if kind in ("text", "binary") and wanted == kind:
        return Typed(to, lambda frame: wider_text(run(frame), format, frame), expression)
    if (kind == "text" and wanted in NUMBERS) or (kind in NUMBERS and wanted == "text"):
        arrow("text")
        return Typed(to, lambda frame: by_arrow(run(frame), operand, format, frame, expression), expression)
    return f"{type_name(operand.type)} cannot be cast to {type_name(to)}"


def number(vector: Vector, format: str, frame: Frame, expression: Expression) -> Vector:
    """A number as another type of number."""
    numpy = frame.numpy
    values = vector.values
    if values is None:
        return vector
    if format == "b":
        return Vector(values != 0, vector.valid)
    dtype = numpy.dtype(dtype_of(format))
    if dtype.kind == "f" or values.dtype.kind == "b":
        result = values.astype(dtype)
        outside = numpy.isinf(result) & ~numpy.isinf(values) if format == "f" and values.dtype.kind == "f" else None
        refuse(outside, vector, format, frame, expression)
        return Vector(result, vector.valid)
    limits = numpy.iinfo(dtype)
    if values.dtype.kind == "f":
        # The limits as floats: the upper one is a power of two, which a float holds exactly.
        whole = numpy.trunc(values)
        outside = ~((whole >= float(limits.min)) & (whole < float(limits.max + 1)))
    else:
        outside = (values < limits.min) | (values > limits.max) if needs_check(values.dtype, limits, numpy) else None
    if refuse(outside, vector, format, frame, expression):
        values = numpy.where(outside, values.dtype.type(0), values)[()]
    return Vector(values.astype(dtype), vector.valid)


def refuse(outside: Any, vector: Vector, format: str, frame: Frame, expression: Expression) -> bool:
    """Whether some values do not fit a type, though none that counts.

    Raises:
        OverflowError: of the first that counts.
    """
    numpy = frame.numpy
    if outside is None or not outside.any():
        return False
    counting = frame.counting(vector.valid)
    wrong = numpy.broadcast_to(outside, frame.length)
    wrong = wrong if counting is None else wrong & counting.view("bool")
    if wrong.any():
        row = int(numpy.argmax(wrong))
        value = numpy.broadcast_to(vector.values, frame.length)[row].item()
        raise fail_row(OverflowError, expression, frame, row, f"{value!r} does not fit {type_name(stored_as(format))}")
    return True


def needs_check(dtype: Any, limits: Any, numpy: Any) -> bool:
    """Whether some integers of one type do not fit another."""
    have = numpy.iinfo(dtype)
    return bool(have.min < limits.min or have.max > limits.max)


def moved(operand: Typed, to: DataType, expression: Expression) -> Typed | str:
    """A timestamp or duration in another unit, or a timestamp's date."""
    run = operand.run
    if to.kind is Kind.DATE:
        per_day = SECONDS_PER_DAY * PER_SECOND[unit_of(operand.type)]
        if not operand.format.endswith((":", ":UTC")):
            return "a timestamp of a time zone has no date of its own: cast it to 'timestamp[us, UTC]' first"
        return Typed(DATE, lambda frame: divided(run(frame), per_day), expression)
    have, want = PER_SECOND[unit_of(operand.type)], PER_SECOND[unit_of(to)]
    if want >= have:
        return Typed(to, lambda frame: scaled(run(frame), want // have, frame, expression), expression)
    return Typed(to, lambda frame: divided(run(frame), have // want), expression)


def wider_text(vector: Vector, format: str, frame: Frame) -> Vector:
    """Text with other offsets."""
    return vector if vector.values is None else Vector(spread(vector.values, format, frame.length))


def by_arrow(vector: Vector, operand: Typed, format: str, frame: Frame, expression: Expression) -> Vector:
    """Text as numbers, or numbers as text."""
    pyarrow = arrow("text")
    numpy = frame.numpy
    if vector.values is None:
        return nulls(frame)
    if format in ("u", "U"):
        values = numpy.broadcast_to(vector.values, frame.length)
        missing = None if vector.valid is None else ~vector.valid
        return Vector(pyarrow.array(values, mask=missing).cast(arrow_type(format)))
    texts = spread(text_operand(vector.values, ""), "u", frame.length)
    kind = pyarrow.bool_() if format == "b" else pyarrow.from_numpy_dtype(numpy.dtype(dtype_of(format)))
    valid = validity(Vector(texts), frame)
    counting = frame.counting(valid)
    if counting is not None:
        # Text that does not count may be anything.
        import pyarrow.compute as compute

        texts = compute.if_else(pyarrow.array(counting.view("bool")), texts, None)
    try:
        result = texts.cast(kind)
    except pyarrow.ArrowInvalid:
        row = first_unreadable(texts, kind, pyarrow)
        why = f"{texts[row].as_py()!r:.100} is no {type_name(stored_as(format))}"
        raise fail_row(ValueError, expression, frame, row, why) from None
    filled = result.fill_null(False if format == "b" else 0).to_numpy(zero_copy_only=False)
    if format in ("f", "g"):
        # Arrow reads a number that is too large as infinity, of which only these texts may speak.
        for row in numpy.flatnonzero(numpy.isinf(filled)):
            text = texts[int(row)].as_py()
            if "inf" not in text.lower():
                why = f"{text!r:.100} does not fit {type_name(stored_as(format))}"
                raise fail_row(OverflowError, expression, frame, int(row), why)
    return Vector(filled, None if valid.all() else valid)


def first_unreadable(texts: Any, kind: Any, pyarrow: Any) -> int:
    """The first text that is no number."""
    for row in range(len(texts)):
        try:
            texts[row].cast(kind)
        except pyarrow.ArrowInvalid:
            return row
    raise AssertionError("every text is a number by itself")

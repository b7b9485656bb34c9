"""Values of one expression for all rows of a batch."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.batch import ColumnBatch, import_column
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import PLAIN_NAMES, Field
from pyflinkx._core.memory.budget import Charged
from pyflinkx.errors import MissingExtraError
from pyflinkx.types.data_type_field import NUMBER_FORMATS

DTYPES = {format: PLAIN_NAMES[format] for format in NUMBER_FORMATS} | {"tdD": "int32", "tts": "int32", "ttm": "int32"}
BY_PREFIX = ("tdm", "ts", "tt", "tD")
TEXT = ("u", "U", "z", "Z")


class Vector(NamedTuple):
    """Values of some rows.

    Args:
        values: a NumPy array of a value per row, or a NumPy scalar that all rows have (never an array of one); of text
            and bytes a Column, what pyarrow made, or a Python value that all rows have; None where all rows are null.
        valid: a NumPy array of bool, False where a row is null; None when none is. Text has its nulls in ``values``.
    """

    values: Any
    valid: Any = None


class Frame:
    """A batch while expressions are evaluated on it.

    Args:
        batch: the rows.
        numpy: the module.

    Attributes:
        active: the rows (a NumPy array of bool) whose errors count; None for all. What a condition excludes may
            overflow.
        moment: the clock and the watermark, for the functions that read them; see ``relational.moment``.
    """

    def __init__(self, batch: ColumnBatch, numpy: Any) -> None:
        self.batch = batch
        self.numpy = numpy
        self.length = len(batch)
        self.active: Any = None
        self.moment: Any = None
        self.loaded: dict[str, Vector] = {}

    def load(self, name: str) -> Vector:
        """The vector of a column."""
        vector = self.loaded.get(name)
        if vector is None:
            vector = self.loaded[name] = load_column(self.batch.column(name), self.numpy)
        return vector

    def counting(self, *valids: Any) -> Any:
        """The rows whose result counts, as bytes for a kernel; None for all."""
        rows = both(*valids, self.active)
        return None if rows is None else self.numpy.ascontiguousarray(rows).view("uint8")

    def record(self, row: int) -> str:
        """A record, for an error."""
        try:
            return short_repr(self.batch.slice(row, row + 1).to_rows("dict")[0])
        except OverflowError:
            return f"{row} of the batch, which has times outside of Python's calendar"
        except BaseException as error:  # what is told here must not hide what it is told of
            return f"{row} of the batch, which cannot be shown ({type(error).__name__}: {error})"


def dtype_of(format: str) -> str | None:
    """The NumPy type in which a column of that format is stored; None for bool, text and nested ones."""
    return DTYPES.get(format) or ("int64" if format.startswith(BY_PREFIX) else None)


def load_column(column: Column, numpy: Any) -> Vector:
    """A column's values; numbers are shared with it."""
    format = column.format
    length = column.length
    if format == "n":
        return Vector(None, numpy.zeros(length, "bool"))
    valid = bits(column.buffers[0], column.offset, length, numpy) if column.null_count else None
    dtype = dtype_of(format)
    if dtype is not None:
        if length == 0:
            return Vector(numpy.empty(0, dtype), valid)
        start = column.offset * numpy.dtype(dtype).itemsize
        return Vector(numpy.frombuffer(column.buffers[-1], dtype, length, start), valid)
    if format == "b":
        return Vector(bits(column.buffers[-1], column.offset, length, numpy), valid)
    return Vector(column, valid)


def bits(buffer: Any, offset: int, length: int, numpy: Any) -> Any:
    """Bits as a NumPy array of bool."""
    if length == 0:
        return numpy.empty(0, "bool")
    first = offset // 8
    packed = numpy.frombuffer(buffer, "uint8", (offset + length + 7) // 8 - first, first)
    return numpy.unpackbits(packed, count=offset % 8 + length, bitorder="little")[offset % 8 :].view("bool")


def both(*valids: Any) -> Any:
    """Where all are valid."""
    known = [valid for valid in valids if valid is not None]
    if not known:
        return None
    result = known[0]
    for valid in known[1:]:
        result = result & valid
    return result


def to_column(vector: Vector, field: Field, frame: Frame) -> Column:
    """A vector as a column of the field's type.

    Raises:
        OverflowError: a day does not fit a date.
        MemoryBudgetError: the process's budget has no room for it.
    """
    numpy, length = frame.numpy, frame.length
    values, valid = vector
    if isinstance(values, Column) and values.format == field.format:
        return values.with_field(field)
    if values is None:
        return missing_column(field, length)
    if field.format in TEXT:
        column = import_column(spread(values, field.format, length))
        return column.with_field(field)
    packed = None if valid is None else numpy.packbits(numpy.broadcast_to(valid, length), bitorder="little")
    dtype = "bool" if field.format == "b" else dtype_of(field.format)
    array = values if getattr(values, "ndim", 0) == 1 else numpy.full(length, values, dtype)
    if field.format == "tdD":
        check_days(array, valid, frame)
    array = numpy.ascontiguousarray(array, dtype)
    if field.format == "b":
        array = numpy.packbits(array, bitorder="little")
    return Column(field, length, [None if packed is None else Charged(packed), charged(array, numpy)])


def missing_column(field: Field, length: int) -> Column:
    """Nulls of any type."""
    builder = ColumnBuilder(field)
    builder.extend([None] * length)
    return builder.finish()


def charged(array: Any, numpy: Any) -> Any:
    """The array; its memory, unless it is a column's, charged to the process's budget as long as it is used."""
    owner = array
    while isinstance(owner.base, numpy.ndarray):
        owner = owner.base
    return Charged(array) if owner.base is None else array


def check_days(days: Any, valid: Any, frame: Frame) -> None:
    """Refuse days that no date holds."""
    numpy = frame.numpy
    outside = (days < -(2**31)) | (days >= 2**31)
    if outside.any():
        wrong = outside if valid is None else outside & valid
        if wrong.any():
            row = int(numpy.argmax(wrong))
            raise OverflowError(f"day {int(days[row])} does not fit a date, in record {frame.record(row)}")


def spread(values: Any, format: str, length: int) -> Any:
    """Text as a pyarrow array of one value per row."""
    pyarrow = arrow("text")
    kind = arrow_type(format)
    if isinstance(values, Column):
        values = pyarrow.array(values)
    if values is None or isinstance(values, (str, bytes)):
        values = pyarrow.scalar(values, kind)
    if isinstance(values, pyarrow.Scalar):
        return pyarrow.repeat(values, length).cast(kind)
    if isinstance(values, pyarrow.ChunkedArray):
        values = values.combine_chunks()
    return values if values.type == kind else values.cast(kind)


def arrow_type(format: str) -> Any:
    """pyarrow's type of text or bytes."""
    pyarrow = arrow("text")
    return {"u": pyarrow.string, "U": pyarrow.large_string, "z": pyarrow.binary, "Z": pyarrow.large_binary}[format]()


def arrow(what: str) -> Any:
    """pyarrow, for what NumPy has nothing for."""
    try:
        importlib.import_module("pyarrow.compute")
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingExtraError(f"expressions on {what} need pyarrow: pip install 'pyflinkx[arrow]'") from error

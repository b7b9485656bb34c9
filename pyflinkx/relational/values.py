"""Values of SQL's types while expressions are evaluated.

Truth values, whole and floating numbers, dates, times, timestamps and intervals are NumPy arrays (or one NumPy scalar
for all rows) with an array that says which are there. Text, bytes, decimals and whatever has parts are arrays of Python
objects (or one object for all rows), None where they are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.vectors import Frame, Vector, dtype_of, load_column, missing_column, to_column
from pyflinkx.relational.faults import ValueFault as ValueFault
from pyflinkx.relational.inside import inward, outward
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.data_type_field import field_of, format_of

Run = Callable[[Frame], Vector]

OBJECTS = Family.CHARACTER_STRING | Family.BINARY_STRING | Family.CONSTRUCTED
# Of a text that a batch has again and again a function is asked once; beyond so many different ones, each time.
MOST_KNOWN = 65_536
# How many values are looked at to see whether they come again and again.
SAMPLE = 512


def is_object(kind: DataType) -> bool:
    """Whether values are Python objects while they are evaluated."""
    return kind.family(OBJECTS) or kind.kind in (Kind.DECIMAL, Kind.RAW)


def dtype(kind: DataType) -> str:
    """The NumPy type of values that are no objects."""
    return "bool" if kind.kind is Kind.BOOLEAN else dtype_of(format_of(kind)) or "int64"


def missing(frame: Frame) -> Vector:
    """Null in every row."""
    return Vector(None, frame.numpy.zeros(frame.length, "bool"))


def object_array(values: Sequence[Any], frame: Frame) -> Any:
    """Python values as an array, whatever they are."""
    array = frame.numpy.empty(len(values), "object")
    if values and isinstance(values[0], (list, tuple, dict)):  # NumPy must not look into them
        for place, value in enumerate(values):
            array[place] = value
    else:
        array[:] = values
    return array


def load(name: str, kind: DataType, frame: Frame) -> Vector:
    """The values of a column."""
    vector: Vector | None = frame.loaded.get(name)
    if vector is None:
        vector = frame.loaded[name] = loaded(frame.batch.column(name), kind, frame)
    return vector


def loaded(column: Column, kind: DataType, frame: Frame) -> Vector:
    """A column's values as they are evaluated."""
    if not is_object(kind) or column.format == "n":
        return load_column(column, frame.numpy)
    values = to_values(column)
    change = inward(kind) if kind.children else None
    if change is not None:
        values = [None if value is None else change(value) for value in values]
    return Vector(object_array(values, frame))


def constant(value: Any, kind: DataType) -> Run:
    """A value for all rows."""
    if value is None:
        return missing
    if is_object(kind):
        return lambda frame: Vector(value)
    name = dtype(kind)
    return lambda frame: Vector(frame.numpy.dtype(name).type(value))


def is_many(values: Any) -> bool:
    """Whether there is a value per row."""
    return getattr(values, "ndim", 0) == 1


def validity(vector: Vector, frame: Frame) -> Any:
    """Where there are values, as an array of bool."""
    numpy = frame.numpy
    values = vector.values
    if values is None:
        return numpy.zeros(frame.length, "bool")
    if is_many(values) and values.dtype == object:
        return numpy.fromiter((value is not None for value in values), "bool", len(values))
    if vector.valid is None:
        return numpy.ones(frame.length, "bool")
    return numpy.broadcast_to(vector.valid, frame.length)


def both(*vectors: Vector) -> Any:
    """Where all have values, of vectors that are no objects; None for everywhere."""
    valid = None
    for vector in vectors:
        if vector.valid is not None:
            valid = vector.valid if valid is None else valid & vector.valid
    return valid


def spread(vector: Vector, kind: DataType, frame: Frame) -> Any:
    """An array of a value per row."""
    numpy = frame.numpy
    values = vector.values
    if is_many(values):
        return values
    if is_object(kind):
        return object_array([values] * frame.length, frame)
    return numpy.full(frame.length, 0 if values is None else values, dtype(kind))


def to_python(vector: Vector, frame: Frame) -> list[Any]:
    """The values of all rows; None where one is missing."""
    values = vector.values
    if not is_many(values):
        value = values.item() if hasattr(values, "item") else values
        if vector.valid is not None and value is not None:
            return [value if there else None for there in frame.numpy.broadcast_to(vector.valid, frame.length)]
        return [value] * frame.length
    found: list[Any] = values.tolist()
    if vector.valid is not None and values.dtype != object:
        return [value if there else None for value, there in zip(found, vector.valid.tolist(), strict=True)]
    return found


def from_python(values: list[Any], kind: DataType, frame: Frame) -> Vector:
    """Python's values as a vector."""
    numpy = frame.numpy
    if is_object(kind):
        return Vector(object_array(values, frame))
    if None not in values:
        return Vector(numpy.array(values, dtype(kind)))
    valid = numpy.fromiter((value is not None for value in values), "bool", len(values))
    array = numpy.array([0 if value is None else value for value in values], dtype(kind))
    return Vector(array, None if valid.all() else valid)


def by_value(function: Callable[..., Any], kind: DataType, runs: Sequence[Run], shown: Any, strict: bool = True) -> Run:
    """A function of Python's values, asked once for the same values.

    Args:
        function: gives the result, or raises ValueFault, OverflowError, ValueError or ArithmeticError.
        kind: of the results.
        runs: make its arguments.
        shown: the expression, for errors.
        strict: whether it is null where an argument is, without being asked.
    """

    def run(frame: Frame) -> Vector:
        vectors = [argument(frame) for argument in runs]
        if strict and any(vector.values is None for vector in vectors):
            return missing(frame)
        if all(vector.valid is None and not is_many(vector.values) for vector in vectors) and frame.active is None:
            return of_constants(function, kind, vectors, shown, frame, strict)
        keeps = keepable(vectors)
        if frame.active is None:
            try:
                found = of_column(function, vectors, frame, strict, keeps)
            except (ValueFault, ArithmeticError, ValueError):
                found = None  # once more, row by row, to say which one it is
            if found is not None:
                return from_python(found, kind, frame)
        active = None if frame.active is None else frame.active.tolist()
        results: list[Any] = [None] * frame.length
        known: dict[Any, Any] = {}
        rows = zip(*[to_python(vector, frame) for vector in vectors], strict=True)
        for row, arguments in enumerate(rows):
            if (strict and None in arguments) or (active is not None and not active[row]):
                continue
            if keeps and arguments in known:
                results[row] = known[arguments]
                continue
            try:
                result = function(*arguments)
            except (ValueFault, ArithmeticError, ValueError) as error:
                raise row_error(error, shown, frame, row) from None
            if keeps and len(known) < MOST_KNOWN:
                known[arguments] = result
            results[row] = result
        return from_python(results, kind, frame)

    return run


def of_column(
    function: Callable[..., Any], vectors: Sequence[Vector], frame: Frame, strict: bool, keeps: bool
) -> list[Any] | None:
    """A function of one column and of constants, of all rows at once; None where it has other arguments.

    Where values come again and again, it is asked once for each.
    """
    many = [place for place, vector in enumerate(vectors) if is_many(vector.values)]
    if len(many) != 1 or any(vector.valid is not None for place, vector in enumerate(vectors) if place != many[0]):
        return None
    before, after = (
        tuple(vector.values.item() if hasattr(vector.values, "item") else vector.values for vector in part)
        for part in (vectors[: many[0]], vectors[many[0] + 1 :])
    )
    if strict and (None in before or None in after):
        return None
    values = to_python(vectors[many[0]], frame)
    if before:
        call: Callable[[Any], Any] = lambda value: function(*before, value, *after)  # noqa: E731 - one of three
    elif after:
        call = lambda value: function(value, *after)  # noqa: E731
    else:
        call = function
    sample = values[:SAMPLE]
    if keeps and len(set(sample)) * 2 <= len(sample):
        known = {value: None if strict and value is None else call(value) for value in dict.fromkeys(values)}
        return list(map(known.__getitem__, values))
    if strict and None in values:
        return [None if value is None else call(value) for value in values]
    return list(map(call, values))


def keepable(vectors: Sequence[Vector]) -> bool:
    """Whether a result can be kept for arguments: equal ones are the same, but for -0.0, decimals' zeros and parts."""
    for vector in vectors:
        values = vector.values
        if is_many(values) and values.dtype == object:
            if not all(isinstance(value, (str, bytes, NoneType)) for value in values[:1]):
                first = next((value for value in values if value is not None), None)
                if not isinstance(first, (str, bytes, NoneType)):
                    return False
        elif (is_many(values) and values.dtype.kind == "f") or isinstance(values, (list, dict, tuple)):
            return False
    return True


def of_constants(
    function: Callable[..., Any], kind: DataType, vectors: Sequence[Vector], shown: Any, frame: Frame, strict: bool
) -> Vector:
    """A function's result for arguments that all rows have in common."""
    if not frame.length:
        return from_python([], kind, frame)
    arguments = [vector.values.item() if hasattr(vector.values, "item") else vector.values for vector in vectors]
    try:
        result = None if strict and None in arguments else function(*arguments)
    except (ValueFault, ArithmeticError, ValueError) as error:
        raise row_error(error, shown, frame, 0) from None
    if result is None:
        return missing(frame)
    return Vector(result) if is_object(kind) else Vector(frame.numpy.dtype(dtype(kind)).type(result))


def row_error(error: Exception, shown: Any, frame: Frame, row: int) -> Exception:
    """What is told of a value that a function has no result for."""
    kind = type(error) if isinstance(error, (OverflowError, ZeroDivisionError)) else ValueError
    return kind(f"{shown!s:.500}: {error}, in record {frame.record(row)}")


def column_of(vector: Vector, field: Field, kind: DataType, frame: Frame) -> Column:
    """A vector as a column.

    Raises:
        TypeInformationError: a value does not fit the column.
    """
    if vector.values is None:
        return missing_column(field, frame.length)
    if not is_object(kind):
        return to_column(vector, field, frame)
    builder = ColumnBuilder(field)
    try:
        values = to_python(vector, frame)
        change = outward(kind) if kind.children else None
        if change is not None:
            values = [None if value is None else change(value) for value in values]
        builder.extend(values)
    except (TypeInformationError, ValueError) as error:
        raise TypeInformationError(f"column '{field.name}' of {kind}: {error}") from error
    return builder.finish()


def field(name: str, kind: DataType) -> Field:
    """The column of a type; nulls are let in always, as digits that a decimal has no room for become one."""
    return field_of(name, kind.with_nullable(True))

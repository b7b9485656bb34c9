"""Columns between a format's types and SQL's: what a decoder gives, brought to what the table says, and back."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, NamedTuple

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.expressions.vectors import Frame, Vector, load_column, to_column
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.plan.columns import columnar_operator, columns_of
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.values import field
from pyflinkx.types.arrow import columnar_field
from pyflinkx.types.data_type import DataType, Kind
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import TypeInformation, Types

Make = Callable[[Any], Any]
Columns = Sequence[tuple[str, DataType]]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Types whose values are the same in formats of text.
PLAIN = {
    Kind.BOOLEAN: Types.BOOLEAN(),
    Kind.TINYINT: Types.BYTE(),
    Kind.SMALLINT: Types.SHORT(),
    Kind.INT: Types.INT(),
    Kind.BIGINT: Types.LONG(),
    Kind.FLOAT: Types.FLOAT(),
    Kind.DOUBLE: Types.DOUBLE(),
    Kind.DATE: Types.SQL_DATE(),
}
PER_SECOND = {"s": 1, "m": 10**3, "u": 10**6, "n": 10**9}


class Wire(NamedTuple):
    """How values of a type are in a format.

    Args:
        info: their type there.
        make: from a value there to one of SQL's (or back, where they are written); None where they are the same.
        missing: what stands for None.
    """

    info: TypeInformation
    make: Make | None = None
    missing: Any = None


def fraction_cut(digits: int) -> Make | None:
    """Times with so many digits of a second; those beyond are cut off. None where Python's have no more."""
    if digits >= 6:
        return None
    step = 10 ** (6 - digits)
    return lambda value: value.replace(microsecond=value.microsecond // step * step)


def decimal_of(precision: int, scale: int) -> Make:
    """Decimals with so many digits; None where a number has more before the point."""
    unit = Decimal(1).scaleb(-scale)
    limit = Decimal(10) ** (precision - scale)

    def make(value: Decimal) -> Decimal | None:
        with localcontext() as context:
            context.prec = 200
            if abs(value) >= limit * 10:
                return None
            rounded = value.quantize(unit, ROUND_HALF_UP)
        return rounded if abs(rounded) < limit else None

    return make


def instant_as_datetime(value: Instant) -> datetime.datetime:
    """An instant in UTC."""
    return EPOCH + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)


def then(first: Make | None, second: Make | None) -> Make | None:
    """One after the other; None where neither does anything."""
    if first is None or second is None:
        return first or second
    return lambda value: second(first(value))


def nulls_kept(make: Make | None) -> Make:
    """None stays None."""
    if make is None:
        return lambda value: value
    return lambda value: None if value is None else make(value)


def elements(make: Make | None) -> Make | None:
    """Each element of a list."""
    if make is None:
        return None
    each = nulls_kept(make)
    return lambda value: [each(item) for item in value]


def entries(key: Make | None, item: Make | None) -> Make | None:
    """Each entry of a map."""
    if key is None and item is None:
        return None
    key_of, value_of = nulls_kept(key), nulls_kept(item)
    return lambda value: {key_of(name): value_of(part) for name, part in value.items()}


def fields(makes: Sequence[Make | None]) -> Make | None:
    """Each field of a row."""
    if not any(makes):
        return None
    each = [nulls_kept(make) for make in makes]
    return lambda value: tuple(make(part) for make, part in zip(each, value, strict=True))


class Conversion:
    """From batches of some columns to those of others of the same number.

    Args:
        target: the columns that come out.
        wires: what makes each column's values.
    """

    def __init__(self, target: Schema, wires: Sequence[Wire]) -> None:
        self.target = target
        self.wires = tuple(wires)

    def changes_nothing(self, source: Schema) -> bool:
        """Whether batches of these columns are as they shall be."""
        return source == self.target and all(wire.make is None and wire.missing is None for wire in self.wires)

    def __call__(self, batch: ColumnBatch) -> ColumnBatch:
        import numpy

        frame = Frame(batch, numpy)
        made = [
            converted(column, wanted, frame, wire.make, wire.missing)
            for column, wanted, wire in zip(batch.columns, self.target, self.wires, strict=True)
        ]
        return ColumnBatch(self.target, made, len(batch), batch.timestamps, batch.kinds)


def shape(field: Field) -> Any:
    """What tells how a column lies in memory."""
    return field.format, field.carried is None, tuple(map(shape, field.children))


def converted(column: Column, wanted: Field, frame: Frame, make: Make | None = None, missing: Any = None) -> Column:
    """A column as another field has it; see ``Wire``."""
    if make is None and (missing is None or not column.null_count):
        if shape(column.field) == shape(wanted):
            return column.with_field(wanted)
        if column.format[:2] == wanted.format[:2] and wanted.format[:2] in ("ts", "tt"):
            return rescaled(column, wanted, frame)
    builder = ColumnBuilder(wanted)
    each = make or (lambda value: value)
    builder.extend([missing if value is None else each(value) for value in to_values(column, "tuple")])
    return builder.finish()


def rescaled(column: Column, wanted: Field, frame: Frame) -> Column:
    """Times in another unit, cut off."""
    before, after = PER_SECOND[column.format[2]], PER_SECOND[wanted.format[2]]
    values, valid = load_column(column, frame.numpy)
    values = values.astype("int64")
    made = values * (after // before) if after >= before else values // (before // after)
    return to_column(Vector(made.astype("int32") if wanted.format in ("tts", "ttm") else made, valid), wanted, frame)


class ConversionOperator(Operator):
    """Brings columns to other types.

    Args:
        conversion: does it.
        doing: what it is, for errors.
    """

    def __init__(self, conversion: Conversion, doing: str) -> None:
        self.conversion = conversion
        self.doing = doing

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        try:
            made = self.conversion(batch)
        except Exception as error:
            raise self.site.wrap(error, self.doing) from error
        self.output.emit(made)


def table_columns(stream: Stream, columns: Columns, wires: Sequence[Wire], name: str) -> Stream:
    """What a source gives, as a table's columns.

    Args:
        stream: of the source; rows become columns first.
        columns: of the table.
        wires: what makes the values of each.
        name: of the table.
    """
    stream = columns_of(stream, name)
    conversion = Conversion(Schema([field(column, kind) for column, kind in columns]), wires)
    if conversion.changes_nothing(stream.columns):
        return stream
    spec = OperatorSpec.of(ConversionOperator, conversion, f"as columns of {name}")
    return columnar_operator("Decode", spec, [stream], conversion.target)


def wire_columns(stream: Stream, columns: Columns, wires: Sequence[Wire], name: str) -> Stream:
    """A table's columns as a sink takes them."""
    target = [columnar_field(column, wire.info) for (column, _), wire in zip(columns, wires, strict=True)]
    conversion = Conversion(Schema(target), wires)
    if conversion.changes_nothing(stream.columns):
        return stream
    spec = OperatorSpec.of(ConversionOperator, conversion, f"on the way to {name}")
    return columnar_operator("Encode", spec, [stream], conversion.target)

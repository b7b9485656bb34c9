"""Sums of decimals by compiled aggregates of whole numbers: of their upper and lower 32 bits, each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.expressions.vectors import Frame, Vector, load_column, to_column
from pyflinkx.operators.base import Operator
from pyflinkx.relational.aggregation.accumulators import EXACT, fitted
from pyflinkx.relational.values import column_of, from_python
from pyflinkx.types.data_type import DataType

# Decimals of at most so many digits are whole numbers of 64 bits.
MOST_DIGITS = 18
BITS = 32
HIGH, LOW = "h", "l"


def halves(name: str) -> tuple[str, str]:
    """What the columns of the halves of a column are called."""
    return name + HIGH, name + LOW


def with_halves(schema: Schema, names: Sequence[str]) -> Schema:
    """The columns with the halves of some decimals behind them."""
    return Schema([*schema, *(Field(half, "l") for name in names for half in halves(name))])


class DecimalHalvesOperator(Operator):
    """Puts the halves of decimals behind the columns: sums of either stay in 64 bits for 2^31 rows.

    Args:
        schema: of the batches.
        names: of the columns of decimals, of at most 18 digits.
    """

    def __init__(self, schema: Schema, names: Sequence[str]) -> None:
        self.schema = with_halves(schema, names)
        self.names = tuple(names)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        made = list(batch.columns)
        frame = Frame(batch, numpy)
        for name in self.names:
            column: Column = batch.column(name)
            buffer: Any = column.buffers[-1]
            words = numpy.frombuffer(buffer, "int64", 2 * len(batch), 16 * column.offset)
            values = words[::2]
            _, valid = load_column(column, numpy)
            for half, number in zip(halves(name), (values >> BITS, values & (2**BITS - 1)), strict=True):
                made.append(to_column(Vector(number, valid), self.schema[half], frame))
        self.output.emit(ColumnBatch(self.schema, made, len(batch), batch.timestamps, batch.kinds))


def decimals(
    batch: ColumnBatch, names: tuple[str, ...], scale: int, average: bool, kind: DataType, field: Field
) -> Column:
    """Sums or averages of decimals from the sums of their halves.

    Args:
        batch: the results of compiled aggregates.
        names: of the sums of the upper and the lower halves, and of the numbers of values.
        scale: of the decimals.
        average: whether averages are wanted.
        kind: of the results.
        field: of their column.
    """
    import numpy

    high, low, counts = (load_column(batch.column(name), numpy).values for name in names)
    found: list[Any] = []
    for one, other, count in zip(high.tolist(), low.tolist(), counts.tolist(), strict=True):
        if not count:
            found.append(None)
            continue
        total = Decimal((one << BITS) + other).scaleb(-scale, EXACT)
        found.append(fitted(EXACT.divide(total, Decimal(count)) if average else total, kind))
    frame = Frame(batch, numpy)
    return column_of(from_python(found, kind, frame), field, kind, frame)

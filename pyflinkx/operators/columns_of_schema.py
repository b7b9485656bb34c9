"""Columns in another order and of wider types, so that batches of several streams are of one schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.expressions.compiler import typed
from pyflinkx.expressions.expression import col
from pyflinkx.expressions.vectors import Frame, missing_column, to_column
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.columnar_expressions import ExpressionOperator
from pyflinkx.types.arrow import native_field
from pyflinkx.types.carried import is_carried
from pyflinkx.types.common import same_type


class ColumnAlignmentOperator(ExpressionOperator):
    """Gives batches the columns of a wider schema; what has its type already shares its memory.

    Args:
        schema: the columns of the batches.
        result: the same columns in any order, of the same or wider types (see ``types.common``); or, of what is
            carried, the form that native operators know (``types.arrow.native_field``); or what carries the values.
    """

    def __init__(self, schema: Schema, result: Schema) -> None:
        super().__init__(schema)
        self.result = result

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.makers = [self.maker(self.schema[field.name], field) for field in self.result]
        self.calculates = any(not same_type(self.schema[field.name], field) for field in self.result)

    def maker(self, given: Field, wanted: Field) -> Callable[[Frame], Any]:
        """What makes one column."""
        name = given.name
        if same_type(given, wanted):
            return lambda frame: frame.batch.column(name).with_field(wanted)
        if given.format == "n":
            return lambda frame: missing_column(wanted, frame.length)
        native = native_field(given)
        if is_carried(wanted) or (native is not None and same_type(native, wanted)):
            return lambda frame: rebuilt(frame.batch.column(name), wanted)
        run = typed(col(name).cast(wanted.type_name), self.schema, "union()").run
        return lambda frame: to_column(run(frame), wanted, frame)

    def make(self, frame: Frame) -> list[Any]:
        """All columns."""
        columns = []
        for maker, field in zip(self.makers, self.result, strict=True):
            self.evaluated = col(field.name)
            columns.append(maker(frame))
        return columns

    def process_batch(self, batch: Any, port: int = 0) -> None:
        columns = self.evaluate(batch, self.make) if self.calculates else self.make(Frame(batch, self.numpy))
        self.output.emit(ColumnBatch(self.result, columns, len(batch), batch.timestamps, batch.kinds))


def rebuilt(column: Column, wanted: Field) -> Column:
    """A column of the same Python values."""
    builder = ColumnBuilder(wanted)
    builder.extend(to_values(column))
    return builder.finish()

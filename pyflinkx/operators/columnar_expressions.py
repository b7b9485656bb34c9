"""Expressions at work on columnar batches: filter and projection."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_objects
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import LongBatchError, TypeInformationError
from pyflinkx.expressions.compiler import condition, referenced, typed
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.vectors import Frame, to_column
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.halves import in_parts
from pyflinkx.types.data_type_field import field_of


class ExpressionOperator(Operator):
    """Base: evaluates expressions on each batch, and reports their failures.

    Args:
        schema: the columns of the batches.
    """

    evaluated: Expression  # the one at work, for errors

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.numpy = importlib.import_module("numpy")

    def evaluate(self, batch: ColumnBatch, run: Callable[[Frame], Any]) -> Any:
        """What ``run`` makes of a batch; a failure, whatever it is, names the operator and the expression."""
        try:
            with self.numpy.errstate(all="ignore"):
                return run(Frame(batch, self.numpy))
        except Exception as error:
            if is_too_long(error) and len(batch) > 1:
                raise LongBatchError(str(error)) from error
            raise self.site.wrap(error, f"in the expression {self.evaluated!r:.500}") from error


class ColumnFilterOperator(ExpressionOperator):
    """Keeps the rows for which a condition is true.

    Args:
        expression: the condition; rows where it is null are dropped.
        schema: the columns of the batches.
    """

    def __init__(self, expression: Expression, schema: Schema) -> None:
        super().__init__(schema)
        self.expression = self.evaluated = expression

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.run = condition(self.expression, self.schema, "filter()").run

    def mask(self, frame: Frame) -> Any:
        """A byte per row, 0 for those to be dropped."""
        numpy = frame.numpy
        values, valid = self.run(frame)
        if values is None:
            return numpy.zeros(frame.length, "uint8")
        values = numpy.broadcast_to(values, frame.length)
        return numpy.ascontiguousarray(values if valid is None else values & valid).view("uint8")

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for kept in in_parts(batch, self.keep):
            if len(kept):
                self.output.emit(kept)

    def keep(self, batch: ColumnBatch) -> ColumnBatch:
        """The rows that stay."""
        kept: ColumnBatch = batch.filter(self.evaluate(batch, self.mask))
        return kept


class RowFilterOperator(ColumnFilterOperator):
    """Keeps the Python rows for which a condition on their fields is true; the rows stay the objects that they are."""

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.wanted = positions_of(self.schema, referenced(self.expression))

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for kept in in_parts(batch, self.pick):
            if kept is not None:
                self.output.emit(kept)

    def pick(self, batch: Any) -> Any:
        """The records that stay; None for none."""
        try:
            columns = from_objects(batch, self.schema, wanted=self.wanted)
        except (TypeInformationError, OverflowError) as error:
            if is_too_long(error) and len(batch) > 1:
                raise
            raise self.site.wrap(error, "on a record that does not fit the type of its stream") from error
        rows = self.numpy.flatnonzero(self.evaluate(columns, self.mask)).tolist()
        return picked_rows(batch, rows) if rows else None


def positions_of(schema: Schema, names: Collection[str]) -> tuple[int, ...]:
    """Where columns of these names are; at least one, as a batch without columns would be one without rows."""
    found = tuple(position for position, name in enumerate(schema.names) if name in names)
    plain = next((position for position, field in enumerate(schema) if field.carried is None), 0)
    return found or (plain,)


def picked_rows(batch: ObjectBatch, rows: Sequence[int]) -> ObjectBatch:
    """Those rows of a batch."""
    values, times, kinds = batch.values, batch.timestamps, batch.kinds
    if len(rows) == len(values):
        return batch
    return ObjectBatch(
        [values[row] for row in rows],
        None if times is None else type(times)(times.typecode, [times[row] for row in rows]),
        None if kinds is None else type(kinds)(kinds.typecode, [kinds[row] for row in rows]),
    )


class ColumnSelectOperator(ExpressionOperator):
    """Makes new columns.

    Args:
        columns: name and expression of each; a column that stays as it is shares its memory.
        schema: the columns of the batches.
    """

    def __init__(self, columns: Sequence[tuple[str, Expression]], schema: Schema) -> None:
        super().__init__(schema)
        self.columns = tuple(columns)

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.result = selected(self.columns, self.schema, "select()")
        self.makers = [
            self.maker(expression, field) for (_, expression), field in zip(self.columns, self.result, strict=True)
        ]
        self.calculates = any(source(expression) is None for _, expression in self.columns)

    def maker(self, expression: Expression, field: Field) -> Callable[[Frame], Any]:
        """What makes one column."""
        name = source(expression)
        if name is not None:
            return lambda frame: frame.batch.column(name).with_field(field)
        run = typed(expression, self.schema, "select()").run
        return lambda frame: to_column(run(frame), field, frame)

    def make(self, frame: Frame) -> list[Any]:
        """All columns."""
        columns = []
        for maker, (_, expression) in zip(self.makers, self.columns, strict=True):
            self.evaluated = expression
            columns.append(maker(frame))
        return columns

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for made in in_parts(batch, self.select):
            self.output.emit(made)

    def select(self, batch: ColumnBatch) -> ColumnBatch:
        """The new columns of a batch."""
        columns = self.evaluate(batch, self.make) if self.calculates else self.make(Frame(batch, self.numpy))
        return ColumnBatch(self.result, columns, len(batch), batch.timestamps, batch.kinds)


def is_too_long(error: BaseException) -> bool:
    """Whether fewer rows might do: a text does not fit its column, as we say it or as pyarrow does."""
    return isinstance(error, LongBatchError) or type(error).__name__ == "ArrowCapacityError"


def source(expression: Expression) -> str | None:
    """The name of the column that an expression is, whatever it is called; None for a calculation."""
    while expression.operation == "alias":
        expression = expression.operands[0]
    name: str | None = expression.options[0] if expression.operation == "column" else None
    return name


def selected(columns: Sequence[tuple[str, Expression]], schema: Schema, call: str) -> Schema:
    """The columns that a selection has.

    Raises:
        GraphError: an expression does not fit the columns there are.
    """
    return Schema([selected_field(name, expression, schema, call) for name, expression in columns])


def selected_field(name: str, expression: Expression, schema: Schema, call: str) -> Field:
    """One column of a selection."""
    result = typed(expression, schema, call)
    known = source(expression)
    if known is not None:
        return schema[known].renamed(name)
    return field_of(name, result.type)

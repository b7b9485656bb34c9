"""Where columns and Python rows meet."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_objects
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_objects
from pyflinkx.errors import LongBatchError, TypeInformationError
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.halves import in_parts
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator


class ColumnsToRowsOperator(PiecewiseOperator):
    """Turns each columnar batch into rows with named fields.

    Args:
        batch_size: the most rows of an emitted batch.
    """

    values_checked = True

    def __init__(self, batch_size: int = 1024) -> None:
        self.batch_size = self.size = batch_size

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.convert(batch))

    def convert(self, batch: Any) -> Pieces:
        """Send the rows of a batch, fewer at a time when what follows takes long."""
        turn = self.site.turn
        for start in range(0, len(batch), self.batch_size):
            stop = min(start + self.batch_size, len(batch))
            while start < stop:
                end = min(start + self.size, stop)
                try:
                    rows = to_objects(batch.slice(start, end))
                except Exception as error:
                    raise self.site.wrap(error, "while rows were made of columns") from error
                # Event time follows the batch, not its parts.
                turn.held += end < stop
                self.output.emit(rows)
                over = turn.over()
                if over:
                    yield True
                turn.held -= end < stop
                start = end
                self.size = max(self.size // 8, 1) if over else min(self.size * 2, self.batch_size)


class RowsToColumnsOperator(Operator):
    """Turns each batch of rows into columns; of a batch of columns, it passes on those that are wanted.

    Args:
        schema: the columns.
        wanted: positions of the columns to make; None for all.
    """

    def __init__(self, schema: Schema, wanted: tuple[int, ...] | None = None) -> None:
        self.schema = schema
        self.wanted = wanted

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if isinstance(batch, ColumnBatch):
            self.output.emit(batch if self.wanted is None else batch.select(self.wanted))
            return
        try:
            for columns in in_parts(batch, self.convert):
                self.output.emit(columns)
        except LongBatchError as error:
            raise self.site.wrap(error, "on a record that does not fit the type of its stream") from error

    def convert(self, batch: Any) -> Any:
        """A batch of rows as columns."""
        try:
            return from_objects(batch, self.schema, wanted=self.wanted)
        except LongBatchError:
            raise
        except (TypeInformationError, OverflowError) as error:
            raise self.site.wrap(error, "on a record that does not fit the type of its stream") from error
        except Exception as error:
            raise self.site.wrap(error, "while columns were made of rows") from error

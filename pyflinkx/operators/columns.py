"""Where columns and Python rows meet."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.from_rows import from_objects
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_objects
from pyflinkx.errors import LongBatchError, TypeInformationError
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.halves import in_parts


class ColumnsToRowsOperator(Operator):
    """Turns each columnar batch into rows with named fields.

    Args:
        batch_size: the most rows of an emitted batch.
    """

    values_checked = True

    def __init__(self, batch_size: int = 1024) -> None:
        self.batch_size = batch_size

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for start in range(0, len(batch), self.batch_size):
            try:
                rows = to_objects(batch.slice(start, min(start + self.batch_size, len(batch))))
            except Exception as error:
                raise self.site.wrap(error, "while rows were made of columns") from error
            self.output.emit(rows)


class RowsToColumnsOperator(Operator):
    """Turns each batch of rows into columns.

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

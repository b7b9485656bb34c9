"""Keys that no stream can be spread by: arrays, maps and rows. A column of text stands for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.keyed_rows import as_key, column_of_values, rows_of, schema_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.types.data_type import STRING, DataType, Family

KEY_COLUMN = "$key"


def is_nested(kind: DataType) -> bool:
    """Whether values of a type are no keys of a stream."""
    return kind.family(Family.CONSTRUCTED)


class KeyTextOperator(Operator):
    """Adds a column of text that is the same where some columns are.

    Args:
        columns: of the rows.
        positions: of the columns that it stands for.
    """

    def __init__(self, columns: Columns, positions: Sequence[int]) -> None:
        self.columns = tuple(columns)
        self.positions = tuple(positions)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        texts = [repr(as_key(row)) for row in rows_of(batch, self.columns, self.positions)]
        self.output.emit(batch.with_column(KEY_COLUMN, column_of_values(texts, KEY_COLUMN, STRING)))


def with_plain_keys(stream: Stream, columns: Columns, keys: Sequence[int]) -> tuple[Stream, tuple[int, ...]]:
    """A stream with columns that it can be spread by.

    Args:
        stream: the rows.
        columns: names and types of its columns.
        keys: positions of the columns that are the key.

    Returns:
        the stream, perhaps with one more column, and the positions of the columns that stand for the key.
    """
    nested = [index for index in keys if is_nested(columns[index][1])]
    if not nested:
        return stream, tuple(keys)
    spec = OperatorSpec.of(KeyTextOperator, columns, nested)
    made = columnar_operator("Key Text", spec, [stream], schema_of((*columns, (KEY_COLUMN, STRING))))
    return made, (*(index for index in keys if index not in nested), len(columns))

"""Expand at work: the rows of grouping sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx.expressions.vectors import missing_column
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.aggregation.nodes import Expand, numbers_of
from pyflinkx.relational.keyed_rows import column_of_values, schema_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.translation import Translation, translates


class ExpandOperator(Operator):
    """Gives each row as often as there are sets of columns, with null in the columns that are not of the set.

    Args:
        columns: that come out; the last one tells the set.
        over: positions of the columns that the sets are of.
        sets: of positions.
        numbers: what tells each set.
    """

    def __init__(
        self, columns: Columns, over: Sequence[int], sets: Sequence[frozenset[int]], numbers: Sequence[int]
    ) -> None:
        self.columns = columns
        self.over = tuple(over)
        self.sets = tuple(sets)
        self.numbers = tuple(numbers)
        self.schema = schema_of(columns)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        rows, copies = len(batch), len(self.sets)
        made = concat([self.of_set(batch, *each) for each in zip(self.sets, self.numbers, strict=True)])
        # The copies of a row follow each other.
        order = numpy.arange(rows * copies, dtype="int64").reshape(copies, rows).T.ravel()
        self.output.emit(made.take(numpy.ascontiguousarray(order)))

    def of_set(self, batch: ColumnBatch, kept: frozenset[int], number: int) -> ColumnBatch:
        """The rows of one set."""
        rows = len(batch)
        columns = [
            missing_column(field, rows) if index in self.over and index not in kept else column.with_field(field)
            for index, (column, field) in enumerate(zip(batch.columns, self.schema.fields, strict=False))
        ]
        columns.append(column_of_values([number] * rows, *self.columns[-1]))
        return ColumnBatch(self.schema, columns, rows, batch.timestamps, batch.kinds)


@translates(Expand)
def expanded(node: Expand, translation: Translation) -> Stream:
    """The stream of an Expand."""
    spec = OperatorSpec.of(ExpandOperator, node.columns, node.over, node.sets, numbers_of(node.over, node.sets))
    return columnar_operator("Expand", spec, [translation.stream(node.input)], schema_of(node.columns))

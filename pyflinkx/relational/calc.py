"""Calc at work: filter and projection of columnar batches of any kinds of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import LongBatchError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.columnar_expressions import is_too_long
from pyflinkx.operators.halves import in_parts
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.moment import Moment
from pyflinkx.relational.nodes import Calc
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.values import field


class CalcOperator(Operator):
    """New columns of the rows for which a condition is true.

    Args:
        columns: name and expression of each.
        condition: None for all rows.
    """

    def __init__(self, columns: Sequence[tuple[str, Bound]], condition: Bound | None = None) -> None:
        self.columns = tuple(columns)
        self.condition = condition

    @property
    def schema(self) -> Schema:
        """The columns that come out."""
        return Projection(self.columns).schema

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.moment = Moment(context.clock)
        self.projection = Projection(self.columns, self.condition, self.moment)
        self.projection.open(context)

    def close(self) -> None:
        self.projection.close()
        super().close()

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for made in in_parts(batch, self.project):
            if len(made):
                self.output.emit(made)

    def process_watermark(self, timestamp: int) -> None:
        self.moment.watermark = timestamp
        self.output.emit_watermark(timestamp)

    def project(self, batch: ColumnBatch) -> ColumnBatch:
        """What comes out for a batch; a failure names the operator."""
        try:
            return self.projection(batch)
        except Exception as error:
            if is_too_long(error) and len(batch) > 1:
                raise LongBatchError(str(error)) from error
            raise self.site.wrap(error, "in a query") from error


@translates(Calc)
def calculated(node: Calc, translation: Translation) -> Stream:
    """The stream of a Calc."""
    spec = OperatorSpec.of(CalcOperator, node.projection, node.condition)
    schema = Schema([field(name, kind) for name, kind in node.columns])
    return columnar_operator("Calc", spec, [translation.stream(node.input)], schema)

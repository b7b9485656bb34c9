"""Inner joins of rows that are only ever inserted: columns in, columns out."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.native.join import NativeJoin
from pyflinkx.errors import KeyTypeError
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.native_join import JoinSpec, NativeJoinOperator
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.columns import without_nulls
from pyflinkx.relational.joins.regular import JoinPlan


class InsertsJoinOperator(NativeJoinOperator):
    """Emits the pairs of rows of one key, whenever they come.

    Args:
        spec: the columns that are held.
        plan: what is joined with what.
    """

    def __init__(self, spec: JoinSpec, plan: JoinPlan) -> None:
        super().__init__(spec)
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        PiecewiseOperator.open(self, context)
        spec, plan = self.spec, self.plan
        self.join = NativeJoin(spec.left_keys, spec.right_keys, spec.schema)
        self.strict = [
            [position for position, nulls in zip(keys, plan.nulls, strict=True) if not nulls] for keys in plan.keys
        ]
        names = self.spec.schema.names
        left, right = plan.widths
        behind = len(names) - right - self.extra(1)
        self.kept = [*range(left), *range(behind, behind + right)]
        condition: Bound | None = plan.condition
        self.test = None if condition is None else Projection([("true", condition)])

    def extra(self, side: int) -> int:
        """How many columns of a side are keys only."""
        width = self.plan.widths[side]
        return sum(position >= width for position in self.plan.keys[side])

    def meet(self, batch: Any, port: int) -> Iterator[None]:
        assert self.join is not None
        try:
            batch = without_nulls(batch, self.strict[port])
            if not len(batch):
                return
            # All rows have one time, so that all meet.
            batch = ColumnBatch(batch.schema, batch.columns, len(batch), array("q", bytes(8 * len(batch))))
            yield from self.join.process(batch, port, self.send)
        except (KeyTypeError, ValueError) as error:
            raise self.site.wrap(error, f"on the {'right' if port else 'left'} side of a join") from error

    def send(self, pairs: ColumnBatch) -> None:
        """Send those pairs for which the condition is true."""
        columns = [
            pairs.columns[position].with_field(field)
            for position, field in zip(self.kept, self.plan.result, strict=True)
        ]
        made = ColumnBatch(self.plan.result, columns, len(pairs))
        if self.test is not None:
            made = made.filter(self.test(ColumnBatch(self.plan.pair, columns, len(pairs))).columns[0])
        if len(made):
            self.output.emit(made)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.join = None  # nothing can come that it would meet
        self.output.emit_watermark(timestamp)

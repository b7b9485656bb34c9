"""Running aggregates of columnar streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.native.windows import RunningAggregates
from pyflinkx.operators.aggregations import Aggregation, checked_aggregations, native_arguments, result_schema
from pyflinkx.operators.arrival import arrival_number
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.native_snapshots import LaterBatches, NativeSnapshots
from pyflinkx.operators.native_window import BATCH_SIZE
from pyflinkx.operators.partial_batches import PartialBatches
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.operators.state_batches import rows_of_subtask


class NativeAggregateOperator(PiecewiseOperator):
    """Sends, for each row, its key and the aggregates of the key's rows so far, with the row's timestamp.

    In batch mode, or with ``final_only``, it sends each key's last results only, at the end of the input and without
    timestamps, in order of the keys' first rows.

    Args:
        schema: of the batches.
        keys: names of the key columns.
        aggregations: name of the result to aggregate.
        final_only: whether to send final results in streaming mode, too.
        partials: schema of partial aggregates, when such come, too; for final results only.

    Raises:
        GraphError: names do not fit the schema.
    """

    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregations: Mapping[str, Aggregation],
        final_only: bool = False,
        partials: Schema | None = None,
    ) -> None:
        self.schema = schema
        self.keys = tuple(keys)
        self.aggregations = checked_aggregations(aggregations, "agg()")
        self.results = result_schema(schema, self.keys, self.aggregations)
        self.final_only = final_only
        self.partials = None if partials is None else PartialBatches(partials)

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.each = not (self.final_only or context.batch)
        arguments = (self.schema, self.keys, native_arguments(self.aggregations), self.results)
        self.running = RunningAggregates(*arguments)
        self.snapshots = NativeSnapshots(self.running, context.max_parallelism)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        try:
            if self.partials is not None and batch in self.partials:
                self.running.merge(batch)
                return
        except Exception as error:
            raise self.site.wrap(error, "in a batch of rows") from error
        self.begin(self.add(batch))

    def add(self, batch: Any) -> Iterator[None]:
        """Take a batch, and send what each row makes of its key's results, a batch at each step."""
        done: int | None = 0
        while done is not None:
            try:
                results, done = self.running.add(batch, self.each, done, BATCH_SIZE, arrival_number(self.context.clock))
            except Exception as error:
                raise self.site.wrap(error, "in a batch of rows") from error
            if results is not None:
                self.output.emit(results)
            if done is not None:
                yield

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK and not self.each:
            self.begin(self.emit_final())
        else:
            self.output.emit_watermark(timestamp)

    def emit_final(self) -> Iterator[None]:
        """Send the results of all keys, a batch at each step, then the last watermark."""
        first = 0
        while first < self.running.keys_held:
            try:
                results = self.running.finish(first, BATCH_SIZE)
            except Exception as error:
                raise self.site.wrap(error, "at the end of the input") from error
            assert results is not None
            first += len(results)
            self.output.emit(results)
            yield
        self.output.emit_watermark(MAX_WATERMARK)

    def export(self) -> LaterBatches:
        """All states, as batches; see ``_core.native.states``. Another thread may take them while others come."""
        self.check_is_done()
        return self.snapshots.begin()

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        self.snapshots.forget()

    def checkpoint_aborted(self, checkpoint_id: int) -> None:
        self.snapshots.forget()

    def import_(self, batch: ColumnBatch) -> None:
        """Add those states of a batch that are this subtask's."""
        self.check_is_done()
        try:
            self.running.import_(rows_of_subtask(batch, self.context))
        except Exception as error:
            raise self.site.wrap(error, "in a batch of states") from error

    def close(self) -> None:
        # The states go now, not when the collector comes by: the next job may use their memory.
        vars(self).pop("running", None)
        vars(self).pop("snapshots", None)

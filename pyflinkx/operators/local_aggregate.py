"""The first of two phases of native aggregates: it runs before the exchange, and sends partial aggregates over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.native.partials import LocalKeys, LocalSlices, partial_columns
from pyflinkx.errors import KeyTypeError
from pyflinkx.operators.aggregations import Aggregation, native_arguments
from pyflinkx.operators.arrival import arrival_number
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, Operator, OperatorContext

# Rows of a batch of partial aggregates.
BATCH_SIZE = 65_536
# States that are held at most, give or take a batch.
MOST_STATES = 1 << 18
# How long (ms) a watermark may wait for another one after one was sent.
LONGEST_WAIT = 10
# Keys that are held at most where most of them have no state any more.
MOST_IDLE_KEYS = 1 << 16
# When so many states have been sent, it is seen how many rows each had; with fewer than enough, nothing is aggregated
# for so many times as many rows.
TRIAL_STATES = 1 << 16
FEWEST_ROWS_OF_STATE = 2
PASSED_TRIALS = 15
BY_ARRIVAL = {"first", "last", "min_by", "max_by"}


def partial_schema(
    schema: Schema, keys: Sequence[str], aggregations: Mapping[str, Aggregation], sliced: bool
) -> Schema | None:
    """The columns of partial aggregates (docs/formats/states.md); None where they would not pay.

    The columns of the stream itself are others in any case.

    Args:
        schema: of the stream.
        keys: names of its key columns.
        aggregations: name of the result to aggregate.
        sliced: whether they are those of slices of time.
    """
    return partial_columns(schema, keys, native_arguments(aggregations), sliced)


class LocalOperator(Operator):
    """What the two operators below share.

    Args:
        schema: of the batches.
        keys: names of the key columns.
        aggregations: name of the result to aggregate.
        partials: schema of the partial aggregates.
        max_parallelism: number of key groups of the second phase.
        subtasks: its parallelism.
        adaptive: whether rows are passed on as they are for a while where aggregating makes few of them.
    """

    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregations: Mapping[str, Aggregation],
        partials: Schema,
        max_parallelism: int,
        subtasks: int,
        adaptive: bool = True,
    ) -> None:
        self.arguments = (schema, keys, native_arguments(aggregations), partials, max_parallelism, subtasks)
        # Rows that are passed on are numbered behind the exchange, so their numbers do not compare with those here.
        functions = {aggregation.function for aggregation in aggregations.values()}
        self.adaptive = adaptive and not functions & BY_ARRIVAL
        self.passing = 0
        self.trial_rows = 0
        self.trial_states = 0

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def passes(self, batch: ColumnBatch) -> bool:
        """Whether a batch is to be passed on as it is."""
        if self.passing <= 0:
            return False
        self.passing -= len(batch)
        return True

    def emit(self, partials: ColumnBatch) -> None:
        """Send partial aggregates."""
        self.trial_states += len(partials)
        self.output.emit(partials)

    def see_whether_it_pays(self) -> None:
        """Pass rows on for a while when those that were aggregated made too many states."""
        if self.passing > 0:
            # These were aggregated before.
            self.trial_rows = self.trial_states = 0
        if self.trial_states >= TRIAL_STATES:
            if self.adaptive and self.trial_states * FEWEST_ROWS_OF_STATE > self.trial_rows:
                self.passing = self.trial_rows * PASSED_TRIALS
            self.trial_rows = self.trial_states = 0

    def prepare_barrier(self, checkpoint_id: int) -> None:
        # What a state here says would be in no checkpoint: it belongs to the second phase's key groups.
        self.send_all()

    def finish(self) -> None:
        self.send_all()

    def send_all(self) -> None:
        """Send all states."""
        raise NotImplementedError


class LocalWindowOperator(LocalOperator):
    """Aggregates the rows of each key in each slice of time, and sends that when the watermark has passed the slice.

    A state is sent before any watermark that would make a difference to its rows: with the batch when they are behind
    the watermark already, and with every batch once the subtask has been idle, as the others may have gone on. So the
    second phase finds those rows late that it would have found late without a first one.

    Args:
        windows: size, slide, offset and whether they are cumulative, as LocalSlices takes them.
        arguments: those of LocalOperator.
    """

    def __init__(self, windows: tuple[int, int, int, bool], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.windows = windows
        self.watermark = MIN_WATERMARK
        self.waiting: int | None = None
        self.next_send = MIN_WATERMARK

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.slices = LocalSlices(*self.arguments, *self.windows)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.passes(batch):
            self.catch_up()
            self.output.emit(batch)
            return
        try:
            number = arrival_number(self.context.clock)
            waiting = MIN_WATERMARK if self.waiting is None else self.waiting
            done = self.slices.add(batch, number, 0, waiting)
            while done < len(batch):
                # The watermark has come before this row, which is late by it or not at all; or the slices are too many.
                if self.waiting is None:
                    self.send_all()
                else:
                    self.catch_up()
                done = self.slices.add(batch, number, done)
        except (OverflowError, ValueError) as error:
            raise self.site.wrap(error, "in a batch of rows") from error
        self.trial_rows += len(batch)
        self.send(MAX_WATERMARK if self.slices.held > MOST_STATES else self.watermark)

    def process_watermark(self, timestamp: int) -> None:
        self.waiting = timestamp
        now = self.context.clock.now()
        if timestamp == MAX_WATERMARK or now >= self.next_send or self.slices.held >= BATCH_SIZE:
            self.catch_up()

    def next_processing_timer(self) -> int | None:
        return None if self.waiting is None else self.next_send

    def advance_processing_time(self, now: int) -> None:
        self.catch_up()

    def catch_up(self) -> None:
        """Send the watermark that waits, if any, behind the states of the slices that it ends."""
        if self.waiting is None:
            return
        timestamp, self.waiting = self.waiting, None
        self.watermark = max(timestamp, self.watermark)
        self.send(self.watermark)
        if self.slices.keys_held > max(MOST_IDLE_KEYS, self.slices.held * 4):
            self.send_all()
            self.slices.forget_keys()
        self.next_send = self.context.clock.now() + LONGEST_WAIT
        self.output.emit_watermark(timestamp)

    def prepare_barrier(self, checkpoint_id: int) -> None:
        self.catch_up()
        super().prepare_barrier(checkpoint_id)

    def process_idleness(self, idle: bool) -> None:
        self.catch_up()
        self.watermark = MAX_WATERMARK
        self.send_all()
        self.output.emit_idleness(idle)

    def send_all(self) -> None:
        self.send(MAX_WATERMARK)

    def send(self, watermark: int) -> None:
        """Send the states of slices that end by a watermark (ms)."""
        more = True
        while more:
            try:
                partials, more = self.slices.send(watermark, BATCH_SIZE)
            except KeyTypeError as error:
                raise self.site.wrap(error, "on a key") from error
            if partials is not None:
                self.emit(partials)
        self.see_whether_it_pays()


class LocalAggregateOperator(LocalOperator):
    """Aggregates the rows of each key, and sends that at the end of the input, or when there are too many keys."""

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.running = LocalKeys(*self.arguments)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.passes(batch):
            self.output.emit(batch)
            return
        try:
            self.running.add(batch, arrival_number(self.context.clock))
        except Exception as error:
            raise self.site.wrap(error, "in a batch of rows") from error
        self.trial_rows += len(batch)
        if self.running.keys_held > MOST_STATES:
            self.send_all()

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.send_all()
        self.output.emit_watermark(timestamp)

    def send_all(self) -> None:
        first = 0
        while first < self.running.keys_held:
            try:
                partials = self.running.send(first, BATCH_SIZE)
            except KeyTypeError as error:
                raise self.site.wrap(error, "on a key") from error
            if partials is None:
                break
            first += len(partials)
            self.emit(partials)
        self.running.forget()
        self.see_whether_it_pays()

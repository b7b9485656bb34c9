"""The window operator of columnar streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.native.windows import CountWindows, SessionWindows, SliceWindows
from pyflinkx._core.records.objects import constant_timestamps
from pyflinkx.errors import GraphError
from pyflinkx.operators.aggregations import (
    WINDOW_FIELDS,
    Aggregation,
    checked_aggregations,
    native_arguments,
    result_schema,
)
from pyflinkx.operators.arrival import arrival_number
from pyflinkx.operators.base import LATE_RECORDS, MIN_WATERMARK, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.native_snapshots import LaterBatches, NativeSnapshots
from pyflinkx.operators.partial_batches import PartialBatches
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.operators.state_batches import rows_of_subtask
from pyflinkx.operators.window_bounds import WindowBounds
from pyflinkx.operators.windowing.assigners import (
    AlignedWindows,
    CountSlidingWindowAssigner,
    CountTumblingWindowAssigner,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
    WindowAssigner,
)
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.operators.windowing.stagger import WindowStagger
from pyflinkx.types.output_tag import OutputTag

# Rows of a batch of results.
BATCH_SIZE = 32_768
# Sizes, offsets and latenesses (ms) must lie below; see PFX_TIME_LIMIT.
LARGEST_SPAN = 2**59
ALIGNED = (
    TumblingEventTimeWindows,
    SlidingEventTimeWindows,
    TumblingProcessingTimeWindows,
    SlidingProcessingTimeWindows,
)
COUNTED = (CountTumblingWindowAssigner, CountSlidingWindowAssigner)


class NativeWindows(Protocol):
    """What runs the windows: a class of ``_core.native.windows``."""

    @property
    def held(self) -> int:
        """The number of slices or sessions that memory is held for."""

    def add(
        self, batch: ColumnBatch, done: int, limit: int, sequence: int
    ) -> tuple[ColumnBatch | None, ColumnBatch | None, int | None]:
        """Add rows of a batch, the next of which has that number.

        Returns:
            The rows that are late, results, and how many rows are done if there is more to do.
        """

    def fire(self, watermark: int, limit: int) -> tuple[ColumnBatch | None, bool]:
        """Results of windows that end by a watermark, and whether there are more."""

    def snapshot(self, max_parallelism: int) -> Iterator[ColumnBatch]:
        """Begin a snapshot, whose batches another thread takes."""

    def forget_snapshot(self) -> None:
        """Give back what a snapshot takes that nobody reads any more."""

    def import_(self, batch: ColumnBatch) -> None:
        """Add states that were exported."""


class NativeWindowOperator(PiecewiseOperator):
    """Groups the rows of each key into windows, and sends the aggregates of every window that ends.

    Takes columnar batches and gives such: the key columns, ``window_start`` and ``window_end`` (int64 milliseconds,
    or as ``time`` says; not of windows of a number of rows), then the aggregates under their names; timestamps are
    the windows' ``max_timestamp``. In a firing, windows are in order of their ends; keys of windows that do not overlap
    are in that of their first row.

    Args:
        schema: of the batches.
        keys: names of the key columns; none for windows over all rows.
        assigner: an assigner of one of the kinds that :func:`native_windows` lists.
        aggregations: name of the result to aggregate.
        allowed_lateness: milliseconds after its end for which a window is kept; each row that comes in that time makes
            it fire again, for its key.
        late_tag: the side output for rows that come later still; without one they are counted, as
            ``numLateRecordsDropped``.
        partials: schema of partial aggregates, when such come, too; with no lateness and no late_tag only.
        time: Arrow's format of the column that timestamps come from, which windows by event time give their bounds, if
            that is one of timestamps or dates; None for unknown.

    Raises:
        GraphError: the assigner has no native windows, or names do not fit the schema.
        ValueError: the lateness is negative.

    Example:
        >>> schema = Schema([Field("key", "l"), Field("value", "g")])
        >>> total = {"total": Aggregation("sum", "value")}
        >>> NativeWindowOperator(schema, ["key"], TumblingEventTimeWindows.of(10_000), total)
    """

    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        assigner: WindowAssigner[Any, Any],
        aggregations: Mapping[str, Aggregation],
        *,
        allowed_lateness: Any = 0,
        late_tag: OutputTag | None = None,
        partials: Schema | None = None,
        time: str | None = None,
    ) -> None:
        self.schema = schema
        self.keys = tuple(keys)
        self.assigner = assigner
        self.aggregations = checked_aggregations(aggregations, "agg()")
        self.lateness = to_milliseconds(allowed_lateness, "the allowed lateness")
        if not 0 <= self.lateness < LARGEST_SPAN:
            raise ValueError(f"the allowed lateness must be from 0 to 2^59 ms, not {self.lateness}")
        self.late_tag = late_tag
        self.partials = None if partials is None else PartialBatches(partials)
        self.by_clock = isinstance(assigner, AlignedWindows) and not assigner.is_event_time()
        bounds = () if type(assigner) in COUNTED else WINDOW_FIELDS
        self.counted = result_schema(schema, self.keys, self.aggregations, bounds)
        self.bounds = WindowBounds(self.counted, None if self.by_clock or not bounds else time)
        self.results = self.bounds.schema
        native_windows(self)

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.windows = native_windows(self)
        self.snapshots = NativeSnapshots(self.windows, context.max_parallelism)
        # Of windows by the clock, the millisecond before the clock's time when they were fired last.
        self.kept_watermark = KeptWatermark(context)
        if self.kept_watermark.time != MIN_WATERMARK:
            self.windows.fire(self.kept_watermark.time, BATCH_SIZE)  # there are none: they come by import_

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.partials is not None and batch in self.partials:
            self.merge(batch)
            return
        if self.by_clock:
            # A clock that is set back makes no row late.
            now = max(self.context.clock.now(), self.kept_watermark.time + 1)
            batch = batch.with_timestamps(constant_timestamps(len(batch), now))
        self.begin(self.add(batch))

    def add(self, batch: ColumnBatch) -> Iterator[None]:
        """Take a batch, and send what it makes: late rows, and windows that they fire again or that are full."""
        done: int | None = 0
        while done is not None:
            try:
                late, results, done = self.windows.add(batch, done, BATCH_SIZE, arrival_number(self.context.clock))
            except Exception as error:
                raise self.site.wrap(error, "in a batch of rows") from error
            if late is not None:
                self.late(late)
            if results is not None:
                self.send(results)
            if done is not None:
                yield

    def merge(self, batch: ColumnBatch) -> None:
        """Take partial aggregates."""
        assert isinstance(self.windows, SliceWindows)
        try:
            late = self.windows.merge(batch)
        except Exception as error:
            raise self.site.wrap(error, "in a batch of partial aggregates") from error
        if late:
            self.context.count(LATE_RECORDS, late)

    def process_watermark(self, timestamp: int) -> None:
        if self.by_clock or self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[None]:
        """Send the results of the windows that a watermark ends, then the watermark."""
        if not self.by_clock:
            yield from self.fire(timestamp)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        if self.by_clock:
            # A window takes rows until the end of its last millisecond.
            self.begin(self.fire(now - 1))
            self.kept_watermark.advance(now - 1)

    def next_processing_timer(self) -> int | None:
        return self.windows.next_end() if self.by_clock and isinstance(self.windows, SliceWindows) else None

    def last_processing_timer(self) -> int | None:
        if not self.by_clock or self.windows.held == 0:
            return None
        return self.context.clock.now() + self.assigner.size  # type: ignore[attr-defined]

    def fire(self, time: int) -> Iterator[None]:
        """Send the results of the windows that end by a time (ms), a batch at each step."""
        more = True
        while more:
            try:
                results, more = self.windows.fire(time, BATCH_SIZE)
            except Exception as error:
                raise self.site.wrap(error, f"in a window that ends by {time}") from error
            if results is not None:
                self.send(results)
            if more:
                yield

    def send(self, results: ColumnBatch) -> None:
        """Send results, with their bounds as they are wanted."""
        try:
            timed = self.bounds.timed(results)
        except OverflowError as error:
            raise self.site.wrap(error, "in the bounds of a window") from error
        self.output.emit(timed)

    def export(self) -> LaterBatches:
        """All states, as batches; see ``_core.native.states``. Not while some of its results are still to be sent."""
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
            self.windows.import_(rows_of_subtask(batch, self.context))
        except Exception as error:
            raise self.site.wrap(error, "in a batch of states") from error

    def late(self, batch: ColumnBatch) -> None:
        """Rows have come too late for all their windows."""
        if self.late_tag is None:
            self.context.count(LATE_RECORDS, len(batch))
        else:
            self.output.emit_side(self.late_tag.tag_id, batch)


def slices_of(assigner: WindowAssigner[Any, Any]) -> tuple[int, int, int, bool] | None:
    """Of windows that are the same for all keys: size, slide, offset and whether they are cumulative; else None."""
    kind = type(assigner)
    if isinstance(assigner, AlignedWindows) and kind in ALIGNED and assigner.stagger is WindowStagger.ALIGNED:
        return assigner.size, assigner.slide, assigner.offset, False
    if isinstance(assigner, CumulativeEventTimeWindows) and kind is CumulativeEventTimeWindows:
        return assigner.max_size, assigner.step, assigner.offset, True
    return None


def two_phase_slices(operator: NativeWindowOperator) -> tuple[int, int, int, bool] | None:
    """The slices by which a first phase may aggregate; None when there can be none.

    Without lateness a row counts only for its slice, so that it does not matter when in the slice it came. A row in a
    gap between two windows has no slice of theirs.
    """
    slices = slices_of(operator.assigner)
    if slices is None or operator.by_clock or operator.lateness or operator.late_tag is not None or not operator.keys:
        return None
    size, slide = slices[:2]
    return slices if slide <= size else None


def native_windows(operator: NativeWindowOperator) -> NativeWindows:
    """The windows of an operator: tumbling and sliding ones of time or rows, cumulative ones, sessions of a fixed gap.

    An assigner that is derived from ours may do anything, so it has none.

    Raises:
        GraphError: the assigner is of another kind.
    """
    assigner, kind, lateness = operator.assigner, type(operator.assigner), operator.lateness
    arguments = (operator.schema, operator.keys, native_arguments(operator.aggregations), operator.counted)
    slices = slices_of(assigner)
    try:
        if slices is not None:
            return SliceWindows(*arguments, *slices, lateness, partials=operator.partials is not None)
        if isinstance(assigner, EventTimeSessionWindows) and kind is EventTimeSessionWindows:
            return SessionWindows(*arguments, assigner.gap(None), lateness)
        if isinstance(assigner, COUNTED) and kind in COUNTED:
            return CountWindows(*arguments, assigner.size, assigner.slide)
    except (ValueError, OverflowError):
        raise GraphError(f"agg() takes windows of less than 2^59 ms or rows, not {assigner!r}") from None
    raise GraphError(
        f"agg() has no native windows for {assigner!r}; it takes tumbling, sliding and cumulative windows and sessions "
        "of a fixed gap by event time, tumbling and sliding ones by the clock or by a number of rows: use reduce(), "
        "aggregate() or process()"
    )

"""The interval join: pairs of records of two keyed streams whose timestamps are close."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from pyflinkx._core.calls.records import ResultCollector, short_repr
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.keys.partition import check_key
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, MAX_WATERMARK, MIN_WATERMARK, OperatorContext
from pyflinkx.operators.function import RuntimeContext, UserFunctionOperator
from pyflinkx.operators.functions import UserFunction, own_selector
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PIECE, PiecewiseOperator
from pyflinkx.state.spec import TIMERS, StateSpec
from pyflinkx.types.output_tag import OutputTag

LEFT_BUFFER = StateSpec("left-buffer", "MapState")
RIGHT_BUFFER = StateSpec("right-buffer", "MapState")
BUFFER_TIMERS = StateSpec("buffered", TIMERS)


class ProcessJoinContext:
    """What a process join function gets beside the two records; timestamps are milliseconds since the epoch."""

    left = right = NO_TIMESTAMP

    def get_left_timestamp(self) -> int:
        """The left record's timestamp."""
        return self.left

    def get_right_timestamp(self) -> int:
        """The right record's timestamp."""
        return self.right

    def get_timestamp(self) -> int:
        """The larger of the two, which the results get."""
        return max(self.left, self.right)


class Side:
    """The records of one input that may still find partners.

    Args:
        table: for each key timestamp to records.
        lower: a partner's timestamp is at least this much (ms, may be negative) above a record's own.
        upper: and at most this much.
        late_tag: the side output for records that come after the watermark; None to count them.
    """

    def __init__(self, table: Any, lower: int, upper: int, late_tag: OutputTag | None) -> None:
        self.table = table
        self.lower = lower
        self.upper = upper
        self.late_tag = late_tag
        # Key to its timestamps in order, to find a range of them without a look at all; derived from the table.
        self.stamps: KeyMap[Any, list[int]] = KeyMap()

    def stamps_of(self, key: Any, kept: Any) -> list[int]:
        """The timestamps of a key in order, of which records are ``kept``."""
        stamps = self.stamps.get(key)
        if stamps is None:
            stamps = self.stamps[key] = sorted(kept)
        return stamps


class IntervalJoinOperator(UserFunctionOperator, PiecewiseOperator):
    """Joins each left record with the right records from ``lower`` to ``upper`` ms after it, both inclusive.

    As in Flink: a record whose timestamp is below the watermark is late and joins nothing; a record is dropped when the
    watermark reaches the last timestamp of a partner, and its own. The partners of a record come in order of time, then
    of arrival.

    Args:
        function: ``process_element(left, right, context)``, whose results get the larger timestamp of the two.
        key_selectors: from record to key, one per input.
        lower, upper: milliseconds.
        late_tags: the side outputs for late records of either input; None to count them.
    """

    def __init__(
        self,
        function: UserFunction,
        key_selectors: list[Callable[[Any], Any]],
        lower: int,
        upper: int,
        late_tags: tuple[OutputTag | None, OutputTag | None] = (None, None),
    ) -> None:
        key_selectors = [own_selector(selector) for selector in key_selectors]
        super().__init__(function, *key_selectors)
        self.key_selectors = key_selectors
        self.bounds = (LEFT_BUFFER, lower, upper, late_tags[0]), (RIGHT_BUFFER, -upper, -lower, late_tags[1])
        self.results = ResultCollector(OutputTag)
        self.join_context = ProcessJoinContext()
        self.watermark = MIN_WATERMARK

    def open(self, context: OperatorContext) -> None:
        self.state = context.keyed_state
        self.timers = context.timers(BUFFER_TIMERS)
        self.kept_watermark = KeptWatermark(context)
        self.watermark = self.kept_watermark.time
        left, right = self.bounds
        self.sides = (
            Side(self.state.of(left[0]), *left[1:]),
            Side(self.state.of(right[0]), *right[1:]),
        )
        super().open(context)

    def open_function(self, runtime_context: RuntimeContext) -> None:
        super().open_function(RuntimeContext(self.context, self.state))
        self.copier = self.results.copier = self.context.copier

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.join(batch, port))

    def join(self, batch: Any, port: int) -> Iterator[None]:
        """Keep the records of a batch and join each with its partners, so many pairs at each step."""
        late: list[Any] = []
        late_stamps = array("q")
        value = None
        context, collect, copier = self.join_context, self.results.collect, self.copier
        call = self.call if copier is None else partial(call_with_copies, self.call, copier)
        pairs = 0
        waiting = False  # what is raised then is not the user's
        try:
            if batch.timestamps is None and batch.values:
                value = batch.values[0]
                self.no_timestamp()
            for value, timestamp in zip(batch.values, batch.timestamps or (), strict=True):
                if timestamp == NO_TIMESTAMP:
                    self.no_timestamp()
                if timestamp < self.watermark:
                    late.append(value)
                    late_stamps.append(timestamp)
                    continue
                for stamp, partners in self.add(port, value, timestamp):
                    larger = max(timestamp, stamp)
                    for partner in partners:
                        if pairs == PIECE:
                            pairs = 0
                            self.emit_results()
                            waiting = True
                            yield
                            waiting = False
                        pairs += 1
                        if port == 0:
                            context.left, context.right = timestamp, stamp
                            collect(call(value, partner, context), larger)
                        else:
                            context.left, context.right = stamp, timestamp
                            collect(call(partner, value, context), larger)
        except BaseException as error:
            if waiting:
                raise
            self.send_late(port, late, late_stamps)
            self.emit_results()
            raise self.site.wrap(error, f"on record {short_repr(value)}") from error
        self.send_late(port, late, late_stamps)
        self.emit_results()

    def send_late(self, port: int, late: list[Any], stamps: array[int]) -> None:
        """Send on the records of an input that have come too late, or count them."""
        tag = self.sides[port].late_tag
        if late and tag is None:
            self.context.count(LATE_RECORDS, len(late))
        elif late and tag is not None:
            self.output.emit_side(tag.tag_id, ObjectBatch(late, stamps))

    def no_timestamp(self) -> None:
        """Refuse a record without a timestamp."""
        raise ValueError(
            "an interval join needs records with timestamps, and this record has none: "
            "call assign_timestamps_and_watermarks() before it"
        )

    def add(self, port: int, value: Any, timestamp: int) -> Iterable[tuple[int, list[Any]]]:
        """Keep a record; its partners by their timestamps, in order."""
        own, other = self.sides[port], self.sides[1 - port]
        current = self.state.context
        key = current.key = check_key(self.key_selectors[port](value))
        kept = own.table.edit(None)
        if kept is ABSENT:
            kept = KeyMap()
        if timestamp in kept:
            kept[timestamp].append(value)
        else:
            insort(own.stamps_of(key, kept), timestamp)
            kept[timestamp] = [value]
            self.timers.register(min(timestamp + max(own.upper, 0), MAX_WATERMARK), key, (port, timestamp))
        own.table.put(None, kept)
        partners = other.table.get(None)
        if partners is ABSENT:
            return ()
        stamps = other.stamps_of(key, partners)
        first = bisect_left(stamps, timestamp + own.lower)
        last = bisect_right(stamps, timestamp + own.upper)
        return ((stamp, partners[stamp]) for stamp in stamps[first:last])

    def process_watermark(self, timestamp: int) -> None:
        if self.kept_watermark.advance(timestamp):
            self.watermark = timestamp
            self.begin(self.expire(timestamp))

    def expire(self, timestamp: int) -> Iterator[None]:
        """Drop the records whose time is over, so many at each step, then send the watermark."""
        dropped = 0
        while (timer := self.timers.pop_due(timestamp)) is not None:
            key = timer[1]
            which: Any = timer[2]
            port, stamp = which
            side = self.sides[port]
            self.state.context.key = key
            kept = side.table.edit(None)
            stamps = side.stamps_of(key, kept)
            del kept[stamp], stamps[bisect_left(stamps, stamp)]
            if stamps:
                side.table.put(None, kept)
            else:
                side.table.remove(None)
                del side.stamps[key]
            dropped += 1
            if dropped % PIECE == 0:
                yield
        self.output.emit_watermark(timestamp)

    def emit_results(self) -> None:
        """Send on what the function has yielded."""
        main, sides = self.results.take()
        if main is not None:
            self.output.emit(main)
        for tag_id, side in (sides or {}).items():
            self.output.emit_side(tag_id, side)


def call_with_copies(call: Callable[..., Any], copier: Copier, left: Any, right: Any, context: Any) -> Any:
    """Call a join function with records of its own, as it may change them, and others of their partners come later."""
    return call(copier.copy(left), copier.copy(right), context)

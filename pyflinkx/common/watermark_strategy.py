"""Where the timestamps of a stream come from, and how far out of order they are."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.names.asking import offering
from pyflinkx.operators.source_alignment import WatermarkAlignment
from pyflinkx.operators.source_watermarks import SplitTimestampsOperator
from pyflinkx.operators.timestamps import (
    IngestionTimeAssigner,
    TimestampAssigner,
    TimestampsAndWatermarksOperator,
)
from pyflinkx.operators.watermarks import GeneratedWatermarksOperator, WatermarkGenerator, WatermarkOutput
from pyflinkx.types.time import Duration

__all__ = [
    "IngestionTimeAssigner",
    "TimestampAssigner",
    "WatermarkGenerator",
    "WatermarkOutput",
    "WatermarkStrategy",
]


class CallableAssigner:
    """What makes a plain callable look like a TimestampAssigner, without a call in between."""

    def __init__(self, extract_timestamp: Callable[[Any, int], int]):
        self.extract_timestamp = extract_timestamp


class ColumnTimestampAssigner(TimestampAssigner):
    """Takes timestamps from one field; a columnar stream reads the column without making rows.

    Args:
        column: name or position of the field. It holds milliseconds since the epoch, a datetime (without a zone it
            counts as UTC) or a date (midnight UTC).
    """

    def __init__(self, column: str | int) -> None:
        self.column = column

    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        """Milliseconds since the epoch, rounded down."""
        column = self.column
        if isinstance(column, int) or isinstance(value, (dict, Row)):
            return milliseconds(value[column], column)
        return milliseconds(getattr(value, column), column)


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)


def milliseconds(time: Any, column: str | int) -> int:
    """A time as milliseconds since the epoch, rounded down."""
    if isinstance(time, int) and not isinstance(time, bool):
        return time
    if isinstance(time, datetime):
        return ((time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)) - EPOCH) // MILLISECOND
    if isinstance(time, date):
        return (time - EPOCH.date()) // MILLISECOND
    raise TypeError(
        f"timestamp column {column!r}: {short_repr(time)} is no timestamp; it takes int (ms), datetime or date"
    )


class WatermarkStrategy:
    """Describes the event time of a stream; made by one of the static methods.

    Attributes:
        timestamp_assigner: has ``extract_timestamp(value, record_timestamp)``; None when records keep their timestamps.
        out_of_orderness_ms: how many milliseconds a record may come after one with a later timestamp: after a record of
            timestamp t, the watermark is t - out_of_orderness_ms - 1. None for no such watermarks.
        generator_supplier: makes the generator of the watermarks; None when they follow from out_of_orderness_ms.
        idle_timeout_ms: milliseconds without a record after which the stream is idle; None for never.
        alignment: how the source waits for others; None for not at all.

    Example:
        >>> strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(5))
        >>> strategy.with_timestamp_assigner(lambda order, _: order["time"]).out_of_orderness_ms
        5000
    """

    def __init__(self, out_of_orderness_ms: int | None, timestamp_assigner: Any = None):
        self.out_of_orderness_ms = out_of_orderness_ms
        self.timestamp_assigner = timestamp_assigner
        self.generator_supplier: Callable[[], WatermarkGenerator] | None = None
        self.idle_timeout_ms: int | None = None
        self.alignment: WatermarkAlignment | None = None

    @staticmethod
    def for_monotonous_timestamps() -> WatermarkStrategy:
        """For timestamps that never go down."""
        return WatermarkStrategy(0)

    @staticmethod
    def for_bounded_out_of_orderness(max_out_of_orderness: Duration | timedelta) -> WatermarkStrategy:
        """For records that come at most ``max_out_of_orderness`` after a record with a later timestamp.

        Raises:
            GraphError: it is no Duration or timedelta, or negative.
        """
        return WatermarkStrategy(duration_ms(max_out_of_orderness, "for_bounded_out_of_orderness()"))

    @staticmethod
    def no_watermarks() -> WatermarkStrategy:
        """For streams in which event time plays no part."""
        return WatermarkStrategy(None)

    @staticmethod
    def for_generator(generator_supplier: Callable[[], WatermarkGenerator]) -> WatermarkStrategy:
        """For watermarks that a generator of the user's own decides upon.

        Args:
            generator_supplier: called once in each subtask; the WatermarkGenerator's class will do.

        Raises:
            GraphError: it cannot be called, as when it is a generator.

        Example:
            >>> class AtEveryMark(WatermarkGenerator):
            ...     def on_event(self, event, event_timestamp, output):
            ...         if event == "mark":
            ...             output.emit_watermark(event_timestamp)
            ...     def on_periodic_emit(self, output):
            ...         pass
            >>> WatermarkStrategy.for_generator(AtEveryMark).generator_supplier.__name__
            'AtEveryMark'
        """
        if not callable(generator_supplier):
            raise GraphError(
                "for_generator() takes a callable that makes a WatermarkGenerator, such as its class, not "
                f"{generator_supplier!r}"
            )
        strategy = WatermarkStrategy(None)
        strategy.generator_supplier = generator_supplier
        return strategy

    def with_idleness(self, idle_timeout: Duration | timedelta) -> WatermarkStrategy:
        """This strategy, by which a stream without records for ``idle_timeout`` of the clock holds nobody back.

        Raises:
            GraphError: it is no Duration or timedelta, or not positive.
        """
        timeout = duration_ms(idle_timeout, "with_idleness()")
        if timeout == 0:
            raise GraphError(f"with_idleness() takes a positive duration of at least a millisecond, not {idle_timeout}")
        strategy = copy.copy(self)
        strategy.idle_timeout_ms = timeout
        return strategy

    def with_watermark_alignment(
        self,
        watermark_group: str,
        max_allowed_watermark_drift: Duration | timedelta,
        update_interval: Duration | timedelta | None = None,
    ) -> WatermarkStrategy:
        """This strategy, by which a source pauses while it is far ahead of the others of its group.

        Sources of one worker know of each other at once, those of different workers after an update interval. Idle and
        ended sources are not waited for. It has no effect on a strategy that is not in the task of its source.

        Args:
            watermark_group: name of the group.
            max_allowed_watermark_drift: how far its watermark may be above the lowest of the group.
            update_interval: after how long a paused source looks again, by default 1 s.

        Raises:
            GraphError: an argument has the wrong type, or a duration is negative or the interval zero.
        """
        call = "with_watermark_alignment()"
        if not isinstance(watermark_group, str):
            raise GraphError(f"{call} takes the name of a group, not {watermark_group!r}")
        drift = duration_ms(max_allowed_watermark_drift, call)
        interval = 1000 if update_interval is None else duration_ms(update_interval, call)
        if interval == 0:
            raise GraphError(f"{call} takes a positive update interval, not {update_interval}")
        strategy = copy.copy(self)
        strategy.alignment = WatermarkAlignment(watermark_group, drift, interval)
        return strategy

    def with_timestamp_assigner(
        self, timestamp_assigner: TimestampAssigner | Callable[[Any, int], int]
    ) -> WatermarkStrategy:
        """Take the timestamps from the records; changes and returns this strategy, as in PyFlink.

        Args:
            timestamp_assigner: a TimestampAssigner, or a callable of the record and its timestamp so far.

        Raises:
            GraphError: it is neither, or the callable does not take two arguments.
        """
        given = timestamp_assigner
        if isinstance(given, TimestampAssigner):
            self.timestamp_assigner = given
        elif isinstance(given, type) or not callable(given):
            raise GraphError(
                "with_timestamp_assigner() takes a TimestampAssigner or a callable of the record and its timestamp so "
                f"far, not {given!r}"
            )
        else:
            check_two_arguments(given)
            self.timestamp_assigner = CallableAssigner(given)
        return self

    def with_timestamp_column(self, column: str | int) -> WatermarkStrategy:
        """Take the timestamps from a column; a columnar stream stays columnar. Changes and returns this strategy.

        Args:
            column: its name or position. int64 columns hold milliseconds since the epoch; timestamps of other units are
                rounded down, dates are midnight UTC. A null is an error when the job runs.

        Raises:
            GraphError: it is neither a name nor a position.

        Example:
            >>> WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts").timestamp_assigner.column
            'ts'
        """
        if isinstance(column, bool) or not isinstance(column, (str, int)) or (isinstance(column, int) and column < 0):
            raise GraphError(f"with_timestamp_column() takes the name or position of a column, not {column!r}")
        self.timestamp_assigner = ColumnTimestampAssigner(column)
        return self

    def gives_nothing(self) -> bool:
        """Whether a stream is the same without it."""
        described = (self.timestamp_assigner, self.out_of_orderness_ms, self.generator_supplier, self.idle_timeout_ms)
        return all(part is None for part in described)

    def reads_columns(self) -> bool:
        """Whether a columnar stream stays one: nothing of it is a Python function of the user's."""
        assigner = self.timestamp_assigner
        return self.generator_supplier is None and (assigner is None or isinstance(assigner, ColumnTimestampAssigner))

    def __repr__(self) -> str:
        return f"WatermarkStrategy({self.out_of_orderness_ms}, {self.timestamp_assigner!r})"


def timestamps_operator(strategy: WatermarkStrategy, interval: int, by_split: bool = False) -> OperatorSpec:
    """The operator that follows a strategy.

    Args:
        strategy: the strategy.
        interval: the auto-watermark interval (ms).
        by_split: whether each split of the source before it has watermarks of its own.
    """
    assigner = strategy.timestamp_assigner
    extract = None if assigner is None else assigner.extract_timestamp
    alignment = None if by_split else strategy.alignment
    spec = OperatorSpec.of(
        TimestampsAndWatermarksOperator, extract, strategy.out_of_orderness_ms, strategy.idle_timeout_ms, alignment
    )
    if strategy.generator_supplier is not None:
        spec = OperatorSpec.of(
            GeneratedWatermarksOperator,
            extract,
            strategy.generator_supplier,
            interval,
            strategy.idle_timeout_ms,
            alignment,
        )
    return OperatorSpec.of(SplitTimestampsOperator, spec, strategy.alignment) if by_split else spec


def duration_ms(duration: Duration | timedelta, call: str) -> int:
    """A duration in milliseconds; GraphError when it is none, or negative."""
    given = Duration.of_timedelta(duration) if isinstance(duration, timedelta) else duration
    if not isinstance(given, Duration):
        raise GraphError(f"{call} takes a Duration such as Duration.of_seconds(5) or a timedelta, not {duration!r}")
    if given.nanos < 0:
        raise GraphError(f"{call} takes no negative duration: {given}")
    return given.to_millis()


def check_two_arguments(function: Callable[..., Any]) -> None:
    """Raise GraphError if ``function`` plainly cannot be called with a record and a timestamp."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None, 0)
    except TypeError as error:
        raise GraphError(
            f"with_timestamp_assigner() calls {function!r} with the record and its timestamp so far: {error}"
        ) from None


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

"""Where the timestamps of a stream come from, and how far out of order they are."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pyflinkx.errors import GraphError
from pyflinkx.types.time import Duration

__all__ = ["TimestampAssigner", "WatermarkStrategy"]


class TimestampAssigner(ABC):
    """Gives records their timestamps."""

    @abstractmethod
    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        """The event time of a record.

        Args:
            value: the record.
            record_timestamp: the timestamp that it has so far; -2^63 when it has none.

        Returns:
            Milliseconds since the epoch.
        """


class CallableAssigner:
    """What makes a plain callable look like a TimestampAssigner, without a call in between."""

    def __init__(self, extract_timestamp: Callable[[Any, int], int]):
        self.extract_timestamp = extract_timestamp


class WatermarkStrategy:
    """Describes the event time of a stream; made by one of the static methods.

    Attributes:
        timestamp_assigner: has ``extract_timestamp(value, record_timestamp)``; None when records keep their timestamps.
        out_of_orderness_ms: how many milliseconds a record may come after one with a later timestamp: after a record of
            timestamp t, the watermark is t - out_of_orderness_ms - 1. None for no watermarks.

    Example:
        >>> strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(5))
        >>> strategy.with_timestamp_assigner(lambda order, _: order["time"]).out_of_orderness_ms
        5000
    """

    def __init__(self, out_of_orderness_ms: int | None, timestamp_assigner: Any = None):
        self.out_of_orderness_ms = out_of_orderness_ms
        self.timestamp_assigner = timestamp_assigner

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
        bound = max_out_of_orderness
        if isinstance(bound, timedelta):
            bound = Duration.of_timedelta(bound)
        if not isinstance(bound, Duration):
            raise GraphError(
                "for_bounded_out_of_orderness() takes a Duration such as Duration.of_seconds(5) or a timedelta, "
                f"not {max_out_of_orderness!r}"
            )
        if bound.nanos < 0:
            raise GraphError(f"for_bounded_out_of_orderness() takes no negative duration: {bound}")
        return WatermarkStrategy(bound.to_millis())

    @staticmethod
    def no_watermarks() -> WatermarkStrategy:
        """For streams in which event time plays no part."""
        return WatermarkStrategy(None)

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

    def __repr__(self) -> str:
        return f"WatermarkStrategy({self.out_of_orderness_ms}, {self.timestamp_assigner!r})"


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

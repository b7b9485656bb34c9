"""The interfaces of functions over a stream and a broadcast stream."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeAlias, TypeVar

from pyflinkx.datastream.function import Function
from pyflinkx.operators import broadcast

IN1 = TypeVar("IN1")
IN2 = TypeVar("IN2")
OUT = TypeVar("OUT")
KEY = TypeVar("KEY")


class BaseBroadcastProcessFunction(Function):
    """Base of the functions over a stream and a broadcast stream."""

    BaseContext: TypeAlias = broadcast.BaseContext
    Context: TypeAlias = broadcast.BroadcastContext
    ReadOnlyContext: TypeAlias = broadcast.ReadOnlyContext


class BroadcastProcessFunction(BaseBroadcastProcessFunction, Generic[IN1, IN2, OUT]):
    """Any number of results per record of a stream, as the records of a broadcast stream have it.

    Both methods yield results; ``yield output_tag, value`` sends a value to a side output. Every subtask sees all
    broadcast records, not necessarily in the same order relative to the others.
    """

    @abstractmethod
    def process_element(self, value: Any, ctx: broadcast.ReadOnlyContext) -> Iterable[Any] | None:
        """Yield the results for a record of the stream that is not broadcast; broadcast state can be read."""

    @abstractmethod
    def process_broadcast_element(self, value: Any, ctx: broadcast.BroadcastContext) -> Iterable[Any] | None:
        """Yield the results for a broadcast record; broadcast state can be changed, in all subtasks alike."""


class KeyedBroadcastProcessFunction(BaseBroadcastProcessFunction, Generic[KEY, IN1, IN2, OUT]):
    """A broadcast process function whose stream is keyed: it has state and timers of the record's key."""

    Context: TypeAlias = broadcast.KeyedBroadcastContext
    ReadOnlyContext: TypeAlias = broadcast.KeyedReadOnlyContext
    OnTimerContext: TypeAlias = broadcast.BroadcastOnTimerContext

    @abstractmethod
    def process_element(self, value: Any, ctx: broadcast.KeyedReadOnlyContext) -> Iterable[Any] | None:
        """Yield the results for a record of the keyed stream; broadcast state can be read."""

    @abstractmethod
    def process_broadcast_element(self, value: Any, ctx: broadcast.KeyedBroadcastContext) -> Iterable[Any] | None:
        """Yield the results for a broadcast record; there is no current key."""

    def on_timer(self, timestamp: int, ctx: broadcast.BroadcastOnTimerContext) -> Iterable[Any] | None:
        """Yield the results of a timer that was registered for ``timestamp`` (ms)."""

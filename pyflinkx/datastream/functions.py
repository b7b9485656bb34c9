"""The interfaces of user functions.

Wherever a function object is taken, a plain callable with the signature of its main method does as well.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from pyflinkx.connectors.sink_function import RichSinkFunction, SinkFunction
from pyflinkx.connectors.source_function import (
    ParallelSourceFunction,
    RichParallelSourceFunction,
    RichSourceFunction,
    SourceFunction,
)
from pyflinkx.connectors.two_phase import TwoPhaseCommitSinkFunction
from pyflinkx.datastream.async_functions import AsyncFunction, AsyncFunctionDescriptor
from pyflinkx.datastream.async_retry_strategies import AsyncRetryPredicate, AsyncRetryStrategy
from pyflinkx.datastream.broadcast_functions import (
    BaseBroadcastProcessFunction,
    BroadcastProcessFunction,
    KeyedBroadcastProcessFunction,
)
from pyflinkx.datastream.function import Function
from pyflinkx.names.asking import offering
from pyflinkx.operators import process
from pyflinkx.operators.checkpointed import (
    CheckpointedFunction,
    CheckpointListener,
    FunctionInitializationContext,
    FunctionSnapshotContext,
    ListCheckpointed,
)
from pyflinkx.operators.function import RuntimeContext
from pyflinkx.operators.process import KeyedProcessContext, ProcessContext
from pyflinkx.operators.window_context import ProcessWindowContext
from pyflinkx.state.backend import KeyedStateStore

__all__ = [
    "AggregateFunction",
    "AllWindowFunction",
    "AsyncFunction",
    "AsyncFunctionDescriptor",
    "AsyncRetryPredicate",
    "AsyncRetryStrategy",
    "BaseBroadcastProcessFunction",
    "BroadcastProcessFunction",
    "CheckpointListener",
    "CheckpointedFunction",
    "CoFlatMapFunction",
    "CoMapFunction",
    "CoProcessFunction",
    "FilterFunction",
    "FlatMapFunction",
    "Function",
    "FunctionInitializationContext",
    "FunctionSnapshotContext",
    "KeySelector",
    "KeyedBroadcastProcessFunction",
    "KeyedCoProcessFunction",
    "KeyedProcessFunction",
    "KeyedStateStore",
    "ListCheckpointed",
    "MapFunction",
    "MapPartitionFunction",
    "NullByteKeySelector",
    "ParallelSourceFunction",
    "Partitioner",
    "PassThroughAllWindowFunction",
    "PassThroughWindowFunction",
    "ProcessAllWindowFunction",
    "ProcessFunction",
    "ProcessWindowFunction",
    "ReduceFunction",
    "RichParallelSourceFunction",
    "RichSinkFunction",
    "RichSourceFunction",
    "RuntimeContext",
    "SinkFunction",
    "SourceFunction",
    "TwoPhaseCommitSinkFunction",
    "WindowFunction",
]

IN = TypeVar("IN")
OUT = TypeVar("OUT")
KEY = TypeVar("KEY")
W = TypeVar("W")


class MapFunction(Function):
    """One result per record."""

    @abstractmethod
    def map(self, value: Any) -> Any:
        """The result for a record."""


class MapPartitionFunction(Function):
    """Any number of results for all records of a subtask, or of a key."""

    @abstractmethod
    def map_partition(self, values: Iterable[Any]) -> Iterable[Any] | None:
        """Yield or return the results for the records."""


class CoMapFunction(Function):
    """One result per record of either of two connected streams."""

    @abstractmethod
    def map1(self, value: Any) -> Any:
        """The result for a record of the first stream."""

    @abstractmethod
    def map2(self, value: Any) -> Any:
        """The result for a record of the second stream."""


class FlatMapFunction(Function):
    """Any number of results per record."""

    @abstractmethod
    def flat_map(self, value: Any) -> Iterable[Any] | None:
        """Yield or return the results for a record."""


class CoFlatMapFunction(Function):
    """Any number of results per record of either of two connected streams."""

    @abstractmethod
    def flat_map1(self, value: Any) -> Iterable[Any] | None:
        """Yield or return the results for a record of the first stream."""

    @abstractmethod
    def flat_map2(self, value: Any) -> Iterable[Any] | None:
        """Yield or return the results for a record of the second stream."""


class FilterFunction(Function):
    """Decides which records stay."""

    @abstractmethod
    def filter(self, value: Any) -> bool:
        """True to keep the record."""


class ReduceFunction(Function):
    """Combines two records into one of the same type; must be associative."""

    @abstractmethod
    def reduce(self, value1: Any, value2: Any) -> Any:
        """What the two records come to."""


class AggregateFunction(Function):
    """Folds records into an accumulator, and turns that into a result."""

    @abstractmethod
    def create_accumulator(self) -> Any:
        """The accumulator of no records."""

    @abstractmethod
    def add(self, value: Any, accumulator: Any) -> Any:
        """The accumulator with one more record; may be the same object, changed."""

    @abstractmethod
    def get_result(self, accumulator: Any) -> Any:
        """The result of an accumulator."""

    @abstractmethod
    def merge(self, acc_a: Any, acc_b: Any) -> Any:
        """The accumulator of the records of both; needed where windows merge."""


class KeySelector(Function):
    """Takes the key out of a record."""

    @abstractmethod
    def get_key(self, value: Any) -> Any:
        """The record's key."""


class Partitioner(Function):
    """Decides which subtask gets a record, by its key."""

    @abstractmethod
    def partition(self, key: Any, num_partitions: int) -> int:
        """The index of the subtask for a key, from 0 to ``num_partitions - 1``."""


class ProcessFunction(Function):
    """Any number of results per record, with access to timestamp and watermark.

    ``process_element`` yields results; ``yield output_tag, value`` sends a value to a side output.
    """

    Context: TypeAlias = ProcessContext

    @abstractmethod
    def process_element(self, value: Any, ctx: ProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record."""


class KeyedProcessFunction(Function):
    """A process function on a keyed stream, with state and timers of the record's key."""

    Context: TypeAlias = KeyedProcessContext
    OnTimerContext: TypeAlias = process.OnTimerContext

    @abstractmethod
    def process_element(self, value: Any, ctx: KeyedProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record."""

    def on_timer(self, timestamp: int, ctx: process.OnTimerContext) -> Iterable[Any] | None:
        """Yield the results of a timer that was registered for ``timestamp`` (ms)."""


class CoProcessFunction(Function):
    """A process function of two connected streams."""

    Context: TypeAlias = ProcessContext

    @abstractmethod
    def process_element1(self, value: Any, ctx: ProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record of the first stream."""

    @abstractmethod
    def process_element2(self, value: Any, ctx: ProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record of the second stream."""


class KeyedCoProcessFunction(Function):
    """A process function of two connected keyed streams, which share state and timers by key."""

    Context: TypeAlias = KeyedProcessContext
    OnTimerContext: TypeAlias = process.OnTimerContext

    @abstractmethod
    def process_element1(self, value: Any, ctx: KeyedProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record of the first stream."""

    @abstractmethod
    def process_element2(self, value: Any, ctx: KeyedProcessContext) -> Iterable[Any] | None:
        """Yield the results for a record of the second stream."""

    def on_timer(self, timestamp: int, ctx: process.OnTimerContext) -> Iterable[Any] | None:
        """Yield the results of a timer that was registered for ``timestamp`` (ms)."""


class NullByteKeySelector(KeySelector):
    """Gives every record the same key."""

    def get_key(self, value: Any) -> int:
        return 0


class WindowFunction(Function, Generic[IN, OUT, KEY, W]):
    """Evaluates the records of a window of one key."""

    @abstractmethod
    def apply(self, key: KEY, window: W, inputs: Iterable[IN]) -> Iterable[OUT]:
        """Yield or return the results of a window."""


class PassThroughWindowFunction(WindowFunction[IN, IN, KEY, W]):
    """The records of a window as they are."""

    def apply(self, key: KEY, window: W, inputs: Iterable[IN]) -> Iterable[IN]:
        yield from inputs


class AllWindowFunction(Function, Generic[IN, OUT, W]):
    """Evaluates the records of a window of a stream without keys."""

    @abstractmethod
    def apply(self, window: W, inputs: Iterable[IN]) -> Iterable[OUT]:
        """Yield or return the results of a window."""


class PassThroughAllWindowFunction(AllWindowFunction[IN, IN, W]):
    """The records of a window as they are."""

    def apply(self, window: W, inputs: Iterable[IN]) -> Iterable[IN]:
        yield from inputs


class ProcessWindowFunction(Function, Generic[IN, OUT, KEY, W]):
    """Evaluates the records of a window of one key, with access to the window, its state and the clock."""

    Context: TypeAlias = ProcessWindowContext

    @abstractmethod
    def process(self, key: KEY, context: Any, elements: Iterable[IN]) -> Iterable[OUT]:
        """Yield or return the results of a window."""

    def clear(self, context: Any) -> None:
        """The window is about to be deleted: clear its per-window state."""


class ProcessAllWindowFunction(Function, Generic[IN, OUT, W]):
    """Evaluates the records of a window of a stream without keys, with access to the window and its state."""

    Context: TypeAlias = ProcessWindowContext

    @abstractmethod
    def process(self, context: Any, elements: Iterable[IN]) -> Iterable[OUT]:
        """Yield or return the results of a window."""

    def clear(self, context: Any) -> None:
        """The window is about to be deleted: clear its per-window state."""


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

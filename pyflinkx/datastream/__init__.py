"""The DataStream API: programs over streams of records, with event time, state and windows."""

from pyflinkx.datastream.async_data_stream import AsyncDataStream
from pyflinkx.datastream.broadcast_stream import BroadcastConnectedStream, BroadcastStream
from pyflinkx.datastream.cached_data_stream import CachedDataStream
from pyflinkx.datastream.connected_streams import ConnectedStreams
from pyflinkx.datastream.data_stream import DataStream, DataStreamSink
from pyflinkx.datastream.functions import (
    AggregateFunction,
    AllWindowFunction,
    AsyncFunction,
    AsyncRetryPredicate,
    AsyncRetryStrategy,
    BaseBroadcastProcessFunction,
    BroadcastProcessFunction,
    CoFlatMapFunction,
    CoMapFunction,
    CoProcessFunction,
    FilterFunction,
    FlatMapFunction,
    KeyedBroadcastProcessFunction,
    KeyedCoProcessFunction,
    KeyedProcessFunction,
    KeySelector,
    MapFunction,
    MapPartitionFunction,
    Partitioner,
    ProcessAllWindowFunction,
    ProcessFunction,
    ProcessWindowFunction,
    ReduceFunction,
    RuntimeContext,
    WindowFunction,
)
from pyflinkx.datastream.iterative_stream import IterativeStream
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.partition_windowed_stream import Order, PartitionWindowedStream
from pyflinkx.datastream.slot_sharing_group import MemorySize, SlotSharingGroup
from pyflinkx.datastream.split_stream import OutputSelector, SplitStream
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.datastream.time_domain import TimeDomain
from pyflinkx.datastream.timerservice import TimerService
from pyflinkx.datastream.window import (
    CountWindow,
    GlobalWindow,
    MergingWindowAssigner,
    TimeWindow,
    Trigger,
    TriggerResult,
    Window,
    WindowAssigner,
)
from pyflinkx.datastream.windowed_stream import AllWindowedStream, WindowedStream

__all__ = [
    "AggregateFunction",
    "AllWindowFunction",
    "AllWindowedStream",
    "AsyncDataStream",
    "AsyncFunction",
    "AsyncRetryPredicate",
    "AsyncRetryStrategy",
    "BaseBroadcastProcessFunction",
    "BroadcastConnectedStream",
    "BroadcastProcessFunction",
    "BroadcastStream",
    "CachedDataStream",
    "CoFlatMapFunction",
    "CoMapFunction",
    "CoProcessFunction",
    "ConnectedStreams",
    "CountWindow",
    "DataStream",
    "DataStreamSink",
    "FilterFunction",
    "FlatMapFunction",
    "GlobalWindow",
    "IterativeStream",
    "KeySelector",
    "KeyedBroadcastProcessFunction",
    "KeyedCoProcessFunction",
    "KeyedProcessFunction",
    "KeyedStream",
    "MapFunction",
    "MapPartitionFunction",
    "MemorySize",
    "MergingWindowAssigner",
    "Order",
    "OutputSelector",
    "OutputTag",
    "PartitionWindowedStream",
    "Partitioner",
    "ProcessAllWindowFunction",
    "ProcessFunction",
    "ProcessWindowFunction",
    "ReduceFunction",
    "RuntimeContext",
    "SlotSharingGroup",
    "SplitStream",
    "StreamExecutionEnvironment",
    "TimeDomain",
    "TimeWindow",
    "TimerService",
    "Trigger",
    "TriggerResult",
    "Window",
    "WindowAssigner",
    "WindowFunction",
    "WindowedStream",
]

"""The DataStream API: programs over streams of records, with event time, state and windows."""

from pyflinkx.datastream.connected_streams import ConnectedStreams
from pyflinkx.datastream.data_stream import DataStream, DataStreamSink
from pyflinkx.datastream.expressions import Expression, and_, coalesce, col, concat, if_then_else, lit, or_
from pyflinkx.datastream.functions import (
    AggregateFunction,
    AllWindowFunction,
    CoFlatMapFunction,
    CoMapFunction,
    CoProcessFunction,
    FilterFunction,
    FlatMapFunction,
    KeyedCoProcessFunction,
    KeyedProcessFunction,
    KeySelector,
    MapFunction,
    Partitioner,
    ProcessAllWindowFunction,
    ProcessFunction,
    ProcessWindowFunction,
    ReduceFunction,
    RuntimeContext,
    WindowFunction,
)
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.slot_sharing_group import MemorySize, SlotSharingGroup
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
    "CoFlatMapFunction",
    "CoMapFunction",
    "CoProcessFunction",
    "ConnectedStreams",
    "CountWindow",
    "DataStream",
    "DataStreamSink",
    "Expression",
    "FilterFunction",
    "FlatMapFunction",
    "GlobalWindow",
    "KeySelector",
    "KeyedCoProcessFunction",
    "KeyedProcessFunction",
    "KeyedStream",
    "MapFunction",
    "MemorySize",
    "MergingWindowAssigner",
    "OutputTag",
    "Partitioner",
    "ProcessAllWindowFunction",
    "ProcessFunction",
    "ProcessWindowFunction",
    "ReduceFunction",
    "RuntimeContext",
    "SlotSharingGroup",
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
    "and_",
    "coalesce",
    "col",
    "concat",
    "if_then_else",
    "lit",
    "or_",
]

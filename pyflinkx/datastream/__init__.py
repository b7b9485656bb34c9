"""The DataStream API: programs over streams of records, with event time, state and windows."""

from typing import TYPE_CHECKING

from pyflinkx.datastream.data_stream import DataStream, DataStreamSink
from pyflinkx.datastream.execution_mode import RuntimeExecutionMode
from pyflinkx.datastream.functions import (
    AggregateFunction,
    AllWindowFunction,
    AsyncFunction,
    AsyncRetryPredicate,
    AsyncRetryStrategy,
    BaseBroadcastProcessFunction,
    BroadcastProcessFunction,
    CheckpointedFunction,
    CheckpointListener,
    CoFlatMapFunction,
    CoMapFunction,
    CoProcessFunction,
    FilterFunction,
    FlatMapFunction,
    FunctionInitializationContext,
    FunctionSnapshotContext,
    KeyedBroadcastProcessFunction,
    KeyedCoProcessFunction,
    KeyedProcessFunction,
    KeySelector,
    ListCheckpointed,
    MapFunction,
    MapPartitionFunction,
    Partitioner,
    ProcessAllWindowFunction,
    ProcessFunction,
    ProcessWindowFunction,
    ReduceFunction,
    RichSinkFunction,
    RichSourceFunction,
    RuntimeContext,
    SinkFunction,
    SourceFunction,
    TwoPhaseCommitSinkFunction,
    WindowFunction,
)
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.datastream.time_domain import TimeDomain
from pyflinkx.datastream.timerservice import TimerService
from pyflinkx.names.asking import offering

if TYPE_CHECKING:
    from pyflinkx.datastream import agg
    from pyflinkx.datastream.async_data_stream import AsyncDataStream
    from pyflinkx.datastream.broadcast_stream import BroadcastConnectedStream, BroadcastStream
    from pyflinkx.datastream.cached_data_stream import CachedDataStream
    from pyflinkx.datastream.checkpoint_config import CheckpointConfig, ExternalizedCheckpointCleanup
    from pyflinkx.datastream.checkpoint_storage import (
        CheckpointStorage,
        CustomCheckpointStorage,
        FileSystemCheckpointStorage,
        JobManagerCheckpointStorage,
    )
    from pyflinkx.datastream.checkpointing_mode import CheckpointingMode
    from pyflinkx.datastream.connected_streams import ConnectedStreams
    from pyflinkx.datastream.expressions import Expression, and_, coalesce, col, concat, if_then_else, lit, or_
    from pyflinkx.datastream.externalized_checkpoint_retention import ExternalizedCheckpointRetention
    from pyflinkx.datastream.iterative_stream import IterativeStream
    from pyflinkx.datastream.join_functions import (
        CoGroupFunction,
        FlatJoinFunction,
        JoinFunction,
        ProcessJoinFunction,
    )
    from pyflinkx.datastream.joined_streams import CoGroupedStreams, IntervalJoin, JoinedStreams
    from pyflinkx.datastream.keyed_stream import KeyedStream
    from pyflinkx.datastream.partition_windowed_stream import Order, PartitionWindowedStream
    from pyflinkx.datastream.slot_sharing_group import MemorySize, SlotSharingGroup
    from pyflinkx.datastream.split_stream import OutputSelector, SplitStream
    from pyflinkx.datastream.state_backend import (
        CustomStateBackend,
        EmbeddedRocksDBStateBackend,
        FsStateBackend,
        HashMapStateBackend,
        MemoryStateBackend,
        PredefinedOptions,
        RocksDBStateBackend,
        StateBackend,
    )
    from pyflinkx.datastream.time_characteristic import TimeCharacteristic
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
    "CheckpointConfig",
    "CheckpointListener",
    "CheckpointStorage",
    "CheckpointedFunction",
    "CheckpointingMode",
    "CoFlatMapFunction",
    "CoGroupFunction",
    "CoGroupedStreams",
    "CoMapFunction",
    "CoProcessFunction",
    "ConnectedStreams",
    "CountWindow",
    "CustomCheckpointStorage",
    "CustomStateBackend",
    "DataStream",
    "DataStreamSink",
    "EmbeddedRocksDBStateBackend",
    "Expression",
    "ExternalizedCheckpointCleanup",
    "ExternalizedCheckpointRetention",
    "FileSystemCheckpointStorage",
    "FilterFunction",
    "FlatJoinFunction",
    "FlatMapFunction",
    "FsStateBackend",
    "FunctionInitializationContext",
    "FunctionSnapshotContext",
    "GlobalWindow",
    "HashMapStateBackend",
    "IntervalJoin",
    "IterativeStream",
    "JobManagerCheckpointStorage",
    "JoinFunction",
    "JoinedStreams",
    "KeySelector",
    "KeyedBroadcastProcessFunction",
    "KeyedCoProcessFunction",
    "KeyedProcessFunction",
    "KeyedStream",
    "ListCheckpointed",
    "MapFunction",
    "MapPartitionFunction",
    "MemorySize",
    "MemoryStateBackend",
    "MergingWindowAssigner",
    "Order",
    "OutputSelector",
    "OutputTag",
    "PartitionWindowedStream",
    "Partitioner",
    "PredefinedOptions",
    "ProcessAllWindowFunction",
    "ProcessFunction",
    "ProcessJoinFunction",
    "ProcessWindowFunction",
    "ReduceFunction",
    "RichSinkFunction",
    "RichSourceFunction",
    "RocksDBStateBackend",
    "RuntimeContext",
    "RuntimeExecutionMode",
    "SinkFunction",
    "SlotSharingGroup",
    "SourceFunction",
    "SplitStream",
    "StateBackend",
    "StreamExecutionEnvironment",
    "TimeCharacteristic",
    "TimeDomain",
    "TimeWindow",
    "TimerService",
    "Trigger",
    "TriggerResult",
    "TwoPhaseCommitSinkFunction",
    "Window",
    "WindowAssigner",
    "WindowFunction",
    "WindowedStream",
    "agg",
    "and_",
    "coalesce",
    "col",
    "concat",
    "if_then_else",
    "lit",
    "or_",
]


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)  # what not every program uses is imported when it is asked for


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

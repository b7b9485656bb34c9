"""Names that a module offers and another one defines, which is imported when they are asked for.

PyFlink has them in one module; here a program that does not use them does not wait for their import.
"""

from __future__ import annotations

import importlib
from typing import Any

# Module that offers names -> name -> module that defines it.
ELSEWHERE = {
    "pyflinkx.datastream": {
        "AllWindowedStream": "pyflinkx.datastream.windowed_stream",
        "AsyncDataStream": "pyflinkx.datastream.async_data_stream",
        "BroadcastConnectedStream": "pyflinkx.datastream.broadcast_stream",
        "BroadcastStream": "pyflinkx.datastream.broadcast_stream",
        "CachedDataStream": "pyflinkx.datastream.cached_data_stream",
        "CoGroupFunction": "pyflinkx.datastream.join_functions",
        "CoGroupedStreams": "pyflinkx.datastream.joined_streams",
        "ConnectedStreams": "pyflinkx.datastream.connected_streams",
        "CountWindow": "pyflinkx.datastream.window",
        "Expression": "pyflinkx.datastream.expressions",
        "FlatJoinFunction": "pyflinkx.datastream.join_functions",
        "GlobalWindow": "pyflinkx.datastream.window",
        "IntervalJoin": "pyflinkx.datastream.joined_streams",
        "IterativeStream": "pyflinkx.datastream.iterative_stream",
        "JoinFunction": "pyflinkx.datastream.join_functions",
        "JoinedStreams": "pyflinkx.datastream.joined_streams",
        "KeyedStream": "pyflinkx.datastream.keyed_stream",
        "MemorySize": "pyflinkx.datastream.slot_sharing_group",
        "MergingWindowAssigner": "pyflinkx.datastream.window",
        "Order": "pyflinkx.datastream.partition_windowed_stream",
        "OutputSelector": "pyflinkx.datastream.split_stream",
        "PartitionWindowedStream": "pyflinkx.datastream.partition_windowed_stream",
        "ProcessJoinFunction": "pyflinkx.datastream.join_functions",
        "SlotSharingGroup": "pyflinkx.datastream.slot_sharing_group",
        "SplitStream": "pyflinkx.datastream.split_stream",
        "TimeWindow": "pyflinkx.datastream.window",
        "Trigger": "pyflinkx.datastream.window",
        "TriggerResult": "pyflinkx.datastream.window",
        "Window": "pyflinkx.datastream.window",
        "WindowAssigner": "pyflinkx.datastream.window",
        "WindowedStream": "pyflinkx.datastream.windowed_stream",
        "agg": "pyflinkx.datastream.agg",
        "and_": "pyflinkx.datastream.expressions",
        "coalesce": "pyflinkx.datastream.expressions",
        "col": "pyflinkx.datastream.expressions",
        "concat": "pyflinkx.datastream.expressions",
        "if_then_else": "pyflinkx.datastream.expressions",
        "lit": "pyflinkx.datastream.expressions",
        "or_": "pyflinkx.datastream.expressions",
    },
    "pyflinkx.datastream.data_stream": {
        "AllWindowedStream": "pyflinkx.datastream.windowed_stream",
        "BroadcastConnectedStream": "pyflinkx.datastream.broadcast_stream",
        "BroadcastStream": "pyflinkx.datastream.broadcast_stream",
        "CachedDataStream": "pyflinkx.datastream.cached_data_stream",
        "ConnectedStreams": "pyflinkx.datastream.connected_streams",
        "KeyedStream": "pyflinkx.datastream.keyed_stream",
        "WindowedStream": "pyflinkx.datastream.windowed_stream",
    },
}


def from_elsewhere(module: str, name: str) -> Any:
    """A name that a module offers but does not define, for its ``__getattr__``.

    It is imported when it is asked for, since where it is defined builds on the module.

    Args:
        module: the module that is asked.
        name: what is asked for.

    Raises:
        AttributeError: the module has no such name.
    """
    names = ELSEWHERE[module]
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    defining = importlib.import_module(names[name])
    return defining if names[name] == f"{module}.{name}" else getattr(defining, name)

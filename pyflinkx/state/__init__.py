"""Keyed state: descriptors, handles and the backend that stores the values."""

from pyflinkx._core.keyed import (
    AggregatingState,
    AppendingState,
    KeyContext,
    ListState,
    MapState,
    MergingState,
    ReducingState,
    State,
    StateTable,
    ValueState,
)
from pyflinkx.state.backend import KeyedStateBackend, KeyedStateStore
from pyflinkx.state.descriptors import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.state.ttl_config import StateTtlConfig

__all__ = [
    "AggregatingState",
    "AggregatingStateDescriptor",
    "AppendingState",
    "KeyContext",
    "KeyedStateBackend",
    "KeyedStateStore",
    "ListState",
    "ListStateDescriptor",
    "MapState",
    "MapStateDescriptor",
    "MergingState",
    "ReducingState",
    "ReducingStateDescriptor",
    "State",
    "StateDescriptor",
    "StateTable",
    "StateTtlConfig",
    "ValueState",
    "ValueStateDescriptor",
]

"""Keyed state: descriptors, handles and the backend that stores the values."""

from pyflinkx._core.state.keyed import (
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
from pyflinkx.state.state_backend import StateBackend
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
    "StateBackend",
    "StateDescriptor",
    "StateTable",
    "StateTtlConfig",
    "ValueState",
    "ValueStateDescriptor",
]

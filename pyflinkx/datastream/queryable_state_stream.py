"""Streams whose last records, by key, other programs may ask for."""

from __future__ import annotations

from typing import Any

from pyflinkx.datastream.functions import KeyedProcessFunction
from pyflinkx.errors import GraphError
from pyflinkx.state.descriptors import ReducingStateDescriptor, StateDescriptor, ValueStateDescriptor
from pyflinkx.types.typeinfo import TypeInformation

__all__ = ["QueryableStateStream"]


class QueryableStateStream:
    """What ``KeyedStream.as_queryable_state`` has made of a stream.

    Args:
        name: by which the state is asked for.
        descriptor: of the state.
        key_type_info: type of the keys; None when nothing is known of it.
    """

    def __init__(self, name: str, descriptor: StateDescriptor, key_type_info: TypeInformation | None) -> None:
        self._name = name
        self._descriptor = descriptor
        self._key_type_info = key_type_info

    def get_queryable_state_name(self) -> str:
        """The name by which the state is asked for."""
        return self._name

    def get_state_descriptor(self) -> StateDescriptor:
        """The descriptor that a ``QueryableStateClient`` needs."""
        return self._descriptor

    def get_key_type_info(self) -> TypeInformation | None:
        """The type of the keys, likewise; None when the program declares none."""
        return self._key_type_info


class KeepsRecords(KeyedProcessFunction):
    """Puts each record into the state of its key.

    Args:
        descriptor: of a value, which is the last record, or a reducing state.
    """

    def __init__(self, descriptor: StateDescriptor) -> None:
        self.descriptor = descriptor

    def open(self, runtime_context: Any) -> None:
        if isinstance(self.descriptor, ReducingStateDescriptor):
            self.keep = runtime_context.get_reducing_state(self.descriptor).add
        else:
            self.keep = runtime_context.get_state(self.descriptor).update

    def process_element(self, value: Any, ctx: Any) -> None:
        self.keep(value)


def queryable_descriptor(
    name: str, descriptor: StateDescriptor | None, record_type: TypeInformation | None
) -> StateDescriptor:
    """The descriptor of a stream's queryable state.

    Raises:
        GraphError: records cannot be kept in a state of that kind.
    """
    if descriptor is None:
        descriptor = ValueStateDescriptor(name, record_type)
    if not isinstance(descriptor, ValueStateDescriptor | ReducingStateDescriptor):
        raise GraphError(
            f"as_queryable_state() takes a ValueStateDescriptor or a ReducingStateDescriptor, not {descriptor!r}"
        )
    if descriptor.get_queryable_state_name() != name:
        descriptor.set_queryable(name)
    return descriptor

"""Streams that every subtask gets whole, and what they are connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.broadcast_functions import BroadcastProcessFunction, KeyedBroadcastProcessFunction
from pyflinkx.datastream.calls import result_type
from pyflinkx.datastream.user_functions import object_function
from pyflinkx.errors import GraphError
from pyflinkx.graph.partitioners import BroadcastPartitioner
from pyflinkx.graph.spec import carried
from pyflinkx.operators.broadcast import BroadcastOperator, KeyedBroadcastOperator
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.stream import operator
from pyflinkx.state.descriptors import MapStateDescriptor
from pyflinkx.state.spec import BROADCAST, EVENT_TIMERS, PROCESSING_TIMERS, StateSpec

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream

__all__ = ["BroadcastConnectedStream", "BroadcastStream"]

METHODS = ["process_element", "process_broadcast_element"]


class BroadcastStream:
    """A stream whose records go to every subtask, and the broadcast states that they may change.

    Args:
        input_stream: the stream.
        broadcast_state_descriptors: of the states.
    """

    def __init__(self, input_stream: DataStream, broadcast_state_descriptors: list[MapStateDescriptor]) -> None:
        for descriptor in broadcast_state_descriptors:
            if not isinstance(descriptor, MapStateDescriptor):
                raise GraphError(f"broadcast() takes MapStateDescriptors, not {descriptor!r}")
        names = [descriptor.name for descriptor in broadcast_state_descriptors]
        if len(set(names)) < len(names):
            raise GraphError(f"broadcast() got two descriptors of one name: {names}")
        self.input_stream = input_stream
        self.broadcast_state_descriptors = broadcast_state_descriptors


class BroadcastConnectedStream:
    """A stream and a broadcast stream on the way to one function.

    Args:
        non_broadcast_stream: the stream; a KeyedStream for a KeyedBroadcastProcessFunction.
        broadcast_stream: the other.
        broadcast_state_descriptors: of the states that the function may ask for.
    """

    def __init__(
        self,
        non_broadcast_stream: DataStream,
        broadcast_stream: BroadcastStream,
        broadcast_state_descriptors: list[MapStateDescriptor],
    ) -> None:
        self.non_broadcast_stream = non_broadcast_stream
        self.broadcast_stream = broadcast_stream
        self.broadcast_state_descriptors = broadcast_state_descriptors

    def process(
        self,
        func: BroadcastProcessFunction[Any, Any, Any] | KeyedBroadcastProcessFunction[Any, Any, Any, Any],
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """Any number of results per record of either stream.

        Args:
            func: a KeyedBroadcastProcessFunction where the stream is keyed, else a BroadcastProcessFunction.
            output_type: type of the results.

        Raises:
            GraphError: the function is of the wrong kind.
        """
        from pyflinkx.datastream.keyed_stream import KeyedStream

        stream = self.non_broadcast_stream
        descriptors = self.broadcast_state_descriptors
        states = [StateSpec(descriptor.name, BROADCAST, descriptor.type_info) for descriptor in descriptors]
        if isinstance(stream, KeyedStream):
            functions = object_function(func, KeyedBroadcastProcessFunction, METHODS, "process(), on a keyed stream,")
            assert isinstance(func, KeyedBroadcastProcessFunction)
            spec = carried(
                KeyedBroadcastOperator, functions, descriptors, stream._keys.selector, func.on_timer
            ).reading(stream._value.asks())
            spec = spec.keeping(EVENT_TIMERS, PROCESSING_TIMERS, WATERMARK, *states)
        else:
            functions = object_function(func, BroadcastProcessFunction, METHODS, "process(), on a stream without keys,")
            spec = carried(BroadcastOperator, functions, descriptors).keeping(*states)
        rows = self.broadcast_stream.input_stream._partitioned(BroadcastPartitioner(), "broadcast()")
        name = "Co-Process-Broadcast-Keyed" if isinstance(stream, KeyedStream) else "Co-Process-Broadcast"
        record_type = result_type(output_type, functions[0], "items")
        return stream._environment._stream(operator(name, spec, [stream._as_rows(), rows._as_rows()], record_type))

"""Two streams that feed one function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.calls import key_function, result_type
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.functions import (
    CoFlatMapFunction,
    CoMapFunction,
    CoProcessFunction,
    KeyedCoProcessFunction,
)
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.user_functions import object_function
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import carried
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.process import KeyedProcessOperator, ProcessOperator
from pyflinkx.plan.stream import RecordType, operator
from pyflinkx.state.spec import EVENT_TIMERS, PROCESSING_TIMERS

__all__ = ["ConnectedStreams"]


class ConnectedStreams:
    """Two streams, possibly of different types, on the way to one function.

    Args:
        stream1: the first.
        stream2: the second.
    """

    def __init__(self, stream1: DataStream, stream2: DataStream) -> None:
        self.stream1 = stream1
        self.stream2 = stream2

    def key_by(
        self, key_selector1: Any, key_selector2: Any, key_type: TypeInformation | None = None
    ) -> ConnectedStreams:
        """Partition both streams by key, so that equal keys of both meet in one subtask.

        Args:
            key_selector1: for the first stream, as in DataStream.key_by; a list of several makes the key a tuple.
            key_selector2: for the second stream, alike.
            key_type: type of the keys.
        """
        first = key_function(key_selector1, "key_by(), first key selector,", self.stream1._value.record_type)
        second = key_function(key_selector2, "key_by(), second key selector,", self.stream2._value.record_type)
        return ConnectedStreams(
            KeyedStream(self.stream1._environment, self.stream1._rows_before().keyed(first, None, key_type)),
            KeyedStream(self.stream2._environment, self.stream2._rows_before().keyed(second, None, key_type)),
        )

    def map(self, func: CoMapFunction, output_type: TypeInformation | None = None) -> DataStream:
        """One result per record of either stream."""
        functions = object_function(func, CoMapFunction, ["map1", "map2"], "map()")
        inferred = result_type(output_type, functions[0])
        return self._run("Co-Map", [UserFunction(partial(one_result, f.call), func) for f in functions], inferred, None)

    def flat_map(self, func: CoFlatMapFunction, output_type: TypeInformation | None = None) -> DataStream:
        """Any number of results per record of either stream."""
        functions = object_function(func, CoFlatMapFunction, ["flat_map1", "flat_map2"], "flat_map()")
        inferred = result_type(output_type, functions[0], "items")
        return self._run(
            "Co-Flat Map", [UserFunction(partial(results, f.call), func) for f in functions], inferred, None
        )

    def process(
        self, func: CoProcessFunction | KeyedCoProcessFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per record; a KeyedCoProcessFunction shares state and timers between the streams."""
        keyed = isinstance(func, KeyedCoProcessFunction)
        kind = KeyedCoProcessFunction if keyed else CoProcessFunction
        functions = object_function(func, kind, ["process_element1", "process_element2"], "process()")
        if keyed and not self._is_keyed():
            raise GraphError("process(KeyedCoProcessFunction) needs keys: call key_by() on the connected streams first")
        on_timer = func.on_timer if isinstance(func, KeyedCoProcessFunction) else None
        return self._run("Co-Process", functions, result_type(output_type, functions[0], "items"), on_timer)

    def _is_keyed(self) -> bool:
        return isinstance(self.stream1, KeyedStream) and isinstance(self.stream2, KeyedStream)

    def _run(
        self,
        name: str,
        functions: list[UserFunction],
        record_type: RecordType,
        on_timer: Callable[[int, Any], Any] | None,
    ) -> DataStream:
        first, second = self.stream1, self.stream2
        spec = carried(ProcessOperator, *functions)
        if isinstance(first, KeyedStream) and isinstance(second, KeyedStream):
            selectors = [first._keys.selector, second._keys.selector]
            spec = carried(KeyedProcessOperator, functions, selectors, on_timer).reading(
                first._value.asks(), second._value.asks()
            )
            spec = spec.keeping(EVENT_TIMERS, PROCESSING_TIMERS, WATERMARK)
        return first._environment._stream(operator(name, spec, [first._as_rows(), second._as_rows()], record_type))


# Both are used as partials, not as closures: a copy of a function object for each subtask does not reach into these.


def one_result(function: Callable[[Any], Any], value: Any, context: Any) -> tuple[Any]:
    """A map method in the shape of a process function."""
    return (function(value),)


def results(function: Callable[[Any], Any], value: Any, context: Any) -> Any:
    """A flat map method in the shape of a process function."""
    return function(value)

"""Streams partitioned by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.calls import result_type
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.functions import (
    FilterFunction,
    FlatMapFunction,
    KeyedProcessFunction,
    MapFunction,
    ProcessFunction,
    ReduceFunction,
)
from pyflinkx.datastream.key_selectors import field_getter, is_field, path_steps
from pyflinkx.datastream.user_functions import object_function, user_function
from pyflinkx.datastream.with_state import FilterWithState, FlatMapWithState, MapWithState
from pyflinkx.errors import GraphError
from pyflinkx.expressions.expression import Expression
from pyflinkx.graph.partitioners import Partitioner
from pyflinkx.graph.spec import carried
from pyflinkx.operators.field_reduce import AccumulateType, field_fold
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.process import KeyedProcessOperator
from pyflinkx.operators.reduce import ReduceOperator, reduced_state
from pyflinkx.plan.stream import Keys, RecordType
from pyflinkx.state.spec import EVENT_TIMERS, PROCESSING_TIMERS, StateSpec
from pyflinkx.types.composite import CompositeTypeInfo
from pyflinkx.types.structured import TypedDictTypeInfo

if TYPE_CHECKING:
    from pyflinkx.datastream.agg import Aggregation
    from pyflinkx.datastream.joined_streams import IntervalJoin
    from pyflinkx.datastream.queryable_state_stream import QueryableStateStream
    from pyflinkx.datastream.windowed_stream import WindowedStream
    from pyflinkx.state.descriptors import StateDescriptor

__all__ = ["KeyedStream"]


class KeyedStream(DataStream):
    """A stream whose records with equal keys meet in one subtask; functions on it may keep state by key.

    Args:
        environment: that the stream belongs to.
        value: what the plan knows of it, its keys too.
    """

    @property
    def _keys(self) -> Keys:
        keys = self._value.keys
        assert keys is not None
        return keys

    def map(self, func: Callable[[Any], Any] | MapFunction, output_type: TypeInformation | None = None) -> DataStream:
        """One result per record; a MapFunction may get keyed state in ``open``."""
        if not isinstance(func, MapFunction):
            return super().map(func, output_type)
        return self._with_state(
            "Map", UserFunction(MapWithKey(func), func), result_type(output_type, UserFunction(func.map))
        )

    def flat_map(
        self, func: Callable[[Any], Any] | FlatMapFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per record; a FlatMapFunction may get keyed state in ``open``."""
        if not isinstance(func, FlatMapFunction):
            return super().flat_map(func, output_type)
        inferred = result_type(output_type, UserFunction(func.flat_map), "items")
        return self._with_state("FlatMap", UserFunction(FlatMapWithKey(func), func), inferred)

    def filter(self, func: Callable[[Any], Any] | FilterFunction | Expression) -> DataStream:
        """Keep the records for which ``func`` is true; a FilterFunction may get keyed state in ``open``."""
        if not isinstance(func, FilterFunction):
            return super().filter(func)
        return self._with_state("Filter", UserFunction(FilterWithKey(func), func), self._value.record_type)

    def map_with_state(
        self,
        func: Callable[[Any, Any], tuple[Any, Any]],
        output_type: TypeInformation | None = None,
        state_type: TypeInformation | None = None,
    ) -> DataStream:
        """One result per record, from the record and a state of its key.

        Args:
            func: gets the record and its key's state, None where there is none; gives a pair of the result and the new
                state, None for no state.
            output_type: of the results.
            state_type: of the state; by default it is pickled.

        Raises:
            GraphError: ``func`` is not callable, or a type is none.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> numbered = env.from_collection(["a", "b", "a"]).key_by(str).map_with_state(
            ...     lambda word, seen: ((word, (seen or 0) + 1), (seen or 0) + 1)
            ... )
            >>> list(numbered.execute_and_collect())
            [('a', 1), ('b', 1), ('a', 2)]
        """
        function = MapWithState(func, state_type, "map_with_state()")
        return self._with_declared_state("Map", function, result_type(output_type))

    def flat_map_with_state(
        self,
        func: Callable[[Any, Any], tuple[Any, Any]],
        output_type: TypeInformation | None = None,
        state_type: TypeInformation | None = None,
    ) -> DataStream:
        """Any number of results per record, from the record and a state of its key.

        Args:
            func: as for ``map_with_state``, but its first result is an iterable of results, or None for none.
            output_type: of each result.
            state_type: of the state; by default it is pickled.
        """
        function = FlatMapWithState(func, state_type, "flat_map_with_state()")
        return self._with_declared_state("FlatMap", function, result_type(output_type))

    def filter_with_state(
        self, func: Callable[[Any, Any], tuple[Any, Any]], state_type: TypeInformation | None = None
    ) -> DataStream:
        """Keep the records for which the first result is true, by the record and a state of its key.

        Args:
            func: as for ``map_with_state``, but its first result says whether the record stays.
            state_type: of the state; by default it is pickled.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> words = env.from_collection(["a", "b", "a"]).key_by(str)
            >>> list(words.filter_with_state(lambda word, seen: (not seen, True)).execute_and_collect())
            ['a', 'b']
        """
        function = FilterWithState(func, state_type, "filter_with_state()")
        return self._with_declared_state("Filter", function, self._value.record_type)

    def reduce(self, func: Callable[[Any, Any], Any] | ReduceFunction) -> DataStream:
        """Combine each record with the result so far of its key; every record yields its key's new result.

        In BATCH mode only the last result of each key is given.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> words = env.from_collection([("a", 1), ("b", 1), ("a", 1)])
            >>> list(words.key_by(lambda t: t[0]).reduce(lambda x, y: (x[0], x[1] + y[1])).execute_and_collect())
            [('a', 1), ('b', 1), ('a', 2)]
        """
        function = user_function(func, ReduceFunction, "reduce", "reduce()")
        record_type = self._value.record_type
        spec = carried(ReduceOperator, function, self._keys.selector, record_type.declared)
        spec = spec.reading(self._value.asks(True)).keeping(reduced_state(record_type.declared))
        return self._then("Reduce", spec, record_type.of_results())

    AccumulateType: ClassVar = AccumulateType

    def sum(self, position_to_sum: int | str = 0) -> DataStream:
        """Running sum of a field per key; the other fields are those of the key's first record.

        Args:
            position_to_sum: position or name of the field; 0 for records that are plain values.

        Raises:
            GraphError: it is neither, or the records are known to have no such field.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> list(env.from_collection([("a", 1), ("b", 1), ("a", 2)]).key_by(0).sum(1).execute_and_collect())
            [('a', 1), ('b', 1), ('a', 3)]
        """
        return self.reduce(field_reduce(position_to_sum, AccumulateType.SUM, self._value.record_type))

    def min(self, position_to_min: int | str = 0) -> DataStream:
        """Running minimum of a field per key; the other fields are those of the key's first record."""
        return self.reduce(field_reduce(position_to_min, AccumulateType.MIN, self._value.record_type))

    def max(self, position_to_max: int | str = 0) -> DataStream:
        """Running maximum of a field per key; the other fields are those of the key's first record."""
        return self.reduce(field_reduce(position_to_max, AccumulateType.MAX, self._value.record_type))

    def min_by(self, position_to_min_by: int | str = 0) -> DataStream:
        """The record so far with the least value in a field, per key; the first of several."""
        return self.reduce(field_reduce(position_to_min_by, AccumulateType.MIN_BY, self._value.record_type))

    def max_by(self, position_to_max_by: int | str = 0) -> DataStream:
        """The record so far with the greatest value in a field, per key; the first of several."""
        return self.reduce(field_reduce(position_to_max_by, AccumulateType.MAX_BY, self._value.record_type))

    def process(
        self, func: KeyedProcessFunction | ProcessFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per record, with state and timers of its key."""
        if isinstance(func, ProcessFunction):
            return super().process(func, output_type)
        functions = object_function(func, KeyedProcessFunction, ["process_element"], "process()")
        operator = carried(KeyedProcessOperator, functions, [self._keys.selector], func.on_timer)
        operator = operator.reading(self._value.asks()).keeping(EVENT_TIMERS, PROCESSING_TIMERS, WATERMARK)
        return self._then("KEYED PROCESS", operator, result_type(output_type, functions[0], "items"))

    def agg(self, **aggregates: Aggregation) -> DataStream:
        """A columnar stream of running aggregates of each key: for every row the key and what they are after it.

        In BATCH mode each key's final results only, at the end. A stream of rows needs a known type with fields, and a
        ``key_by`` that names fields.

        Args:
            aggregates: ``agg.count()``, ``agg.sum("field")``, ... by the names of their columns.

        Raises:
            GraphError: there are none, a field is not there or of another type, or the rows' type is not known.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment, agg
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> numbers = env.from_numpy({"key": [1, 2, 1], "value": [3, 4, 5]})
            >>> numbers.key_by("key").agg(total=agg.sum("value")).to_arrow().to_pylist()
            [{'key': 1, 'total': 3}, {'key': 2, 'total': 4}, {'key': 1, 'total': 8}]
        """
        from pyflinkx.plan.aggregate import running_aggregates

        return self._environment._stream(running_aggregates(self._value, aggregates))

    def window(self, window_assigner: Any) -> WindowedStream:
        """Group the records of each key into windows."""
        from pyflinkx.datastream.windowed_stream import WindowedStream

        return WindowedStream(self, window_assigner)

    def count_window(self, size: int, slide: int = 0) -> WindowedStream:
        """Group the records of each key into windows of ``size`` records.

        Args:
            size: records in a window.
            slide: records from the start of one window to that of the next; 0 for windows that follow each other.
        """
        from pyflinkx.datastream.window import CountSlidingWindowAssigner, CountTumblingWindowAssigner

        if slide == 0:
            return self.window(CountTumblingWindowAssigner(size))
        return self.window(CountSlidingWindowAssigner(size, slide))

    def interval_join(self, other_stream: KeyedStream) -> IntervalJoin:
        """Join records with those of another keyed stream whose timestamps are close."""
        from pyflinkx.datastream.joined_streams import IntervalJoin

        return IntervalJoin(self, other_stream)

    def key_by(self, key_selector: Any, *more: Any, key_type: TypeInformation | None = None) -> KeyedStream:
        """Partition anew by another key."""
        return DataStream(self._environment, self._keys.before).key_by(key_selector, *more, key_type=key_type)

    def _partitioned(self, partitioner: Partitioner, call: str) -> DataStream:
        raise GraphError(f"{call} cannot override the partitioning of a KeyedStream")

    def as_queryable_state(
        self, queryable_state_name: str, state_descriptor: StateDescriptor | None = None
    ) -> QueryableStateStream:
        """Let other programs ask for the last record of each key while the job runs, with a ``QueryableStateClient``.

        Args:
            queryable_state_name: by which they ask.
            state_descriptor: of a value, or a reducing state, to which each record is added; by default of a value of
                the records' type.

        Returns:
            What a client needs: name, descriptor, and type of the keys.

        Raises:
            GraphError: the descriptor is of another kind.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> words = env.from_collection([("a", 1), ("b", 1), ("a", 2)])
            >>> words.key_by(lambda pair: pair[0]).as_queryable_state("words").get_queryable_state_name()
            'words'
        """
        from pyflinkx.connectors.discard import DiscardSink
        from pyflinkx.datastream.queryable_state_stream import KeepsRecords, QueryableStateStream, queryable_descriptor

        declared = self._value.record_type.declared
        descriptor = queryable_descriptor(queryable_state_name, state_descriptor, declared)
        kept = self.process(KeepsRecords(descriptor)).name(f"Queryable state: {queryable_state_name}")
        kept.sink_to(DiscardSink()).name(f"Queryable state: {queryable_state_name}")
        return QueryableStateStream(queryable_state_name, descriptor, self._keys.type)

    def _with_state(self, name: str, function: UserFunction, record_type: RecordType, *states: StateSpec) -> DataStream:
        operator = carried(KeyedProcessOperator, [function], [self._keys.selector], None)
        operator = operator.reading(self._value.asks()).keeping(EVENT_TIMERS, PROCESSING_TIMERS, WATERMARK, *states)
        return self._then(name, operator, record_type)

    def _with_declared_state(self, name: str, function: Any, record_type: RecordType) -> DataStream:
        return self._with_state(name, UserFunction(function, function), record_type, function.declared)


def field_reduce(position: int | str, kind: AccumulateType, record_type: RecordType) -> Callable[[Any, Any], Any]:
    """The reduce function that folds one field.

    Raises:
        GraphError: the position is neither an int nor a str, or the records are known to have no such field.
    """
    what = f"{kind.name.lower()}()"
    if not is_field(position):
        raise GraphError(f"{what} takes the position or name of a field, not {position!r}")
    known = record_type.known
    if position != 0 or isinstance(known, CompositeTypeInfo):
        field_getter(position, known, what)
    steps = path_steps(position, what)
    if len(steps) != 1:
        raise GraphError(f"{what} takes the position or name of a field, not the path {position!r}")
    (step,) = steps
    if isinstance(known, TypedDictTypeInfo) and isinstance(step, int):
        step = known.field_names[step]
    return field_fold(kind, step)


class MapWithKey:
    """A map function in the shape of a process function."""

    def __init__(self, function: MapFunction) -> None:
        self.function = function

    def __call__(self, value: Any, context: Any) -> tuple[Any]:
        return (self.function.map(value),)


class FlatMapWithKey:
    """A flat map function in the shape of a process function."""

    def __init__(self, function: FlatMapFunction) -> None:
        self.function = function

    def __call__(self, value: Any, context: Any) -> Any:
        return self.function.flat_map(value)


class FilterWithKey:
    """A filter function in the shape of a process function."""

    def __init__(self, function: FilterFunction) -> None:
        self.function = function

    def __call__(self, value: Any, context: Any) -> tuple[Any, ...]:
        return (value,) if self.function.filter(value) else ()

"""Streams, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from pyflinkx.common.typeinfo import TypeInformation, Types
from pyflinkx.common.watermark_strategy import WatermarkStrategy, timestamps_operator
from pyflinkx.connectors.print import PrintSink
from pyflinkx.connectors.sink import Sink
from pyflinkx.datastream.calls import key_function, result_type
from pyflinkx.datastream.collect import CloseableIterator
from pyflinkx.datastream.column_methods import ColumnMethods
from pyflinkx.datastream.functions import (
    FilterFunction,
    FlatMapFunction,
    KeySelector,
    MapFunction,
    MapPartitionFunction,
    ProcessFunction,
)
from pyflinkx.datastream.functions import Partitioner as PartitionerFunction
from pyflinkx.datastream.operator_settings import Described, positive
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.sinks import SinkMethods
from pyflinkx.datastream.user_functions import object_function, user_function
from pyflinkx.errors import GraphError
from pyflinkx.expressions.expression import Expression
from pyflinkx.graph.partitioners import (
    BroadcastPartitioner,
    CustomPartitioner,
    ForwardPartitioner,
    GlobalPartitioner,
    Partitioner,
    RebalancePartitioner,
    RescalePartitioner,
    ShufflePartitioner,
)
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import INSERTS, OperatorSpec, carried
from pyflinkx.graph.transformation import Inserted, Transformation
from pyflinkx.names.asking import answers, offering
from pyflinkx.operators.fields import FieldTuple
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.process import ProcessOperator
from pyflinkx.operators.record import FilterOperator, FlatMapOperator, MapOperator
from pyflinkx.operators.sink import SINK_STATES, SinkOperator
from pyflinkx.plan.stream import RecordType, Stream, operator
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.composite import CompositeTypeInfo

if TYPE_CHECKING:
    from pyflinkx.datastream.broadcast_stream import BroadcastConnectedStream, BroadcastStream
    from pyflinkx.datastream.cached_data_stream import CachedDataStream
    from pyflinkx.datastream.connected_streams import ConnectedStreams
    from pyflinkx.datastream.iterative_stream import IterativeStream
    from pyflinkx.datastream.joined_streams import CoGroupedStreams, JoinedStreams
    from pyflinkx.datastream.keyed_stream import KeyedStream
    from pyflinkx.datastream.partition_windowed_stream import PartitionWindowedStream
    from pyflinkx.datastream.split_stream import OutputSelector, SplitStream
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
    from pyflinkx.datastream.windowed_stream import AllWindowedStream, WindowedStream
    from pyflinkx.state.descriptors import MapStateDescriptor

__all__ = [
    "AllWindowedStream",
    "BroadcastConnectedStream",
    "BroadcastStream",
    "CachedDataStream",
    "CloseableIterator",
    "ConnectedStreams",
    "DataStream",
    "DataStreamSink",
    "KeyedStream",
    "WindowedStream",
]


@answers("datastream.data_stream.DataStream")
class DataStream(Described, SinkMethods, ColumnMethods):
    """A stream of records of one type; made by an environment's sources and by the methods of other streams.

    Args:
        environment: that the stream belongs to.
        value: what the plan knows of it.
    """

    def __init__(self, environment: StreamExecutionEnvironment, value: Stream) -> None:
        self._environment = environment
        self._value = value

    @property
    def _transformation(self) -> Transformation:  # type: ignore[override] # follows from the value
        return self._value.origin

    def get_name(self) -> str:
        """The operator's name."""
        return self._environment._program.name(self._operator("get_name()"))

    def get_type(self) -> TypeInformation:
        """The records' type information; that of pickled values when it is unknown."""
        known = self._value.record_type.known
        return known if known is not None else Types.PICKLED_BYTE_ARRAY()

    def __repr__(self) -> str:
        from pyflinkx.datastream.shown import stream_text

        return stream_text(self)

    def _repr_html_(self) -> str:
        from pyflinkx.datastream.shown import stream_html

        return stream_html(self)

    def get_execution_environment(self) -> StreamExecutionEnvironment:
        """The environment that the stream belongs to."""
        return self._environment

    def get_execution_config(self) -> Any:
        """The environment's execution config."""
        return self._environment.get_config()

    # ---- records ----

    def map(self, func: Callable[[Any], Any] | MapFunction, output_type: TypeInformation | None = None) -> DataStream:
        """One result per record.

        Args:
            func: a MapFunction, or a callable from record to result.
            output_type: type of the results; by default what the function's annotations say.

        Raises:
            GraphError: ``func`` is neither.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> list(env.from_collection([1, 2]).map(lambda x: x * 10).execute_and_collect())
            [10, 20]
        """
        function = user_function(func, MapFunction, "map", "map()")
        return self._then("Map", carried(MapOperator, function), result_type(output_type, function))

    def flat_map(
        self, func: Callable[[Any], Any] | FlatMapFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per record: what ``func`` yields, or the items of what it returns."""
        function = user_function(func, FlatMapFunction, "flat_map", "flat_map()")
        return self._then("FlatMap", carried(FlatMapOperator, function), result_type(output_type, function, "items"))

    def filter(self, func: Callable[[Any], Any] | FilterFunction | Expression) -> DataStream:
        """Keep the records for which ``func`` is true.

        Args:
            func: a FilterFunction, a callable, or a condition on columns such as ``col("value") > 3``. A condition
                leaves a columnar stream columnar; of a stream of rows it needs a known type with fields of these names.
        """
        if isinstance(func, Expression):
            from pyflinkx.plan.selection import filtered

            return self._environment._stream(filtered(self._value, func))
        function = user_function(func, FilterFunction, "filter", "filter()")
        return self._then("Filter", OperatorSpec.of(FilterOperator, function), self._value.record_type)

    def process(self, func: ProcessFunction, output_type: TypeInformation | None = None) -> DataStream:
        """Any number of results per record, with timestamps and side outputs."""
        functions = object_function(func, ProcessFunction, ["process_element"], "process()")
        return self._then(
            "PROCESS", carried(ProcessOperator, *functions), result_type(output_type, functions[0], "items")
        )

    # ---- keys, windows, several streams ----

    def key_by(self, key_selector: Any, *more: Any, key_type: TypeInformation | None = None) -> KeyedStream:
        """Partition by key: records with equal keys meet in one subtask.

        Args:
            key_selector: a KeySelector, a callable from record to key, the position or name of a field, or a path such
                as ``"a.b.0"``. Keys are None, bool, int, float, str, bytes, dates and times, Decimal, UUID, enums, and
                tuples and rows of these. A stream of columns stays one where the selectors name columns.
            more: further selectors, which make the key a tuple; the last may be the key type.
            key_type: type of the keys.

        Raises:
            GraphError: a selector is none of these, or the records are known to have no such field.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> sales = env.from_collection([("tea", "Oslo", 2), ("tea", "Rome", 3), ("tea", "Oslo", 5)])
            >>> list(sales.key_by(0, 1).sum(2).execute_and_collect())
            [('tea', 'Oslo', 2), ('tea', 'Rome', 3), ('tea', 'Oslo', 7)]
        """
        from pyflinkx.datastream.keyed_stream import KeyedStream

        if more and isinstance(more[-1], (TypeInformation, type(None))) and key_type is None:
            *more, key_type = more  # type: ignore[assignment]
        selectors = [key_selector, *more]
        if self._value.schema is not None:
            from pyflinkx.plan.columns import keyed_by_columns

            by_columns = keyed_by_columns(self._value, selectors, key_type)
            if by_columns is not None:
                return KeyedStream(self._environment, by_columns)
        selector = key_function(selectors, "key_by()", self._value.record_type)
        return KeyedStream(self._environment, self._rows_before().keyed(selector, None, key_type))

    def project(self, *field_indexes: int) -> DataStream:
        """Keep some fields of each record, as a tuple.

        Args:
            field_indexes: positions of the fields, in the order that they get.

        Raises:
            GraphError: there are none, or the records are known to have no such field.
        """
        getters = key_function(list(field_indexes), "project()", self._value.record_type)
        if not all(isinstance(index, int) for index in field_indexes):
            raise GraphError(f"project() takes positions of fields, not {field_indexes!r}")
        tuples = getters if len(field_indexes) > 1 else FieldTuple((getters,))
        # A tuple has no kind: a delete would go on as an insert.
        spec = OperatorSpec.of(MapOperator, UserFunction(tuples)).reading(INSERTS).producing(INSERT_ONLY)
        return self._then("Projection", spec, self._projected(field_indexes))

    def _projected(self, field_indexes: tuple[int, ...]) -> RecordType:
        """The type of tuples of these fields."""

        def kept(kind: TypeInformation | None) -> TypeInformation | None:
            if not isinstance(kind, CompositeTypeInfo):
                return None
            return Types.TUPLE([kind.field_types[index] for index in field_indexes])

        return RecordType(kept(self._value.record_type.declared), kept(self._value.record_type.inferred))

    def map_partition(
        self, func: Callable[[Any], Any] | MapPartitionFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results for all records of a subtask, once its input has ended.

        Args:
            func: a MapPartitionFunction, or a callable from an iterator over the records to results.
            output_type: type of the results.
        """
        return self.full_window_partition().map_partition(func, output_type)

    def full_window_partition(self) -> PartitionWindowedStream:
        """Collect all records of each subtask, or of each key, into a window that ends with the input."""
        from pyflinkx.datastream.partition_windowed_stream import PartitionWindowedStream

        return PartitionWindowedStream(self)

    def window_all(self, window_assigner: Any) -> AllWindowedStream:
        """Group all records of the stream into windows; runs in one subtask."""
        from pyflinkx.datastream.windowed_stream import AllWindowedStream

        return AllWindowedStream(self, window_assigner)

    def union(self, *streams: DataStream) -> DataStream:
        """All records of this stream and the others.

        Columnar streams may have their columns in any order and of types that differ in width; if nothing can be lost,
        the union is columnar and has the wider types. It is a stream of rows otherwise, of a known type if all of the
        streams have it; rows of the same names in another order get the order of the first.
        """
        for stream in streams:
            self._same_environment(stream, "union()")
        from pyflinkx.plan.unions import united

        return DataStream(self._environment, united([self._value, *(stream._value for stream in streams)]))

    @overload
    def connect(self, ds: DataStream) -> ConnectedStreams: ...

    @overload
    def connect(self, ds: BroadcastStream) -> BroadcastConnectedStream: ...

    def connect(self, ds: DataStream | BroadcastStream) -> ConnectedStreams | BroadcastConnectedStream:
        """Feed this stream and another to one function, which tells them apart.

        Args:
            ds: the other stream, or what ``broadcast(descriptor)`` makes of it.
        """
        from pyflinkx.datastream.broadcast_stream import BroadcastConnectedStream, BroadcastStream
        from pyflinkx.datastream.connected_streams import ConnectedStreams

        if isinstance(ds, BroadcastStream):
            self._same_environment(ds.input_stream, "connect()")
            return BroadcastConnectedStream(self, ds, ds.broadcast_state_descriptors)
        self._same_environment(ds, "connect()")
        return ConnectedStreams(self, ds)

    def join(self, other_stream: DataStream) -> JoinedStreams:
        """Join records of one key and window with those of another stream."""
        from pyflinkx.datastream.joined_streams import JoinedStreams

        return JoinedStreams(self, other_stream)

    def co_group(self, other_stream: DataStream) -> CoGroupedStreams:
        """Evaluate the records of one key and window together with those of another stream."""
        from pyflinkx.datastream.joined_streams import CoGroupedStreams

        return CoGroupedStreams(self, other_stream)

    def iterate(self, max_wait_time_ms: int = 0) -> IterativeStream:
        """Begin a loop; ``close_with`` of the result says what comes back to it.

        Args:
            max_wait_time_ms: milliseconds without feedback after which the loop ends once its input has, whatever may
                still circulate; 0 to wait until nothing does.
        """
        from pyflinkx.datastream.iterative_stream import IterativeStream

        return IterativeStream(self, max_wait_time_ms)

    def split(self, output_selector: Callable[[Any], Any] | OutputSelector) -> SplitStream:
        """Divide the stream into named outputs; ``select`` of the result picks some.

        Args:
            output_selector: an OutputSelector, or a callable from record to the names of the outputs that it goes to.
        """
        from pyflinkx.datastream.split_stream import SplitStream

        return SplitStream(self, output_selector)

    def get_side_output(self, output_tag: OutputTag) -> DataStream:
        """The stream of what this operator sends to a side output."""
        if not isinstance(output_tag, OutputTag):
            raise GraphError(f"get_side_output() takes an OutputTag, not {output_tag!r}")
        return DataStream(self._environment, self._value.side_output(output_tag.tag_id, output_tag.type_info))

    # ---- partitioning ----

    def rebalance(self) -> DataStream:
        """Spread the records evenly over the subtasks of the next operator."""
        return self._partitioned(RebalancePartitioner(), "rebalance()")

    def rescale(self) -> DataStream:
        """Spread the records of each subtask evenly over its share of the subtasks of the next operator.

        From 2 to 4 subtasks, each sends to 2 of its own; from 4 to 2, each pair sends to one.
        """
        return self._partitioned(RescalePartitioner(), "rescale()")

    def shuffle(self) -> DataStream:
        """Send every record to a subtask of the next operator drawn at random."""
        return self._partitioned(ShufflePartitioner(), "shuffle()")

    @overload
    def broadcast(self) -> DataStream: ...

    @overload
    def broadcast(
        self, broadcast_state_descriptor: MapStateDescriptor, *other_broadcast_state_descriptors: MapStateDescriptor
    ) -> BroadcastStream: ...

    def broadcast(
        self,
        broadcast_state_descriptor: MapStateDescriptor | None = None,
        *other_broadcast_state_descriptors: MapStateDescriptor,
    ) -> DataStream | BroadcastStream:
        """Send every record to every subtask of the next operator.

        Args:
            broadcast_state_descriptor: of a state in which the records are kept; the result is then for ``connect()``.
            other_broadcast_state_descriptors: of further states.
        """
        from pyflinkx.datastream.broadcast_stream import BroadcastStream

        everywhere = self._partitioned(BroadcastPartitioner(), "broadcast()")
        if broadcast_state_descriptor is None:
            return everywhere
        return BroadcastStream(self, [broadcast_state_descriptor, *other_broadcast_state_descriptors])

    def global_(self) -> DataStream:
        """Send every record to the first subtask of the next operator; Java's ``global()``."""
        return self._partitioned(GlobalPartitioner(), "global_()")

    def partition_custom(
        self,
        partitioner: Callable[[Any, int], int] | PartitionerFunction,
        key_selector: Callable[[Any], Any] | KeySelector,
    ) -> DataStream:
        """Send every record to the subtask of the next operator that ``partitioner`` names.

        Args:
            partitioner: a Partitioner, or a callable from key and number of subtasks to the index of a subtask; the job
                fails, naming operator and record, where it returns anything else.
            key_selector: a KeySelector, or a callable from record to key.

        Raises:
            GraphError: an argument is neither.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> spread = env.from_collection([3, 4, 5]).partition_custom(lambda key, n: key % n, lambda x: x)
            >>> sorted(spread.map(lambda x: x * 10).set_parallelism(2).execute_and_collect())
            [30, 40, 50]
        """
        partition = user_function(partitioner, PartitionerFunction, "partition", "partition_custom(), partitioner,")
        key = user_function(key_selector, KeySelector, "get_key", "partition_custom(), key selector,")
        return self._partitioned(CustomPartitioner(partition, key), "partition_custom()")

    def forward(self) -> DataStream:
        """Keep every record in its subtask; the next operator must have the same parallelism."""
        return self._partitioned(ForwardPartitioner(), "forward()")

    def _partitioned(self, partitioner: Partitioner, call: str) -> DataStream:
        value = self._rows_before() if isinstance(partitioner, CustomPartitioner) else self._value
        return DataStream(self._environment, value.spread(partitioner))

    # ---- time ----

    def assign_timestamps_and_watermarks(self, watermark_strategy: WatermarkStrategy) -> DataStream:
        """Give the records timestamps, and the stream watermarks.

        Args:
            watermark_strategy: says where timestamps come from and how far out of order records may be.
        """
        if not isinstance(watermark_strategy, WatermarkStrategy):
            raise GraphError(
                f"assign_timestamps_and_watermarks() takes a WatermarkStrategy, not {watermark_strategy!r}"
            )
        if self._value.schema is not None and watermark_strategy.reads_columns():
            from pyflinkx.plan.columns import timestamps_of_column

            strategy = watermark_strategy
            column = None if strategy.timestamp_assigner is None else strategy.timestamp_assigner.column
            times = (strategy.out_of_orderness_ms, strategy.idle_timeout_ms, strategy.alignment)
            return self._environment._stream(timestamps_of_column(self._value, column, *times))
        spec = timestamps_operator(watermark_strategy, self.get_execution_config().get_auto_watermark_interval())
        return self._then("Timestamps/Watermarks", spec, self._value.record_type)

    def _timed_by_split(self, strategy: WatermarkStrategy) -> DataStream:
        """A source's stream, with watermarks for each of its splits."""
        interval = self.get_execution_config().get_auto_watermark_interval()
        timed = operator(
            "Timestamps/Watermarks",
            timestamps_operator(strategy, interval, by_split=True),
            [self._as_rows()],
            self._value.record_type,
            inserted=Inserted("timestamps", "input"),
            parallelism_of="input",
        )
        return self._environment._stream(replace(timed, made_by=self._transformation))

    # ---- results ----

    def sink_to(self, sink: Sink) -> DataStreamSink:
        """End the stream in a sink."""
        if not isinstance(sink, Sink):
            raise GraphError(f"sink_to() takes a Sink, not {sink!r} ({type(sink).__name__})")
        return self._end("Writer", sink)

    def print(self, sink_identifier: str | None = None) -> DataStreamSink:
        """Write every record to the standard output, a line each.

        Args:
            sink_identifier: printed before every record, with ``>``.
        """
        return self._end("Print to Std. Out", PrintSink(sink_identifier, type_info=self._value.record_type.declared))

    def execute_and_collect(
        self, job_execution_name: str | None = None, limit: int | None = None
    ) -> CloseableIterator | list[Any]:
        """Run the program and hand the records of this stream over.

        As in Flink, whatever else the program has so far runs along; ``head()``, ``to_arrow()`` and the like run what
        their stream needs only.

        Args:
            job_execution_name: the job's name.
            limit: the most records; with a limit the result is a list, and the job ends once it is full.

        Returns:
            An iterator that runs the job as it is read (close it, or use it in ``with``), or a list.
        """
        if limit is not None:
            positive(limit, "limit")
        with self._environment._tracebacks():
            results = self._environment._collect(self, job_execution_name)
        if limit is None:
            return results
        with self._environment._tracebacks(), results:
            return [record for _, record in zip(range(limit), results)]  # noqa: B905 - stops at the limit

    def cache(self) -> CachedDataStream:
        """Compute the stream once: the first job that ends well keeps its records, later ones read them.

        Returns:
            The stream to be used from here on.
        """
        from pyflinkx.datastream.cached_data_stream import CachedDataStream

        return CachedDataStream(self)

    # ---- building ----

    def _operator(self, call: str) -> Transformation:
        if not self._value.is_an_operators:
            raise GraphError(
                f"{call} is for the stream that an operator makes, not for one that was keyed, partitioned, united or "
                "taken from a side output"
            )
        return self._transformation

    def _as_rows(self) -> Stream:
        """This stream with Python rows: behind a visible conversion where it is columnar."""
        if self._value.schema is None:
            return self._value
        from pyflinkx.plan.columns import rows_of

        return rows_of(self._value)

    def _rows_before(self) -> Stream:
        """This stream with Python rows, converted before it is spread anew."""
        if self._value.schema is None:
            return self._value
        from pyflinkx.plan.columns import rows_before

        return rows_before(self._value)

    def _then(self, name: str, spec: OperatorSpec, record_type: RecordType) -> DataStream:
        """The stream of an operator that reads this one."""
        return self._environment._stream(operator(name, spec, [self._as_rows()], record_type))

    def _end(self, name: str, sink: Sink) -> DataStreamSink:
        return self._end_in(self._end_of(name, sink))

    def _end_of(self, name: str, sink: Sink, parallelism: int | None = None) -> Transformation:
        """A sink that reads this stream, which is not yet a part of the program; parallelism: if not the sink's own."""
        value = self._value if sink.columnar else self._as_rows()
        return Transformation(
            operation=name,
            kind="sink",
            spec=OperatorSpec.of(SinkOperator, sink).keeping(*SINK_STATES),
            inputs=(value.upstreams,),
            native=sink.columnar,
            sink=sink,
            settings=Settings(parallelism=sink.parallelism if parallelism is None else parallelism),
        )

    def _end_in(self, transformation: Transformation) -> DataStreamSink:
        self._environment._program.add(transformation)
        return DataStreamSink(self._environment, transformation)

    def _same_environment(self, other: Any, what: str) -> None:
        if not isinstance(other, DataStream):
            raise GraphError(f"{what} takes a DataStream, not {other!r}")
        if other._environment is not self._environment:
            raise GraphError(f"{what} takes streams of one environment")


class DataStreamSink(Described):
    """The end of a stream."""

    def __init__(self, environment: StreamExecutionEnvironment, transformation: Transformation) -> None:
        self._environment = environment
        self._transformation = transformation

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self._environment._program.name(self._transformation)}'>"


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

"""Streams whose records are collected, per subtask or per key, until the input ends."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.calls import key_function, result_type
from pyflinkx.datastream.functions import AggregateFunction, MapPartitionFunction, ReduceFunction
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.user_functions import object_function, user_function
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import carried
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.partition import (
    AggregatePartitionOperator,
    MapPartitionOperator,
    PartitionOperator,
    ReducePartitionOperator,
    SortPartitionOperator,
)
from pyflinkx.plan.stream import RecordType

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream

__all__ = ["Order", "PartitionWindowedStream"]


class Order(Enum):
    """Which way a partition is sorted."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


class PartitionWindowedStream:
    """All records of a subtask, or of a keyed stream all records of a key, as one window that ends with the input.

    Args:
        stream: a bounded stream.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> words = env.from_collection(["b", "a", "c"])
        >>> list(words.full_window_partition().sort_partition("*", Order.DESCENDING).execute_and_collect())
        ['c', 'b', 'a']
    """

    def __init__(self, stream: DataStream) -> None:
        self._stream = stream

    def map_partition(
        self, func: Callable[[Any], Any] | MapPartitionFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per partition.

        Args:
            func: a MapPartitionFunction, or a callable from an iterator over the records to results.
            output_type: type of the results.
        """
        function = user_function(func, MapPartitionFunction, "map_partition", "map_partition()")
        return self._then("MapPartition", MapPartitionOperator, function, result_type(output_type, function, "items"))

    def sort_partition(self, key: Any, order: Order = Order.ASCENDING) -> DataStream:
        """The records of each partition in order; equal ones keep theirs.

        Args:
            key: what they are sorted by: a field, a path, ``"*"`` for the record itself, a KeySelector or a callable.
            order: ascending or descending.

        Raises:
            GraphError: an argument is something else, or the records are known to have no such field.
        """
        if not isinstance(order, Order):
            raise GraphError(f"sort_partition() takes an Order, not {order!r}")
        function = UserFunction(key_function(key, "sort_partition()", self._stream._value.record_type))
        descending = order is Order.DESCENDING
        return self._then("SortPartition", SortPartitionOperator, function, self._stream._value.record_type, descending)

    def reduce(self, reduce_function: Callable[[Any, Any], Any] | ReduceFunction) -> DataStream:
        """One record per partition, folded from all of its records."""
        function = user_function(reduce_function, ReduceFunction, "reduce", "reduce()")
        known = self._stream._value.record_type.of_results()
        return self._then("PartitionReduce", ReducePartitionOperator, function, known, known.declared)

    def aggregate(
        self, aggregate_function: AggregateFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """One result per partition, aggregated from all of its records."""
        (function,) = object_function(aggregate_function, AggregateFunction, ["get_result"], "aggregate()")
        return self._then(
            "PartitionAggregate", AggregatePartitionOperator, function, result_type(output_type, function)
        )

    def _then(
        self, name: str, operator: type[PartitionOperator], function: UserFunction, record_type: RecordType, *rest: Any
    ) -> DataStream:
        stream = self._stream
        selector = stream._keys.selector if isinstance(stream, KeyedStream) else None
        spec = carried(operator, function, selector, *rest)
        adds_up = issubclass(operator, (AggregatePartitionOperator, ReducePartitionOperator))
        spec = spec.reading(stream._value.asks(adds_up)).keeping(operator.kept)
        return stream._then(name, spec, record_type)

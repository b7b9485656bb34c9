"""Streams whose records are grouped into windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.calls import result_type
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.functions import (
    AggregateFunction,
    AllWindowFunction,
    ProcessAllWindowFunction,
    ProcessWindowFunction,
    ReduceFunction,
    WindowFunction,
)
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.user_functions import object_function, user_function
from pyflinkx.datastream.window import Evictor, Trigger, WindowAssigner
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec, carried
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.plan.stream import UNKNOWN, RecordType, Stream, operator

if TYPE_CHECKING:
    from pyflinkx.datastream.agg import Aggregation

__all__ = ["AllWindowedStream", "WindowedStream"]


class Windowed:
    """What both kinds of windowed streams share.

    Args:
        stream: the stream; a KeyedStream for windows per key.
        window_assigner: puts each record into windows.
    """

    apply_kind: type[Any]
    process_kind: type[Any]
    _key_selector: Callable[[Any], Any] | None

    def __init__(self, stream: DataStream, window_assigner: WindowAssigner[Any, Any]) -> None:
        if not isinstance(window_assigner, WindowAssigner):
            raise GraphError(f"window() takes a WindowAssigner, not {window_assigner!r}")
        self._stream = stream
        self._window_assigner = window_assigner
        self._trigger: Trigger[Any, Any] | None = None
        self._allowed_lateness = 0
        self._late_tag: OutputTag | None = None
        self._evictor: Evictor[Any, Any] | None = None

    def get_execution_environment(self) -> Any:
        """The environment that the stream belongs to."""
        return self._stream.get_execution_environment()

    def get_input_type(self) -> TypeInformation:
        """Type of the records."""
        return self._stream.get_type()

    def trigger(self, trigger: Trigger[Any, Any]) -> Any:
        """Decide otherwise than by the assigner's default when a window is evaluated."""
        if not isinstance(trigger, Trigger):
            raise GraphError(f"trigger() takes a Trigger, not {trigger!r}")
        self._trigger = trigger
        return self

    def evictor(self, evictor: Evictor[Any, Any]) -> Any:
        """Remove records from a window when it fires, before or after its function sees them.

        The window then keeps all its records, even under reduce and aggregate.
        """
        if not isinstance(evictor, Evictor):
            raise GraphError(f"evictor() takes an Evictor, not {evictor!r}")
        self._evictor = evictor
        return self

    def allowed_lateness(self, time_ms: Any) -> Any:
        """Keep windows for this long after their end; a late record then fires them again.

        Args:
            time_ms: milliseconds, or a Time, a Duration or a timedelta.
        """
        try:
            lateness = to_milliseconds(time_ms, "allowed lateness")
        except TypeError as error:
            raise GraphError(str(error)) from None
        if lateness < 0:
            raise GraphError(f"allowed lateness must be milliseconds from 0 up, not {time_ms!r}")
        self._allowed_lateness = lateness
        return self

    def side_output_late_data(self, output_tag: OutputTag) -> Any:
        """Send records that come too late for all their windows to a side output; by default they are counted only."""
        if not isinstance(output_tag, OutputTag):
            raise GraphError(f"side_output_late_data() takes an OutputTag, not {output_tag!r}")
        self._late_tag = output_tag
        return self

    def reduce(
        self,
        reduce_function: Callable[[Any, Any], Any] | ReduceFunction,
        window_function: Any = None,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """Combine the records of a window as they come; the result is the combined record.

        Args:
            reduce_function: combines two records into one.
            window_function: makes the results from the combined record, with access to key and window.
            output_type: type of the results.
        """
        user_function(reduce_function, ReduceFunction, "reduce", "reduce()")
        unchanged = self._stream._value.record_type.of_results()
        folding = {"reduce": reduce_function, "reduced_type": unchanged.declared}
        return self._run("Reduce", window_function, output_type, unchanged, **folding)

    def aggregate(
        self,
        aggregate_function: AggregateFunction,
        window_function: Any = None,
        accumulator_type: TypeInformation | None = None,
        output_type: TypeInformation | None = None,
    ) -> DataStream:
        """Fold the records of a window into an accumulator as they come; the result is what it comes to.

        Args:
            aggregate_function: says how.
            window_function: makes the results from the aggregate's result, with access to key and window.
            accumulator_type: type of the accumulator.
            output_type: type of the results.
        """
        object_function(aggregate_function, AggregateFunction, ["add"], "aggregate()")
        folded = result_type(None, UserFunction(aggregate_function.get_result))
        return self._run("Aggregate", window_function, output_type, folded, aggregate=aggregate_function)

    def apply(self, window_function: Any, output_type: TypeInformation | None = None) -> DataStream:
        """Evaluate all records of a window at once, with a WindowFunction."""
        object_function(window_function, self.apply_kind, ["apply"], "apply()")
        return self._run("Apply", window_function, output_type, UNKNOWN)

    def process(self, process_window_function: Any, output_type: TypeInformation | None = None) -> DataStream:
        """Evaluate all records of a window at once, with access to its state and the clock."""
        object_function(process_window_function, self.process_kind, ["process"], "process()")
        return self._run("Process", process_window_function, output_type, UNKNOWN)

    def agg(self, **aggregates: Aggregation) -> DataStream:
        """A columnar stream of the aggregates of each window: keys, ``window_start`` and ``window_end``, results.

        The bounds are timestamps of the unit (milliseconds for seconds and days) and zone of the column that the time
        comes from, if that is one of timestamps, else int64 milliseconds. Windows of a number of rows have no bounds
        in time, and their results no such columns. A stream of rows needs a known type with fields, and a ``key_by``
        that names fields. What is late goes to the side output as columns.

        Args:
            aggregates: ``agg.count()``, ``agg.sum("field")``, ... by the names of their columns.

        Raises:
            GraphError: there are none, a field is not there or of another type, the rows' type is not known, or the
                windows are no native ones: those of own assigners, triggers, evictors or gaps.

        Example:
            >>> from pyflinkx.common import WatermarkStrategy
            >>> from pyflinkx.datastream import StreamExecutionEnvironment, agg
            >>> from pyflinkx.datastream.window import TumblingEventTimeWindows
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> rows = env.from_numpy({"ts": [1, 5, 12], "key": [7, 7, 7], "value": [3, 4, 5]})
            >>> timed = rows.assign_timestamps_and_watermarks(
            ...     WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
            ... )
            >>> windows = timed.key_by("key").window(TumblingEventTimeWindows.of(10))
            >>> windows.agg(total=agg.sum("value")).to_arrow().column("total").to_pylist()
            [7, 5]
        """
        from pyflinkx.plan.aggregate import window_aggregates

        for what, given in (("trigger", self._trigger), ("evictor", self._evictor)):
            if given is not None:
                raise GraphError(
                    f"agg() has no native windows with a {what} such as {given!r}: use reduce(), aggregate() or "
                    "process()"
                )
        late = (self._allowed_lateness, self._late_tag)
        made = window_aggregates(self._stream._value, self._window_assigner, aggregates, *late)
        return self._stream._environment._stream(made)

    def _run(
        self,
        name: str,
        window_function: Any,
        output_type: TypeInformation | None,
        folded: RecordType,
        **folding: Any,
    ) -> DataStream:
        record_type = self._results(window_function, output_type, folded)
        spec = self._spec(window_function, **folding)
        spec = spec.keeping(*spec.build().states())  # what does not fit together fails here, with the user's call
        return self._stream._then(f"Window {name}", spec, record_type)

    def _over(self, stream: Stream, window_function: Any, record_type: RecordType, operation: str) -> DataStream:
        """Evaluate the windows of another stream: that of the tagged records of a join."""
        spec = self._spec(window_function)
        spec = spec.keeping(*spec.build().states())
        made = operator(operation, spec.reading(stream.asks(True)), [stream], record_type)
        return self._stream._environment._stream(made)

    def _spec(self, window_function: Any, **folding: Any) -> OperatorSpec:
        """The operator of the windows."""
        return carried(
            WindowOperator,
            self._key_selector,
            self._window_assigner,
            trigger=self._trigger,
            window_function=window_function,
            allowed_lateness=self._allowed_lateness,
            late_tag=self._late_tag,
            evictor=self._evictor,
            **folding,
        ).reading(self._stream._value.asks(True))

    def _results(self, window_function: Any, output_type: TypeInformation | None, folded: RecordType) -> RecordType:
        """Check a window function; the type of its results, or of what the folding gives when there is none."""
        if window_function is None:
            return result_type(output_type) if output_type is not None else folded
        if isinstance(window_function, self.apply_kind):
            return result_type(output_type, UserFunction(window_function.apply), "items")
        if isinstance(window_function, self.process_kind):
            return result_type(output_type, UserFunction(window_function.process), "items")
        kinds = f"{self.apply_kind.__name__} or {self.process_kind.__name__}"
        raise GraphError(f"a window function is a {kinds}, not {window_function!r}")


class WindowedStream(Windowed):
    """The records of each key, grouped into windows.

    Args:
        keyed_stream: the stream.
        window_assigner: puts each record into windows.
    """

    apply_kind = WindowFunction
    process_kind = ProcessWindowFunction

    def __init__(self, keyed_stream: KeyedStream, window_assigner: WindowAssigner[Any, Any]) -> None:
        super().__init__(keyed_stream, window_assigner)
        self._key_selector = keyed_stream._keys.selector


class AllWindowedStream(Windowed):
    """All records of a stream, grouped into windows in one subtask.

    Args:
        data_stream: the stream.
        window_assigner: puts each record into windows.
    """

    apply_kind = AllWindowFunction
    process_kind = ProcessAllWindowFunction

    def __init__(self, data_stream: DataStream, window_assigner: WindowAssigner[Any, Any]) -> None:
        super().__init__(data_stream, window_assigner)
        self._key_selector = None

    def _run(self, name: str, *arguments: Any, **folding: Any) -> DataStream:
        stream = super()._run(f"All {name}", *arguments, **folding)
        stream.force_non_parallel()
        return stream

"""Joins and co-groups of two streams by window, and interval joins of two keyed streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.calls import key_function, result_type
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.functions import WindowFunction
from pyflinkx.datastream.join_functions import (
    CoGroupFunction,
    FlatJoinFunction,
    JoinFunction,
    ProcessJoinFunction,
)
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.user_functions import object_function, user_function
from pyflinkx.datastream.window import Evictor, Trigger, WindowAssigner
from pyflinkx.datastream.windowed_stream import WindowedStream
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import INSERTS, OperatorSpec, carried
from pyflinkx.graph.transformation import Inserted
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import BUFFER_TIMERS, LEFT_BUFFER, RIGHT_BUFFER, IntervalJoinOperator
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.record import MapOperator
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.plan.stream import Stream, operator
from pyflinkx.types.changes import INSERT_ONLY

__all__ = ["CoGroupedStreams", "IntervalJoin", "JoinedStreams", "TaggedUnion"]


class TaggedUnion(NamedTuple):
    """A record of either of two joined streams, as triggers, evictors and session gaps of the join see it."""

    first: bool
    value: Any

    def is_one(self) -> bool:
        """Whether it is of the first stream."""
        return self.first

    def is_two(self) -> bool:
        """Whether it is of the second stream."""
        return not self.first

    def get_one(self) -> Any:
        """The record of the first stream; None when it is of the second."""
        return self.value if self.first else None

    def get_two(self) -> Any:
        """The record of the second stream; None when it is of the first."""
        return None if self.first else self.value


class WindowJoin:
    """Two streams on the way to a function that sees their records by key and window.

    Args:
        input1: the first stream.
        input2: the second stream.
    """

    call: str
    operator_name: str

    def __init__(self, input1: DataStream, input2: DataStream) -> None:
        input1._same_environment(input2, self.call)
        self.input1 = input1
        self.input2 = input2

    def where(self, key_selector: Any, key_type: TypeInformation | None = None) -> Where:
        """The key of the first stream: a KeySelector, or a callable from record to key."""
        key = key_function(key_selector, f"{self.call}.where()", self.input1._value.record_type)
        return Where(self, key_selector, key, key_type)

    def _function(self, function: Any) -> tuple[UserFunction, WindowFunction[Any, Any, Any, Any], str]:
        """The user's function, the window function around it, and where the type of its results is annotated."""
        raise NotImplementedError


class Where:
    """A join that knows the key of its first stream."""

    def __init__(
        self, join: WindowJoin, given: Any, first_key: Callable[[Any], Any], key_type: TypeInformation | None
    ) -> None:
        self._join = join
        self._given = given
        self._first_key = first_key
        self._key_type = key_type

    def equal_to(self, key_selector: Any) -> EqualTo:
        """The key of the second stream: records of equal keys meet."""
        join = self._join
        second_key = key_function(key_selector, f"{join.call}.equal_to()", join.input2._value.record_type)
        return EqualTo(join, (self._given, key_selector), UnionKey(self._first_key, second_key), self._key_type)


class EqualTo:
    """A join that knows the keys of both streams."""

    def __init__(
        self, join: WindowJoin, given: tuple[Any, Any], key: UnionKey, key_type: TypeInformation | None
    ) -> None:
        self._join = join
        self._given = given
        self._key = key
        self._key_type = key_type

    def window(self, assigner: WindowAssigner[Any, Any]) -> WithWindow:
        """Group the records of both streams into windows; an assigner that looks at records gets TaggedUnions."""
        first = self._join.input1
        keyed = KeyedStream(first._environment, first._value.keyed(self._key, None, self._key_type))
        return WithWindow(self, WindowedStream(keyed, assigner))


class WithWindow:
    """A join that knows keys and windows; ``apply`` gives it its function.

    The streams are tagged and united in ``apply``, since ``rows`` needs none of that.
    """

    def __init__(self, given: EqualTo, windowed: WindowedStream) -> None:
        self._join = given._join
        self._keys = given._given
        self._key = given._key
        self._key_type = given._key_type
        self._windowed = windowed

    def trigger(self, trigger: Trigger[Any, Any]) -> WithWindow:
        """Decide otherwise than by the assigner's default when a window is evaluated; it sees TaggedUnions."""
        self._windowed.trigger(trigger)
        return self

    def evictor(self, evictor: Evictor[Any, Any]) -> WithWindow:
        """Remove records from a window when it is evaluated; it sees TaggedUnions of both streams in one list."""
        self._windowed.evictor(evictor)
        return self

    def allowed_lateness(self, time_ms: Any) -> WithWindow:
        """Keep windows for this long after their end (a Time, or milliseconds); late records join again."""
        self._windowed.allowed_lateness(time_ms)
        return self

    def side_output_late_data(self, output_tag: OutputTag) -> WithWindow:
        """Send what comes too late for its windows to a side output, as TaggedUnions."""
        self._windowed.side_output_late_data(output_tag)
        return self

    def apply(self, function: Any, output_type: TypeInformation | None = None) -> DataStream:
        """Evaluate each window.

        Args:
            function: for a join, a JoinFunction, a FlatJoinFunction, or a callable of a first and a second record that
                returns one result; for a co-group a CoGroupFunction, or a callable of two lists that yields results.
            output_type: type of the results; by default what the function's annotations say.

        Raises:
            GraphError: ``function`` is none of these.
        """
        join = self._join
        given, adapter, what = join._function(function)
        known = result_type(output_type, given, what)
        first = tagged(join.input1, "Join Input 1", tag_first)
        second = tagged(join.input2, "Join Input 2", tag_second)
        tagged_union = Stream((*first.upstreams, *second.upstreams)).keyed(self._key, None, self._key_type)
        return self._windowed._over(tagged_union, adapter, known, join.operator_name)

    def rows(self, suffixes: tuple[str, str] = ("", "_right")) -> DataStream:
        """All columns of both sides of each pair, natively; for ``join`` of columnar streams by columns.

        Args:
            suffixes: for the names of left and of right columns that both sides have.

        Raises:
            GraphError: it is a co-group, the streams are not columnar, the keys name no columns, the windows are others
                than TumblingEventTimeWindows, or they have a trigger, an evictor or a lateness of their own.
        """
        from pyflinkx.plan.join import window_rows

        join, windowed = self._join, self._windowed
        if not isinstance(join, JoinedStreams):
            raise GraphError("rows() is for join(); give apply() the function of a co-group")
        own = (windowed._trigger, windowed._evictor, windowed._late_tag)
        if any(given is not None for given in own) or windowed._allowed_lateness:
            raise GraphError(
                "join().window().rows() has no trigger, evictor, lateness or late data of its own: use apply()"
            )
        first, second = (
            stream.key_by(*key) if isinstance(key, (tuple, list)) else stream.key_by(key)
            for stream, key in zip((join.input1, join.input2), self._keys, strict=True)
        )
        made = window_rows(first._value, second._value, windowed._window_assigner, suffixes)
        return first._environment._stream(made)


class JoinedStreams(WindowJoin):
    """Two streams whose pairs of records of one key and window are joined; made by ``DataStream.join``.

    A window without records of either stream gives nothing. Results get the window's ``max_timestamp``.

    Example:
        >>> from pyflinkx.common import WatermarkStrategy
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> from pyflinkx.datastream.window import TumblingEventTimeWindows
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r[1])
        >>> left = env.from_collection([("a", 1), ("b", 3)]).assign_timestamps_and_watermarks(strategy)
        >>> right = env.from_collection([("b", 4), ("a", 12)]).assign_timestamps_and_watermarks(strategy)
        >>> joined = left.join(right).where(lambda r: r[0]).equal_to(lambda r: r[0])
        >>> pairs = joined.window(TumblingEventTimeWindows.of(10)).apply(lambda x, y: (x[0], x[1], y[1]))
        >>> list(pairs.execute_and_collect())
        [('b', 3, 4)]
    """

    call = "join()"
    operator_name = "Window Join"

    def _function(self, function: Any) -> tuple[UserFunction, WindowFunction[Any, Any, Any, Any], str]:
        if isinstance(function, FlatJoinFunction):
            return UserFunction(function.join, function), FlatJoinWindow(function.join, function), "items"
        given = user_function(function, JoinFunction, "join", "join().apply()")
        return given, JoinWindow(given.call, given.owner), "return"


class CoGroupedStreams(WindowJoin):
    """Two streams whose records of one key and window meet in one call; made by ``DataStream.co_group``.

    Results get the window's ``max_timestamp``.
    """

    call = "co_group()"
    operator_name = "Window CoGroup"

    def _function(self, function: Any) -> tuple[UserFunction, WindowFunction[Any, Any, Any, Any], str]:
        given = user_function(function, CoGroupFunction, "co_group", "co_group().apply()")
        return given, CoGroupWindow(given.call, given.owner), "items"


class UnionKey:
    """The key of a record of either stream."""

    def __init__(self, first: Callable[[Any], Any], second: Callable[[Any], Any]) -> None:
        self.first = first
        self.second = second

    def __call__(self, union: TaggedUnion) -> Any:
        return (self.first if union.first else self.second)(union.value)


def tagged(stream: DataStream, name: str, tag: Callable[[Any], TaggedUnion]) -> Stream:
    """A stream's records as those of one side of a join, which pairs inserts only."""
    spec = OperatorSpec.of(MapOperator, UserFunction(tag)).reading(INSERTS).producing(INSERT_ONLY)
    return operator(name, spec, [stream._rows_before()], inserted=Inserted("join input"))


def tag_first(value: Any) -> Any:
    """A record of the first stream, tagged."""
    return TaggedUnion(True, value)


def tag_second(value: Any) -> Any:
    """A record of the second stream, tagged."""
    return TaggedUnion(False, value)


class OwnedWindowFunction(WindowFunction[Any, Any, Any, Any]):
    """A window function around a user's function, which it opens and closes.

    Args:
        function: called by ``apply``.
        owner: has ``open`` and ``close``; None for a plain callable.
    """

    def __init__(self, function: Callable[[Any, Any], Any], owner: Any) -> None:
        self.function = function
        self.owner = owner
        self.copier: Any = None

    def open(self, runtime_context: Any) -> None:
        self.copier = runtime_context._context.copier
        if self.owner is not None:
            self.owner.open(runtime_context)

    def close(self) -> None:
        if self.owner is not None:
            self.owner.close()


class PairsWindow(OwnedWindowFunction):
    """Calls a function with each pair of records."""

    def pairs(self, inputs: Iterable[TaggedUnion]) -> Iterator[tuple[Any, Any]]:
        """The pairs, each of records of its own: the function may change them."""
        first, second = divided(inputs)
        copier = self.copier
        for left in first:
            for right in second:
                yield (left, right) if copier is None else (copier.copy(left), copier.copy(right))


class JoinWindow(PairsWindow):
    """One result per pair."""

    def apply(self, key: Any, window: Any, inputs: Iterable[TaggedUnion]) -> Iterable[Any]:
        function = self.function
        for left, right in self.pairs(inputs):
            yield function(left, right)


class FlatJoinWindow(PairsWindow):
    """Any number of results per pair."""

    def apply(self, key: Any, window: Any, inputs: Iterable[TaggedUnion]) -> Iterable[Any]:
        function = self.function
        for left, right in self.pairs(inputs):
            yield from function(left, right) or ()


class CoGroupWindow(OwnedWindowFunction):
    """Any number of results per window."""

    def apply(self, key: Any, window: Any, inputs: Iterable[TaggedUnion]) -> Any:
        return self.function(*divided(inputs))


def divided(inputs: Iterable[TaggedUnion]) -> tuple[list[Any], list[Any]]:
    """The records of the first and of the second stream, each in order of arrival."""
    first: list[Any] = []
    second: list[Any] = []
    for union in inputs:
        (first if union.first else second).append(union.value)
    return first, second


class IntervalJoin:
    """Two keyed streams whose records are joined where their timestamps are close; made by ``interval_join``.

    Args:
        left: the stream that bounds are relative to.
        right: the other stream.

    Example:
        >>> from pyflinkx.common import Time, WatermarkStrategy
        >>> from pyflinkx.datastream import ProcessJoinFunction, StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r[1])
        >>> left = env.from_collection([("a", 1), ("a", 9)]).assign_timestamps_and_watermarks(strategy)
        >>> right = env.from_collection([("a", 3)]).assign_timestamps_and_watermarks(strategy)
        >>> class Pair(ProcessJoinFunction):
        ...     def process_element(self, left, right, ctx):
        ...         yield left[1], right[1]
        >>> joined = left.key_by(lambda r: r[0]).interval_join(right.key_by(lambda r: r[0]))
        >>> list(joined.between(Time.milliseconds(-5), Time.milliseconds(5)).process(Pair()).execute_and_collect())
        [(1, 3)]
    """

    def __init__(self, left: KeyedStream, right: KeyedStream) -> None:
        if not isinstance(right, KeyedStream):
            raise GraphError(f"interval_join() takes a KeyedStream, not {right!r}: call key_by() on it")
        left._same_environment(right, "interval_join()")
        self._left = left
        self._right = right

    def between(self, lower_bound: Any, upper_bound: Any) -> IntervalJoined:
        """Join a left record of timestamp t with the right ones from t + lower_bound to t + upper_bound, inclusive.

        Args:
            lower_bound, upper_bound: each a Time, a Duration, a timedelta, or milliseconds; may be negative.

        Raises:
            GraphError: a bound is none of these, or the lower one is above the upper one.
        """
        try:
            lower = to_milliseconds(lower_bound, "between(), lower bound,")
            upper = to_milliseconds(upper_bound, "between(), upper bound,")
        except TypeError as error:
            raise GraphError(str(error)) from None
        if lower > upper:
            raise GraphError(f"between() takes a lower bound that is not above the upper one: {lower} and {upper} ms")
        return IntervalJoined(self._left, self._right, lower, upper)


class IntervalJoined:
    """An interval join that knows its bounds.

    Args:
        left: the stream that bounds are relative to.
        right: the other stream.
        lower, upper: the bounds (ms), inclusive.
    """

    def __init__(self, left: KeyedStream, right: KeyedStream, lower: int, upper: int) -> None:
        self._left = left
        self._right = right
        self._lower = lower
        self._upper = upper
        self._lower_exclusive = self._upper_exclusive = 0
        self._left_late: OutputTag | None = None
        self._right_late: OutputTag | None = None

    def lower_bound_exclusive(self) -> IntervalJoined:
        """A right record exactly at the lower bound does not join."""
        self._lower_exclusive = 1
        return self

    def upper_bound_exclusive(self) -> IntervalJoined:
        """A right record exactly at the upper bound does not join."""
        self._upper_exclusive = 1
        return self

    def side_output_left_late_data(self, output_tag: OutputTag) -> IntervalJoined:
        """Send left records that come after the watermark to a side output; by default they are counted only."""
        self._left_late = output_tag_of(output_tag, "side_output_left_late_data()")
        return self

    def side_output_right_late_data(self, output_tag: OutputTag) -> IntervalJoined:
        """Send right records that come after the watermark to a side output; by default they are counted only."""
        self._right_late = output_tag_of(output_tag, "side_output_right_late_data()")
        return self

    def _bounds(self) -> tuple[int, int]:
        """The bounds (ms), both inclusive."""
        lower, upper = self._lower + self._lower_exclusive, self._upper - self._upper_exclusive
        if lower > upper:
            raise GraphError(f"no timestamp is between the exclusive bounds {self._lower} and {self._upper} ms")
        return lower, upper

    def process(
        self, process_join_function: ProcessJoinFunction, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Any number of results per pair; each gets the larger timestamp of the two.

        Args:
            process_join_function: called with a left record, a right record and a context.
            output_type: type of the results; by default what the function's annotations say.

        Raises:
            GraphError: it is no ProcessJoinFunction, or exclusive bounds leave nothing between them.
        """
        lower, upper = self._bounds()
        (function,) = object_function(process_join_function, ProcessJoinFunction, ["process_element"], "process()")
        left, right = self._left, self._right
        selectors = [left._keys.selector, right._keys.selector]
        late = (self._left_late, self._right_late)
        spec = carried(IntervalJoinOperator, function, selectors, lower, upper, late)
        spec = spec.reading(left._value.asks(True), right._value.asks(True))
        spec = spec.keeping(LEFT_BUFFER, RIGHT_BUFFER, BUFFER_TIMERS, WATERMARK)
        record_type = result_type(output_type, function, "items")
        made = operator("Interval Join", spec, [left._as_rows(), right._as_rows()], record_type)
        return left._environment._stream(made)

    def rows(self, suffixes: tuple[str, str] = ("", "_right")) -> DataStream:
        """All columns of both sides of each pair, natively; for columnar streams keyed by columns.

        Rows that come too late go to the side outputs as columns, or are counted as ``numLateRecordsDropped``.

        Args:
            suffixes: for the names of left and of right columns that both sides have.

        Raises:
            GraphError: a stream is not columnar or not keyed by columns, the keys do not fit together, there is nothing
                between the bounds, or two columns would have one name.

        Example:
            >>> from pyflinkx.common import Time, WatermarkStrategy
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> in_order = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
            >>> left = env.from_numpy({"key": [1, 2], "ts": [0, 10]}).assign_timestamps_and_watermarks(in_order)
            >>> right = env.from_numpy({"key": [2, 1], "ts": [8, 9]}).assign_timestamps_and_watermarks(in_order)
            >>> close = left.key_by("key").interval_join(right.key_by("key"))
            >>> pairs = close.between(Time.milliseconds(-5), Time.milliseconds(5)).rows()
            >>> [(row.key, row.ts, row.ts_right) for row in pairs.execute_and_collect()]
            [(2, 10, 8)]
        """
        from pyflinkx.plan.join import rows

        lower, upper = self._bounds()
        late = (self._left_late, self._right_late)
        made = rows(self._left._value, self._right._value, lower, upper, False, False, suffixes, *late)
        return self._left._environment._stream(made)


def output_tag_of(output_tag: Any, call: str) -> OutputTag:
    """What was given to a call that takes an OutputTag; GraphError when it is none."""
    if not isinstance(output_tag, OutputTag):
        raise GraphError(f"{call} takes an OutputTag, not {output_tag!r}")
    return output_tag

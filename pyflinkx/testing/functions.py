"""Drives one user function by hand, with its keyed state, timers and a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.process import KeyedProcessOperator, ProcessOperator
from pyflinkx.state import AggregatingState, ListState, MapState, ReducingState, ValueState
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag


class FunctionHarness(OperatorHarness):
    """An opened user function whose inputs are method calls; made by ProcessFunctionTestHarnesses.

    It is a context manager, which closes the function.
    """

    operator: ProcessOperator

    def process_element(self, value: Any, timestamp: int | None = None) -> None:
        """Give the function a record of its only, or first, input.

        Args:
            value: the record.
            timestamp: milliseconds since the epoch; None for a record without one.
        """
        self.push([value], None if timestamp is None else [timestamp])

    def process_elements(self, values: Iterable[Any]) -> None:
        """Give the function records without timestamps."""
        for value in values:
            self.process_element(value)

    def process_element1(self, value: Any, timestamp: int | None = None) -> None:
        """Give the function a record of its first input."""
        self.process_element(value, timestamp)

    def process_element2(self, value: Any, timestamp: int | None = None) -> None:
        """Give the function a record of its second input."""
        self.push([value], None if timestamp is None else [timestamp], port=1)

    def process_watermark(self, timestamp: int) -> None:
        """Event time has reached ``timestamp`` (ms): event-time timers up to it fire."""
        self.watermark(timestamp)

    def get_processing_time(self) -> int:
        """What the clock says (ms); ``set_processing_time`` sets it and fires the timers that are due."""
        return self.clock.time

    def extract_output_values(self) -> list[Any]:
        """All results so far, without their timestamps."""
        return self.values

    def get_side_output(self, output_tag: OutputTag) -> list[Any]:
        """All that was sent to a side output so far."""
        return [value for value, _ in self.side_outputs.get(output_tag.tag_id, [])]


class KeyedFunctionHarness(FunctionHarness):
    """A FunctionHarness of a keyed function: tells its timers and state, too."""

    operator: KeyedProcessOperator

    @property
    def event_time_timers(self) -> list[tuple[int, Any]]:
        """Event-time timers as (ms, key), in the order in which they will fire."""
        return sorted_timers(self.operator.event_timers.items())

    @property
    def processing_time_timers(self) -> list[tuple[int, Any]]:
        """Processing-time timers as (ms, key), in the order in which they will fire."""
        return sorted_timers(self.operator.processing_timers.items())

    def num_event_time_timers(self) -> int:
        """How many event-time timers wait."""
        return len(self.operator.event_timers)

    def num_processing_time_timers(self) -> int:
        """How many processing-time timers wait."""
        return len(self.operator.processing_timers)

    def num_keyed_state_entries(self) -> int:
        """How many values all states hold, over all keys."""
        return sum(map(len, self.operator.state.tables.values()))

    def state(self, state_descriptor: Any, key: Any) -> Any:
        """What a state of the function holds for a key: a value, a list or a dict; None for nothing.

        Args:
            state_descriptor: as the function gave it, or one of the same name and kind.
            key: the key.
        """
        context = self.operator.state.context
        current = context.key
        context.key = key
        try:
            state = self.operator.state.get_partitioned_state(state_descriptor)
            if isinstance(state, ValueState):
                return state.value()
            if isinstance(state, MapState):
                return dict(state.items())
            assert isinstance(state, (ListState, ReducingState, AggregatingState))
            return state.get()
        finally:
            context.key = current


class ProcessFunctionTestHarnesses:
    """Makes harnesses for process functions, as Flink's class of this name.

    The function's ``open`` has been called when the harness is handed over. Each takes the options of OperatorHarness,
    too: ``restored`` is what ``harness.snapshot(checkpoint_id)`` gave, or those of all subtasks; ``subtask_index`` and
    ``parallelism`` say which subtask it is.

    Example:
        >>> class Count:
        ...     def process_element(self, value, ctx):
        ...         ctx.timer_service().register_event_time_timer(ctx.timestamp() + 10)
        ...     def on_timer(self, timestamp, ctx):
        ...         yield ctx.get_current_key(), timestamp
        >>> harness = ProcessFunctionTestHarnesses.for_keyed_process_function(Count(), lambda word: word[0])
        >>> harness.process_element("apple", 5)
        >>> harness.event_time_timers
        [(15, 'a')]
        >>> harness.process_watermark(20)
        >>> harness.extract_output_values()
        [('a', 15)]
    """

    @staticmethod
    def for_process_function(function: Any, now: int = 0, **options: Any) -> FunctionHarness:
        """A harness for a ProcessFunction.

        Args:
            function: has ``process_element(value, ctx)``.
            now: what the clock says at first (ms since the epoch).
        """
        return FunctionHarness(ProcessOperator(*methods(function, "process_element")), now, **options)

    @staticmethod
    def for_keyed_process_function(
        function: Any, key_selector: Any, now: int = 0, **options: Any
    ) -> KeyedFunctionHarness:
        """A harness for a KeyedProcessFunction.

        Args:
            function: has ``process_element(value, ctx)`` and perhaps ``on_timer(timestamp, ctx)``.
            key_selector: a KeySelector, or a callable from record to key.
            now: what the clock says at first (ms since the epoch).
        """
        return keyed(function, ["process_element"], [key_selector], now, options)

    @staticmethod
    def for_co_process_function(function: Any, now: int = 0, **options: Any) -> FunctionHarness:
        """A harness for a CoProcessFunction, which has ``process_element1`` and ``process_element2``."""
        return FunctionHarness(
            ProcessOperator(*methods(function, "process_element1", "process_element2")), now, **options
        )

    @staticmethod
    def for_keyed_co_process_function(
        function: Any, key_selector1: Any, key_selector2: Any, now: int = 0, **options: Any
    ) -> KeyedFunctionHarness:
        """A harness for a KeyedCoProcessFunction; a key selector for each input."""
        return keyed(function, ["process_element1", "process_element2"], [key_selector1, key_selector2], now, options)

    @staticmethod
    def for_process_join_function(
        function: Any,
        key_selector1: Any,
        key_selector2: Any,
        lower_bound: int,
        upper_bound: int,
        now: int = 0,
        **options: Any,
    ) -> OperatorHarness:
        """A harness for a ProcessJoinFunction of an interval join; its inputs are ``push(..., port=0)`` and ``port=1``.

        Args:
            function: has ``process_element(left, right, ctx)``.
            key_selector1, key_selector2: of the left and the right input.
            lower_bound, upper_bound: milliseconds, inclusive.
            now: what the clock says at first (ms since the epoch).
        """
        (call,) = methods(function, "process_element")
        keys = [key_of(key_selector1), key_of(key_selector2)]
        return OperatorHarness(IntervalJoinOperator(call, keys, lower_bound, upper_bound), now, **options)


def methods(function: Any, *names: str) -> list[UserFunction]:
    """The methods of a function object, as an operator calls them; TypeError when it lacks one."""
    for name in names:
        if isinstance(function, type) or not callable(getattr(function, name, None)):
            raise TypeError(f"this harness needs an object with {name}(), not {function!r}")
    return [UserFunction(getattr(function, name), function) for name in names]


def key_of(key_selector: Any) -> Callable[[Any], Any]:
    """A key selector as a callable; TypeError when it is none."""
    select: Any = getattr(key_selector, "get_key", key_selector)
    if not callable(select):
        raise TypeError(f"a key selector is a KeySelector or a callable, not {key_selector!r}")
    return select


def keyed(
    function: Any, names: list[str], key_selectors: list[Any], now: int, options: dict[str, Any]
) -> KeyedFunctionHarness:
    """A harness for a keyed function."""
    keys = [key_of(selector) for selector in key_selectors]
    operator = KeyedProcessOperator(methods(function, *names), keys, getattr(function, "on_timer", None))
    return KeyedFunctionHarness(operator, now, **options)


def sorted_timers(timers: Iterable[tuple[int, Any, Any]]) -> list[tuple[int, Any]]:
    """Timers as (ms, key) by time; those of one time in the order of their registration."""
    return sorted(((time, key) for time, key, _ in timers), key=lambda timer: timer[0])

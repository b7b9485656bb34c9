"""A stream and a broadcast stream that meet in one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.calls.process import process_values
from pyflinkx._core.calls.records import RecordContext
from pyflinkx._core.state.keyed import NO_KEY, KeyContext
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.process import KeyedProcessOperator, ProcessOperator, TimerService
from pyflinkx.operators.time_domain import TimeDomain
from pyflinkx.state.broadcast import (
    BroadcastState,
    DeclaredBroadcastStates,
    ReadOnlyBroadcastState,
)
from pyflinkx.state.descriptors import MapStateDescriptor, StateDescriptor

RECORDS, BROADCAST = 0, 1


class BaseContext(RecordContext):
    """What both methods of a broadcast process function are told."""

    def __init__(self, timer_service: TimerService, states: DeclaredBroadcastStates) -> None:
        self._timer_service = timer_service
        self._states = states

    def current_processing_time(self) -> int:
        """What the clock says, in milliseconds since the epoch."""
        return self._timer_service.current_processing_time()

    def current_watermark(self) -> int:
        """Event time as far as it is complete; -2^63 before the first watermark."""
        return self._timer_service.current_watermark()


class BroadcastContext(BaseContext):
    """What ``process_broadcast_element`` gets beside the record."""

    def get_broadcast_state(self, state_descriptor: MapStateDescriptor) -> BroadcastState[Any, Any]:
        """A broadcast state, to be read and changed."""
        state: BroadcastState[Any, Any] = self._states.find(state_descriptor, self._states.writable)
        return state


class ReadOnlyContext(BaseContext):
    """What ``process_element`` gets beside the record."""

    def get_broadcast_state(self, state_descriptor: MapStateDescriptor) -> ReadOnlyBroadcastState[Any, Any]:
        """A broadcast state, to be read."""
        state: ReadOnlyBroadcastState[Any, Any] = self._states.find(state_descriptor, self._states.read_only)
        return state


class KeyedBroadcastContext(BroadcastContext):
    """What a keyed ``process_broadcast_element`` gets beside the record."""

    def __init__(
        self, timer_service: TimerService, states: DeclaredBroadcastStates, operator: KeyedBroadcastOperator
    ) -> None:
        super().__init__(timer_service, states)
        self._operator = operator

    def apply_to_keyed_state(self, state_descriptor: StateDescriptor, function: Callable[[Any, Any], Any]) -> None:
        """Call ``function(key, state)`` for every key of this subtask that has a value in the state."""
        self._operator.apply_to_keyed_state(state_descriptor, function)


class KeyedReadOnlyContext(ReadOnlyContext):
    """What a keyed ``process_element`` gets beside the record."""

    def __init__(self, timer_service: TimerService, states: DeclaredBroadcastStates, key_context: KeyContext) -> None:
        super().__init__(timer_service, states)
        self._key_context = key_context

    def timer_service(self) -> TimerService:
        """Clock, watermark and timers of the current key."""
        return self._timer_service

    def get_current_key(self) -> Any:
        """The key of the record, or of the timer."""
        return self._key_context.key


class BroadcastOnTimerContext(KeyedReadOnlyContext):
    """What ``on_timer`` gets beside the timestamp."""

    domain = TimeDomain.EVENT_TIME

    def time_domain(self) -> TimeDomain:
        """Which time the firing timer belongs to."""
        return self.domain


class BroadcastOperator(ProcessOperator):
    """A broadcast process function without keys.

    Args:
        functions: ``process_element`` and ``process_broadcast_element``, each of record and context.
        descriptors: of the broadcast states.
    """

    def __init__(self, functions: list[UserFunction], descriptors: Iterable[MapStateDescriptor]) -> None:
        super().__init__(*functions)
        self.descriptors = list(descriptors)

    def open(self, context: OperatorContext) -> None:
        timers = TimerService(self)
        states = DeclaredBroadcastStates(map(context.operator_state.get_broadcast_state, self.descriptors))
        self.contexts = [ReadOnlyContext(timers, states), BroadcastContext(timers, states)]
        super().open(context)

    def run(self, batch: Any, port: int) -> None:
        process_values(self.site, self.calls[port], self.contexts[port], self.results, batch)


class KeyedBroadcastOperator(KeyedProcessOperator):
    """A broadcast process function whose stream is keyed; broadcast records have no key.

    Args:
        functions: as for BroadcastOperator.
        descriptors: of the broadcast states.
        key_selector: from record to key.
        on_timer: the function's ``on_timer(timestamp, context)``.
    """

    timer_context: Any

    def __init__(
        self,
        functions: list[UserFunction],
        descriptors: Iterable[MapStateDescriptor],
        key_selector: Callable[[Any], Any],
        on_timer: Callable[[int, Any], Any],
    ) -> None:
        super().__init__(functions, [key_selector], on_timer)
        self.descriptors = list(descriptors)

    def open(self, context: OperatorContext) -> None:
        self.states = DeclaredBroadcastStates(map(context.operator_state.get_broadcast_state, self.descriptors))
        super().open(context)

    def make_contexts(self) -> None:
        timers = TimerService(self)
        self.timer_context = BroadcastOnTimerContext(timers, self.states, self.key_context)
        self.element_context = KeyedReadOnlyContext(timers, self.states, self.key_context)
        self.broadcast_context = KeyedBroadcastContext(timers, self.states, self)

    def run(self, batch: Any, port: int) -> None:
        if port == RECORDS:
            key_selector = self.key_selectors[0]
            process_values(
                self.site, self.calls[port], self.element_context, self.results, batch, key_selector, self.key_context
            )
            return
        self.key_context.key = NO_KEY
        process_values(self.site, self.calls[port], self.broadcast_context, self.results, batch)

    def apply_to_keyed_state(self, descriptor: StateDescriptor, function: Callable[[Any, Any], Any]) -> None:
        """Call ``function(key, state)`` for every key with a value; the function may change or clear the state."""
        if not callable(function):
            raise TypeError(f"apply_to_keyed_state() takes a function of key and state, not {function!r}")
        state = self.state.get_partitioned_state(descriptor)
        try:
            for namespace, key in self.state.tables[descriptor.name].entries():
                if namespace is None:
                    self.key_context.key = key
                    function(key, state)
        finally:
            self.key_context.key = NO_KEY

"""Process functions: full control over results, side outputs, state and timers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.calls.process import ResultCollector, process_values
from pyflinkx._core.calls.records import RecordContext
from pyflinkx._core.state.keyed import KeyContext
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.errors import WrongStateError
from pyflinkx.operators.base import MIN_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.function import RuntimeContext, UserFunctionOperator
from pyflinkx.operators.functions import UserFunction, own_selector
from pyflinkx.operators.hints import FirstResults, looked_at, of_results
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PIECE, Pieces, RecordwiseOperator
from pyflinkx.operators.sorted_input import SortedInputOperator
from pyflinkx.operators.time_domain import TimeDomain
from pyflinkx.state.spec import EVENT_TIMERS, PROCESSING_TIMERS
from pyflinkx.types.output_tag import OutputTag


class TimerService:
    """Clock, watermark and, for keyed functions, timers of the current key.

    Times are milliseconds since the epoch. Registering a timer twice for one key and time fires it once.
    """

    def __init__(self, operator: ProcessOperator) -> None:
        self._operator = operator

    def current_processing_time(self) -> int:
        """What the clock says."""
        return int(self._operator.context.clock.now())

    def current_watermark(self) -> int:
        """Event time as far as it is complete; -2^63 before the first watermark."""
        return self._operator.watermark

    def register_processing_time_timer(self, timestamp: int) -> None:
        """Call ``on_timer`` for the current key once the clock has reached ``timestamp``."""
        operator = self._keyed()
        operator.processing_timers.register(timestamp, operator.key_context.key, None)

    def register_event_time_timer(self, timestamp: int) -> None:
        """Call ``on_timer`` for the current key once the watermark has reached ``timestamp``."""
        operator = self._keyed()
        operator.event_timers.register(timestamp, operator.key_context.key, None)

    def delete_processing_time_timer(self, timestamp: int) -> None:
        """Forget a timer of the current key; nothing happens when there is none."""
        operator = self._keyed()
        operator.processing_timers.delete(timestamp, operator.key_context.key, None)

    def delete_event_time_timer(self, timestamp: int) -> None:
        """Forget a timer of the current key; nothing happens when there is none."""
        operator = self._keyed()
        operator.event_timers.delete(timestamp, operator.key_context.key, None)

    def _keyed(self) -> KeyedProcessOperator:
        if not isinstance(self._operator, KeyedProcessOperator):
            raise WrongStateError("timers need a keyed stream: call key_by before process")
        return self._operator


class ProcessContext(RecordContext):
    """What ``process_element`` gets beside the record."""

    def __init__(self, timer_service: TimerService) -> None:
        self._timer_service = timer_service

    def timer_service(self) -> TimerService:
        """Clock, watermark and timers."""
        return self._timer_service


class KeyedProcessContext(ProcessContext):
    """What a keyed ``process_element`` gets beside the record."""

    def __init__(self, timer_service: TimerService, key_context: KeyContext) -> None:
        super().__init__(timer_service)
        self._key_context = key_context

    def get_current_key(self) -> Any:
        """The key of the record, or of the timer."""
        return self._key_context.key


class OnTimerContext(KeyedProcessContext):
    """What ``on_timer`` gets beside the timestamp."""

    domain = TimeDomain.EVENT_TIME

    def time_domain(self) -> TimeDomain:
        """Which time the firing timer belongs to."""
        return self.domain


class ProcessOperator(UserFunctionOperator, RecordwiseOperator):
    """A process function on a stream without keys.

    Args:
        functions: the function's ``process_element(record, context)``; for a connected stream one per input.
        key_selectors: those of the keyed stream.
    """

    def __init__(self, *functions: UserFunction, key_selectors: Iterable[Callable[[Any], Any]] = ()) -> None:
        super().__init__(functions[0], *key_selectors, *functions[1:])
        self.calls = [function.call for function in functions]
        self.watermark = MIN_WATERMARK
        self.results = ResultCollector(OutputTag)

    def open(self, context: OperatorContext) -> None:
        self.record_context = self.make_context()
        self.results.copier = context.copier
        super().open(context)

    def make_context(self) -> ProcessContext:
        """The context given to the user's function."""
        return ProcessContext(TimerService(self))

    def open_function(self, runtime_context: RuntimeContext) -> None:
        super().open_function(runtime_context)
        self.calls[:] = [FirstResults(self.site, call, of_results) for call in self.calls]

    def take(self, batch: Any, port: int) -> None:
        try:
            self.run(batch, port)
        finally:
            self.calls[port] = looked_at(self.calls[port])
            self.emit_results()

    def run(self, batch: Any, port: int) -> None:
        """Call the function of an input for each record."""
        process_values(self.site, self.calls[port], self.record_context, self.results, batch)

    def emit_results(self) -> None:
        """Send on what the function has yielded."""
        main, sides = self.results.take()
        if main is not None:
            self.output.emit(main)
        if sides is not None:
            for tag_id, side in sides.items():
                self.output.emit_side(tag_id, side)

    def process_watermark(self, timestamp: int) -> None:
        self.watermark = timestamp
        super().process_watermark(timestamp)


class KeyedProcessOperator(ProcessOperator):
    """A process function with keyed state and timers.

    Args:
        functions: as for ProcessOperator.
        key_selectors: from record to key, one per input.
        on_timer: the function's ``on_timer(timestamp, context)``, or None when it has none.
    """

    def __init__(
        self,
        functions: list[UserFunction],
        key_selectors: list[Callable[[Any], Any]],
        on_timer: Callable[[int, Any], Any] | None,
    ) -> None:
        key_selectors = [own_selector(selector) for selector in key_selectors]
        super().__init__(*functions, key_selectors=key_selectors)
        self.key_selectors = key_selectors
        self.on_timer = on_timer

    def open(self, context: OperatorContext) -> None:
        self.state = context.keyed_state
        self.key_context = self.state.context
        self.event_timers = context.timers(EVENT_TIMERS)
        self.processing_timers = context.timers(PROCESSING_TIMERS)
        self.kept_watermark = KeptWatermark(context)
        self.watermark = self.kept_watermark.time
        self.make_contexts()
        super().open(context)

    def make_contexts(self) -> None:
        """Make what the user's functions are given besides the record."""
        self.timer_context = OnTimerContext(TimerService(self), self.key_context)

    def make_context(self) -> ProcessContext:
        return KeyedProcessContext(TimerService(self), self.key_context)

    def for_batch(self) -> Operator:
        return SortedInputOperator(self, self.key_selectors)

    def open_function(self, runtime_context: RuntimeContext) -> None:
        super().open_function(RuntimeContext(self.context, self.state))

    def run(self, batch: Any, port: int) -> None:
        process_values(
            self.site,
            self.calls[port],
            self.record_context,
            self.results,
            batch,
            self.key_selectors[port],
            self.key_context,
        )
        if self.state.every_record:
            self.state.took_records(len(batch))

    def process_watermark(self, timestamp: int) -> None:
        if self.kept_watermark.advance(timestamp):
            self.watermark = timestamp
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Pieces:
        """Call ``on_timer`` for the timers that a watermark makes due, then send the watermark."""
        yield from self.fire(self.event_timers, timestamp, TimeDomain.EVENT_TIME)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        self.begin(self.fire(self.processing_timers, now, TimeDomain.PROCESSING_TIME))

    def next_processing_timer(self) -> int | None:
        return None if self.context.batch else self.processing_timers.peek()

    def last_processing_timer(self) -> int | None:
        return max((timestamp for timestamp, _, _ in self.processing_timers.items()), default=None)

    def fire(self, timers: TimerQueue, time: int, domain: TimeDomain) -> Pieces:
        """Call ``on_timer`` for every timer up to ``time``, also for those registered meanwhile, in pieces."""
        while self.fire_piece(timers, time, domain):
            yield False

    def fire_piece(self, timers: TimerQueue, time: int, domain: TimeDomain) -> bool:
        """Call ``on_timer`` for some of the timers up to ``time``; whether there may be more."""
        context = self.timer_context
        turn_over = self.site.turn.over
        try:
            for _ in range(PIECE):
                timer = timers.pop_due(time)
                if timer is None:
                    return False
                timestamp, self.key_context.key, _ = timer
                if self.on_timer is None:
                    continue
                context.record_timestamp = timestamp
                context.domain = domain
                try:
                    self.results.collect(self.on_timer(timestamp, context), timestamp)
                except BaseException as error:
                    where = f"in on_timer({timestamp}) for key {self.key_context.key!r}"
                    raise self.site.wrap(error, where) from error
                if turn_over():
                    break
            return True
        finally:
            self.emit_results()

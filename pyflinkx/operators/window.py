"""The window operator."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.process import ResultCollector
from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import GraphError
from pyflinkx.operators.base import LATE_RECORDS, MIN_WATERMARK, OperatorContext
from pyflinkx.operators.function import RuntimeContext
from pyflinkx.operators.functions import UserFunctions, own_selector
from pyflinkx.operators.kept_watermark import WATERMARK, KeptWatermark
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.operators.reduced import reduce_to_type
from pyflinkx.operators.window_context import ProcessWindowContext
from pyflinkx.operators.windowing.aligned import AlignedWindowing, is_aligned
from pyflinkx.operators.windowing.assigners import MergingWindowAssigner, WindowAssigner
from pyflinkx.operators.windowing.contents import (
    AggregatedContents,
    Contents,
    EvictedContents,
    ListedContents,
    ReducedContents,
)
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.operators.windowing.evictors import Evictor
from pyflinkx.operators.windowing.general import MERGING_WINDOWS, GeneralWindowing
from pyflinkx.operators.windowing.triggers import Trigger
from pyflinkx.state.spec import EVENT_TIMERS, PROCESSING_TIMERS, StateSpec
from pyflinkx.types.output_tag import OutputTag
from pyflinkx.types.typeinfo import TypeInformation

BATCH_SIZE = 1024


class WindowOperator(PiecewiseOperator):
    """Groups the records of each key into windows, and sends a result whenever a window's trigger fires.

    A window's records are folded by ``reduce`` or ``aggregate`` as they come, or else kept in a list. A firing sends
    the result, or with a window function everything that it yields, with the window's ``max_timestamp``.

    Args:
        key_selector: record to key: a callable, or an object with ``get_key(value)``; None for windows over all
            records, whose window functions get no key.
        assigner: assigns windows to records.
        trigger: says when windows fire; the assigner's default when None.
        reduce: a callable of two values, or an object with ``reduce(value1, value2)``.
        aggregate: an object with ``create_accumulator()``, ``add(value, accumulator)``, ``get_result(accumulator)``
            and, for merging windows, ``merge(a, b)``; not together with ``reduce``.
        window_function: an object with ``process(key, context, elements)`` and perhaps ``clear(context)``, or one with
            ``apply(key, window, inputs)``, or a callable of the latter form. It returns an iterable or None; an item
            ``(OutputTag, value)`` goes to that side output. With reduce or aggregate it sees their one result, without
            them all records of the window; then it cannot be left out.
        allowed_lateness: milliseconds (or a Time, a timedelta) after its end for which an event-time window keeps its
            contents; each record that comes in that time makes it fire again.
        late_tag: the side output for records that come later still; without one they are counted, as
            ``numLateRecordsDropped``.
        evictor: removes records from a window when it fires; all its records are kept then, and folded at each firing.
        reduced_type: the declared type of the records, whose shape the results of ``reduce`` get; None for none.

    The functions' ``open(runtime_context)`` and ``close()`` are called where they exist. At the end of bounded input
    event-time windows fire, processing-time windows that are not full do not, as in Flink.

    Raises:
        GraphError: the arguments do not fit together.
        TypeError: an argument has the wrong type.
        ValueError: the lateness is negative.

    Example:
        >>> from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
        >>> assigner = TumblingEventTimeWindows.of(10_000)
        >>> operator = WindowOperator(lambda word: word[0], assigner, reduce=max, allowed_lateness=500)
    """

    functions: UserFunctions

    def __init__(
        self,
        key_selector: Any,
        assigner: WindowAssigner[Any, Any],
        trigger: Trigger[Any, Any] | None = None,
        *,
        reduce: Any = None,
        aggregate: Any = None,
        window_function: Any = None,
        allowed_lateness: Any = 0,
        late_tag: OutputTag | None = None,
        evictor: Evictor[Any, Any] | None = None,
        reduced_type: TypeInformation | None = None,
    ) -> None:
        if not isinstance(assigner, WindowAssigner):
            raise TypeError(f"a window needs a WindowAssigner, not {assigner!r}")
        self.assigner = assigner
        self.trigger: Trigger[Any, Any] = assigner.get_default_trigger(None) if trigger is None else trigger
        if not isinstance(self.trigger, Trigger):
            raise TypeError(f"a window needs a Trigger, not {self.trigger!r}")
        if isinstance(assigner, MergingWindowAssigner) and not self.trigger.can_merge():
            raise GraphError(
                f"{type(self.trigger).__name__} cannot be used with {type(assigner).__name__}, whose windows merge: "
                "its can_merge() is false"
            )
        self.lateness = to_milliseconds(allowed_lateness, "the allowed lateness")
        if self.lateness < 0:
            raise ValueError(f"the allowed lateness cannot be negative: {self.lateness} ms")
        self.late_tag = late_tag
        key_selector = own_selector(key_selector)
        self.keyed = key_selector is not None
        self.select_key = method_of(key_selector, "get_key") if self.keyed else one_key
        self.contents: Contents = contents_of(reduce, aggregate, reduced_type)
        if window_function is None and isinstance(self.contents, ListedContents):
            raise GraphError("a window needs a reduce, aggregate or window function")
        if evictor is not None:
            if not isinstance(evictor, Evictor):
                raise TypeError(f"a window needs an Evictor, not {evictor!r}")
            self.contents = EvictedContents(self.contents)
        self.evictor = evictor
        if window_function is not None and not hasattr(window_function, "process"):
            method_of(window_function, "apply")
        self.window_function = window_function
        self.functions = UserFunctions((key_selector, reduce, aggregate, window_function))
        self.watermark = MIN_WATERMARK

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.backend = context.keyed_state
        self.runtime_context = RuntimeContext(context, self.backend)
        self.table = self.backend.of(self.states()[0])
        self.kept_watermark = KeptWatermark(context)
        self.watermark = self.kept_watermark.time
        self.values: list[Any] = []
        self.stamps = array("q")
        self.yielded = ResultCollector(OutputTag)
        self.copier = self.yielded.copier = context.copier
        self.process_context = ProcessWindowContext(self, isinstance(self.assigner, MergingWindowAssigner))
        self.evaluate = None if self.window_function is None else self.evaluation()
        self.clear_function = getattr(self.window_function, "clear", None)
        self.firings = 0
        self.windowing: AlignedWindowing | GeneralWindowing
        if self.evictor is None and self.table.in_memory() and is_aligned(self.assigner, self.trigger, self.lateness):
            self.windowing = AlignedWindowing(self, self.assigner, self.lateness)
        else:
            self.windowing = GeneralWindowing(self, self.assigner, self.trigger, self.lateness)
        self.functions.open(self.site, self.runtime_context)

    def states(self) -> tuple[StateSpec, ...]:
        """What the operator keeps besides the states that its functions ask for; the contents come first."""
        contents = StateSpec("window-contents", self.contents.state_kind)
        merging = (MERGING_WINDOWS,) if isinstance(self.assigner, MergingWindowAssigner) else ()
        return (contents, *merging, EVENT_TIMERS, PROCESSING_TIMERS, WATERMARK)

    def close(self) -> None:
        self.functions.close()

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.firing(self.add(batch)))

    def add(self, batch: Any) -> Pieces:
        """Add the records of a batch to their windows, a piece at each step; late ones may make windows fire."""
        yield from self.windowing.add(batch)
        if self.backend.every_record:
            self.backend.took_records(len(batch))

    def process_watermark(self, timestamp: int) -> None:
        if self.kept_watermark.advance(timestamp):
            self.watermark = timestamp
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Pieces:
        """Fire what a watermark makes due, then send the watermark."""
        yield from self.firing(self.windowing.advance_watermark(timestamp))
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        self.begin(self.firing(self.windowing.advance_processing_time(now)))

    def firing(self, pieces: Pieces) -> Pieces:
        """Do the pieces of a firing, and send on what is gathered at its end or when it fails."""
        try:
            yield from pieces
        except Exception:
            self.emit_results()
            raise
        self.emit_results()

    def next_processing_timer(self) -> int | None:
        return None if self.context.batch else self.windowing.next_processing_timer()

    def last_processing_timer(self) -> int | None:
        return self.windowing.last_processing_timer()

    def current_processing_time(self) -> int:
        """What the clock says (ms)."""
        return int(self.context.clock.now())

    def evaluation(self) -> Callable[[Any, list[Any]], Any]:
        """The window function as a callable of a window and its records, at the current key."""
        function: Any = self.window_function
        current = self.backend.context
        if hasattr(function, "process"):
            process, context = function.process, self.process_context
            if self.keyed:
                return lambda window, inputs: process(current.key, context, inputs)
            return lambda window, inputs: process(context, inputs)
        apply = method_of(function, "apply")
        if self.keyed:
            return lambda window, inputs: apply(current.key, window, inputs)
        return apply

    def fire(self, window: Any, stored: Any, kept: bool) -> None:
        """Send the result of what is stored for the current key and ``window``; an evictor changes what is stored.

        Where it is ``kept`` for another firing, the window function gets copies of it, as it may change what it gets.
        """
        if self.evictor is not None:
            self.evictor.evict_before(stored, len(stored), window, self.process_context)
        inputs = self.contents.inputs(stored, self.copier)
        timestamp = window.max_timestamp()
        if self.evaluate is None:
            self.values += inputs if self.copier is None else self.copier.copy_all(inputs)
            self.stamps.extend([timestamp] * len(inputs))
        else:
            if kept and self.copier is not None:
                inputs = self.copier.copy_all(inputs)
            self.yielded.collect(self.evaluate(window, inputs), timestamp)
        self.firings += 1
        if self.evictor is not None:
            self.evictor.evict_after(stored, len(stored), window, self.process_context)

    def late(self, batch: ObjectBatch) -> None:
        """Records have come too late for all their windows."""
        if self.late_tag is None:
            self.context.count(LATE_RECORDS, len(batch))
        else:
            self.output.emit_side(self.late_tag.tag_id, batch)

    def emit_full_batch(self) -> bool:
        """Send on the results gathered so far, once they fill a batch or the task's turn is over; whether it is."""
        over = self.site.turn.over()
        if over or self.firings >= BATCH_SIZE or len(self.values) >= BATCH_SIZE:
            self.emit_results()
        return over

    def emit_results(self) -> None:
        """Send on the results gathered so far."""
        self.firings = 0
        values, stamps = self.values, self.stamps
        if values:
            self.values, self.stamps = [], array("q")
            for start in range(0, len(values), BATCH_SIZE):
                stop = start + BATCH_SIZE
                self.output.emit(ObjectBatch(values[start:stop], stamps[start:stop]))
        if self.evaluate is not None:
            main, sides = self.yielded.take()
            if main is not None:
                self.output.emit(main)
            for tag_id, side in (sides or {}).items():
                self.output.emit_side(tag_id, side)

    def failure_in(self, window: Any, error: BaseException) -> Exception:
        """What to raise from the ``error`` of a user's function, called for the current key and ``window``."""
        key = f" of key {short_repr(self.backend.context.key)}" if self.keyed else ""
        return self.site.wrap(error, f"in {short_repr(window)}{key}")


def one_key(value: Any) -> int:
    """The key of all records of a stream without keys."""
    return 0


def method_of(function: Any, name: str) -> Callable[..., Any]:
    """The method ``name`` of an object, or a callable itself.

    Raises:
        TypeError: it is neither, or the class of such objects.
    """
    method = getattr(function, name, function)
    if not callable(method) or (isinstance(function, type) and method is not function):
        raise TypeError(f"expected a callable or an object with {name}(), not {function!r}")
    return method


def contents_of(reduce: Any, aggregate: Any, reduced_type: TypeInformation | None) -> Contents:
    """How records are kept under the functions that a window is given."""
    if reduce is not None and aggregate is not None:
        raise GraphError("a window takes a reduce or an aggregate function, not both")
    if reduce is not None:
        return ReducedContents(reduce_to_type(method_of(reduce, "reduce"), reduced_type))
    if aggregate is None:
        return ListedContents()
    for name in ("create_accumulator", "add", "get_result"):
        if isinstance(aggregate, type) or not callable(getattr(aggregate, name, None)):
            raise TypeError(f"a window needs an AggregateFunction; {aggregate!r} has no method {name}()")
    return AggregatedContents(aggregate)

"""What triggers keep by their context is in every snapshot: windows that go on from one fire as if nothing had been."""

import pickle
import random

import pytest

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.operators.windowing.evictors import CountEvictor
from pyflinkx.operators.windowing.triggers import (
    ContinuousEventTimeTrigger,
    CountTrigger,
    PurgingTrigger,
    Trigger,
    TriggerResult,
)
from pyflinkx.state import ListStateDescriptor, MapStateDescriptor, ReducingStateDescriptor, ValueStateDescriptor
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.typeinfo import Types
from tests.operators.window_cases import add, everything, first

COUNT = ReducingStateDescriptor("count", lambda a, b: a + b, Types.LONG())
SEEN = ListStateDescriptor("seen", Types.LONG())
LAST = ValueStateDescriptor("last")
BY_VALUE = MapStateDescriptor("by value", Types.LONG(), Types.LONG())


class Keeps(Trigger):
    """Fires with every third record, a value that came twice in a row, and 2 ms after every fifth; by all kinds of
    state.

    Args:
        merging: whether its windows do.
    """

    def __init__(self, merging):
        self.merging = merging

    def on_element(self, element, timestamp, window, ctx):
        count, seen = ctx.get_partitioned_state(COUNT), ctx.get_partitioned_state(SEEN)
        count.add(1)
        seen.add(element[1])
        if isinstance(window, TimeWindow):
            ctx.register_event_time_timer(window.max_timestamp())
        if len(seen.get()) % 5 == 0:
            ctx.register_event_time_timer(timestamp + 2)
        twice = False
        if not self.merging:  # values and maps cannot be merged
            last, by_value = ctx.get_partitioned_state(LAST), ctx.get_partitioned_state(BY_VALUE)
            twice = last.value() == {"value": element[1]}
            last.update({"value": element[1]})
            by_value.put(element[1], (by_value.get(element[1]) or 0) + 1)
            twice = twice or by_value.get(element[1]) % 4 == 0
        if count.get() % 3 == 0 or twice:
            return TriggerResult.FIRE
        return TriggerResult.CONTINUE

    def on_event_time(self, time, window, ctx):
        return TriggerResult.FIRE

    def on_processing_time(self, time, window, ctx):
        return TriggerResult.CONTINUE

    def can_merge(self):
        return True

    def on_merge(self, window, ctx):
        ctx.merge_partitioned_state(COUNT)
        ctx.merge_partitioned_state(SEEN)
        ctx.register_event_time_timer(window.max_timestamp())

    def clear(self, window, ctx):
        for descriptor in (COUNT, SEEN) if self.merging else (COUNT, SEEN, LAST, BY_VALUE):
            ctx.get_partitioned_state(descriptor).clear()


ASSIGNERS = {
    "tumbling": lambda: TumblingEventTimeWindows(10),
    "sliding": lambda: SlidingEventTimeWindows(12, 4),
    "session": lambda: EventTimeSessionWindows(3),
    "global": GlobalWindows,
}
TRIGGERS = {
    "all kinds of state": Keeps,
    "count": lambda merging: CountTrigger(3),
    "continuous": lambda merging: ContinuousEventTimeTrigger(4),
    "purging": lambda merging: PurgingTrigger.of(CountTrigger(2)),
}
FUNCTIONS = {
    "records": {"window_function": everything},
    "evictor": {"window_function": everything, "evictor": CountEvictor(2)},
    "reduced": {"reduce": add},
}


def steps():
    """Records of three keys in and out of order, and watermarks."""
    rng = random.Random(5)
    now = 0
    for _ in range(60):
        now += rng.choice([0, 1, 1, 2, 5])
        yield "push", [(rng.choice("abc"), rng.randrange(4))], [now + rng.randrange(-2, 3)]
        if rng.random() < 0.3:
            yield "watermark", now - 2
    yield "watermark", now + 100


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("assigner", ASSIGNERS)
def test_windows_fire_as_if_nothing_had_been(assigner, trigger, function):
    def harness(**options):
        made = TRIGGERS[trigger](assigner == "session")
        operator = WindowOperator(first, ASSIGNERS[assigner](), made, allowed_lateness=3, **FUNCTIONS[function])
        return OperatorHarness(operator, **options)

    whole, interrupted = harness(), harness()
    for step, *arguments in steps():
        for each in (whole, interrupted):
            getattr(each, step)(*arguments)
        assert interrupted.take() == whole.take()
        snapshot = pickle.loads(pickle.dumps(interrupted.snapshot()))
        interrupted = harness(restored=snapshot, now=interrupted.clock.time)
    assert whole.snapshot().keyed

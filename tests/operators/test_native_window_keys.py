"""Native windows of many keys: panes that hold few of the keys or nearly all, and that change from one to the other."""

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import process_budget
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.types.output_tag import OutputTag
from tests.operators.native_cases import NativeHarness

SCHEMA = Schema([Field("key", "l"), Field("value", "l")])
AGGREGATIONS = {"n": Aggregation("count"), **{name: Aggregation(name, "value") for name in ("sum", "min", "last")}}
# The states of these own memory, and are merged in another way.
OWNING = {**AGGREGATIONS, "kinds": Aggregation("count_distinct", "value")}
LATE = OutputTag("late")


def windows_of(assigner, timestamp):
    """The (start, end) of the windows of a timestamp."""
    if isinstance(assigner, CumulativeEventTimeWindows):
        start = timestamp - timestamp % assigner.max_size
        ends = range(start + assigner.step, start + assigner.max_size + 1, assigner.step)
        return [(start, end) for end in ends if end > timestamp]
    last = timestamp - timestamp % assigner.slide
    starts = range(last, timestamp - assigner.size, -assigner.slide)
    return [(start, start + assigner.size) for start in starts]


def aggregated(values, owning):
    row = (len(values), sum(values), min(values), values[-1])
    return (*row, len(set(values))) if owning else row


class Model:
    """Every window of every key as a list of values."""

    def __init__(self, assigner, lateness, owning):
        self.assigner, self.lateness, self.owning = assigner, lateness, owning
        self.windows, self.watermark = defaultdict(list), -(10**9)

    def push(self, rows, stamps):
        results, late = [], []
        for (key, value), stamp in zip(rows, stamps, strict=True):
            bounds = windows_of(self.assigner, stamp)
            live = [(start, end) for start, end in bounds if end - 1 + self.lateness > self.watermark]
            for start, end in live:
                self.windows[key, start, end].append(value)
                if end - 1 <= self.watermark:
                    results.append(self.row(key, start, end))
            if not live and stamp + self.lateness <= self.watermark:
                late.append((key, value))
        return results, late

    def advance(self, watermark):
        due = [at for at in self.windows if self.watermark < at[2] - 1 <= watermark]
        results = [self.row(*at) for at in due]
        self.watermark = watermark
        for at in [at for at in self.windows if at[2] - 1 + self.lateness <= watermark]:
            del self.windows[at]
        return results

    def row(self, key, start, end):
        return (key, start, end, *aggregated(self.windows[key, start, end], self.owning))


def rows_of_phase(random, rows, now):
    """Rows of a time in which some number of keys, from few to thousands, come in some order."""
    keys = random.choice([1, 3, 20, 300, 2500])
    first = random.choice([0, 0, 500, 10_000 * random.randrange(50)])
    scattered = random.random() < 0.5
    for i in range(rows):
        key = first + (random.randrange(keys) if scattered else i % keys)
        yield (key, random.randrange(-9, 10)), now + random.randrange(-120, 80)


def held_against_the_model(seed, assigner, lateness, owning):
    random = Random(seed)
    aggregations = OWNING if owning else AGGREGATIONS
    operator = NativeWindowOperator(
        SCHEMA, ["key"], assigner, aggregations, allowed_lateness=lateness, late_tag=LATE if lateness else None
    )
    harness, model = NativeHarness(operator, SCHEMA), Model(assigner, lateness, owning)
    now, dropped = 0, 0
    for _ in range(random.randrange(2, 7)):
        rows = list(rows_of_phase(random, random.choice([10, 700, 5000]), now))
        harness.push([row for row, _ in rows], [stamp for _, stamp in rows])
        again, late = model.push([row for row, _ in rows], [stamp for _, stamp in rows])
        assert [row for row, _ in harness.take()] == again
        if lateness:
            assert [row for row, _ in harness.take_late(LATE)] == late
        dropped += len(late)
        now += random.choice([0, 30, 150, 2000])
        watermark = now - random.choice([0, 60, 150])
        if watermark > model.watermark:
            harness.watermark(watermark)
            assert sorted(row for row, _ in harness.take()) == sorted(model.advance(watermark))
    harness.watermark(MAX_WATERMARK)
    assert sorted(row for row, _ in harness.take()) == sorted(model.advance(MAX_WATERMARK))
    assert operator.windows.held == 0
    if not lateness:
        assert harness.context.counters.get("numLateRecordsDropped", 0) == dropped


ASSIGNERS = {
    "tumbling": TumblingEventTimeWindows(100),
    "two slices": SlidingEventTimeWindows(100, 50),
    "ten slices": SlidingEventTimeWindows(100, 10),
    "slices of two lengths": SlidingEventTimeWindows(70, 15),
    "cumulative": CumulativeEventTimeWindows(100, 20),
}


@pytest.mark.parametrize("name", ASSIGNERS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), owning=st.booleans())
def test_panes_of_few_keys_and_of_many(name, seed, owning):
    held_against_the_model(seed, ASSIGNERS[name], 0, owning)


@pytest.mark.parametrize("name", ["tumbling", "ten slices"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_windows_of_many_keys_that_fire_again(name, seed):
    held_against_the_model(seed, ASSIGNERS[name], 40, False)


@pytest.mark.parametrize("held", [range(3), range(5900, 6000), range(7000, 8000)])
@pytest.mark.parametrize("name", ["tumbling", "ten slices"])
def test_windows_that_are_open_survive_it_when_most_keys_are_forgotten(name, held):
    operator = NativeWindowOperator(SCHEMA, ["key"], ASSIGNERS[name], AGGREGATIONS)
    harness, model = NativeHarness(operator, SCHEMA), Model(ASSIGNERS[name], 0, False)

    def push(keys, stamp):
        rows = [(key, key % 7) for key in keys]
        harness.push(rows, [stamp] * len(rows))
        model.push(rows, [stamp] * len(rows))

    def advance(watermark):
        harness.watermark(watermark)
        assert sorted(row for row, _ in harness.take()) == sorted(model.advance(watermark))

    push(range(6000), 50)
    push(held, 250)
    advance(200)
    assert operator.windows.keys_held == len(held)
    push(held, 260)
    push(range(6000), 270)
    advance(MAX_WATERMARK)


@pytest.mark.parametrize("name", ASSIGNERS)
def test_the_memory_of_a_burst_of_keys_is_given_back(name):
    before = process_budget().used
    operator = NativeWindowOperator(SCHEMA, ["key"], ASSIGNERS[name], AGGREGATIONS)
    harness = NativeHarness(operator, SCHEMA)
    for start in range(0, 200, 40):
        harness.push([(key, 1) for key in range(60_000)], [start] * 60_000)
    for now in range(200, 1200, 10):
        harness.push([(1, 1)], [now])
        harness.watermark(now - 100)
        harness.take()
    assert process_budget().used - before < 2 << 20

"""Both ways of running windows against the oracle: any order of records, any watermarks, every kind of function."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.aligned import AlignedWindowing
from pyflinkx.operators.windowing.assigners import (
    CountSlidingWindowAssigner,
    CountTumblingWindowAssigner,
    DynamicEventTimeSessionWindows,
    EventTimeSessionWindows,
    ProcessingTimeSessionWindows,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.operators.windowing.general import GeneralWindowing
from pyflinkx.operators.windowing.triggers import EventTimeTrigger
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag
from tests.operators.window_oracle import expect_counts, expect_fixed, expect_sessions

LATE = OutputTag("late")
KEYS = st.sampled_from(["a", "b", "c"])
RECORDS = st.lists(st.tuples(KEYS, st.integers(1, 20), st.integers(-40, 60)), max_size=8)
SETTINGS = settings(max_examples=60, deadline=None)


@st.composite
def steps(draw):
    """Batches of records and rising watermarks, ended by one past everything."""
    result, watermark = [], -60
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            result.append(("records", draw(RECORDS)))
        else:
            watermark += draw(st.integers(1, 30))
            result.append(("watermark", watermark))
    return [*result, ("watermark", 10_000)]


class SameTrigger(EventTimeTrigger):
    """The default trigger under another name, which the general way runs."""


class Concatenation:
    """An aggregate that counts, and keeps the records in order."""

    def create_accumulator(self):
        return 0, ()

    def add(self, value, accumulator):
        return accumulator[0] + 1, (*accumulator[1], value[1])

    def get_result(self, accumulator):
        return ["aggregate", *accumulator]

    def merge(self, a, b):
        return a[0] + b[0], a[1] + b[1]


class Process:
    def process(self, key, context, elements):
        window = context.window()
        yield ("process", key, window.start, window.end, list(elements))
        yield "and another"


def reduce(a, b):
    return a[0], a[1] + b[1], a[2] + b[2]


def sum_of(key, values):
    """What ``reduce`` makes of records (key, value, (value,))."""
    return key, sum(values), tuple(values)


# kind -> (arguments of the operator, results of a firing from key, window and values)
KINDS = {
    "reduce": (lambda: {"reduce": reduce}, lambda key, window, values: [sum_of(key, values)]),
    "aggregate": (
        lambda: {"aggregate": Concatenation()},
        lambda key, window, values: [["aggregate", len(values), tuple(values)]],
    ),
    "apply": (
        lambda: {"window_function": lambda key, window, inputs: [(key, window.start, *inputs)]},
        lambda key, window, values: [(key, window[0], *[(key, value, (value,)) for value in values])],
    ),
    "process": (
        lambda: {"window_function": Process()},
        lambda key, window, values: [
            ("process", key, *window, [(key, value, (value,)) for value in values]),
            "and another",
        ],
    ),
    "reduce and process": (
        lambda: {"reduce": reduce, "window_function": Process()},
        lambda key, window, values: [("process", key, *window, [sum_of(key, values)]), "and another"],
    ),
    "aggregate and apply": (
        lambda: {"aggregate": Concatenation(), "window_function": lambda key, window, inputs: [(key, inputs)]},
        lambda key, window, values: [(key, [["aggregate", len(values), tuple(values)]])],
    ),
}


def records_of(batch):
    """The oracle's records as the operator gets them, with their timestamps."""
    return [(key, value, (value,)) for key, value, _ in batch], [timestamp for _, _, timestamp in batch]


def in_order(results):
    return sorted(results, key=lambda result: (result[1], repr(result[0])))


def run(assigner, trigger, kind, steps, lateness):
    """For each step what the operator sends, and the late records; checks that nothing is left in the end."""
    operator = WindowOperator(
        lambda record: record[0], assigner, trigger, **KINDS[kind][0](), allowed_lateness=lateness, late_tag=LATE
    )
    answer = []
    with OperatorHarness(operator) as harness:
        for what, data in steps:
            if what == "records":
                harness.push(*records_of(data))
            else:
                harness.watermark(data)
            late = [(key, value, timestamp) for (key, value, _), timestamp in harness.side_outputs.pop("late", [])]
            answer.append((harness.take(), late))
        assert {name: len(table) for name, table in operator.backend.tables.items() if len(table)} == {}
        if isinstance(operator.windowing, GeneralWindowing):
            assert len(operator.windowing.event_timers) == 0
        else:
            assert operator.windowing.unfired == operator.windowing.live == []
    return operator, answer


def expected_results(kind, firings):
    return [
        (result, window[1] - 1) for key, window, values in firings for result in KINDS[kind][1](key, window, values)
    ]


@pytest.mark.parametrize("way", [AlignedWindowing, GeneralWindowing])
@pytest.mark.parametrize("kind", KINDS)
@SETTINGS
@given(steps=steps(), size=st.integers(1, 25), lateness=st.sampled_from([0, 0, 1, 7, 100]), data=st.data())
def test_tumbling(way, kind, steps, size, lateness, data):
    offset = data.draw(st.integers(-size + 1, size - 1))
    trigger = None if way is AlignedWindowing else SameTrigger()
    operator, answer = run(TumblingEventTimeWindows(size, offset), trigger, kind, steps, lateness)
    assert isinstance(operator.windowing, way)
    for (results, late), (firings, expected_late) in zip(
        answer, expect_fixed(steps, size, size, offset, lateness), strict=True
    ):
        assert in_order(results) == in_order(expected_results(kind, firings))
        assert late == expected_late


@pytest.mark.parametrize("way", [AlignedWindowing, GeneralWindowing])
@pytest.mark.parametrize("kind", KINDS)
@SETTINGS
@given(
    steps=steps(),
    size=st.integers(1, 25),
    slide=st.integers(1, 30),
    lateness=st.sampled_from([0, 0, 1, 7, 100]),
    data=st.data(),
)
def test_sliding(way, kind, steps, size, slide, lateness, data):
    offset = data.draw(st.integers(-slide + 1, slide - 1))
    trigger = None if way is AlignedWindowing else SameTrigger()
    operator, answer = run(SlidingEventTimeWindows(size, slide, offset), trigger, kind, steps, lateness)
    assert isinstance(operator.windowing, way)
    for (results, late), (firings, expected_late) in zip(
        answer, expect_fixed(steps, size, slide, offset, lateness), strict=True
    ):
        assert in_order(results) == in_order(expected_results(kind, firings))
        assert late == expected_late


def unordered(results):
    """Results with the order of records within a session taken out, which merging leaves open."""
    return in_order([(sorted_inside(result), timestamp) for result, timestamp in results])


def sorted_inside(value):
    if isinstance(value, (list, tuple)):
        return sorted(map(sorted_inside, value), key=repr)
    return value


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@SETTINGS
@given(steps=steps(), gap=st.integers(1, 25), lateness=st.sampled_from([0, 0, 1, 7, 100]))
@example(
    # a late record joins two sessions, of which one has fired
    steps=[
        ("records", [("a", 1, 0), ("a", 2, 12)]),
        ("watermark", 10),
        ("records", [("a", 3, 6)]),
        ("watermark", 10_000),
    ],
    gap=6,
    lateness=10,
)
def test_sessions(dynamic, kind, steps, gap, lateness):
    assigner = DynamicEventTimeSessionWindows(lambda r: r[1]) if dynamic else EventTimeSessionWindows(gap)
    _, answer = run(assigner, None, kind, steps, lateness)
    expected = expect_sessions(steps, (lambda value: value) if dynamic else lambda value: gap, lateness)
    for (results, late), (firings, expected_late) in zip(answer, expected, strict=True):
        assert unordered(results) == unordered(expected_results(kind, firings))
        assert late == expected_late


@pytest.mark.parametrize("kind", ["reduce", "aggregate", "apply", "reduce and process", "process"])
@SETTINGS
@given(batches=st.lists(RECORDS, max_size=8), size=st.integers(1, 6), slide=st.integers(1, 8))
def test_counts(kind, batches, size, slide):
    if kind in ("apply", "reduce and process", "process"):
        arguments = {
            "window_function": lambda key, window, inputs: [(key, window.id, list(inputs))],
            **({"reduce": reduce} if kind == "reduce and process" else {}),
        }
    else:
        arguments = KINDS[kind][0]()
    assigner = CountTumblingWindowAssigner(size) if slide == size else CountSlidingWindowAssigner(size, slide)
    operator = WindowOperator(lambda record: record[0], assigner, **arguments)
    with OperatorHarness(operator) as harness:
        for batch in batches:
            harness.push(records_of(batch)[0])
        results = harness.results
    expected = []
    for key, number, values in expect_counts([record for batch in batches for record in batch], size, slide):
        if kind == "reduce":
            expected.append(sum_of(key, values))
        elif kind == "aggregate":
            expected.append(["aggregate", len(values), tuple(values)])
        elif kind == "reduce and process":
            expected.append((key, number, [sum_of(key, values)]))
        else:
            expected.append((key, number, [(key, value, (value,)) for value in values]))
    assert results == [(result, 2**63 - 1) for result in expected]


@st.composite
def clock_steps(draw):
    """Records that come at the clock's time, and the clock's moves: the same steps with now - 1 as the watermark."""
    result, now = [], draw(st.integers(-40, 40))
    result.append(("watermark", now - 1))
    for _ in range(draw(st.integers(0, 10))):
        if draw(st.booleans()):
            records = draw(st.lists(st.tuples(KEYS, st.integers(1, 20)), max_size=4))
            result.append(("records", [(key, value, now) for key, value in records]))
        else:
            now += draw(st.integers(1, 30))
            result.append(("watermark", now - 1))
    return [*result, ("watermark", 10_000)]


def run_by_clock(assigner, kind, steps):
    operator = WindowOperator(lambda record: record[0], assigner, **KINDS[kind][0]())
    answer = []
    with OperatorHarness(operator) as harness:
        for what, data in steps:
            if what == "records":
                harness.push(records_of(data)[0])
            else:
                due = operator.next_processing_timer()
                harness.set_processing_time(data + 1)
                assert bool(harness.results) == (due is not None and due <= data + 1)
            answer.append(harness.take())
        assert sum(map(len, operator.backend.tables.values())) == 0
        assert operator.next_processing_timer() is None
    return answer


@pytest.mark.parametrize("kind", ["reduce", "process"])
@SETTINGS
@given(steps=clock_steps(), size=st.integers(1, 25), slide=st.integers(1, 30))
def test_windows_by_the_clock(kind, steps, size, slide):
    assigner = TumblingProcessingTimeWindows(size) if slide == size else SlidingProcessingTimeWindows(size, slide)
    for results, (firings, _) in zip(
        run_by_clock(assigner, kind, steps), expect_fixed(steps, size, slide), strict=True
    ):
        assert in_order(results) == in_order(expected_results(kind, firings))


@pytest.mark.parametrize("kind", ["reduce", "process"])
@SETTINGS
@given(steps=clock_steps(), gap=st.integers(1, 25))
def test_sessions_by_the_clock(kind, steps, gap):
    answer = run_by_clock(ProcessingTimeSessionWindows(gap), kind, steps)
    for results, (firings, _) in zip(answer, expect_sessions(steps, lambda value: gap), strict=True):
        assert unordered(results) == unordered(expected_results(kind, firings))

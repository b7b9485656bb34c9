"""Watermarks by split, driven by hand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import timestamps_operator
from pyflinkx.testing.harness import OperatorHarness
from tests.operators.test_watermarks import AtMarks

MONOTONOUS = WatermarkStrategy.for_monotonous_timestamps()


def by_split(strategy, **options):
    return OperatorHarness(timestamps_operator(strategy, 200, by_split=True).build(), **options)


@settings(max_examples=150, deadline=None)
@given(
    events=st.lists(
        st.one_of(
            st.tuples(st.just("batch"), st.sampled_from("abc"), st.lists(st.integers(-30, 30), max_size=4)),
            st.tuples(st.just("open"), st.lists(st.sampled_from("abcd"), unique=True), st.none()),
        ),
        max_size=15,
    )
)
def test_the_lowest_of_the_splits_counts(events):
    harness = by_split(WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(5)))
    seen, sent = {}, []
    for what, data, stamps in events:
        if what == "batch":
            harness.operator.begin_split(data)
            harness.push(stamps, stamps)
            seen.setdefault(data, []).extend(stamps)
        else:
            harness.operator.wait_for_splits(data)
            if data:
                seen = {split: seen.get(split, []) for split in data}
        if seen and all(seen.values()):
            watermark = min(map(max, seen.values())) - 5 - 1
            if not sent or watermark > sent[-1]:
                sent.append(watermark)
    assert harness.watermarks == sent
    harness.finish()
    assert harness.watermarks == [*sent, 2**63 - 1]


def test_a_reader_that_tells_no_splits_has_one():
    harness = by_split(MONOTONOUS)
    harness.push([1], [5])
    harness.operator.begin_split(None)
    harness.push([1], [7])
    assert harness.watermarks == [4, 6]


def test_each_split_has_a_generator_of_its_own():
    harness = by_split(WatermarkStrategy.for_generator(AtMarks))
    harness.operator.begin_split("a")
    harness.push([-1], [5])
    harness.operator.begin_split("b")
    harness.push([-1, 1, -1], [3, 4, 8])
    assert harness.watermarks == [5]
    assert harness.results == [(-1, 5), (-1, 3), (1, 4), (-1, 8)]


def test_an_idle_split_is_not_waited_for_and_all_idle_is_idle():
    harness = by_split(MONOTONOUS.with_idleness(Duration.of_millis(100)))
    harness.operator.begin_split("quiet")
    harness.push([1], [5])
    harness.operator.begin_split("busy")
    harness.push([1], [50])
    assert harness.watermarks == [4]
    harness.set_processing_time(50)
    harness.push([1], [60])
    harness.set_processing_time(100)
    assert harness.watermarks[-1] == 59
    assert harness.output.idleness == []
    for time in (100, 150):
        harness.set_processing_time(time)
    assert harness.output.idleness == [True]
    harness.operator.begin_split("quiet")
    harness.push([1], [70])
    assert harness.output.idleness == [True, False]
    assert harness.watermarks[-1] == 69


def test_a_source_with_splits_is_aligned_as_a_whole():
    strategy = MONOTONOUS.with_watermark_alignment("g", Duration.of_millis(10))
    harness = by_split(strategy)
    harness.operator.begin_split("a")
    harness.push([1], [100])
    groups = harness.context.alignment
    assert groups.lowest("g") == 99
    groups.report("g", "other", 80)
    assert harness.operator.is_ahead()

"""Groups of aligned sources."""

import gc
import pickle

import pytest

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import timestamps_operator
from pyflinkx.errors import GraphError
from pyflinkx.operators.source_alignment import KNOWN, AlignmentGroups
from pyflinkx.testing.harness import OperatorHarness


def test_the_lowest_of_a_group_counts():
    groups = AlignmentGroups()
    assert groups.lowest("g") is None
    groups.report("g", 1, 5)
    groups.report("g", 2, 3)
    groups.report("other", 3, 1)
    assert groups.lowest("g") == 3
    groups.report("g", 2, None)
    assert groups.lowest("g") == 5


def test_other_processes_count_like_a_member():
    groups = AlignmentGroups()
    groups.others = {"g": 4}
    assert groups.lowest("g") == 4
    groups.report("g", 1, 5)
    groups.report("g", 2, 7)
    assert groups.lowest("g") == 4
    assert groups.own() == {"g": 5}  # what they hear of this process, without what they said themselves
    groups.others = {"g": 6}
    assert groups.lowest("g") == 5
    groups.report("g", 1, None)
    groups.report("g", 2, None)
    assert groups.own() == {}


def test_copies_are_one_object_in_a_process_and_go_with_the_job():
    groups = AlignmentGroups()
    assert pickle.loads(pickle.dumps(groups)) is groups
    token, dumped = groups.token, pickle.dumps(groups)
    del groups
    gc.collect()
    assert token not in KNOWN
    again = pickle.loads(dumped)
    assert pickle.loads(dumped) is again


def test_an_operator_is_ahead_until_the_others_have_caught_up():
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_watermark_alignment("g", Duration.of_millis(10))
    assert strategy.alignment.update_interval == 1000
    groups = AlignmentGroups()
    fast, slow = (OperatorHarness(timestamps_operator(strategy, 200).build(), alignment=groups) for _ in range(2))
    fast.push([1], [100])
    assert not fast.operator.is_ahead()  # nobody else has said anything
    slow.push([1], [89])
    assert fast.operator.is_ahead()
    assert not slow.operator.is_ahead()
    slow.push([1], [90])
    assert not fast.operator.is_ahead()
    slow.push([1], [0])
    fast.push([1], [200])
    assert fast.operator.is_ahead()
    slow.finish()
    assert not fast.operator.is_ahead()


def test_a_closed_operator_is_not_waited_for():
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_watermark_alignment("g", Duration.of_millis(10))
    groups = AlignmentGroups()
    with OperatorHarness(timestamps_operator(strategy, 200).build(), alignment=groups) as harness:
        harness.push([1], [5])
        assert groups.lowest("g") == 4
    assert groups.lowest("g") is None


@pytest.mark.parametrize(
    "arguments",
    [
        (3, Duration.of_millis(1)),
        ("g", 5),
        ("g", Duration.of_millis(-1)),
        ("g", Duration.of_millis(1), 5),
        ("g", Duration.of_millis(1), Duration.of_millis(0)),
    ],
)
def test_wrong_arguments(arguments):
    with pytest.raises(GraphError, match="alignment"):
        WatermarkStrategy.no_watermarks().with_watermark_alignment(*arguments)

"""The interval join against a model that compares every record with every other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import LATE_RECORDS, IntervalJoinOperator
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag

LEFT, RIGHT, EXTRA = OutputTag("left"), OutputTag("right"), OutputTag("extra")


def pair(left, right, context):
    assert context.get_timestamp() == max(context.get_left_timestamp(), context.get_right_timestamp())
    yield left, right, context.get_left_timestamp(), context.get_right_timestamp()


def join(lower, upper, function=pair, **arguments):
    keys = [lambda record: record[0]] * 2
    return OperatorHarness(IntervalJoinOperator(UserFunction(function), keys, lower, upper, **arguments))


@st.composite
def steps(draw):
    result, watermark = [], -60
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.integers(0, 2)):
            keys, stamps = st.sampled_from("ab"), st.integers(-40, 60)
            records = draw(st.lists(st.tuples(keys, st.integers(0, 9), stamps), max_size=6))
            result.append((draw(st.integers(0, 1)), records))
        else:
            watermark += draw(st.integers(1, 30))
            result.append(("watermark", watermark))
    return result


def expected(steps, lower, upper):
    """For each step the pairs that its records are the later half of, and the late records."""
    seen, watermark, answer = ([], []), -(10**18), []
    for what, data in steps:
        pairs, late = [], []
        if what == "watermark":
            watermark = data
            for which, reach in enumerate((upper, -lower)):
                # As in Flink, whose late records are those below the watermark: one that is equal to it may miss this.
                seen[which][:] = [record for record in seen[which] if record[2] + max(reach, 0) > watermark]
        else:
            for key, value, stamp in data:
                if stamp < watermark:
                    late.append((key, value))
                    continue
                seen[what].append((key, value, stamp))
                for other in seen[1 - what]:
                    left, right = ((key, value, stamp), other) if what == 0 else (other, (key, value, stamp))
                    if left[0] == right[0] and left[2] + lower <= right[2] <= left[2] + upper:
                        pairs.append(((left[:2], right[:2], left[2], right[2]), max(left[2], right[2])))
        answer.append((sorted(pairs), late))
    return answer


@settings(max_examples=200, deadline=None)
@given(steps=steps(), lower=st.integers(-25, 25), width=st.integers(0, 40))
def test_pairs_and_late_records(steps, lower, width):
    with join(lower, lower + width, late_tags=(LEFT, RIGHT)) as harness:
        for (what, data), (pairs, late) in zip(steps, expected(steps, lower, lower + width), strict=True):
            if what == "watermark":
                harness.watermark(data)
            else:
                harness.push([record[:2] for record in data], [record[2] for record in data], port=what)
            assert sorted(harness.take()) == pairs
            side = harness.side_outputs.pop("right" if what == 1 else "left", [])
            assert [value for value, _ in side] == late
        harness.finish()
        operator = harness.operator
        assert [len(table) for table in operator.state.tables.values()] == [0, 0]
        assert [len(side.stamps) for side in operator.sides] == [0, 0]
        assert len(operator.timers) == 0


def test_a_record_goes_when_no_partner_can_come():
    harness = join(-5, 10)
    harness.push([("a", 1)], [100])
    harness.push([("a", 2)], [100], port=1)
    left, right = harness.operator.state.tables.values()
    harness.watermark(104)
    assert (len(left), len(right)) == (1, 1)
    harness.watermark(105)
    assert (len(left), len(right)) == (1, 0)  # left records of up to 105 would join it
    harness.watermark(109)
    assert len(left) == 1
    harness.watermark(110)
    assert len(left) == 0


def test_late_records_are_counted_and_results_may_go_to_side_outputs():
    harness = join(0, 0, lambda left, right, context: [(EXTRA, left[1] + right[1])])
    harness.watermark(10)
    harness.push([("a", 1), ("a", 2)], [9, 10])
    harness.push([("a", 3)], [10], port=1)
    assert harness.counters == {LATE_RECORDS: 1}
    assert harness.side_outputs == {"extra": [(5, 10)]}


def test_failures_name_the_record_and_keep_what_came_before():
    def divide(left, right, context):
        yield left[1] / right[1]

    harness = join(0, 0, divide)
    harness.push([("a", 4)], [0])
    with pytest.raises(JobExecutionError, match=r"on record \('a', 0\)") as failure:
        harness.push([("a", 2), ("a", 0)], [0, 0], port=1)
    assert isinstance(failure.value.__cause__, ZeroDivisionError)
    assert harness.values == [2.0]


@pytest.mark.parametrize("stamps", [None, [3, None]])
def test_records_need_timestamps(stamps):
    with pytest.raises(JobExecutionError, match="assign_timestamps_and_watermarks"):
        join(0, 0).push([("a", 4), ("a", 5)], stamps)
    join(0, 0).push([], None)


def test_a_record_stays_at_least_until_the_watermark_reaches_it():
    harness = join(-5, -2)
    harness.push([("a", 1)], [100])
    harness.watermark(98)
    harness.push([("a", 2)], [98], port=1)  # at the watermark: not late
    assert harness.values == [(("a", 1), ("a", 2), 100, 98)]


class Unwalked(list):
    """A list whose items are asked for by place only."""

    def __iter__(self):
        raise AssertionError("all of them were looked at")


def test_partners_are_found_without_a_look_at_all_that_is_kept():
    with join(0, 1) as harness:
        harness.push([("a", number) for number in range(1000)], range(1000), 1)
        side = harness.operator.sides[1]
        side.stamps["a"] = Unwalked(list(side.stamps["a"]))
        harness.push([("a", "left")], [990], 0)
        assert [value[1] for value in harness.values] == [("a", 990), ("a", 991)]

import traceback
from array import array

import pytest

from pyflinkx._core.calls.records import (
    CallSite,
    RecordContext,
    ResultCollector,
    extract_timestamps,
    filter_values,
    flat_map_values,
    largest_timestamp,
    map_values,
    process_values,
    reduce_values,
    short_repr,
)
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx.errors import JobExecutionError, KeyTypeError
from pyflinkx.types.output_tag import OutputTag


@pytest.fixture
def site():
    return CallSite("double", "uid-1", "job.py:12")


def batch(*values, start=100):
    return ObjectBatch(list(values), array("q", range(start, start + len(values))))


def fails_on(bad):
    def function(value):
        if value == bad:
            raise ValueError(f"no {bad}")
        return value * 2

    return function


def test_map_keeps_timestamps_and_kinds(site):
    given = ObjectBatch([1, 2], array("q", [5, 6]), array("b", [0, 3]))
    result = map_values(site, lambda x: x + 1, given)
    assert (result.values, list(result.timestamps), list(result.kinds)) == ([2, 3], [5, 6], [0, 3])


def test_filter_drops_timestamps_and_kinds_with_their_records(site):
    given = ObjectBatch([1, 2, 3], array("q", [5, 6, 7]), array("b", [0, 1, 2]))
    result = filter_values(site, lambda x: x != 2, given)
    assert (result.values, list(result.timestamps), list(result.kinds)) == ([1, 3], [5, 7], [0, 2])


def test_flat_map_repeats_the_timestamp_for_each_result(site):
    result = flat_map_values(site, lambda x: range(x), batch(2, 0, 1))
    assert (result.values, list(result.timestamps)) == ([0, 1, 0], [100, 100, 102])


def test_flat_map_takes_none_for_nothing(site):
    assert flat_map_values(site, lambda x: None, ObjectBatch([1])).values == []


@pytest.mark.parametrize(
    ("loop", "function", "expected"),
    [
        (map_values, fails_on(3), ([2, 4], [100, 101])),
        (filter_values, fails_on(3), ([1, 2], [100, 101])),
        (flat_map_values, lambda x: iter([fails_on(3)(x)]), ([2, 4], [100, 101])),
    ],
)
def test_a_failure_keeps_what_came_before_and_says_where(site, loop, function, expected):
    with pytest.raises(JobExecutionError) as caught:
        loop(site, function, batch(1, 2, 3, 4))
    assert str(caught.value) == (
        "operator 'double' (uid uid-1) failed on record 3; created at job.py:12: ValueError: no 3"
    )
    assert isinstance(caught.value.__cause__, ValueError)
    partial = site.take_partial()
    assert (partial.values, list(partial.timestamps)) == expected
    assert site.take_partial() is None


def test_the_traceback_of_a_failure_begins_in_the_users_function(site):
    with pytest.raises(JobExecutionError) as caught:
        map_values(site, fails_on(1), batch(1))
    frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert [frame.name for frame in frames] == ["function"]


def test_results_of_a_generator_that_fails_halfway_are_kept(site):
    def halfway(value):
        yield value
        raise ValueError("half")

    with pytest.raises(JobExecutionError):
        flat_map_values(site, halfway, batch(7))
    partial = site.take_partial()
    assert (partial.values, list(partial.timestamps)) == ([7], [100])


def test_long_and_broken_reprs_are_cut():
    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

    assert len(short_repr("x" * 1000)) == 200
    assert short_repr(Broken()) == "<Broken whose repr() raised RuntimeError>"


def test_reduce_folds_by_key_and_emits_every_update(site):
    state = StateTable("reduced", "ReducingState", KeyContext())
    first = reduce_values(site, lambda t: t[0], lambda a, b: (a[0], a[1] + b[1]), state, batch(("a", 1), ("b", 2)))
    second = reduce_values(site, lambda t: t[0], lambda a, b: (a[0], a[1] + b[1]), state, batch(("a", 3)))
    assert first.values + second.values == [("a", 1), ("b", 2), ("a", 4)]
    assert list(state.keys.items()) == [("a", ("a", 4)), ("b", ("b", 2))]


def test_reduce_takes_all_nans_for_one_key(site):
    state = StateTable("reduced", "ReducingState", KeyContext())
    result = reduce_values(
        site, lambda t: t[0], lambda a, b: (a[0], a[1] + b[1]), state, batch((float("nan"), 1), (float("nan"), 2))
    )
    assert [value for _, value in result.values] == [1, 3]
    assert len(state) == 1


@pytest.mark.parametrize("key", [{1}, {"a": 1}, object()])
def test_keys_without_canonical_form_are_refused_by_operator_and_type(site, key):
    with pytest.raises(JobExecutionError, match=rf"operator 'double'.*{type(key).__name__}") as caught:
        reduce_values(site, lambda _: key, max, StateTable("r", "ReducingState", KeyContext()), batch(1))
    assert isinstance(caught.value.__cause__, KeyTypeError)


def test_extract_timestamps_passes_the_old_one_and_returns_the_largest(site):
    given = ObjectBatch([3, 9, 1])
    assert extract_timestamps(site, lambda value, old: value if old == NO_TIMESTAMP else 0, given) == 9
    assert extract_timestamps(site, lambda value, old: old - 10, given) == -1
    assert list(given.timestamps) == [-7, -1, -9]
    assert largest_timestamp(given.timestamps) == -1
    assert largest_timestamp(array("q")) == NO_TIMESTAMP


@pytest.mark.parametrize("bad", ["2020", 1.5, None])
def test_a_timestamp_that_is_no_int_is_refused(site, bad):
    with pytest.raises(JobExecutionError, match="must return int milliseconds"):
        extract_timestamps(site, lambda value, old: bad, batch(1))


def test_a_timestamp_beyond_int64_is_refused(site):
    with pytest.raises(JobExecutionError, match="OverflowError"):
        extract_timestamps(site, lambda value, old: 2**63, batch(1))


def test_process_routes_tagged_pairs_to_side_outputs(site):
    results = ResultCollector(OutputTag)
    tag = OutputTag("odd")

    def split(value, context):
        if value % 2:
            yield tag, (value, context.timestamp())
        else:
            yield value
            yield ("pair", value)

    process_values(site, split, RecordContext(), results, batch(1, 2))
    main, sides = results.take()
    assert (main.values, list(main.timestamps)) == ([2, ("pair", 2)], [101, 101])
    assert {key: (side.values, list(side.timestamps)) for key, side in sides.items()} == {"odd": ([(1, 100)], [100])}
    assert results.take() == (None, None)


def test_process_sets_the_key_for_each_record(site):
    keys, context = KeyContext(), RecordContext()
    results = ResultCollector(OutputTag)
    process_values(site, lambda value, _: [(keys.key, value)], context, results, batch("a", "bb"), len, keys)
    assert results.take()[0].values == [(1, "a"), (2, "bb")]


def test_a_record_without_timestamp_has_none(site):
    seen = []
    context = RecordContext()
    process_values(
        site, lambda value, c: seen.append(c.timestamp()), context, ResultCollector(OutputTag), ObjectBatch([1])
    )
    assert seen == [None]

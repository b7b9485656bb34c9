"""State that is exported at one parallelism and restored at another, against a run without interruption."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.keys.partition import key_group, subtask_of
from pyflinkx.operators.broadcast import BroadcastOperator
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.partition import AggregatePartitionOperator, MapPartitionOperator, ReducePartitionOperator
from pyflinkx.state import MapStateDescriptor
from pyflinkx.state.operator_state import redistributed
from pyflinkx.testing.harness import OperatorHarness
from tests.core.key_samples import coincident
from tests.operators.test_state_backends import BACKENDS, OPERATORS, PickledBackend, Totals, key_of, records, steps

GROUPS = 128


def pair(left, right, context):
    yield left, right, context.get_timestamp()


def interval_join():
    return IntervalJoinOperator(UserFunction(pair), [key_of, key_of], -3, 6)


class Subtasks:
    """An operator's subtasks, to which records go by key.

    Args:
        make: makes the operator.
        count: how many there are.
        backend: where their state is.
        earlier: the subtasks whose state they take over.
    """

    def __init__(self, make, count, backend, earlier=None):
        self.watermark = 0 if earlier is None else earlier.watermark
        restored = [] if earlier is None else earlier.export()
        parts = [[]] * count if earlier is None else redistributed(earlier.export_own(), count)
        self.results = [] if earlier is None else earlier.results
        self.harnesses = [
            OperatorHarness(
                make(),
                now=self.watermark,
                state_backend=backend(),
                subtask_index=subtask,
                parallelism=count,
                max_parallelism=GROUPS,
                restored_keyed=restored,
                restored_operator=parts[subtask],
            )
            for subtask in range(count)
        ]

    def export_own(self):
        return [harness.context.operator_state.export() for harness in self.harnesses]

    def export(self):
        return [batch for harness in self.harnesses for batch in harness.context.keyed_state.export(GROUPS)]

    def take(self, step, port):
        if isinstance(step, list):
            for record, stamp in step:
                group = key_group(check_key(record[0]), GROUPS)
                harness = self.harnesses[subtask_of(group, GROUPS, len(self.harnesses))]
                harness.push([record], [stamp], port=port)
        else:
            self.watermark += step
            for harness in self.harnesses:
                harness.clock.time = self.watermark
                harness.watermark(self.watermark)
        self.gather()

    def finish(self):
        for harness in self.harnesses:
            harness.finish()
        self.gather()

    def gather(self):
        for harness in self.harnesses:
            self.results += map(repr, harness.take())


def run(make, steps, scales, ports=1, backends=(BACKENDS[0],)):
    """The sorted results of a run with these numbers of subtasks, one after the other."""
    subtasks = None
    length = -(-len(steps) // len(scales)) or 1
    for number, scale in enumerate(scales):
        subtasks = Subtasks(make, scale, backends[number % len(backends)], subtasks)
        for place, step in enumerate(steps[number * length : (number + 1) * length], number * length):
            subtasks.take(step, place % ports)
    subtasks.finish()
    return sorted(subtasks.results)


scales = st.lists(st.integers(1, 5), min_size=2, max_size=4)


@pytest.mark.parametrize("name", sorted(OPERATORS))
@settings(max_examples=30)
@given(steps, scales)
def test_an_interrupted_run_is_as_another(name, steps, scales):
    assert run(OPERATORS[name], steps, scales) == run(OPERATORS[name], steps, [1])


def total(first, second):
    return "all", first[1] + second[1]


WHOLE = {
    "map": lambda: MapPartitionOperator(UserFunction(lambda values: [("all", sum(v for _, v in values))]), None),
    "reduce": lambda: ReducePartitionOperator(UserFunction(total), None),
    "aggregate": lambda: AggregatePartitionOperator(UserFunction(Totals().get_result, Totals()), None),
}


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=20)
@given(steps, scales)
def test_partitions_of_subtasks_become_one(name, steps, scales):
    """Each subtask has its own, so that they compare where all end in one."""
    assert run(WHOLE[name], steps, [*scales, 1]) == run(WHOLE[name], steps, [1])


def test_a_partition_stays_with_its_subtask_at_the_same_parallelism():
    first = Subtasks(OPERATORS["sort all"], 3, BACKENDS[0])
    for number, harness in enumerate(first.harnesses):
        harness.push([("a", number), ("b", number)])
    second = Subtasks(OPERATORS["sort all"], 3, BACKENDS[0], first)
    for number, harness in enumerate(second.harnesses):
        harness.finish()
        assert [value[1] for value in harness.values] == [number] * 2


@settings(max_examples=30)
@given(steps, scales)
def test_interval_join(steps, scales):
    assert run(interval_join, steps, scales, ports=2) == run(interval_join, steps, [1], ports=2)


@settings(max_examples=30)
@given(st.lists(records, max_size=4), st.lists(coincident, min_size=3, max_size=3), scales)
def test_keys_of_all_kinds(batches, keys, scales):
    steps = [[((keys["abc".index(key)], number), stamp) for (key, number), stamp in batch] for batch in batches]
    assert run(OPERATORS["reduce"], steps, scales) == run(OPERATORS["reduce"], steps, [1])


@settings(max_examples=20)
@given(steps, scales)
def test_backends_restore_each_other(steps, scales):
    for name in ("process", "process with a time to live", "sessions, aggregated", "map partition"):
        changing = run(OPERATORS[name], steps, scales, backends=(BACKENDS[0], PickledBackend))
        assert changing == run(OPERATORS[name], steps, [1])


def test_state_that_nobody_asks_for_is_kept():
    first = Subtasks(OPERATORS["process"], 2, BACKENDS[0])
    first.take([(("a", 1), 5), (("b", 2), 5)], 0)
    second = Subtasks(OPERATORS["reduce"], 3, BACKENDS[0], first)
    third = Subtasks(OPERATORS["process"], 1, BACKENDS[0], second)
    third.take([(("a", 3), 5), (("b", 4), 5)], 0)
    assert third.results[-2:] == [
        "((3, [1, 3], [((0, 'a'), 3), ((1, 'a'), 1)], 1, (4, 2)), 5)",
        "((4, [2, 4], [((1, 'a'), 4), ((2, 'a'), 2)], 2, (6, 2)), 5)",
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_broadcast_state_is_the_same_everywhere(count):
    rules = MapStateDescriptor("rules")

    def keep(record, context):
        context.get_broadcast_state(rules).put(*record)

    def look(record, context):
        yield context.get_broadcast_state(rules).get(record)

    def harness(**options):
        return OperatorHarness(BroadcastOperator([UserFunction(look), UserFunction(keep)], [rules]), **options)

    first = [harness() for _ in range(3)]
    for one in first:
        one.push([((1, "a"), "one"), ("b", "two")], port=1)
    parts = redistributed([one.context.operator_state.export() for one in first], count)
    for part in parts:
        after = harness(restored_operator=part)
        after.push([(1.0, "a"), "b", "c"])
        assert after.values == ["one", "two", None]

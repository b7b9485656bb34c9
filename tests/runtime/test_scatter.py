"""Every partitioner, between 1 to 5 producers and 1 to 5 consumers, on Python values and on columns."""

from array import array
from collections import Counter
from itertools import accumulate

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.partition import key_group, subtask_of
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import GraphError, JobExecutionError
from pyflinkx.graph.partitioners import (
    BroadcastPartitioner,
    CustomPartitioner,
    ForwardPartitioner,
    GlobalPartitioner,
    HashPartitioner,
    PartialPartitioner,
    Partitioner,
    RebalancePartitioner,
    RescalePartitioner,
    ShufflePartitioner,
)
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.functions import UserFunction
from pyflinkx.runtime.exchange.scatter import make_scatter

SITE = CallSite("Map", "the-uid", "job.py:7")
KEYS = st.one_of(st.integers(-3, 3), st.sampled_from(["", "a", "bc"]))
GROUPS = 128


def key_of(record):
    return record[2]


def by_length(key, consumers):
    return len(str(key)) % consumers


PARTITIONERS = {
    "rebalance": RebalancePartitioner(),
    "rescale": RescalePartitioner(),
    "shuffle": ShufflePartitioner(),
    "broadcast": BroadcastPartitioner(),
    "global": GlobalPartitioner(),
    "hash": HashPartitioner(key_of),
    "custom": CustomPartitioner(UserFunction(by_length), UserFunction(key_of)),
}


def object_batch(records):
    return ObjectBatch(list(records), array("q", [record[1] for record in records]))


def column_batch(records):
    columns = {name: [record[i] for record in records] for i, name in enumerate(["producer", "number", "key"])}
    types = {"producer": pyarrow.int64(), "number": pyarrow.int64(), "key": pyarrow.string()}
    arrays = {name: pyarrow.array(values, types[name]) for name, values in columns.items()}
    return ColumnBatch.from_arrow(pyarrow.record_batch(arrays)).with_timestamps(
        array("q", [record[1] for record in records])
    )


def records_of(batch):
    if isinstance(batch, ColumnBatch):
        return batch.to_rows("tuple"), [record[1] for record in batch.to_rows("tuple")]
    return batch.values, list(batch.timestamps)


@st.composite
def runs(draw):
    """(producers, consumers, columnar, per producer its batches of (producer, number, key))."""
    producers, consumers = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    columnar = draw(st.booleans())
    keys = KEYS.map(str) if columnar else KEYS
    batches = []
    for producer in range(producers):
        sizes = draw(st.lists(st.integers(0, 13), max_size=4))
        numbers = iter(range(sum(sizes)))
        batches.append([[(producer, next(numbers), draw(keys)) for _ in range(size)] for size in sizes])
    return producers, consumers, columnar, batches


def spread(partitioner, run):
    """What each consumer got from each producer, in order; per producer also the sizes sent for each batch."""
    producers, consumers, columnar, batches = run
    received = {}
    sizes = [[] for _ in range(producers)]
    for producer in range(producers):
        scatter = make_scatter(partitioner, producer, producers, consumers, GROUPS, SITE)
        for records in batches[producer]:
            parts = scatter((column_batch if columnar else object_batch)(records))
            sizes[producer].append([sum(len(part) for i, part in parts if i == c) for c in range(consumers)])
            for consumer, part in parts:
                assert len(part) > 0
                assert isinstance(part, ColumnBatch if columnar else ObjectBatch)
                values, timestamps = records_of(part)
                assert timestamps == [value[1] for value in values]
                received.setdefault((producer, consumer), []).extend(values)
    return received, sizes


@pytest.mark.parametrize("name", PARTITIONERS)
@given(run=runs())
def test_records_are_kept_in_order_and_stay_within_the_targets(name, run):
    partitioner = PARTITIONERS[name]
    producers, consumers, _, batches = run
    received, _ = spread(partitioner, run)
    sent = Counter(record for own in batches for records in own for record in records)
    copies = consumers if name == "broadcast" else 1
    assert Counter(record for records in received.values() for record in records) == {
        record: count * copies for record, count in sent.items()
    }
    for (producer, consumer), records in received.items():
        assert [record[1] for record in records] == sorted(record[1] for record in records)
        assert {record[0] for record in records} == {producer}
        assert consumer in partitioner.targets(producer, producers, consumers)


@given(run=runs())
def test_forward_keeps_every_record_in_its_subtask(run):
    producers, _, columnar, batches = run
    received, _ = spread(ForwardPartitioner(), (producers, producers, columnar, batches))
    sent = {(p, p): [record for records in own for record in records] for p, own in enumerate(batches)}
    assert received == {pair: records for pair, records in sent.items() if records}


@given(run=runs())
def test_broadcast_gives_each_consumer_everything_and_a_batch_of_its_own(run):
    _, consumers, _, batches = run
    received, _ = spread(BroadcastPartitioner(), run)
    for producer, own in enumerate(batches):
        for consumer in range(consumers):
            assert received.get((producer, consumer), []) == [record for records in own for record in records]
    batch = object_batch([(0, 0, "a")])
    parts = make_scatter(BroadcastPartitioner(), 0, 1, consumers, GROUPS, SITE)(batch)
    assert [index for index, _ in parts] == list(range(consumers))
    assert len({id(part.values) for _, part in parts}) == consumers


def test_broadcast_columns_are_shared():
    batch = column_batch([(0, 0, "a")])
    assert all(part is batch for _, part in make_scatter(BroadcastPartitioner(), 0, 1, 3, GROUPS, SITE)(batch))


@given(run=runs())
def test_global_reaches_the_first_subtask_only(run):
    received, _ = spread(GlobalPartitioner(), run)
    assert {consumer for _, consumer in received} <= {0}


@given(run=runs())
def test_hash_follows_the_key_group_formula(run):
    _, consumers, _, _ = run
    received, _ = spread(HashPartitioner(key_of), run)
    for (_, consumer), records in received.items():
        for record in records:
            assert subtask_of(key_group(record[2], GROUPS), GROUPS, consumers) == consumer


@pytest.mark.parametrize("consumers", [1, 2, 4, 5])
def test_partial_aggregates_that_were_made_for_other_subtasks_go_to_theirs(consumers):
    """In the order of two subtasks, as far as it goes: so they were on their way at an unaligned checkpoint."""
    groups = [40, 3, 63, 0, 127, 64, 100]
    partials = pyarrow.record_batch(
        {"key_group": pyarrow.array(groups, "int32"), "sum": pyarrow.array(range(7), "int64")}
    )
    batch = ColumnBatch.from_arrow(partials)
    partitioner = PartialPartitioner(key_of, ("key",), batch.schema)
    scatter = make_scatter(partitioner, 0, 1, consumers, GROUPS, SITE, in_order=False)
    found = {consumer: part.to_rows("tuple") for consumer, part in scatter(batch)}
    rows = list(zip(groups, range(7), strict=True))
    for consumer in range(consumers):
        assert found.get(consumer, []) == [row for row in rows if subtask_of(row[0], GROUPS, consumers) == consumer]


@given(run=runs())
def test_custom_follows_the_users_rule(run):
    _, consumers, _, _ = run
    received, _ = spread(PARTITIONERS["custom"], run)
    for (_, consumer), records in received.items():
        assert {by_length(record[2], consumers) for record in records} == {consumer}


@pytest.mark.parametrize("partitioner", [RebalancePartitioner(), RescalePartitioner()])
@given(run=runs())
def test_round_robin_is_even_within_a_batch_and_at_any_time(partitioner, run):
    producers, consumers, _, _ = run
    _, sizes = spread(partitioner, run)
    for producer, of_batches in enumerate(sizes):
        targets = partitioner.targets(producer, producers, consumers)
        for counts in (*of_batches, *accumulate(of_batches, lambda a, b: [x + y for x, y in zip(a, b, strict=True)])):
            reached = [counts[target] for target in targets]
            assert max(reached) - min(reached) <= 1


def flinks_groups(producers, consumers):
    """Per consumer its producers, as EdgeManagerBuildUtil.connectPointwise connects them."""
    groups = {consumer: set() for consumer in range(consumers)}
    if producers >= consumers:
        for consumer in range(consumers):
            first, end = consumer * producers // consumers, (consumer + 1) * producers // consumers
            groups[consumer].update(range(first, end))
    else:
        for producer in range(producers):
            first = (producer * consumers + producers - 1) // producers
            end = ((producer + 1) * consumers + producers - 1) // producers
            for consumer in range(first, end):
                groups[consumer].add(producer)
    return groups


@given(st.integers(1, 60), st.integers(1, 60))
def test_rescale_connects_as_flink_does(producers, consumers):
    found = {consumer: set() for consumer in range(consumers)}
    for producer in range(producers):
        targets = RescalePartitioner().targets(producer, producers, consumers)
        assert len(targets) > 0
        for consumer in targets:
            found[consumer].add(producer)
    assert found == flinks_groups(producers, consumers)
    assert all(found.values())


@pytest.mark.parametrize("consumers", [2, 3, 5])
def test_shuffle_is_uniform_and_differs_between_subtasks(consumers):
    choices = []
    for producer in range(3):
        scatter = make_scatter(ShufflePartitioner(), producer, 3, consumers, GROUPS, SITE)
        own = {}
        for consumer, part in scatter(ObjectBatch(list(range(9000)))):
            own.update(dict.fromkeys(part.values, consumer))
        choices.append(own)
        # 6 standard deviations: p(1 - p)n is largest for 2 consumers.
        for count in Counter(own.values()).values():
            assert abs(count - 9000 / consumers) < 6 * (9000 * 0.25) ** 0.5
    assert choices[0] != choices[1] != choices[2]
    again = make_scatter(ShufflePartitioner(), 0, 3, consumers, GROUPS, SITE)(ObjectBatch(list(range(9000))))
    assert {value: consumer for consumer, part in again for value in part.values} == choices[0]


class Rule:
    """A partitioner object that notes what is called."""

    def __init__(self, answer=0, failing=None):
        self.answer = answer
        self.failing = failing
        self.calls = []

    def note(self, call):
        self.calls.append(call)
        if call == self.failing:
            raise RuntimeError(f"no {call}")

    def open(self, runtime_context):
        self.note("open")
        self.subtask = runtime_context.get_index_of_this_subtask()

    def partition(self, key, consumers):
        return self.answer

    def close(self):
        self.note("close")


def custom(rule, producers=1):
    partitioner = CustomPartitioner(UserFunction(rule.partition, rule), UserFunction(key_of))
    return make_scatter(partitioner, 0, producers, 3, GROUPS, SITE, copied=producers > 1)


def context():
    return OperatorContext("Source", "source-uid", None, None, subtask_index=2, parallelism=4)


@pytest.mark.parametrize("answer", [3, -1, 1.0, "1", None])
def test_an_answer_that_is_no_subtask_names_operator_and_record(answer):
    with pytest.raises(JobExecutionError) as caught:
        custom(Rule(answer))(object_batch([(0, 5, "the key")]))
    message = str(caught.value)
    assert "operator 'Map' (uid the-uid)" in message
    assert "record (0, 5, 'the key')" in message
    assert "created at job.py:7" in message
    assert f"returned {answer!r} for key 'the key', which is no int from 0 to 2" in message


def test_numpy_integers_are_answers():
    numpy = pytest.importorskip("numpy")
    assert [index for index, _ in custom(Rule(numpy.int64(2)))(object_batch([(0, 5, "a")]))] == [2]


def test_a_partitioner_that_raises_names_the_record():
    def broken(key, consumers):
        return 1 // 0

    scatter = make_scatter(CustomPartitioner(UserFunction(broken), UserFunction(key_of)), 0, 1, 3, GROUPS, SITE)
    with pytest.raises(JobExecutionError, match=r"'Map'.*record \(0, 5, 'a'\).*ZeroDivisionError") as caught:
        scatter(object_batch([(0, 5, "a")]))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_partitioner_is_opened_and_closed_with_the_producers_context():
    rule = Rule()
    scatter = custom(rule)
    scatter.open(context())
    assert rule.subtask == 2
    scatter.close()
    assert rule.calls == ["open", "close"]


def test_failures_of_open_and_close_name_the_operator():
    rule = Rule(failing="open")
    scatter = custom(rule)
    with pytest.raises(JobExecutionError, match=r"'Map'.*in open\(\) of its custom partitioner.*RuntimeError: no open"):
        scatter.open(context())
    rule.failing = "close"
    with pytest.raises(JobExecutionError, match=r"'Map'.*in close\(\) of its custom partitioner"):
        scatter.close()
    assert rule.calls == ["open", "close"]


def test_each_of_several_producers_has_its_own_partitioner():
    rule = Rule()
    scatter = custom(rule, producers=2)
    scatter.open(context())
    assert rule.calls == []
    rule.lock = (part for part in ())  # generators cannot be copied
    with pytest.raises(GraphError, match=r"'Map' \(job.py:7\): each of its subtasks needs a copy"):
        custom(rule, producers=2)


def test_an_unknown_partitioner_is_refused():
    with pytest.raises(GraphError, match="'Map': no exchange"):
        make_scatter(Partitioner(), 0, 1, 2, GROUPS, SITE)

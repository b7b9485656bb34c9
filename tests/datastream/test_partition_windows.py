"""Functions over all records of a subtask or of a key."""

import pytest

from pyflinkx.common import Types
from pyflinkx.datastream import AggregateFunction, MapPartitionFunction, Order
from pyflinkx.errors import GraphError, JobExecutionError
from tests.datastream.conftest import make_environment

RECORDS = [(f"k{i % 3}", (i * 7) % 10) for i in range(60)]


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def by_key():
    groups = {}
    for key, number in RECORDS:
        groups.setdefault(key, []).append(number)
    return groups


class Average(AggregateFunction):
    def create_accumulator(self):
        return 0, 0

    def add(self, value, accumulator):
        return accumulator[0] + value[1], accumulator[1] + 1

    def get_result(self, accumulator):
        return accumulator[0] / accumulator[1]

    def merge(self, acc_a, acc_b):
        raise AssertionError("partitions are never merged")


class Sizes(MapPartitionFunction):
    def open(self, runtime_context):
        self.subtask = runtime_context.get_index_of_this_subtask()

    def map_partition(self, values):
        yield self.subtask, sum(1 for _ in values)


def test_a_partition_is_what_a_subtask_got(env):
    sizes = collect(env.from_collection(list(range(100))).rebalance().map_partition(Sizes()))
    parallelism = env.get_parallelism()
    assert sorted(sizes) == [(index, 100 // parallelism + (index < 100 % parallelism)) for index in range(parallelism)]


def test_a_partition_of_a_keyed_stream_is_a_key(env):
    partitions = env.from_collection(RECORDS).rebalance().key_by(0).full_window_partition()
    results = collect(partitions.map_partition(lambda values: [sorted(values)]))
    assert sorted(results) == sorted(sorted((key, n) for n in numbers) for key, numbers in by_key().items())


def test_reduce_and_aggregate_give_a_result_per_key(env):
    sums = env.from_collection(RECORDS).key_by(0).full_window_partition().reduce(lambda a, b: (a[0], a[1] + b[1]))
    assert sorted(collect(sums)) == sorted((key, sum(numbers)) for key, numbers in by_key().items())
    averages = env.from_collection(RECORDS).key_by(0).full_window_partition().aggregate(Average(), Types.DOUBLE())
    assert sorted(collect(averages)) == sorted(sum(numbers) / len(numbers) for numbers in by_key().values())


def test_sorting_keeps_the_order_of_equal_records():
    for order, sign in ((Order.ASCENDING, 1), (Order.DESCENDING, -1)):
        stream = make_environment("inline").from_collection(RECORDS).full_window_partition()
        assert collect(stream.sort_partition(1, order)) == sorted(RECORDS, key=lambda record: sign * record[1])


def test_sorting_by_key_within_keys():
    stream = make_environment("inline").from_collection(RECORDS).key_by(0).full_window_partition()
    expected = [(key, number) for key, numbers in by_key().items() for number in sorted(numbers)]
    assert collect(stream.sort_partition(lambda record: record[1])) == expected


def test_a_large_partition_comes_out_whole():
    env = make_environment("inline")
    assert collect(env.from_collection(list(range(5000))).map_partition(lambda values: values)) == list(range(5000))


def test_a_function_may_return_nothing():
    env = make_environment("inline")
    assert collect(env.from_collection([1]).map_partition(lambda values: None)) == []


def test_no_records_no_partition():
    env = make_environment("inline")
    assert collect(env.from_collection([]).map_partition(lambda values: [len(list(values))])) == []


def test_a_failure_names_the_partition_and_keeps_what_came_before():
    def fail(values):
        yield "before"
        raise RuntimeError("boom")

    env = make_environment("inline")
    stream = env.from_collection(RECORDS).key_by(0).full_window_partition().map_partition(fail)
    results = stream.execute_and_collect()
    assert next(results) == "before"
    with pytest.raises(JobExecutionError, match=r"partition of key 'k0'.*boom"):
        list(results)


def test_wrong_arguments_are_refused():
    window = make_environment("inline").from_collection([1]).full_window_partition()
    with pytest.raises(GraphError, match="takes an Order"):
        window.sort_partition("*", "descending")
    with pytest.raises(GraphError, match="AggregateFunction"):
        window.aggregate(max)
    with pytest.raises(GraphError, match="MapPartitionFunction"):
        window.map_partition(5)

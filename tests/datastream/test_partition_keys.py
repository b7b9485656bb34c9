"""Keyed partitions against a plain model: keys of all types, in the order in which they come."""

import pytest

from pyflinkx.datastream import AggregateFunction, StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError

NAN = float("nan")
KEYS = [1, True, 1.0, "1", (1, "a"), (1.0, "a"), (1, ("b",)), 2**70, float(2**70), NAN, -NAN, None, b"1", (2**70, 1)]


class Listing(AggregateFunction):
    def create_accumulator(self):
        return []

    def add(self, value, accumulator):
        return accumulator + value[1]

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a + b


PROGRAMS = {
    "map": lambda partitions: partitions.map_partition(lambda values: [[number for _, [number] in values]]),
    "sort": lambda partitions: partitions.sort_partition(lambda record: -record[1][0]).map(lambda record: record[1]),
    "reduce": lambda partitions: partitions.reduce(lambda a, b: (a[0], a[1] + b[1])).map(lambda record: record[1]),
    "aggregate": lambda partitions: partitions.aggregate(Listing()),
}


def same_key(a, b):
    return a == b or (a != a and b != b)


def modelled(records):
    groups = []
    for key, [number] in records:
        for known, numbers in groups:
            if same_key(known, key):
                numbers.append(number)
                break
        else:
            groups.append((key, [number]))
    return [numbers for _, numbers in groups]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("count", [1, 30, 3000])
def test_partitions_hold_what_has_equal_keys(program, count):
    env = StreamExecutionEnvironment.get_execution_environment()
    records = [(KEYS[number * 7 % len(KEYS)], [number]) for number in range(count)]
    expected = modelled(records)
    partitions = env.from_collection(records).key_by(lambda record: record[0]).full_window_partition()
    found = list(PROGRAMS[program](partitions).execute_and_collect())
    if program == "sort":
        expected = [[number] for numbers in expected for number in reversed(numbers)]
    assert found == expected


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        (lambda record: 1 // (record[1][0] - 3), "ZeroDivisionError"),
        (lambda record: {record[0]}, "KeyTypeError: a key"),
    ],
)
def test_a_key_that_cannot_be_says_of_which_record(program, selector, reason):
    env = StreamExecutionEnvironment.get_execution_environment()
    partitions = env.from_collection([("a", [number]) for number in range(3, 5)]).key_by(selector)
    stream = PROGRAMS[program](partitions.full_window_partition())
    with pytest.raises(JobExecutionError, match=rf"failed on record \('a', \[3\]\).*{reason}"):
        stream.execute_and_collect().__next__()

"""A key selector that changes its record changes nothing: results do not depend on how often it is called."""

import functools
import operator
import sys
import threading
from dataclasses import dataclass

import pytest

from pyflinkx.common import Time, WatermarkStrategy
from pyflinkx.datastream import CoMapFunction, KeySelector, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.operators.looking import Looking, is_harmless, looking

AT_ONE_TIME = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: 5)


def marking(record):
    record.append("seen")
    return record[0]


class Marking(KeySelector):
    def get_key(self, value):
        return marking(value)


class Same(CoMapFunction):
    def map1(self, value):
        return list(value)

    def map2(self, value):
        return list(value)


def joined(one, other):
    one, other = (stream.assign_timestamps_and_watermarks(AT_ONE_TIME) for stream in (one, other))
    pairs = one.join(other).where(marking).equal_to(marking)
    return pairs.window(TumblingEventTimeWindows.of(Time.seconds(1))).apply(lambda a, b: [*a, *b])


PROGRAMS = {
    "map": lambda one, other: one.key_by(marking).map(list),
    "object": lambda one, other: one.key_by(Marking()).map(list),
    "several": lambda one, other: one.key_by(marking, marking).map(list),
    "reduce": lambda one, other: one.key_by(marking).reduce(lambda a, b: [a[0], a[1] + b[1]]),
    "twice": lambda one, other: one.key_by(marking).map(list).key_by(marking).map(list),
    "fan out": lambda one, other: one.key_by(marking).map(list).union(one.map(list)),
    "partitions": lambda one, other: (
        one.key_by(marking).full_window_partition().map_partition(lambda values: [list(value) for value in values])
    ),
    "connected": lambda one, other: one.connect(other).key_by(marking, marking).map(Same()),
    "join": joined,
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("parallelism", [1, 2])
def test_what_a_selector_does_to_a_record_is_seen_by_nobody(program, parallelism):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    one, other = (env.from_collection([[number % 2, number] for number in range(6)]) for _ in range(2))
    found = list(PROGRAMS[program](one, other).execute_and_collect())
    assert len(found) >= 6
    assert not any("seen" in record for record in found)


@dataclass
class Order:
    user: str
    items: list


def changes(record):
    record.items += ["more"]


def named(record):
    user = record["user"]
    return user.lower()


def taken(record):
    take = record.pop
    len  # noqa: B018
    return take()


def extended(record):
    same = record
    same += [1]
    return same[0]


HARMLESS = [
    lambda record: record[0],
    lambda record: record["user"]["name"],
    lambda record: record.user,
    lambda record: (record.user, record.items[0] % 3 if record.items else None),
    lambda record: f"{record[0]}-{record[1]}",
    lambda record: record[1:3],
    lambda record: not record[0] > 5,
    lambda record: record.get("user"),
    lambda record: str(record["user"]).lower(),
    lambda record: hash(record[0]) % 8,
    lambda record: len(record.get("items", ())),
    named,
    operator.itemgetter(0),
    operator.attrgetter("user"),
]
OTHERS = [
    marking,
    Marking().get_key,
    changes,
    lambda record: record.pop(),
    lambda record: sorted(record),
    lambda record: changes(record),
    lambda record: record.items[0](len(record)),
    lambda record: record[0](),
    lambda record: record.add(1),
    lambda record: [record],
    lambda record: (record.pop(0), len)[0],
    lambda record: str if record.pop() else int,
    lambda record: (record.get, record.pop())[1],
    lambda record: (_first := record).pop(),
    lambda record: max([record.pop() for _ in range(1)]),
    extended,
    functools.partial(marking),
    *([taken, lambda record: (len, record[0](record))] if sys.version_info >= (3, 11) else []),
]


def test_code_that_only_looks_is_called_as_it_is():
    assert [is_harmless(function) for function in HARMLESS] == [True] * len(HARMLESS)
    assert [is_harmless(function) for function in OTHERS] == [False] * len(OTHERS)
    assert looking(HARMLESS[0]) is HARMLESS[0]


def test_in_place_operators_and_stores_are_noticed():
    def subscript(record):
        record[0] = 1

    def attribute(record):
        record.user = 1

    def added(record):
        value = record
        value += [1]
        return value

    def deleted(record):
        del record[0]

    assert not any(map(is_harmless, [subscript, attribute, added, deleted, changes]))


def test_what_cannot_change_or_be_copied_is_shown_itself():
    shown = []
    look = Looking(lambda record: shown.append(record))
    lock = threading.Lock()
    for record in ((1, "a"), lock, "text", None):
        look(record)
        assert shown[-1] is record
    order = Order("ann", [1])
    Looking(changes)(order)
    assert order.items == [1]

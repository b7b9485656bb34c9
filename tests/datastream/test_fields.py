"""Keys, aggregates and projections by position, name and path."""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from pyflinkx.common import Row, Types
from pyflinkx.datastream import KeySelector, RuntimeExecutionMode, StreamExecutionEnvironment
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.errors import GraphError, JobExecutionError
from tests.datastream.conftest import make_environment


@dataclass(frozen=True)
class User:
    name: str
    tags: tuple[str, ...]


@dataclass
class Visit:
    user: User
    seconds: int


class Sale(NamedTuple):
    shop: str
    amount: int


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


@pytest.fixture
def single():
    return StreamExecutionEnvironment.get_execution_environment()


class Second(KeySelector):
    def get_key(self, value):
        return value[1]


TUPLES = [("a", "x", 1), ("b", "x", 2), ("a", "y", 3), ("a", "x", 4)]
ROW = Types.ROW_NAMED(["k", "l", "n"], [Types.STRING(), Types.STRING(), Types.INT()])
TUPLE = Types.TUPLE([Types.STRING(), Types.STRING(), Types.INT()])


@pytest.mark.parametrize("type_info", [None, ROW, TUPLE], ids=["untyped", "row", "tuple"])
@pytest.mark.parametrize(
    ("selectors", "index"),
    [((0,), [0]), ((0, 1), [0, 1]), ((Second(),), [1]), ((1, lambda r: r[0]), [1, 0]), (("f0", 1), [0, 1])],
)
def test_records_of_one_key_are_summed(single, type_info, selectors, index):
    if type_info is ROW and "f0" in selectors:
        selectors = ("k", 1)
    sums = single.from_collection(TUPLES, type_info).key_by(*selectors).sum(2)
    expected, totals, firsts = [], defaultdict(int), {}
    for record in TUPLES:
        key = tuple(record[i] for i in index)
        firsts.setdefault(key, record)
        totals[key] += record[2]
        expected.append((*firsts[key][:2], totals[key]))
    assert [tuple(record) for record in collect(sums)] == expected


def test_keys_by_field_meet_on_all_workers(env):
    records = [Row(user=Row(name=f"u{i % 7}", n=(i % 3, i)), amount=i) for i in range(300)]
    totals = env.from_collection(records).rebalance().key_by("user.name", "user.n.0").sum("amount")
    expected = defaultdict(int)
    for i in range(300):
        expected[f"u{i % 7}", i % 3] += i
    final = {}
    for row in collect(totals):
        key = row.user.name, row.user.n[0]
        final[key] = max(final.get(key, 0), row.amount)
    assert final == expected


def test_dataclasses_named_tuples_and_dicts_have_fields_too(single):
    visits = [Visit(User("ann", ("x",)), 3), Visit(User("bob", ("y",)), 5), Visit(User("ann", ("x",)), 4)]
    assert [v.seconds for v in collect(single.from_collection(visits).key_by("user.tags.0").sum("seconds"))] == [
        3,
        5,
        7,
    ]
    assert [v.seconds for v in collect(single.from_collection(visits).key_by("user").max_by("seconds"))] == [3, 5, 4]
    sales = [Sale("a", 2), Sale("b", 1), Sale("a", 1)]
    assert collect(single.from_collection(sales).key_by("shop").min("amount")) == [
        Sale("a", 2),
        Sale("b", 1),
        Sale("a", 1),
    ]
    dicts = [{"k": 1, "n": 2}, {"k": 1, "n": 3}]
    assert collect(single.from_collection(dicts).key_by("k").sum("n")) == [{"k": 1, "n": 2}, {"k": 1, "n": 5}]


def typed_visits(env):
    def visit(number: int) -> Visit:
        return Visit(User(str(number % 2), ("t",)), number)

    return env.from_collection([1, 2, 3], Types.INT()).map(visit)


def test_a_field_of_an_annotated_dataclass_is_checked_and_read(single):
    assert [v.seconds for v in collect(typed_visits(single).key_by("user.name").sum("seconds"))] == [1, 2, 4]
    with pytest.raises(GraphError, match=r"key_by\(\): field 'user.age' does not exist.*'name', 'tags'"):
        typed_visits(single).key_by("user.age")
    with pytest.raises(GraphError, match=r"'seconds.x' does not exist.*no fields"):
        typed_visits(single).key_by("seconds.x")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.key_by(), "key_selector"),
        (lambda s: s.key_by(3), r"key_by\(\): field 3 does not exist.*'k', 'l', 'n'"),
        (lambda s: s.key_by("k", "z"), "field 'z' does not exist"),
        (lambda s: s.key_by(-1), "counts from 0"),
        (lambda s: s.key_by("a..b"), "takes a field name or a path"),
        (lambda s: s.key_by(True), "takes a KeySelector or a callable"),
        (lambda s: s.key_by(0).sum("z"), r"sum\(\): field 'z' does not exist"),
        (lambda s: s.key_by(0).min(1.5), r"min\(\) takes the position or name"),
        (lambda s: s.key_by(0).max_by("k.n"), "not exist"),
        (lambda s: s.project(), "needs a key selector"),
        (lambda s: s.project(0, 9), r"project\(\): field 9 does not exist"),
        (lambda s: s.project("k"), "takes positions"),
        (lambda s: s.key_by(0).shuffle(), "cannot override the partitioning"),
    ],
)
def test_wrong_fields_are_refused_when_the_graph_is_built(single, call, message):
    with pytest.raises((GraphError, TypeError), match=message):
        call(single.from_collection(TUPLES, ROW))


def test_a_plain_value_has_no_fields_but_is_its_own_field_0(single):
    numbers = single.from_collection([3, 1, 2], Types.INT())
    with pytest.raises(GraphError, match="has no fields"):
        numbers.key_by(0)
    assert collect(numbers.key_by(lambda x: 0).sum()) == [3, 4, 6]
    assert collect(single.from_collection([3, 1, 2]).key_by("*").max_by()) == [3, 1, 2]
    with pytest.raises(GraphError, match="has no fields"):
        single.from_collection([3], Types.INT()).key_by(lambda x: 0).sum(1)


def test_a_record_without_the_field_names_the_operator_and_the_record(single):
    stream = single.from_collection([{"a": 1}, {"b": 2}]).key_by("a").sum("a").name("sums")
    with pytest.raises(JobExecutionError, match=r"operator 'sums'.*on record \{'b': 2\}.*no field 'a'"):
        collect(stream)


def test_a_key_type_may_follow_the_selectors(single):
    assert single.from_collection(TUPLES).key_by(0, Types.STRING())._keys.type == Types.STRING()
    assert single.from_collection(TUPLES).key_by(0, 1, key_type=Types.STRING())._keys.type == Types.STRING()


def test_accumulate_types_have_pyflinks_names():
    assert [kind.name for kind in KeyedStream.AccumulateType] == ["MIN", "MAX", "MIN_BY", "MAX_BY", "SUM"]


@pytest.mark.parametrize("type_info", [None, ROW, TUPLE], ids=["untyped", "row", "tuple"])
def test_project_gives_tuples_of_the_fields(single, type_info):
    assert collect(single.from_collection(TUPLES, type_info).project(2, 0)) == [(r[2], r[0]) for r in TUPLES]
    assert collect(single.from_collection(TUPLES, type_info).project(1)) == [(r[1],) for r in TUPLES]


def test_project_keeps_the_types(single):
    assert single.from_collection(TUPLES, TUPLE).project(2, 0).get_type() == Types.TUPLE([Types.INT(), Types.STRING()])


def test_a_batch_job_emits_only_final_results():
    environment = make_environment("inline")
    environment.set_runtime_mode(RuntimeExecutionMode.BATCH)
    sums = environment.from_collection(TUPLES).key_by(0).sum(2)
    assert collect(sums) == [("a", "x", 8), ("b", "x", 2)]

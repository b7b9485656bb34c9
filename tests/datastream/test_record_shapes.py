"""Records of a declared type have its one shape for whatever reads them, however the program made them."""

import json
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import pytest

from pyflinkx.common import Row, RowKind, Types, WatermarkStrategy
from pyflinkx.datastream import (
    CoMapFunction,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    ReduceFunction,
    agg,
    col,
)
from pyflinkx.datastream.formats.json import JsonRowSerializationSchema
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import JobExecutionError
from pyflinkx.types.infer import type_info_from_annotation
from tests.datastream.conftest import make_environment

INNER = Types.ROW_NAMED(["city", "zip"], [Types.STRING(), Types.INT()])
TYPE = Types.ROW_NAMED(
    ["shop", "spent", "at", "tags"], [Types.INT(), Types.INT(), INNER, Types.LIST(Types.TUPLE([INNER]))]
)


class Swapped(NamedTuple):
    spent: int
    shop: int
    tags: list
    at: dict


class Thing:
    def __init__(self, **fields):
        self.__dict__.update(fields)


@dataclass
class Sale:
    spent: int
    shop: int
    tags: list
    at: dict


def tags(n):
    return [[{"zip": n, "city": f"t{n}"}]]


MAKERS = {
    "Row in declared order": lambda n: Row(shop=1, spent=n * 10, at=Row(city="rome", zip=n), tags=tags(n)),
    "Row in another order": lambda n: Row(tags=tags(n), at=Row(zip=n, city="rome"), spent=n * 10, shop=1),
    "Row without names": lambda n: Row(1, n * 10, Row("rome", n), tags(n)),
    "tuple": lambda n: (1, n * 10, ("rome", n), tags(n)),
    "list": lambda n: [1, n * 10, ["rome", n], tags(n)],
    "dict": lambda n: {"tags": tags(n), "at": {"zip": n, "city": "rome"}, "spent": n * 10, "shop": 1},
    "NamedTuple": lambda n: Swapped(n * 10, 1, tags(n), {"zip": n, "city": "rome"}),
    "object": lambda n: Thing(tags=tags(n), at=Thing(zip=n, city="rome"), spent=n * 10, shop=1),
    "dataclass": lambda n: Sale(n * 10, 1, tags(n), {"zip": n, "city": "rome"}),
}
EXPECTED = [
    Row(shop=1, spent=n * 10, at=Row(city="rome", zip=n), tags=[(Row(city=f"t{n}", zip=n),)]) for n in (1, 2, 3)
]
TAG = OutputTag("side", TYPE)


class Divert(ProcessFunction):
    def process_element(self, value, ctx):
        yield TAG, MAKERS["dict"](value)


class Add(ReduceFunction):
    def reduce(self, value1, value2):
        return {"spent": value1.spent + value2[1], "shop": value1.shop}


class Twice(CoMapFunction):
    def map1(self, value):
        return MAKERS["dict"](value)

    def map2(self, value):
        return MAKERS["object"](value)


class Remember(KeyedProcessFunction):
    def process_element(self, value, ctx):
        yield (ctx.get_current_key(), value.spent)


def timed(stream):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(
        lambda value, timestamp: value.spent
    )
    return stream.assign_timestamps_and_watermarks(strategy)


USES = {
    "as it is": (lambda s: s, EXPECTED),
    "key_by(name).sum(name)": (
        lambda s: s.key_by("shop").sum("spent").map(lambda row: row.spent, Types.INT()),
        [10, 30, 60],
    ),
    "key_by(position).sum(position)": (lambda s: s.key_by(0).sum(1).map(lambda row: row[1]), [10, 30, 60]),
    "key_by(name).max(name)": (lambda s: s.key_by("shop").max("spent").map(lambda row: row["spent"]), [10, 20, 30]),
    "key_by(name).min_by(name)": (lambda s: s.key_by("shop").min_by("spent").map(lambda row: row[1]), [10, 10, 10]),
    "key_by(path).max(name)": (lambda s: s.key_by("at.city").max("spent").map(lambda row: row[1]), [10, 20, 30]),
    "key_by(path of positions)": (lambda s: s.key_by("2.0").sum("spent").map(lambda row: row[1]), [10, 30, 60]),
    "project": (lambda s: s.project(1, 0), [(10, 1), (20, 1), (30, 1)]),
    "project(path)": (
        lambda s: s.map(lambda row: (row.at.zip, row.at[1], row.tags[0][0].city)),
        [
            (1, 1, "t1"),
            (2, 2, "t2"),
            (3, 3, "t3"),
        ],
    ),
    "filter": (lambda s: s.filter(lambda row: row[1] > 10 and row.spent > 10), EXPECTED[1:]),
    "filter(expression)": (
        lambda s: s.map(lambda r: (r[0], r[1]), FLAT).filter(col("spent") > 10),
        [
            Row(shop=1, spent=20),
            Row(shop=1, spent=30),
        ],
    ),
    "select": (
        lambda s: s.map(lambda r: {"spent": r[1], "shop": r[0]}, FLAT).select("spent"),
        [
            Row(spent=10),
            Row(spent=20),
            Row(spent=30),
        ],
    ),
    "agg": (
        lambda s: (
            s.map(lambda r: Row(spent=r[1], shop=r[0]), FLAT)
            .set_parallelism(1)
            .key_by("shop")
            .agg(total=agg.sum("spent"))
        ),
        [Row(shop=1, total=10), Row(shop=1, total=30), Row(shop=1, total=60)],
    ),
    "reduce": (
        lambda s: (
            s.key_by("shop").reduce(lambda a, b: (a.shop, a.spent + b.spent, a.at, a.tags)).map(lambda r: r.spent)
        ),
        [10, 30, 60],
    ),
    "window": (
        lambda s: (
            timed(s)
            .key_by("shop")
            .window(TumblingEventTimeWindows.of(1000))
            .reduce(lambda a, b: {"spent": a.spent + b["spent"], "shop": a[0]})
            .map(lambda r: (r[0], r[1], r.at, list(r._fields)))
        ),
        [(1, 60, None, ["shop", "spent", "at", "tags"])],
    ),
    "count window": (lambda s: s.key_by("shop").count_window(3).reduce(Add()).map(lambda r: r.spent), [60]),
    "process": (lambda s: s.key_by("shop").process(Remember()), [(1, 10), (1, 20), (1, 30)]),
    "union": (lambda s: s.union(s).map(lambda r: r[1]), [10, 10, 20, 20, 30, 30]),
    "join": (
        lambda s: (
            timed(s)
            .join(timed(s))
            .where(lambda r: r["spent"])
            .equal_to(lambda r: r[1])
            .window(TumblingEventTimeWindows.of(1000))
            .apply(lambda a, b: (a.spent, b[1]))
        ),
        [(10, 10), (20, 20), (30, 30)],
    ),
    "partition": (
        lambda s: (
            s.key_by("shop")
            .full_window_partition()
            .reduce(lambda a, b: {"spent": a.spent + b[1]})
            .map(lambda r: (r[0], r.spent))
        ),
        [(None, 60)],
    ),
    "keyed by another": (
        lambda s: s.key_by(lambda r: r.at.zip).map(lambda r: (r[2][1], r.spent)),
        [(1, 10), (2, 20), (3, 30)],
    ),
}
FLAT = Types.ROW_NAMED(["shop", "spent"], [Types.INT(), Types.INT()])


def same(left, right):
    """Equal, with the same names in the same order at every depth."""
    if isinstance(right, Row):
        return (
            type(left) is Row
            and left._fields == right._fields
            and left.get_row_kind() == right.get_row_kind()
            and same(list(left), list(right))
        )
    if isinstance(right, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    return left == right


def collected(stream):
    with stream.execute_and_collect() as results:
        return sorted(results, key=repr)


@pytest.mark.parametrize(
    ("execution", "maker"),
    [*(("inline", maker) for maker in MAKERS), ("threads-2", "Row in another order"), ("threads-2", "dict")],
)
def test_whatever_reads_records_finds_each_field_at_its_place(execution, maker):
    for use, (build, expected) in USES.items():
        env = make_environment(execution)
        made = env.from_collection([1, 2, 3], Types.INT()).map(MAKERS[maker], TYPE).set_parallelism(1)
        got = collected(build(made))
        assert same(got, sorted(expected, key=repr)), (use, got)


def test_on_all_executions(env):
    numbers = env.from_collection([1, 2, 3], Types.INT())
    made = numbers.map(MAKERS["dict"], TYPE).set_parallelism(1)
    assert same(collected(made.rebalance().map(lambda r: r, TYPE)), EXPECTED)
    assert same(collected(numbers.process(Divert()).get_side_output(TAG)), EXPECTED)
    both = numbers.connect(numbers).map(Twice(), TYPE)
    assert same(collected(both), sorted(EXPECTED * 2, key=repr))
    flat = numbers.flat_map(lambda n: [MAKERS["dict"](n)], TYPE)
    assert same(collected(flat), EXPECTED)


def test_rows_of_a_type_without_names_have_those_of_pyflink(env):
    type_info = Types.ROW([Types.INT(), Types.ROW([Types.STRING()])])
    made = env.from_collection([1, 2], Types.INT()).map(lambda n: Row(n, (str(n),)), type_info)
    assert same(collected(made), [Row(f0=n, f1=Row(f0=str(n))) for n in (1, 2)])
    assert collected(made.map(lambda row: (row.f0, row["f1"].f0))) == [(1, "1"), (2, "2")]
    assert collected(made.key_by("f1.f0").sum("f0").map(lambda row: row.f0)) == [1, 2]


def test_row_kinds_stay(inline_env):
    made = inline_env.from_collection([1]).map(lambda n: Row.of_kind(RowKind.DELETE, spent=1, shop=2), FLAT)
    (row,) = collected(made)
    assert row.get_row_kind() is RowKind.DELETE
    assert list(row) == [2, 1]


class Entry(TypedDict):
    shop: int
    spent: float


@dataclass
class Point:
    shop: int
    spent: float


class Pair(NamedTuple):
    shop: int
    spent: float


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_classes_as_types(execution):
    env = make_environment(execution)
    numbers = env.from_collection([1, 2], Types.INT())
    entry, point, pair = map(type_info_from_annotation, (Entry, Point, Pair))
    entries = numbers.map(lambda n: {"spent": n, "shop": 5}, entry).set_parallelism(1)
    assert [(list(e), type(e["spent"])) for e in collected(entries)] == [(["shop", "spent"], float)] * 2
    for key, field in (("shop", "spent"), (0, 1), ("shop", 1)):
        assert collected(entries.key_by(key).sum(field).map(lambda e: e["spent"])) == [1.0, 3.0]
    assert collected(entries.project(1, 0)) == [(1.0, 5), (2.0, 5)]
    assert collected(entries.key_by("shop").agg(total=agg.sum("spent"))) == [
        Row(shop=5, total=1.0),
        Row(shop=5, total=3.0),
    ]
    points = numbers.map(lambda n: Point(5, n), point).set_parallelism(1)
    assert repr(collected(points)) == "[Point(shop=5, spent=1.0), Point(shop=5, spent=2.0)]"
    assert collected(points.key_by("shop").sum("spent").map(lambda p: p.spent)) == [1.0, 3.0]
    assert (
        repr(collected(numbers.map(lambda n: Pair(5, n), pair))) == "[Pair(shop=5, spent=1.0), Pair(shop=5, spent=2.0)]"
    )


def test_parts_that_are_pickled_do_not_keep_the_others_from_their_shape(env):
    type_info = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.PICKLED_BYTE_ARRAY()])
    made = env.from_collection([1, 2], Types.INT()).map(lambda n: {"b": {n}, "a": n}, type_info)
    assert same(collected(made), [Row(a=1, b={1}), Row(a=2, b={2})])
    with pytest.raises(JobExecutionError, match="field 'a': expected INT, got str 'x'"):
        collected(env.from_collection([1]).map(lambda n: {"b": {n}, "a": "x"}, type_info))


NULLABLE = [
    (Types.STRING(), "x", "x"),
    (FLAT, {"spent": 2, "shop": 1}, Row(shop=1, spent=2)),
    (Types.TUPLE([Types.INT()]), [1], (1,)),
    (Types.PICKLED_BYTE_ARRAY(), {1}, {1}),
]


@pytest.mark.parametrize(("type_info", "value", "shaped"), NULLABLE, ids=str)
def test_none_is_a_record_of_every_type(env, type_info, value, shaped):
    made = env.from_collection([0, 1, 0], Types.INT()).map(lambda n: value if n else None, type_info)
    assert collected(made.rebalance()) == sorted([None, None, shaped], key=repr)
    assert collected(made.filter(lambda v: v is not None)) == [shaped]
    assert collected(made.rebalance().filter(lambda v: v is not None)) == [shaped]


def test_a_reduce_function_gets_its_results_as_records(env):
    made = env.from_collection([1, 2, 3, 4], Types.INT()).map(lambda n: (1, n), FLAT).set_parallelism(1)
    assert [row.spent for row in collected(made.key_by("shop").reduce(Add()))] == [1, 10, 3, 6]
    with pytest.raises(JobExecutionError, match=r"Reduce.*'no' is not of its declared output type"):
        collected(made.key_by("shop").reduce(lambda a, b: "no"))


@pytest.mark.parametrize("maker", MAKERS)
def test_sinks(maker, tmp_path, capsys):
    env = make_environment("inline")
    made = env.from_collection([1, 2, 3], Types.INT()).map(MAKERS[maker], TYPE)
    made.print()
    made.map(lambda r: {"spent": r.spent, "shop": r[0]}, FLAT).write_as_csv(str(tmp_path / "out.csv"))
    schema = JsonRowSerializationSchema.builder().with_type_info(TYPE).build()
    made.map(lambda r: schema.serialize(r).decode(), Types.STRING()).write_as_text(str(tmp_path / "out.json"))
    env.execute()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "+I[1,10,Row(city='rome', zip=1),[(Row(city='t1', zip=1),)]]"
    assert (tmp_path / "out.csv").read_text() == "1,10\n1,20\n1,30\n"
    documents = [json.loads(line) for line in (tmp_path / "out.json").read_text().splitlines()]
    assert documents[1] == {
        "shop": 1,
        "spent": 20,
        "at": {"city": "rome", "zip": 2},
        "tags": [[{"city": "t2", "zip": 2}]],
    }


def test_keys_are_the_same_on_all_executions(env):
    made = env.from_collection([1, 2], Types.INT()).map(
        lambda n: (n, {"zip": 5, "city": "x"}), Types.TUPLE([Types.INT(), INNER])
    )
    keyed = made.set_parallelism(1).key_by(lambda pair: tuple(pair[1]))
    assert sorted(collected(keyed.reduce(lambda a, b: (a[0] + b[0], a[1])).map(lambda p: p[0]))) == [1, 3]


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_a_union_with_records_of_another_shape_is_read_by_name(execution):
    env = make_environment(execution)
    numbers = env.from_collection([1, 2, 3], Types.INT())
    declared = numbers.map(MAKERS["dict"], TYPE).set_parallelism(1)
    swapped = Types.ROW_NAMED(["spent", "shop"], [Types.INT(), Types.INT()])
    others = [
        numbers.map(lambda n: {"spent": n, "shop": 1}),
        numbers.map(lambda n: Row(spent=n, shop=1)),
        numbers.map(lambda n: (n, 1), swapped),
    ]
    for other in others:
        for united in (declared.union(other), other.union(declared)):
            last = united.key_by("shop").max("spent").map(lambda row: row["spent"])
            assert max(collected(last)) == 30
    again = declared.union(numbers.map(MAKERS["tuple"], TYPE))
    assert again.get_type() == TYPE
    assert same(collected(again), sorted(EXPECTED * 2, key=repr))

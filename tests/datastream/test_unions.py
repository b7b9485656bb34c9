"""Unions of streams whose columns differ: in order, in width, in what they are."""

import datetime
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.common import Row, Types
from pyflinkx.datastream import StreamExecutionEnvironment, agg, col
from pyflinkx.errors import GraphError, JobExecutionError
from pyflinkx.types.common import common_format, common_schema

NORTH = pa.table({"shop": ["n", "m"], "sold": [1, 2]})
ROW = Types.ROW_NAMED(["shop", "sold"], [Types.STRING(), Types.LONG()])


class Sale(NamedTuple):
    shop: str
    sold: int


OTHERS = {
    "the same": lambda env: env.from_arrow(pa.table({"shop": ["n"], "sold": [5]})),
    "another order": lambda env: env.from_arrow(pa.table({"sold": [5], "shop": ["n"]})),
    "large text": lambda env: env.from_arrow(pa.table({"shop": pa.array(["n"], pa.large_string()), "sold": [5]})),
    "dictionary": lambda env: env.from_arrow(pa.table({"shop": pa.array(["n"]).dictionary_encode(), "sold": [5]})),
    "int32": lambda env: env.from_arrow(pa.table({"sold": pa.array([5], pa.int32()), "shop": ["n"]})),
    "uint32": lambda env: env.from_arrow(pa.table({"shop": ["n"], "sold": pa.array([5], pa.uint32())})),
    "rows": lambda env: env.from_collection([Row(shop="n", sold=5)], ROW),
    "rows in another order": lambda env: env.from_collection(
        [Row(sold=5, shop="n")], Types.ROW_NAMED(["sold", "shop"], [Types.INT(), Types.STRING()])
    ),
    "NamedTuples": lambda env: env.from_collection([("n", 5)]).map(lambda pair: Sale(*pair), output_type=ROW),
}
NATIVE = {
    "agg": lambda stream: stream.key_by("shop").agg(total=agg.sum("sold")).to_arrow(),
    "select": lambda stream: stream.select("shop", "sold").to_arrow(),
    "filter": lambda stream: stream.filter(col("sold") > 0).to_arrow(),
    "to_arrow": lambda stream: stream.to_arrow(),
}


@pytest.mark.parametrize(
    ("operation", "parallelism"), [("agg", 1), ("agg", 2), ("select", 1), ("filter", 1), ("to_arrow", 1)]
)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_streams_of_like_columns_are_united(name, turned, operation, parallelism):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    streams = [env.from_arrow(NORTH), OTHERS[name](env)]
    streams = streams[::-1] if turned else streams
    table = NATIVE[operation](streams[0].union(streams[1]))
    assert table.num_rows == 3
    totals = {row["shop"]: 0 for row in table.to_pylist()}
    for row in table.to_pylist():
        totals[row["shop"]] = (
            max(totals[row["shop"]], row["total"]) if operation == "agg" else (totals[row["shop"]] + row["sold"])
        )
    assert totals == {"n": 6, "m": 2}


@pytest.mark.parametrize("name", OTHERS)
def test_the_union_is_seen_as_rows(name):
    env = StreamExecutionEnvironment.get_execution_environment()
    united = env.from_arrow(NORTH).union(OTHERS[name](env))
    with united.map(lambda row: (row.shop, row.sold)).execute_and_collect() as results:
        assert sorted(results) == [("m", 2), ("n", 1), ("n", 5)]


def test_columnar_streams_stay_columnar_and_keep_their_order_and_times(inline_env):
    first = inline_env.from_arrow(pa.table({"t": pa.array([1, 2], pa.int32()), "v": [1.5, 2.5]}))
    second = inline_env.from_arrow(pa.table({"v": pa.array([3, 4], pa.int16()), "t": pa.array([3, 4], pa.int64())}))
    united = first.union(second)
    assert united._value.schema == Schema([Field("t", "l"), Field("v", "g")])
    table = united.to_arrow()
    assert table.schema.types == [pa.int64(), pa.float64()]
    assert sorted(table.to_pylist(), key=str) == [{"t": n, "v": v} for n, v in ((1, 1.5), (2, 2.5), (3, 3.0), (4, 4.0))]


def test_three_streams_and_spread_ones():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(2)
    tables = [
        pa.table({"k": pa.array([number], kind), "s": pa.array(["x"], text)})
        for number, (kind, text) in enumerate(
            [(pa.int8(), pa.string()), (pa.uint8(), pa.large_string()), (pa.int16(), pa.string_view())]
        )
    ]
    streams = [env.from_arrow(tables[0]).rebalance(), env.from_arrow(tables[1]).key_by("k"), env.from_arrow(tables[2])]
    table = streams[0].union(*streams[1:]).to_arrow()
    assert table.schema.types == [pa.int16(), pa.large_string()]
    assert sorted(table.column("k").to_pylist()) == [0, 1, 2]


DIFFERENT = {
    r"column 'tax' is only in the second": pa.table({"shop": ["n"], "sold": [5], "tax": [1]}),
    r"columns 'shop', 'sold' are only in the first and column 'x' is only in the second": pa.table({"x": [5]}),
    r"column 'sold' is int64 or utf8": pa.table({"shop": ["n"], "sold": ["5"]}),
    r"column 'sold' is int64 or float64": pa.table({"shop": ["n"], "sold": [5.0]}),
    r"column 'sold' is int64 or uint64": pa.table({"shop": ["n"], "sold": pa.array([5], pa.uint64())}),
    r"column 'shop' is utf8 or list<int64>": pa.table({"shop": [[1]], "sold": [5]}),
}


@pytest.mark.parametrize("why", DIFFERENT)
@pytest.mark.parametrize("operation", ["agg", "select", "to_arrow"])
def test_what_differs_is_said_where_columns_are_needed(why, operation):
    env = StreamExecutionEnvironment.get_execution_environment()
    united = env.from_arrow(NORTH).union(env.from_arrow(DIFFERENT[why]))
    with pytest.raises(
        GraphError, match=rf"union\(\) at .*test_unions.py:\d+ .* differ: {why}, in 'Arrow Source' \(.*"
    ):
        NATIVE[operation](united)


def test_rows_of_unknown_type_are_named():
    env = StreamExecutionEnvironment.get_execution_environment()
    united = env.from_arrow(NORTH).union(env.from_collection([1]).map(lambda one: Row("n", one)))
    with pytest.raises(GraphError, match=r"'Map' \(.*test_unions.py:\d+\) has records of unknown type.*output_type"):
        united.select("shop")
    united = env.from_arrow(NORTH).union(env.from_collection(["a"], Types.STRING()))
    with pytest.raises(GraphError, match="records without columns: String has no fields"):
        united.to_arrow()


def test_unions_of_rows_of_two_types_have_the_wider_columns():
    env = StreamExecutionEnvironment.get_execution_environment()
    kinds = [Types.ROW_NAMED(["a"], [kind]) for kind in (Types.INT(), Types.LONG())]
    united = env.from_collection([Row(a=1)], kinds[0]).union(env.from_collection([Row(a=2**40)], kinds[1]))
    assert sorted(united.to_arrow().column("a").to_pylist()) == [1, 2**40]


def test_a_time_that_does_not_fit_the_finer_unit_is_an_error():
    env = StreamExecutionEnvironment.get_execution_environment()
    far = pa.table({"at": pa.array([datetime.datetime(9999, 1, 1)], pa.timestamp("s"))})
    near = pa.table({"at": pa.array([1], pa.timestamp("ns"))})
    with pytest.raises(
        JobExecutionError, match=r"operator 'Align' .*test_unions.py.*col\('at'\).*does not fit its unit"
    ):
        env.from_arrow(far).union(env.from_arrow(near)).to_arrow()


TYPES = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
TYPES += [pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.bool_()]
TYPES += [pa.date32(), pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.duration("s"), pa.null()]
TYPES += [pa.duration("ms"), pa.list_(pa.int64()), pa.struct({"x": pa.int8()}), pa.decimal128(9, 2), pa.time64("us")]


def extremes(kind):
    if pa.types.is_integer(kind):
        bits, signed = kind.bit_width, pa.types.is_signed_integer(kind)
        return [None, -(2 ** (bits - 1)) if signed else 0, 2 ** (bits - 1 if signed else bits) - 1]
    if pa.types.is_floating(kind):
        return [None, 0.5, -1.0]
    values = {"string": "é", "large_string": "", "binary": b"\xff", "large_binary": b"", "bool": True, "null": None}
    values |= {"list<item: int64>": [1], "struct<x: int8>": {"x": 1}, "date32[day]": datetime.date(2000, 1, 1)}
    if str(kind) in values:
        return [None, values[str(kind)]]
    return [None, pa.scalar(1, pa.int64()).cast(kind).as_py() if "decimal" not in str(kind) else None]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(TYPES), min_size=2, max_size=3), st.booleans())
def test_no_value_changes(kinds, turned):
    env = StreamExecutionEnvironment.get_execution_environment()
    tables = [
        pa.table({"v": pa.array(extremes(kind), kind), "n": pa.array([1] * len(extremes(kind)))}) for kind in kinds
    ]
    tables = [table.select(["n", "v"]) if turned and number else table for number, table in enumerate(tables)]
    streams = [env.from_arrow(table) for table in tables]
    united = streams[0].union(*streams[1:])
    if united._value.schema is None:
        with pytest.raises(GraphError, match=r"column 'v' is .* or "):
            united.to_arrow()
        return
    expected = [value for table in tables for value in table.column("v").to_pylist()]
    assert sorted(united.to_arrow().column("v").to_pylist(), key=repr) == sorted(
        [
            float(value) if "float" in repr(united._value.schema["v"].type_name) and value is not None else value
            for value in expected
        ],
        key=repr,
    )


def test_the_common_type_does_not_depend_on_the_order():
    formats = [*"cCsSiIlLfguUzZ", "tdD", "tdm", "tss:", "tsu:", "tsu:UTC", "tDs", "tDn"]
    for first in formats:
        for second in formats:
            if first != second:
                assert common_format(first, second) == common_format(second, first)
    assert common_schema([Schema([Field("a", "n")]), Schema([Field("a", "+l", True, [Field("item", "l")])])])[
        "a"
    ].children


ROWS = Types.ROW_NAMED(["sold", "shop"], [Types.LONG(), Types.STRING()])
ROW_STREAMS = {
    "rows": lambda env: env.from_collection([("n", 1)], ROW),
    "turned rows": lambda env: env.from_collection([(2, "n")], ROWS),
    "narrow turned rows": lambda env: env.from_collection(
        [(3, "n")], Types.ROW_NAMED(["sold", "shop"], [Types.INT(), Types.STRING()])
    ),
    "turned dicts of a function": lambda env: env.from_collection([4]).map(lambda v: {"shop": "n", "sold": v}, ROWS),
    "turned, spread rows": lambda env: env.from_collection([(5, "n")], ROWS).rebalance(),
    "turned columns": lambda env: env.from_arrow(pa.table({"sold": [6], "shop": ["n"]})),
    "columns that rows cannot be": lambda env: env.from_arrow(pa.table({"sold": [[7]], "shop": ["n"]})),
}
BY_POSITION = {
    "map": lambda stream: stream.map(lambda row: (row[0], row[1])),
    "project": lambda stream: stream.project(0, 1),
    "key_by": lambda stream: stream.key_by(lambda row: row[0]).map(lambda row: tuple(row)),
}


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("operation", BY_POSITION)
def test_a_position_is_the_same_field_in_rows_of_all_streams(operation, parallelism):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    first, *others = (make(env) for make in ROW_STREAMS.values())
    with BY_POSITION[operation](first.union(*others)).execute_and_collect() as results:
        assert sorted(results, key=str) == [("n", number) for number in range(1, 7)] + [("n", [7])]


def test_rows_in_another_order_have_one_declared_type(inline_env):
    united = ROW_STREAMS["turned rows"](inline_env).union(ROW_STREAMS["rows"](inline_env))
    assert united._value.record_type.declared.schema_equals(ROWS)
    with united.key_by(1).sum(0).execute_and_collect() as results:
        assert [tuple(row) for row in results][-1] == (3, "n")


def test_rows_of_other_names_stay_as_they_are(inline_env):
    other = inline_env.from_collection([(8, 9)], Types.ROW_NAMED(["x", "sold"], [Types.LONG(), Types.LONG()]))
    with ROW_STREAMS["rows"](inline_env).union(other).execute_and_collect() as results:
        assert sorted(map(str, results)) == ["Row(shop='n', sold=1)", "Row(x=8, sold=9)"]

"""Results as Arrow, pandas and Polars tables."""

import dataclasses
import datetime
import decimal
import sys
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pyflinkx.common import Row
from pyflinkx.common.typeinfo import Types
from pyflinkx.errors import GraphError, JobExecutionError, MissingExtraError

TABLE = pa.table(
    {
        "key": pa.array([3, None, 2], pa.int32()),
        "name": ["c", "a", None],
        "ts": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
        "parts": [[1, None], [], None],
        "pair": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        "yes": [True, False, None],
        "value": [0.5, float("inf"), None],
    }
)


def by_key(table):
    return sorted(table.to_pylist(), key=lambda row: str(row["key"]))


def test_a_columnar_stream_comes_back_as_it_went(env):
    table = env.from_arrow(TABLE).rebalance().to_arrow()
    assert table.schema == TABLE.schema
    assert by_key(table) == by_key(TABLE)


def test_the_columns_are_not_copied(inline_env):
    values = np.arange(5)
    table = inline_env.from_numpy({"n": values}).to_arrow()
    assert table["n"].chunk(0).buffers()[1].address == values.ctypes.data


def test_a_long_table_comes_in_order(inline_env):
    numbers = np.arange(50_000)
    inline_env.set_parallelism(1)
    assert inline_env.from_numpy({"n": numbers}).to_arrow()["n"].to_numpy().tolist() == numbers.tolist()


@pytest.mark.parametrize("make", ["to_arrow", "to_pandas", "to_polars"])
def test_no_rows_keep_their_columns(inline_env, make):
    table = getattr(inline_env.from_arrow(TABLE.slice(0, 0)), make)()
    assert len(table) == 0
    assert list(table.column_names if make == "to_arrow" else table.columns) == TABLE.column_names


def test_pandas_and_polars(inline_env):
    table = TABLE.select(["name", "value"])
    assert inline_env.from_arrow(table).to_pandas().equals(table.to_pandas())
    assert inline_env.from_arrow(table).to_polars().equals(pl.from_arrow(table))


@dataclasses.dataclass
class Order:
    key: int
    price: float
    note: str | None = None


class Pair(NamedTuple):
    key: int
    text: str


def order(number: int) -> Order:
    return Order(number, number / 2, None if number % 2 else "even")


def pair(number: int) -> Pair:
    return Pair(number, str(number))


def plain_tuple(number: int) -> tuple[int, str]:
    return number, str(number)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (order, {"key": [0, 1], "price": [0.0, 0.5], "note": ["even", None]}),
        (pair, {"key": [0, 1], "text": ["0", "1"]}),
        (plain_tuple, {"f0": [0, 1], "f1": ["0", "1"]}),
    ],
)
def test_rows_of_a_known_type(env, function, expected):
    table = env.from_collection([0, 1]).map(function).to_arrow()
    assert table.sort_by(table.column_names[0]).to_pydict() == expected


ALL_TYPES = {
    "b": (Types.BOOLEAN(), True),
    "i8": (Types.BYTE(), -128),
    "i16": (Types.SHORT(), 2**15 - 1),
    "i32": (Types.INT(), -(2**31)),
    "i64": (Types.LONG(), 2**63 - 1),
    "big": (Types.BIG_INT(), 10**30),
    "f32": (Types.FLOAT(), 0.5),
    "f64": (Types.DOUBLE(), 0.1),
    "dec": (Types.BIG_DEC(), decimal.Decimal("1.5")),
    "s": (Types.STRING(), "ö"),
    "d": (Types.SQL_DATE(), datetime.date(1969, 12, 31)),
    "t": (Types.SQL_TIME(), datetime.time(1, 2, 3, 4)),
    "ts": (Types.SQL_TIMESTAMP(), datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999)),
    "bytes": (Types.PRIMITIVE_ARRAY(Types.BYTE()), b"\0\xff"),
    "list": (Types.LIST(Types.LONG()), [1, None]),
    "row": (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]), Row(a=1, b="x")),
}


def test_every_type_with_columns(inline_env):
    types = Types.ROW_NAMED(list(ALL_TYPES), [kind for kind, _ in ALL_TYPES.values()])
    records = [Row(*(value for _, value in ALL_TYPES.values())), Row(*(None for _ in ALL_TYPES))]
    table = inline_env.from_collection(records, types).to_arrow()
    first, second = table.to_pylist()
    assert first.pop("row") == {"a": 1, "b": "x"}
    assert first == {name: value for name, (_, value) in ALL_TYPES.items() if name != "row"}
    assert set(second.values()) == {None}


def test_no_rows_of_a_known_type(inline_env):
    types = Types.ROW_NAMED(["a"], [Types.LONG()])
    table = inline_env.from_collection([], types).to_arrow()
    assert table.schema == pa.schema({"a": pa.int64()})


def test_an_unknown_type_is_refused_when_the_graph_is_built(inline_env):
    stream = inline_env.from_collection([(1, "a")]).map(lambda record: record)
    with pytest.raises(GraphError, match=r"to_arrow\(\) needs the type of the records"):
        stream.to_arrow()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Types.LONG(), "it takes records that are Rows"),
        (
            Types.ROW([Types.MAP(Types.LONG(), Types.INSTANT())]),
            "column 'f0' carries values of MapTypeInfo<Long, Instan",
        ),
        (Types.TUPLE([Types.PICKLED_BYTE_ARRAY()]), "carries .* leave it out with select"),
    ],
)
def test_a_type_without_columns_is_refused(inline_env, kind, why):
    stream = inline_env.from_collection([]).map(lambda record: record, kind)
    with pytest.raises(GraphError, match=rf"to_pandas\(\): .*{why}"):
        stream.to_pandas()


def test_a_record_that_breaks_its_type_is_named(inline_env):
    kind = Types.ROW_NAMED(["a"], [Types.LONG()])
    stream = inline_env.from_collection([1, 2]).map(lambda number: Row(a=str(number)), kind)
    with pytest.raises(JobExecutionError, match=r"operator 'Map' .*'a'.*'1'"):
        stream.to_arrow()


def test_a_failure_of_the_program_is_its_own(env):
    stream = env.from_arrow(TABLE).map(lambda row: 1 // 0, Types.ROW_NAMED(["a"], [Types.LONG()]))
    with pytest.raises(JobExecutionError) as failure:
        stream.to_arrow()
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("make", "package", "extra"),
    [("to_arrow", "pyarrow", "arrow"), ("to_pandas", "pandas", "pandas"), ("to_polars", "polars", "polars")],
)
def test_a_missing_package_names_its_extra(inline_env, monkeypatch, make, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"pyflinkx\[{extra}\]"):
        getattr(inline_env.from_numpy({"n": np.arange(3)}), make)()


def test_the_next_program_starts_empty(inline_env):
    inline_env.from_numpy({"n": np.arange(3)}).to_arrow()
    with pytest.raises(GraphError, match="no operators are defined"):
        inline_env.execute()

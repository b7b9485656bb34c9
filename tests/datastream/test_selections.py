"""filter, select and with_columns by expression, on columns and on rows."""

import dataclasses
import json
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from pyflinkx.common import Row
from pyflinkx.common.typeinfo import Types
from pyflinkx.datastream import KeyedProcessFunction, col, lit
from pyflinkx.errors import GraphError, JobExecutionError

TABLE = pa.table({"key": [1, 2, 1, None], "value": [10.0, None, 60.5, 50.0], "name": ["a", "b", None, "d"]})


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def rows(stream):
    return sorted(stream.to_arrow().to_pylist(), key=str)


def test_filter_select_and_new_columns(env):
    stream = env.from_arrow(TABLE).filter(col("value") * lit(1.1) > 11).select("key", "name", v=col("value") * 2)
    stream = stream.with_columns(col("v").alias("w"), key=col("key").fill_null(0), one=1)
    assert rows(stream) == [
        {"key": 0, "name": "d", "v": 100.0, "w": 100.0, "one": 1},
        {"key": 1, "name": None, "v": 121.0, "w": 121.0, "one": 1},
    ]


def test_a_null_condition_drops_the_row(inline_env):
    assert [row["name"] for row in rows(inline_env.from_arrow(TABLE).filter(col("value") > 0))] == ["a", None, "d"]
    assert rows(inline_env.from_arrow(TABLE).filter(lit(None))) == []
    assert len(rows(inline_env.from_arrow(TABLE).filter(lit(True)))) == 4


def test_projected_columns_share_their_memory(inline_env):
    values = np.arange(100)
    table = inline_env.from_numpy({"a": values, "b": values * 2}).select(c=col("a")).to_arrow()
    assert table["c"].chunk(0).buffers()[1].address == values.ctypes.data


def test_timestamps_go_along(inline_env):
    from tests.datastream.test_columnar_api import Timestamps, timed

    inline_env.set_parallelism(1)
    stream = timed(inline_env, "ts", [5, 6, 7], v=[1, 2, 3]).filter(col("v") != 2).select("v")
    assert [record[0] for record in collect(stream.process(Timestamps()))] == [5, 7]


def test_filtered_columns_keep_columnar_keys(env):
    class Key(KeyedProcessFunction):
        def process_element(self, value, ctx):
            yield ctx.get_current_key(), value.value

    stream = env.from_arrow(TABLE).filter(col("key").is_not_null).key_by("key")
    assert stream._keys.columns == ("key",)
    assert sorted(collect(stream.process(Key())), key=str) == [(1, 10.0), (1, 60.5), (2, None)]


def test_python_functions_before_and_after(env):
    typed = Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()])
    stream = env.from_collection([1, 2, 3]).map(lambda n: Row(a=n, b=str(n)), typed)
    stream = stream.select(c=col("a") * 10).map(lambda row: row.c + 1, Types.LONG())
    assert sorted(collect(stream)) == [11, 21, 31]


@dataclasses.dataclass
class Order:
    key: int
    price: float


class Pair(NamedTuple):
    key: int
    text: str


def order(number: int) -> Order:
    return Order(number, number / 2)


def pair(number: int) -> Pair:
    return Pair(number, str(number))


@pytest.mark.parametrize("function", [order, pair])
def test_rows_that_are_filtered_stay_what_they_are(env, function):
    stream = env.from_collection([1, 2, 3, 4]).map(function).filter(col("key") % 2 == 0)
    assert sorted(collect(stream), key=str) == [function(2), function(4)]


def test_filtered_rows_keep_their_timestamps(inline_env):
    from pyflinkx.common import WatermarkStrategy
    from tests.datastream.test_columnar_api import Timestamps

    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("key")
    stream = inline_env.from_collection([1, 2, 3, 4]).map(pair).assign_timestamps_and_watermarks(strategy)
    found = collect(stream.filter(col("key") > 2).process(Timestamps()))
    assert [record[0] for record in found] == [3, 4]


def test_a_keyed_stream_can_be_filtered(inline_env):
    stream = inline_env.from_arrow(TABLE).key_by("key").filter(col("value") > 20)
    assert sorted(row["value"] for row in rows(stream)) == [50.0, 60.5]


def test_the_plan_shows_the_conversion(inline_env):
    stream = inline_env.from_collection([1, 2]).map(pair).select("key")
    stream.print()
    types = [node["type"] for node in json.loads(inline_env.get_execution_plan())["nodes"]]
    assert types == [
        "Source: Collection Source",
        "Map",
        "RowsToColumns",
        "Select",
        "ColumnsToRows",
        "Sink: Print to Std. Out",
    ]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda s: s.select(), "at least one column"),
        (lambda s: s.select("nothing"), "there is no column 'nothing'; there are key, value, name"),
        (lambda s: s.select("key", key=lit(1)), "more than one column is called 'key'"),
        (lambda s: s.select(col("key") + 1), r"col\('key'\) \+ 1 has no name"),
        (lambda s: s.select(x=[1]), "is no constant"),
        (lambda s: s.with_columns(x=col("y")), r"with_columns\(\): there is no column 'y'"),
        (lambda s: s.filter(col("key")), r"filter\(\) takes a condition, but col\('key'\) is int64"),
        (lambda s: s.filter(col("key") == "a"), "does not fit its types"),
    ],
)
def test_what_cannot_be_selected(inline_env, build, message):
    with pytest.raises(GraphError, match=message):
        build(inline_env.from_arrow(TABLE))


@pytest.mark.parametrize(
    "build", [lambda s: s.filter(col("a") > 1), lambda s: s.select("a"), lambda s: s.with_columns(a=1)]
)
def test_rows_of_an_unknown_type_have_no_columns(inline_env, build):
    with pytest.raises(GraphError, match="needs the type of the records"):
        build(inline_env.from_collection([{"a": 1}]).map(lambda row: row))


def test_a_failing_expression_names_operator_line_and_record(env):
    stream = env.from_arrow(TABLE).with_columns(x=1 // (col("key") - 2))
    with pytest.raises(JobExecutionError) as failure:
        stream.to_arrow()
    text = str(failure.value)
    assert "operator 'Select'" in text
    assert "test_selections.py:" in text
    assert "ZeroDivisionError: 1 // (col('key') - 2): 1 divided by zero, in record {'key': 2" in text


def test_a_row_that_breaks_its_type_names_the_operator_that_made_it(inline_env):
    typed = Types.ROW_NAMED(["a"], [Types.LONG()])
    stream = inline_env.from_collection([1]).map(lambda n: Row(a="x"), typed).filter(col("a") > 1)
    stream.print()
    with pytest.raises(JobExecutionError, match=r"operator 'Map' .*'a'.*'x'"):
        inline_env.execute()

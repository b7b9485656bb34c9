"""Several readers of one table, which take turns."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.arrow_stream import ColumnStream
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.common import Configuration, Duration, Time, WatermarkStrategy
from pyflinkx.config.options import WORKERS
from pyflinkx.connectors import columnar
from pyflinkx.connectors.columnar import ColumnarSource, Turns
from pyflinkx.connectors.source import END, ReaderContext
from pyflinkx.datastream import StreamExecutionEnvironment, agg
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import GraphError

ROWS = 150_000


def read(source, readers, limit):
    """The values that each reader of a source gets, batch by batch."""
    found = []
    splits = source.splits(readers)
    for number in range(readers):
        reader = source.create_reader(ReaderContext(None, number, readers))
        reader.add_splits(splits[number::readers])
        batches = []
        while (batch := reader.poll(limit)) is not END:
            batches.append([n for (n,) in batch.to_rows("tuple")])
        assert reader.poll(limit) is END
        reader.close()
        found.append(batches)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 25), max_size=8), st.integers(1, 4), st.integers(1, 12), st.integers(1, 9))
def test_each_reader_gets_every_turn_that_is_its_own(lengths, readers, limit, turn):
    schema = ColumnBatch.from_arrow(pa.record_batch({"n": pa.array([], "int64")})).schema
    batches, rows = [], 0
    for length in lengths:
        batches.append(ColumnBatch.from_arrow(pa.record_batch({"n": np.arange(rows, rows + length)})))
        rows += length
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "TURN", turn)
        found = read(ColumnarSource(ColumnStream(schema, batches)), readers, limit)
    for number, parts in enumerate(found):
        assert all(1 <= len(part) <= limit for part in parts)
        mine = range(rows) if readers == 1 else [n for n in range(rows) if n // turn % readers == number]
        assert [n for part in parts for n in part] == list(mine)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: {"n": n},
        lambda n: pa.table({"n": n}),
        lambda n: pa.record_batch({"n": n}),
        lambda n: pd.DataFrame({"n": n}),
        lambda n: pl.DataFrame({"n": n}),
        lambda n: pl.DataFrame({"n": n}).lazy(),
    ],
)
def test_every_table_can_be_divided(make):
    source = ColumnarSource(make(np.arange(5)))
    assert source.parallelism is None
    assert read(source, 2, 3) == [[[0, 1, 2], [3, 4]], []]
    assert read(pickle.loads(pickle.dumps(source)), 2, 3) == [[[0, 1, 2], [3, 4]], []]


class Query:
    """Gives its rows in any order."""

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table({"n": [1]}).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("make", [lambda: pa.table({"n": [1]}).to_reader(), Query])
def test_what_is_read_once_or_in_any_order_has_one_reader(make):
    env = StreamExecutionEnvironment.get_execution_environment().set_parallelism(2)
    stream = env.from_arrow(make())
    assert env._graph(None).nodes[0].parallelism == 1
    stream.set_parallelism(2).print()
    with pytest.raises(GraphError, match="parallelism 1"):
        env.get_execution_plan()


def table():
    generator = np.random.default_rng(7)
    times = np.arange(ROWS) - generator.integers(0, 501, ROWS)
    return pa.table({"ts": times, "key": generator.integers(0, 50, ROWS), "value": generator.integers(-9, 9, ROWS)})


def windows(data, parallelism, mode):
    configuration = Configuration()
    configuration.set(WORKERS, mode)
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1))
    source = env.from_arrow(data).set_parallelism(parallelism)
    stream = source.assign_timestamps_and_watermarks(bounded.with_timestamp_column("ts")).key_by("key")
    window = TumblingEventTimeWindows.of(Time.seconds(10))
    result = stream.window(window).agg(n=agg.count(), total=agg.sum("value"), low=agg.min("value")).to_arrow()
    return Counter(zip(*(result[name].to_pylist() for name in result.column_names), strict=True))


@pytest.mark.parametrize(
    ("parallelism", "mode"), [(2, "threads"), (4, "threads"), (2, "processes"), (4, "processes"), (3, "inline")]
)
def test_windows_over_a_divided_table_lose_no_row(parallelism, mode):
    data = table()
    expected = {}
    for time, key, value in zip(*(data[name].to_pylist() for name in ("ts", "key", "value")), strict=True):
        start = time // 10_000 * 10_000
        n, total, low = expected.get((key, start), (0, 0, 99))
        expected[key, start] = n + 1, total + value, min(low, value)
    wanted = Counter((key, start, start + 10_000, *sums) for (key, start), sums in expected.items())
    assert windows(data, parallelism, mode) == wanted


def test_a_turn_is_given_by_number_and_count():
    assert ColumnarSource({"n": np.arange(3)}).splits(2) == [Turns(0, 2), Turns(1, 2)]

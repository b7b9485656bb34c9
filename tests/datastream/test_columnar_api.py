"""Streams of columns: what stays columnar, and what Python functions see of it."""

import datetime
import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from pyflinkx.common import Duration, Row, WatermarkStrategy
from pyflinkx.common.typeinfo import Types
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.datastream import KeyedProcessFunction, MapFunction, ProcessFunction
from pyflinkx.errors import GraphError, JobExecutionError
from tests.datastream.conftest import make_environment

TABLE = pa.table({"key": [3, 1, 2, 1, 3], "name": ["c", "a", "b", "a", None], "ts": [30, 10, 20, 40, -5]})
UTC = datetime.timezone.utc


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def plan(env):
    return [node["type"] for node in json.loads(env.get_execution_plan())["nodes"]]


class Timestamps(ProcessFunction):
    def process_element(self, value, ctx):
        yield (ctx.timestamp(), ctx.timer_service().current_watermark(), *value)


def timed(env, column, values, bound=0, **columns):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(bound)).with_timestamp_column(column)
    return env.from_arrow(pa.table({"ts": values, **columns})).assign_timestamps_and_watermarks(strategy)


MS = [-1, 0, 1_700_000_000_123]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(MS, pa.int64()), MS),
        (pa.array(MS, pa.timestamp("ms")), MS),
        (pa.array([-1, 0, 1999], pa.timestamp("us")), [-1, 0, 1]),
        (pa.array([-1, 999_999, 1_000_000], pa.timestamp("ns", "UTC")), [-1, 0, 1]),
        (pa.array([-1, 0, 2], pa.timestamp("s")), [-1000, 0, 2000]),
        (pa.array([-1, 0, 2], pa.date32()), [-86_400_000, 0, 172_800_000]),
    ],
)
def test_timestamps_come_from_a_column(inline_env, values, expected):
    inline_env.set_parallelism(1)
    stream = timed(inline_env, "ts", values)
    assert stream._value.schema.names == ["ts"]
    assert [record[0] for record in collect(stream.process(Timestamps()))] == expected


def test_the_watermark_follows_each_batch(inline_env):
    inline_env.set_parallelism(1)
    inline_env._configuration.set_string("pyflinkx.columnar.batch.size", "2")
    records = collect(timed(inline_env, 0, [10, 5, 7, 30, 1, 2], bound=3).process(Timestamps()))
    none = -(2**63)
    assert [record[:2] for record in records] == [(10, none), (5, none), (7, 6), (30, 6), (1, 26), (2, 26)]


def test_a_null_timestamp_is_an_error_that_names_the_row():
    inline_env = make_environment("inline")
    inline_env._configuration.set_string("pyflinkx.columnar.batch.size", "2")
    seen = []
    timed(inline_env, "ts", [1, 2, 3, None, 5]).map(seen.append)
    with pytest.raises(
        JobExecutionError,
        match=r"failed on column 'ts'; created at .*test_columnar_api.py:\d+: ValueError: column 'ts' has no timestamp "
        r"in row 3 of this subtask: \{'ts': None",
    ):
        inline_env.execute()
    assert [row.ts for row in seen] == [1, 2, 3]


def test_a_timestamp_beyond_int64_milliseconds_is_an_error(inline_env):
    timed(inline_env, "ts", pa.array([2**62], pa.timestamp("s"))).print()
    with pytest.raises(JobExecutionError, match="failed on column 'ts'"):
        inline_env.execute()


def test_idleness_and_generators_of_columns(inline_env):
    """A stream with an idle timeout stays columnar; a generator is a Python function, which sees rows."""
    idle = (
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts").with_idleness(Duration.of_seconds(1))
    )
    stream = inline_env.from_arrow(TABLE).assign_timestamps_and_watermarks(idle)
    assert stream._value.schema.names == TABLE.column_names
    assert stream._transformation.spec.build().idle_timeout == 1000
    assert sorted(record[0] for record in collect(stream.process(Timestamps()))) == [-5, 10, 20, 30, 40]

    class AtEnd(WatermarkGenerator):
        def on_event(self, event, event_timestamp, output):
            assert event.ts == event_timestamp

        def on_periodic_emit(self, output):
            pass

    generated = WatermarkStrategy.for_generator(AtEnd).with_timestamp_column("ts")
    stream = inline_env.from_arrow(TABLE).assign_timestamps_and_watermarks(generated)
    assert stream._value.schema is None
    assert sorted(record[0] for record in collect(stream.process(Timestamps()))) == [-5, 10, 20, 30, 40]


@pytest.mark.parametrize("column", ["nothing", 7])
def test_a_timestamp_column_must_be_there(inline_env, column):
    with pytest.raises(GraphError, match=r"with_timestamp_column\(\): there is no column .*there are ts"):
        timed(inline_env, column, [1])


def test_a_timestamp_column_must_hold_times(inline_env):
    with pytest.raises(GraphError, match="column 'ts' is utf8"):
        timed(inline_env, "ts", ["x"])


@pytest.mark.parametrize("column", [True, -1, None, 1.5])
def test_a_timestamp_column_is_a_name_or_position(column):
    with pytest.raises(GraphError, match="takes the name or position"):
        WatermarkStrategy.no_watermarks().with_timestamp_column(column)


@pytest.mark.parametrize(
    ("record", "column"),
    [((7, 1), 0), (Row(a=1, b=7), "b"), ({"b": 7}, "b"), (Row(3, 7), 1)],
)
def test_a_timestamp_column_of_rows(inline_env, record, column):
    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column(column)
    stream = inline_env.from_collection([record]).assign_timestamps_and_watermarks(strategy)
    assert [timestamp for timestamp, *_ in collect(stream.process(Timestamps()))] == [7]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (datetime.datetime(1970, 1, 1, 0, 0, 1), 1000),
        (datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999), -1),
        (datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), 0),
        (datetime.date(1970, 1, 2), 86_400_000),
    ],
)
def test_times_of_rows_become_milliseconds(time, expected):
    assigner = WatermarkStrategy.no_watermarks().with_timestamp_column(0).timestamp_assigner
    assert assigner.extract_timestamp((time,), 0) == expected


def test_a_row_without_a_time_is_an_error_that_names_it(inline_env):
    strategy = WatermarkStrategy.no_watermarks().with_timestamp_column(1)
    inline_env.from_collection([(1, "x")]).assign_timestamps_and_watermarks(strategy).print()
    with pytest.raises(JobExecutionError, match="timestamp column 1: 'x' is no timestamp"):
        inline_env.execute()


def test_a_python_assigner_makes_rows_of_columns(inline_env):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda row, _: row.ts * 2)
    stream = inline_env.from_arrow(TABLE).assign_timestamps_and_watermarks(strategy)
    assert stream._value.schema is None
    assert sorted(record[0] for record in collect(stream.process(Timestamps()))) == [-10, 20, 40, 60, 80]


class Subtask(MapFunction):
    def open(self, runtime_context):
        self.subtask = runtime_context.get_index_of_this_subtask()

    def map(self, value):
        return self.subtask, tuple(value)


class KeyAndSubtask(KeyedProcessFunction):
    def open(self, runtime_context):
        self.subtask = runtime_context.get_index_of_this_subtask()

    def process_element(self, value, ctx):
        yield ctx.get_current_key(), self.subtask, tuple(value)


@pytest.mark.parametrize(
    ("keys", "names", "of_row"),
    [
        (["key"], ("key",), lambda row: row[0]),
        ([0], ("key",), lambda row: row[0]),
        (["name", "key"], ("name", "key"), lambda row: (row[1], row[0])),
        ([1, "key"], ("name", "key"), lambda row: (row[1], row[0])),
    ],
)
def test_keys_are_columns(env, keys, names, of_row):
    stream = env.from_arrow(TABLE)
    keyed = stream.key_by(*keys)
    assert keyed._keys.columns == names
    assert keyed._value.schema.names == TABLE.column_names
    results = collect(keyed.process(KeyAndSubtask()))
    rows = [tuple(row.values()) for row in TABLE.to_pylist()]
    assert Counter(row for _, _, row in results) == Counter(rows)
    assert all(key == of_row(row) for key, _, row in results)
    places = {key: subtask for key, subtask, _ in results}
    assert all(places[key] == subtask for key, subtask, _ in results)


def test_columns_and_rows_of_one_key_meet(env):
    """Both inputs of a keyed operator send a key to the same subtask."""
    columns = env.from_arrow(TABLE).key_by("key").process(KeyAndSubtask())
    rows = env.from_arrow(TABLE).key_by(lambda row: row.key).process(KeyAndSubtask())
    places = {key: subtask for key, subtask, _ in collect(columns)}
    assert {key: subtask for key, subtask, _ in collect(rows)} == places


def test_reduce_over_columnar_keys(env):
    reduced = env.from_arrow(TABLE).key_by("key").reduce(lambda a, b: Row(key=a.key, name=a.name, ts=a.ts + b.ts))
    results = [(row.key, row.ts) for row in collect(reduced)]
    assert len(results) == len(TABLE)
    # Which of a key's rows comes first is open where several subtasks read; the last result has them all.
    assert {(1, 50), (2, 20), (3, 25)} <= set(results)


@pytest.mark.parametrize("keys", [["key"], [lambda row: row.key]])
def test_records_of_a_key_keep_their_order(env, keys):
    numbers = np.arange(10_000)
    stream = env.from_numpy({"key": numbers % 7, "n": numbers}).key_by(*keys).process(KeyAndSubtask())
    last = {}
    for key, _, (_, number) in collect(stream):
        assert number > last.get(key, -1)
        last[key] = number


def test_rows_are_made_as_parallel_as_the_function_that_reads_them(inline_env):
    inline_env.from_arrow(TABLE).key_by("key").process(KeyAndSubtask()).set_parallelism(4)
    inline_env.from_arrow(TABLE).key_by(lambda row: row.key).process(KeyAndSubtask()).set_parallelism(4)
    nodes = json.loads(inline_env.get_execution_plan())["nodes"]
    found = [(node["type"], node["parallelism"]) for node in nodes]
    keyed = ("KEYED PROCESS", 4)
    assert found[:3] == [("Source: Arrow Source", 1), ("ColumnsToRows", 4), keyed]
    assert found[3:] == [("Source: Arrow Source", 1), ("ColumnsToRows", 1), keyed]
    assert [[p["ship_strategy"] for p in node.get("predecessors", [])] for node in nodes[1:3]] == [
        ["HASH"],
        ["FORWARD"],
    ]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["nothing"], "there is no column 'nothing'; there are key, name, ts"),
        ([5], "there is no column 5"),
        (["key", 0], "named twice"),
    ],
)
def test_keys_must_be_columns(inline_env, keys, message):
    with pytest.raises(GraphError, match=message):
        inline_env.from_arrow(TABLE).key_by(*keys)


def test_a_list_is_no_key(inline_env):
    with pytest.raises(GraphError, match="column 'x' is a list<int64>, which is no key"):
        inline_env.from_arrow(pa.table({"x": [[1]]})).key_by("x")


def test_a_key_type_may_come_second(inline_env):
    keyed = inline_env.from_arrow(TABLE).key_by("key", Types.LONG())
    assert keyed._keys.columns == ("key",)
    assert keyed._keys.type == Types.LONG()


def test_rows_are_made_where_a_function_is(inline_env):
    keyed = inline_env.from_arrow(TABLE).key_by("key")
    assert plan(inline_env) == ["Source: Arrow Source"]
    keyed.reduce(lambda a, b: b)
    keyed.process(KeyAndSubtask())
    assert plan(inline_env) == ["Source: Arrow Source", "ColumnsToRows", "Reduce", "ColumnsToRows", "KEYED PROCESS"]


@pytest.mark.parametrize("name", ["rebalance", "rescale", "shuffle", "global_", "forward", "broadcast"])
def test_partitioned_columns_stay_columns(env, name):
    numbers = np.arange(1000)
    if name == "forward":
        env.set_parallelism(1)
    spread = getattr(env.from_numpy({"n": numbers}), name)()
    assert spread._value.schema.names == ["n"]
    results = collect(spread.map(Subtask()))
    copies = env.get_parallelism() if name == "broadcast" else 1
    assert sorted(value for _, (value,) in results) == sorted([*range(1000)] * copies)


def test_a_custom_partitioner_sees_rows(env):
    stream = env.from_numpy({"n": np.arange(100)})
    spread = stream.partition_custom(lambda key, n: key % n, lambda row: row.n)
    parallelism = env.get_parallelism()
    assert all(subtask == value % parallelism for subtask, (value,) in collect(spread.map(Subtask())))


def test_united_columns_of_one_shape_stay_columns(env):
    first, second = env.from_numpy({"n": np.arange(3)}), env.from_numpy({"n": np.arange(3, 5)})
    united = first.union(second)
    assert united._value.schema.names == ["n"]
    assert sorted(row.n for row in collect(united.map(lambda row: row))) == [0, 1, 2, 3, 4]


def test_columns_united_with_others_become_rows(env):
    columns = env.from_numpy({"n": np.arange(3)})
    united = columns.union(env.from_numpy({"m": np.arange(2)}), env.from_collection([(9,)]))
    assert united._value.schema is None
    assert sorted(record[0] for record in collect(united)) == [0, 0, 1, 1, 2, 9]

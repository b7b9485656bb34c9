"""Aggregate functions and table aggregate functions of the user's."""

import datetime

import pytest

from pyflinkx.common import Row
from pyflinkx.errors import GraphError, SqlError
from pyflinkx.table import AggregateFunction, DataTypes, EnvironmentSettings, TableAggregateFunction, TableEnvironment
from pyflinkx.table.expressions import call, col
from pyflinkx.table.udf import udaf, udtaf

ROWS = [(1, "a", 2, datetime.date(2024, 1, 1)), (2, "a", 3, datetime.date(2024, 1, 3)), (3, "b", 4, None)]


class WeightedAverage(AggregateFunction):
    def create_accumulator(self):
        return [0, 0]

    def accumulate(self, accumulator, value, weight):
        accumulator[0] += value * weight
        accumulator[1] += weight

    def retract(self, accumulator, value, weight):
        self.accumulate(accumulator, value, -weight)

    def get_value(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None

    def get_result_type(self):
        return DataTypes.DOUBLE()


class Latest(AggregateFunction):
    """Has no retract()."""

    def open(self, function_context):
        self.opened = True

    def create_accumulator(self):
        return [None]

    def accumulate(self, accumulator, day):
        assert self.opened
        if day is not None and (accumulator[0] is None or day > accumulator[0]):
            accumulator[0] = day

    def get_value(self, accumulator):
        return accumulator[0]

    def get_result_type(self):
        return "DATE"


class Bounds(AggregateFunction):
    def create_accumulator(self):
        return [None, None]

    def accumulate(self, accumulator, value):
        low, high = accumulator
        accumulator[:] = [value if low is None else min(low, value), value if high is None else max(high, value)]

    def get_value(self, accumulator):
        return Row(*accumulator)


class Top2(TableAggregateFunction):
    def create_accumulator(self):
        return []

    def accumulate(self, accumulator, value):
        accumulator.append(value)
        accumulator.sort(reverse=True)
        del accumulator[2:]

    def emit_value(self, accumulator):
        for place, value in enumerate(accumulator):
            yield Row(value, place)

    def get_result_type(self):
        return "ROW<v BIGINT, place BIGINT>"


def made(settings):
    environment = TableEnvironment.create(settings)
    environment.create_temporary_view("t", environment.from_elements(ROWS, ["id", "k", "n", "date_of"]))
    environment.create_temporary_function("weighted", udaf(WeightedAverage()))
    environment.create_temporary_function("latest", Latest())
    environment.create_temporary_function("top2", udtaf(Top2()))
    return environment


@pytest.fixture(scope="module")
def streams():
    return made(EnvironmentSettings.in_streaming_mode())


@pytest.fixture(scope="module")
def batch():
    return made(EnvironmentSettings.in_batch_mode())


def changes(table):
    signs = {"INSERT": "+I", "UPDATE_BEFORE": "-U", "UPDATE_AFTER": "+U", "DELETE": "-D"}
    return [(signs[row.get_row_kind().name], *row) for row in table.execute().collect()]


def test_changes_of_groups(streams):
    assert changes(streams.sql_query("SELECT k, weighted(id, n), COUNT(*) FROM t GROUP BY k")) == [
        ("+I", "a", 1.0, 1),
        ("-U", "a", 1.0, 1),
        ("+U", "a", 1.6, 2),
        ("+I", "b", 3.0, 1),
    ]


def test_rows_that_are_taken_back(streams):
    query = "SELECT weighted(c, 1) FROM (SELECT k, COUNT(*) AS c FROM t GROUP BY k)"
    assert changes(streams.sql_query(query))[-1] == ("+U", 1.5)
    query = "SELECT latest(d) FROM (SELECT k, MAX(date_of) AS d FROM t GROUP BY k)"
    with pytest.raises(GraphError, match=r"Latest takes values back here, .* it has no retract\(\)"):
        changes(streams.sql_query(query))


def test_in_batch(batch):
    assert changes(batch.sql_query("SELECT k, weighted(id, n), latest(date_of) FROM t GROUP BY k")) == [
        ("+I", "a", 1.6, datetime.date(2024, 1, 3)),
        ("+I", "b", 3.0, None),
    ]
    assert changes(batch.sql_query("SELECT weighted(id, n) FROM t WHERE id > 9")) == [("+I", None)]
    query = "SELECT id, weighted(id, n) OVER (PARTITION BY k ORDER BY id) FROM t"
    assert sorted(changes(batch.sql_query(query))) == [("+I", 1, 1.0), ("+I", 2, 1.6), ("+I", 3, 3.0)]
    assert changes(batch.sql_query("SELECT weighted(DISTINCT k2, 1) FROM (SELECT n / n AS k2 FROM t)")) == [("+I", 1.0)]
    assert changes(batch.sql_query("SELECT latest(date_of) FILTER (WHERE id < 2) FROM t")) == [
        ("+I", datetime.date(2024, 1, 1))
    ]


def test_in_tables(batch):
    table = batch.from_path("t")
    assert changes(table.group_by(col("k")).select(col("k"), call("weighted", col("id"), col("n")).alias("w")))[0] == (
        "+I",
        "a",
        1.6,
    )
    assert changes(table.select(udaf(WeightedAverage())(col("id"), col("n")))) == [("+I", 20 / 9)]
    bounds = udaf(Bounds(), result_type="ROW<low BIGINT, high BIGINT>")
    grouped = table.group_by(col("k")).aggregate(bounds(col("n")).alias("x", "y"))
    assert changes(grouped.select(col("k"), col("y") - col("x"))) == [("+I", "a", 1), ("+I", "b", 0)]
    assert changes(table.aggregate(bounds(col("n"))).select(col("low"), col("high"))) == [("+I", 2, 4)]


def test_of_pandas(batch, streams):
    mean = udaf(lambda values: values.mean(), result_type="DOUBLE", func_type="pandas")
    table = batch.from_path("t")
    assert changes(table.group_by(col("k")).select(col("k"), mean(col("n")))) == [("+I", "a", 2.5), ("+I", "b", 4.0)]
    assert changes(streams.from_path("t").select(mean(col("n"))))[-1] == ("+U", 3.0)


def test_table_aggregates(streams):
    grouped = streams.from_path("t").group_by(col("k"))
    top = grouped.flat_aggregate(call("top2", col("n")).alias("v", "r")).select(col("k"), col("v"), col("r"))
    assert changes(top) == [
        ("+I", "a", 2, 0),
        ("-D", "a", 2, 0),
        ("+I", "a", 3, 0),
        ("+I", "a", 2, 1),
        ("+I", "b", 4, 0),
    ]


def test_what_is_refused(streams):
    typed = udaf(WeightedAverage(), ["BIGINT", "BIGINT"], name="typed")
    with pytest.raises(SqlError, match="typed does not take BIGINT; it is written"):
        streams.from_path("t").select(typed(col("id")))
    with pytest.raises(TypeError, match="is no AggregateFunction"):
        udaf(lambda values: 1, result_type="INT")

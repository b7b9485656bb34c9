"""Frames of pandas and Polars as sources: no index, no objects' addresses."""

import decimal
import uuid

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import SourceError, TypeInformationError

FRAME = pd.DataFrame({"k": ["a", "b", "a", "c"], "v": [1, 2, 3, 4]})
UUIDS = [uuid.UUID(int=1), None]


class Derived(pd.DataFrame):
    @property
    def _constructor(self):
        return Derived


FRAMES = {
    "as made": FRAME,
    "filtered": FRAME[[True, False, True, True]],
    "sampled": FRAME.sample(frac=1, random_state=1),
    "sorted": FRAME.sort_values("v", ascending=False),
    "concatenated": pd.concat([FRAME, FRAME]),
    "indexed by time": FRAME.set_index(pd.date_range("2024-01-01", periods=4, name="ts")),
    "of two levels": FRAME.set_index(pd.MultiIndex.from_tuples([(1, 1), (1, 2), (2, 1), (2, 2)])),
    "of a named range": FRAME.rename_axis("n"),
    "of a column's name": FRAME.rename_axis("k").set_axis([9, 8, 7, 6]),
    "of another class": Derived(FRAME.set_axis([9, 8, 7, 6])),
    "empty": FRAME.set_axis([9, 8, 7, 6])[:0],
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("make", ["from_pandas", "from_arrow"])
def test_the_index_is_left_out(name, make):
    frame = FRAMES[name]
    env = StreamExecutionEnvironment.get_execution_environment()
    table = getattr(env, make)(frame).to_arrow()
    assert table.column_names == ["k", "v"]
    assert table.to_pylist() == frame.to_dict("records")


def test_a_grouped_frame_has_the_groups_where_they_are_columns():
    env = StreamExecutionEnvironment.get_execution_environment()
    grouped = FRAME.groupby("k").sum()
    assert env.from_pandas(grouped).to_arrow().to_pylist() == [{"v": 4}, {"v": 2}, {"v": 4}]
    rows = env.from_pandas(grouped.reset_index()).to_arrow().to_pylist()
    assert rows == [{"k": "a", "v": 4}, {"k": "b", "v": 2}, {"k": "c", "v": 4}]


OBJECTS = pl.DataFrame({"n": [1, 2], "id": UUIDS}, schema_overrides={"id": pl.Object})


@pytest.mark.parametrize("data", [OBJECTS, OBJECTS.lazy(), OBJECTS.lazy().filter(pl.col("n") > 1)])
@pytest.mark.parametrize("make", ["from_polars", "from_arrow"])
def test_a_polars_column_of_objects_is_refused_by_name(make, data):
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(SourceError, match=r"column 'id' .* Python objects .*pl\.Series\('id'"):
        getattr(env, make)(data)


def test_the_remedy_works():
    env = StreamExecutionEnvironment.get_execution_environment()
    frame = OBJECTS.with_columns(pl.Series("id", [str(value) for value in OBJECTS["id"]]))
    assert env.from_polars(frame).to_arrow().column("id").to_pylist() == [str(UUIDS[0]), "None"]


def test_other_polars_types_stay():
    frame = pl.DataFrame({"Object": [1], "d": [decimal.Decimal("1.5")], "l": [[1, 2]], "c": ["x"]})
    frame = frame.with_columns(pl.col("c").cast(pl.Categorical))
    env = StreamExecutionEnvironment.get_execution_environment()
    assert env.from_polars(frame).to_arrow().to_pylist() == frame.to_dicts()


@pytest.mark.parametrize("data", [pd.Series([1], name="x"), pl.Series("x", [1])])
def test_a_series_is_no_table(data):
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(SourceError, match=r"one column.* to_frame\(\)"):
        env.from_arrow(data)
    assert env.from_arrow(data.to_frame()).to_arrow().to_pydict() == {"x": [1]}


def test_an_array_is_no_table():
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(SourceError, match="a table or a stream of batches"):
        env.from_arrow(pa.array([1, 2]))


def test_what_pandas_cannot_convert_is_an_error_that_names_the_column():
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(SourceError, match=r"column mixed .*astype\(str\)"):
        env.from_pandas(pd.DataFrame({"mixed": [1, "x"]}))
    with pytest.raises(SourceError, match=r"\['a'\] come more than once"):
        env.from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_type_that_is_not_supported_is_named():
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(TypeInformationError, match=r"column 'x': the Arrow type .* is not supported"):
        env.from_polars(pl.DataFrame({"x": pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2))}))

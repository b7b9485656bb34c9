import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.rows import rows_from_columns
from pyflinkx._core.records.row import Row


@given(st.lists(st.tuples(st.integers(), st.text(), st.none())), st.booleans())
def test_rows_equal_those_made_one_by_one(values, named):
    columns = [list(column) for column in zip(*values, strict=True)] or [[], (), []]
    rows = rows_from_columns(columns, ["a", "b", "c"] if named else None)
    assert rows == [Row(a=a, b=b, c=c) if named else Row(a, b, c) for a, b, c in values]


def test_columns_may_be_tuples():
    assert rows_from_columns([(1, 2)], None) == [Row(1), Row(2)]


def test_values_are_counted():
    value = object()
    before = sys.getrefcount(value)
    rows = rows_from_columns([[value] * 10, (value,) * 10], ["a", "b"])
    assert sys.getrefcount(value) == before + 20
    del rows
    assert sys.getrefcount(value) == before


def test_rows_share_the_names_but_not_the_values():
    first, second = rows_from_columns([[1, 1]], ["a"])
    first["a"] = 2
    assert (first.a, second.a) == (2, 1)


@pytest.mark.parametrize("columns", [[], [[1], []], [[1], [2]]])
def test_shapes_that_cannot_be(columns):
    with pytest.raises(ValueError, match="cannot make rows"):
        rows_from_columns(columns, ["a"])


@pytest.mark.parametrize("column", [range(3), "abc", None])
def test_things_that_are_no_columns(column):
    with pytest.raises(TypeError, match="a column is a list or tuple, not "):
        rows_from_columns([column], ["a"])


@pytest.mark.parametrize("base", [list, tuple])
def test_a_column_that_says_it_is_longer_than_it_is(base):
    class Lying(base):
        def __len__(self):
            return 1_000_000

    with pytest.raises(RuntimeError, match="a collection changed"):
        rows_from_columns([Lying((1, 2))], None)

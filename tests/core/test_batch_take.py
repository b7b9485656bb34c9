"""ColumnBatch.take picks the rows that pyarrow's take picks, of every type, out of slices of slices."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch

from .arrow_tables import encoded_types, flat_types, nullable, typed


def shapes(arrow_type, values):
    """The type itself, and in lists and structs that may be null."""
    lists = nullable(st.lists(nullable(values), max_size=4))
    fields = pa.struct([pa.field("x", arrow_type), pa.field("y", pa.list_(arrow_type))])
    return [
        (arrow_type, nullable(values)),
        (pa.list_(arrow_type), lists),
        (pa.large_list(arrow_type), lists),
        (fields, nullable(st.fixed_dictionaries({"x": nullable(values), "y": lists}))),
        (pa.list_(fields), nullable(st.lists(nullable(st.fixed_dictionaries({"x": values, "y": lists})), max_size=3))),
    ]


TYPES = flat_types() + encoded_types()


def check_take(theirs, data):
    """Take rows of a slice of a slice, the second one cut after the import."""
    rows = theirs.num_rows
    start = data.draw(st.integers(0, rows), "start")
    ours = ColumnBatch.from_arrow(theirs.slice(start))
    first = data.draw(st.integers(0, rows - start), "first")
    stop = data.draw(st.integers(first, rows - start), "stop")
    ours = ours.slice(first, stop)
    indices = data.draw(
        st.lists(st.integers(0, max(stop - first - 1, 0)), max_size=20 if stop > first else 0), "indices"
    )
    taken = ours.take(indices)
    taken.validate(full=True)
    back = pa.record_batch(taken)
    back.validate(full=True)
    # Of what is imported, which other tests compare: pyarrow has no take for views.
    assert back.equals(pa.record_batch(ours).take(pa.array(indices, pa.int64())))


@pytest.mark.parametrize("i", range(len(TYPES)), ids=[str(arrow_type) for arrow_type, _ in TYPES])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_take_of_every_type(i, data):
    arrow_type, values = data.draw(st.sampled_from(shapes(*TYPES[i])), "type")
    column = data.draw(st.lists(values, max_size=12), "column")
    check_take(pa.record_batch([pa.array(column, type=arrow_type)], names=["c"]), data)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_take_of_tables(data):
    rows = data.draw(st.integers(0, 20), "rows")
    columns = data.draw(st.lists(typed(), min_size=1, max_size=4), "columns")
    arrays = [pa.array(data.draw(st.lists(v, min_size=rows, max_size=rows)), type=t) for t, v in columns]
    check_take(pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))]), data)

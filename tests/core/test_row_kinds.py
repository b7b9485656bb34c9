from array import array

from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.batch import ColumnBatch
from pyflinkx._core.objects import ObjectBatch
from pyflinkx._core.row import Row, RowKind
from pyflinkx._core.row_kinds import first_change, kind_at
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.typeinfo import Types

SCHEMA = schema_of(Types.ROW_NAMED(["a"], [Types.LONG()]))


class Special(Row):
    pass


def special(kind):
    row = Special(1)
    row.set_row_kind(kind)
    return row


RECORDS = st.one_of(
    st.integers(),
    st.none(),
    st.text(max_size=2),
    st.tuples(st.integers()),
    st.sampled_from(list(RowKind)).map(lambda kind: Row.of_kind(kind, 1)),
    st.sampled_from(list(RowKind)).map(special),
)


@given(st.lists(RECORDS, max_size=20), st.data())
def test_the_first_change_is_that_of_a_naive_search(values, data):
    kinds = None
    if data.draw(st.booleans()):
        kinds = array("b", [data.draw(st.sampled_from([0, 0, 0, 3])) for _ in values])
    batch = ObjectBatch(values, None, kinds)
    changed = [
        index
        for index, value in enumerate(values)
        if (kinds is not None and kinds[index]) or (isinstance(value, Row) and value.get_row_kind() != RowKind.INSERT)
    ]
    assert first_change(batch) == (changed[0] if changed else -1)
    if changed:
        value = values[changed[0]]
        own = value.get_row_kind() if isinstance(value, Row) else RowKind.INSERT
        assert kind_at(batch, changed[0]) == (own if own != RowKind.INSERT else RowKind(kinds[changed[0]]))


def test_columns_have_the_kinds_of_their_batch():
    assert first_change(ColumnBatch.from_rows([(1,), (2,)], SCHEMA)) == -1
    changed = ColumnBatch.from_rows([(1,), (2,)], SCHEMA, kinds=array("b", [0, 1]))
    assert first_change(changed) == 1
    assert kind_at(changed, 1) == RowKind.UPDATE_BEFORE

"""Upserts as whole changes, and whole changes as upserts by another key."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.relational.changes.nodes import DropUpdateBefore, Materialize, upserts_by
from pyflinkx.types.changes import RETRACT, upsert
from tests.relational.changelogs import folded, log, log_of, table

COLUMNS = {"k": "STRING", "b": "INT"}
UPSERTS = [
    ("+I", ("one", 1)),
    ("+U", ("one", 2)),
    ("+U", ("two", 0)),
    ("+U", ("two", 0)),
    ("+I", ("one", 4)),
    ("-D", ("two", None)),
    ("-D", ("three", None)),
]


def upserted(made):
    return table(COLUMNS, made, upsert("k"), [[0]])


def test_upserts_become_whole_changes():
    assert log("SELECT * FROM t", {"t": upserted(UPSERTS)}) == [
        ("+I", ("one", 1)),
        ("-U", ("one", 1)),
        ("+U", ("one", 2)),
        ("+I", ("two", 0)),
        ("-U", ("one", 2)),
        ("+U", ("one", 4)),
        ("-D", ("two", 0)),
    ]


def test_a_condition_deletes_what_does_not_meet_it_any_more():
    assert log("SELECT k, b FROM t WHERE b < 3", {"t": upserted(UPSERTS)}) == [
        ("+I", ("one", 1)),
        ("-U", ("one", 1)),
        ("+U", ("one", 2)),
        ("+I", ("two", 0)),
        ("-D", ("one", 2)),
        ("-D", ("two", 0)),
    ]


changes = st.lists(
    st.tuples(st.sampled_from(["+I", "+U", "-D", "-U"]), st.tuples(st.sampled_from("ab"), st.integers(0, 3))),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(changes)
def test_what_is_left_is_the_last_row_of_each_key(made):
    left = {}
    for kind, row in made:
        if kind in ("+I", "+U"):
            left[row[0]] = row
        elif kind == "-D":
            left.pop(row[0], None)
    for where, kept in [("", left.values()), (" WHERE b > 1", [row for row in left.values() if row[1] > 1])]:
        assert set(folded(log("SELECT * FROM t" + where, {"t": upserted(made)}))) == set(kept)


def by_other_key(node):
    found = {}
    for kind, row in log_of(node):
        assert kind != "-U"
        if kind == "-D":
            del found[row[0]]
        else:
            assert (kind == "+U") == (row[0] in found)
            found[row[0]] = row
    return found


def test_upserts_by_another_key_take_the_last_row_that_is_there():
    made = [
        ("+I", ("a", 1)),
        ("+I", ("a", 2)),
        ("-D", ("a", 1)),
        ("+I", ("a", 3)),
        ("-D", ("a", 3)),
        ("+I", ("b", 1)),
        ("-U", ("b", 1)),
    ]
    node = upserts_by(table(COLUMNS, made, RETRACT), (0,))
    assert isinstance(node, Materialize)
    assert by_other_key(node) == {"a": ("a", 2)}
    assert log_of(node)[-3:] == [("+U", ("a", 2)), ("+I", ("b", 1)), ("-D", ("b", 1))]


def test_rows_that_are_unique_by_the_key_lose_the_rows_before_updates_only():
    made = [("+I", ("a", 1)), ("-U", ("a", 1)), ("+U", ("a", 2))]
    node = upserts_by(table(COLUMNS, made, RETRACT, [[0]]), (0,))
    assert isinstance(node, DropUpdateBefore)
    assert log_of(node) == [("+I", ("a", 1)), ("+U", ("a", 2))]

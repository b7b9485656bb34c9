"""Results as lines."""

import csv
import datetime
import io
import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common.types import Row, RowKind
from pyflinkx.sql_client.rows import write_csv, write_json
from pyflinkx.sql_client.view import View

VALUES = Row(
    1, None, 'a,"b"\nc', Decimal("1.50"), datetime.datetime(2020, 1, 2, 3, 4, 5), b"\x00\xff", [1, None], {"k": 1.5}
)
NAMES = list("abcdefgh")


def lines(write, rows, kinds):
    found = []
    write(rows, NAMES[: len(rows[0])], kinds, found.append)
    return found


def test_json():
    [line] = lines(write_json, [VALUES], True)
    assert json.loads(line) == {
        "op": "+I",
        "a": 1,
        "b": None,
        "c": 'a,"b"\nc',
        "d": "1.50",
        "e": "2020-01-02 03:04:05",
        "f": "AP8=",
        "g": [1, None],
        "h": {"k": 1.5},
    }


def test_csv():
    head, line = lines(write_csv, [VALUES], False)
    assert head == "a,b,c,d,e,f,g,h"
    assert next(csv.reader(io.StringIO(line))) == [
        "1", "", 'a,"b"\nc', "1.50", "2020-01-02 03:04:05", "AP8=", "[1, null]", '{"k": 1.5}',
    ]  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_has_not(value):
    assert json.loads(lines(write_json, [Row(value)], False)[0]) == {"a": str(value)}


CHANGES = st.lists(st.tuples(st.sampled_from(["add", "take", "change"]), st.integers(0, 3)), max_size=40)


@given(CHANGES)
def test_a_view_has_what_was_added_and_not_taken_away(changes):
    view, expected = View(), Counter()
    for what, value in changes:
        if what == "add":
            steps = [(RowKind.INSERT, value)]
        elif what == "take":
            steps = [(RowKind.DELETE, value)] if expected[value] else []
        else:
            steps = [(RowKind.UPDATE_BEFORE, value), (RowKind.UPDATE_AFTER, value + 1)] if expected[value] else []
        for kind, each in steps:
            row = Row(each, [each])
            row.set_row_kind(kind)
            view.apply(row)
            expected[each] += -1 if kind in (RowKind.DELETE, RowKind.UPDATE_BEFORE) else 1
    assert Counter(values[0] for values in view) == +expected
    assert len(view) == expected.total()


def test_an_update_keeps_its_place():
    view = View()
    for kind, value in [
        (RowKind.INSERT, 1), (RowKind.INSERT, 2), (RowKind.UPDATE_BEFORE, 1), (RowKind.UPDATE_AFTER, 3),
    ]:  # fmt: skip
        row = Row(value)
        row.set_row_kind(kind)
        view.apply(row)
    assert list(view) == [(3,), (2,)]


def test_the_newest_rows_are_kept():
    view = View(limit=2)
    for value in range(5):
        view.apply(Row(value))
    assert list(view) == [(3,), (4,)]
    assert view.changes == 5

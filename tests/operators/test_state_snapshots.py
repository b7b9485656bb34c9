"""Snapshots of compiled states: what is read of them later, while the states go on changing, is what was there."""

import threading
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import WrongStateError
from pyflinkx.operators.native_snapshots import NativeSnapshots
from tests.operators.test_state_export import GROUPS, KEYS, STRUCTURES, Subtasks, assert_equal, steps


def run(subtasks, some):
    for step in some:
        if isinstance(step, int):
            subtasks.advance(step)
        else:
            subtasks.push(step)


def all_rows(batches):
    """The rows, with the values of sets in an order of their own."""
    rows = (row for batch in batches for row in batch.to_rows("tuple"))
    return sorted(repr([sorted(map(repr, v)) if isinstance(v, list) else v for v in row]) for row in rows)


@pytest.mark.parametrize("name", STRUCTURES)
@given(before=steps, after=steps, then=steps, keys=st.sampled_from(KEYS), limit=st.integers(1, 9))
@settings(max_examples=40)
def test_a_snapshot_is_what_an_export_was(name, before, after, then, keys, limit):
    subtasks, plain = Subtasks(STRUCTURES[name], keys), Subtasks(STRUCTURES[name], keys)
    (part,) = subtasks.parts
    try:
        for one in (subtasks, plain):
            run(one, before)
        expected = all_rows(part.export(GROUPS))
        taken = part.snapshot(GROUPS, limit)
        with pytest.raises(WrongStateError, match="already"):
            part.snapshot(GROUPS)
        for one in (subtasks, plain):
            run(one, after)
        assert all_rows(taken) == expected
        part.forget_snapshot()
        for one in (subtasks, plain):
            run(one, then)
        assert all_rows(part.snapshot(GROUPS)) == all_rows(part.export(GROUPS))
        found, late = subtasks.finish()
        whole, whole_late = plain.finish()
    except OverflowError:  # of a sum
        return
    assert_equal(found, whole)
    assert_equal(late, whole_late)


@pytest.mark.parametrize("name", ["running", "sliding", "sessions", "counts sliding"])
def test_another_thread_reads_while_rows_come(name):
    subtasks = Subtasks(STRUCTURES[name], ("key",))
    (part,) = subtasks.parts
    chunks = [
        [
            (
                (number % 500, None, Decimal(number % 7), number, float(number % 9), f"text {number % 30}", None),
                number // 50,
            )
            for number in range(start, start + 400)
        ]
        for start in range(0, 8000, 400)
    ]
    snapshots = NativeSnapshots(part, GROUPS)
    for records in chunks:
        expected = all_rows(part.export(GROUPS))
        later = snapshots.begin()
        read = []
        thread = threading.Thread(target=lambda read=read, later=later: read.extend(later))
        thread.start()
        subtasks.push(records)
        subtasks.advance(records[0][1] - 20)
        thread.join()
        assert all_rows(read) == expected


def test_one_that_nobody_reads_is_closed():
    subtasks = Subtasks(STRUCTURES["running"], ("key",))
    (part,) = subtasks.parts
    subtasks.push([((1, None, None, 1, None, None, None), 0)])
    snapshots = NativeSnapshots(part, GROUPS)
    snapshots.begin().close()
    snapshots.begin().close()
    snapshots.forget()
    assert len(all_rows(part.snapshot(GROUPS))) == 1

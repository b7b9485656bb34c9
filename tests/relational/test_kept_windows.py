"""Operators of windows and of OVER that are interrupted: other subtasks go on from what they kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.keys.partition import scatter_by_key
from pyflinkx.relational.keyed_rows import kind_column, schema_of
from pyflinkx.relational.over.change_operator import ChangingOverOperator
from pyflinkx.relational.over.nodes import RANGE, ROWS, Frame, OrderKey, OverWindow, PlaceCall
from pyflinkx.relational.over.time_operator import TimeOverOperator
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.windows.aggregate_operator import WindowAggregateOperator
from pyflinkx.relational.windows.properties import Bounds
from pyflinkx.relational.windows.rank_operator import WindowRankOperator
from pyflinkx.relational.windows.session_operator import SessionTableOperator
from pyflinkx.relational.windows.spec import SESSION, WindowSpec
from tests.operators.test_state_backends import BACKENDS
from tests.relational.queries import scan, typed
from tests.relational.test_kept_state import GROUPS, Collected, opened

EPOCH = datetime(1970, 1, 1)
COLUMNS = {"k": "INT", "v": "INT", "ts": "TIMESTAMP(3)", "b": "TIMESTAMP(3)", "e": "TIMESTAMP(3)"}
KINDS = tuple((name, typed(kind)) for name, kind in COLUMNS.items())
SCHEMA = schema_of(KINDS)
BOUNDS = Bounds(3, 4, False, False, "UTC")
NUMBER = (("n", typed("BIGINT NOT NULL")),)
TIMES = tuple((name, typed("TIMESTAMP(3) NOT NULL")) for name in ("window_start", "window_end", "window_time"))
CALLS = "COUNT(*), SUM(v), MAX(v), COUNT(DISTINCT v), AVG(v)"


def calls():
    node = bound_query(f"SELECT k, {CALLS} FROM t GROUP BY k", {"t": scan(COLUMNS)}).input
    return node.calls, node.columns[1:]


def aggregate():
    made, results = calls()
    columns = (KINDS[0], KINDS[3], KINDS[4], *results)
    return WindowAggregateOperator(KINDS, (0,), BOUNDS, columns, (0, "begin", "end"), made, True)


def rank():
    order = (OrderKey(1, True, False),)
    return WindowRankOperator(KINDS, (0,), BOUNDS, (*KINDS, *NUMBER), "ROW_NUMBER", order, 1, 2)


def session():
    columns = (*KINDS, *TIMES)
    return SessionTableOperator(
        WindowSpec(SESSION, 2, False, False, 700, 0, 0, (0,)), KINDS, columns, schema_of(columns), "UTC"
    )


def over(unit, start):
    made, results = calls()
    window = OverWindow((0,), (OrderKey(2),), Frame(unit, start, 0))
    places = (PlaceCall("LAG", typed("INT"), 1, 2), PlaceCall("RANK", typed("BIGINT NOT NULL")))
    columns = (*KINDS, *results, ("lag", typed("INT")), *NUMBER)
    return TimeOverOperator(KINDS, window, (*made, *places), columns, False)


def changing():
    made, results = calls()
    window = OverWindow((0,), (OrderKey(1),), Frame(RANGE, None, 0))
    return ChangingOverOperator(KINDS, window, made, (*KINDS, *results))


MAKES = {
    "aggregate": aggregate,
    "rank": rank,
    "session": session,
    "over rows": lambda: over(ROWS, -2),
    "over values": lambda: over(RANGE, -600),
    "over all": lambda: over(RANGE, None),
    "over in any order": changing,
}
TAKING_BACK = ("aggregate", "over in any order")


def row_of(key, value, tenth):
    """A row with the window of a second that it is in."""
    begin = tenth // 10 * 1000
    times = (EPOCH + timedelta(milliseconds=each) for each in (tenth * 100, begin, begin + 1000))
    return (key, value, *times)


def run(make, steps, scales, backend=BACKENDS[0]):
    """What comes out of a run with these numbers of subtasks, one after the other.

    Args:
        make: makes the operator.
        steps: kinds and rows, and the watermark behind them.
        scales: numbers of subtasks.
        backend: of the state.
    """
    collected, harnesses = Collected(), None
    length = -(-len(steps) // len(scales)) or 1
    for number, count in enumerate(scales):
        harnesses = [opened(make, collected, harnesses, count, subtask, backend) for subtask in range(count)]
        for changes, watermark in steps[number * length : (number + 1) * length]:
            kinds = [["+I", "-U", "+U", "-D"].index(kind) for kind, _ in changes]
            batch = from_rows([row_of(*row) for _, row in changes], SCHEMA, None, kind_column(kinds))
            for harness, part in zip(harnesses, scatter_by_key(batch, ["k"], GROUPS, count), strict=True):
                if part is not None:
                    harness.operator.process_batch(part)
            for harness in harnesses:
                harness.watermark(watermark)
    for harness in harnesses or []:
        harness.watermark(10_000)
    return collected.rows


@st.composite
def stories(draw):
    """Rows that come and go, and watermarks that go on."""
    there, steps, watermark = [], [], -1
    for _ in range(draw(st.integers(1, 5))):
        changes = []
        for _ in range(draw(st.integers(1, 4))):
            if there and draw(st.integers(0, 3)) == 0:
                changes.append(("-D", there.pop(draw(st.integers(0, len(there) - 1)))))
            else:
                row = draw(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3), st.integers(0, 30)))
                there.append(row)
                changes.append(("+I", row))
        watermark += draw(st.integers(0, 900))
        steps.append((changes, watermark))
    return steps


def by_key(changes):
    found = {}
    for kind, row in changes:
        found.setdefault(row[0], []).append((kind, row))
    return found


@pytest.mark.parametrize("name", MAKES)
@settings(max_examples=15, deadline=None)
@given(stories(), st.lists(st.integers(1, 4), min_size=2, max_size=3))
def test_an_interrupted_run_is_as_another(name, steps, scales):
    if name not in TAKING_BACK:
        steps = [([("+I", row) for _, row in changes], watermark) for changes, watermark in steps]
    assert by_key(run(MAKES[name], steps, scales)) == by_key(run(MAKES[name], steps, [1]))


@pytest.mark.parametrize("name", MAKES)
def test_state_elsewhere_gives_the_same(name):
    steps = [([("+I", (n % 3, n % 4, n)), ("+I", (n % 2, 5, 2 * n))], n * 90) for n in range(15)]
    wanted = by_key(run(MAKES[name], steps, [1]))
    for backend in BACKENDS[1:]:
        assert by_key(run(MAKES[name], steps, [2, 3], backend)) == wanted


def test_windows_by_the_clock_end_when_it_has_passed_their_last_millisecond():
    made, results = calls()
    columns = (KINDS[0], KINDS[4], *results)
    collected = Collected()
    bounds = Bounds(3, 4, True, False, "UTC")
    harness = opened(lambda: WindowAggregateOperator(KINDS, (0,), bounds, columns, (0, "end"), made, False), collected)
    harness.operator.process_batch(from_rows([row_of(1, 2, 3), row_of(1, 4, 9)], SCHEMA))
    assert harness.operator.next_processing_timer() == 1000
    harness.operator.advance_processing_time(999)
    assert not collected.rows
    harness.operator.advance_processing_time(1000)
    assert [(row[0], row[2], row[3]) for _, row in collected.rows] == [(1, 2, 6)]
    harness.operator.process_batch(from_rows([row_of(1, 2, 3)], SCHEMA))
    assert harness.context.counters["numLateRecordsDropped"] == 1

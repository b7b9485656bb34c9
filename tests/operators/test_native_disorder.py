"""Rows in any order of time: thousands of open slices and sessions, opened, merged and fired against naive models."""

from collections import defaultdict
from random import Random

import pytest

from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from tests.operators.native_cases import SCHEMA, NativeHarness

AGGREGATIONS = {
    "n": Aggregation("count"),
    "first": Aggregation("first", "value"),
    "kinds": Aggregation("count_distinct", "value"),
}
COUNT = 2000


def zigzag(times):
    return [times[i // 2] if i % 2 == 0 else times[-1 - i // 2] for i in range(len(times))]


ORDERS = {
    "ascending": lambda times: times,
    "descending": lambda times: times[::-1],
    "random": lambda times: Random(3).sample(times, len(times)),
    "from both ends": zigzag,
    "two far runs": lambda times: times[::2] + times[1::2][::-1],
    "evens, then odds at random": lambda times: times[::2] + Random(4).sample(times[1::2], len(times[1::2])),
    "all equal": lambda times: [times[0]] * len(times),
}


def rows_in(order, step):
    times = ORDERS[order]([number * step for number in range(COUNT)])
    return [(("a", "b", "a")[number % 3], number % 50, time) for number, time in enumerate(times)]


def results_of(rows):
    return len(rows), rows[0][1], len({value for _, value, _ in rows})


def windows_of(rows, size, slide):
    found = defaultdict(list)
    for row in rows:
        for start in range(row[2] // slide * slide, row[2] - size, -slide):
            found[row[0], start].append(row)
    return {(key, start, start + size, *results_of(held)) for (key, start), held in found.items()}


def sessions_of(rows, gap):
    found = set()
    for key in {row[0] for row in rows}:
        held = []
        for row in sorted((row for row in rows if row[0] == key), key=lambda row: row[2]):
            if held and row[2] - held[-1][2] <= gap:
                held.append(row)
                continue
            if held:
                found.add(session(key, held, gap, rows))
            held = [row]
        found.add(session(key, held, gap, rows))
    return found


def session(key, held, gap, rows):
    order = {id(row): number for number, row in enumerate(rows)}
    return (key, held[0][2], held[-1][2] + gap, *results_of(sorted(held, key=lambda row: order[id(row)])))


def run(assigner, rows, watermark_every):
    """The results, with a watermark that makes no row late and parts no session after so many rows; 0: at the end."""
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, AGGREGATIONS))
    found, last = [], None
    for start in range(0, len(rows), watermark_every or len(rows)):
        part = rows[start : start + (watermark_every or len(rows))]
        harness.push([row[:2] for row in part], [row[2] for row in part])
        following = min((row[2] for row in rows[start + len(part) :]), default=None)
        if watermark_every and following is not None and (last is None or following - 12 > last):
            last = following - 12
            harness.watermark(last)
            found += harness.take()
    harness.watermark(MAX_WATERMARK)
    found += harness.take()
    assert [stamp for _, stamp in found] == sorted(stamp for _, stamp in found)
    assert harness.operator.windows.held == 0
    assert len({row[:2] for row, _ in found}) == len(found)
    return {row for row, _ in found}


@pytest.mark.parametrize("watermark_every", [0, 7, 500])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("size", "slide"), [(10, 10), (40, 10), (35, 10)])
def test_slices_in_any_order(order, watermark_every, size, slide):
    rows = rows_in(order, 10)
    kind = TumblingEventTimeWindows(size) if size == slide else SlidingEventTimeWindows(size, slide)
    assert run(kind, rows, watermark_every) == windows_of(rows, size, slide)


@pytest.mark.parametrize("watermark_every", [0, 7, 500])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("step", [4, 10, 11, 30, 31])
def test_sessions_in_any_order(order, watermark_every, step):
    rows = rows_in(order, step)
    assert run(EventTimeSessionWindows(10), rows, watermark_every) == sessions_of(rows, 10)


@pytest.mark.parametrize("size", [10, 95, 1000])
@pytest.mark.parametrize("owning", [False, True])
def test_late_rows_fire_all_their_windows_again(size, owning):
    random = Random(size)
    named = {"n": Aggregation("count"), "total": Aggregation("sum", "value"), "first": Aggregation("first", "value")}
    if owning:
        named["kinds"] = Aggregation("count_distinct", "value")
    assigner = SlidingEventTimeWindows(size, 10)
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, named, allowed_lateness=1500))
    rows = [(random.choice("ab"), random.randrange(9), random.randrange(3000)) for _ in range(300)]
    harness.push([row[:2] for row in rows], [row[2] for row in rows])
    harness.watermark(2000)
    harness.take()
    for _ in range(60):
        late = (random.choice("abc"), random.randrange(9), random.randrange(900, 2000))
        rows.append(late)
        harness.push([late[:2]], [late[2]])
        wanted = []
        for start in range(late[2] // 10 * 10, late[2] - size, -10):
            # Fired already, and not gone.
            if start + size - 1 <= 2000 < start + size - 1 + 1500:
                values = [value for key, value, time in rows if key == late[0] and start <= time < start + size]
                results = (len(values), sum(values), values[0], *([len(set(values))] if owning else []))
                wanted.append(((late[0], start, start + size, *results), start + size - 1))
        assert harness.take() == wanted

"""Windows of the Table API: they give what SQL gives."""

from __future__ import annotations

import pytest

from pyflinkx.errors import GraphError
from pyflinkx.table import Over, Session, Slide, Tumble
from pyflinkx.table.expressions import (
    CURRENT_RANGE,
    CURRENT_ROW,
    UNBOUNDED_RANGE,
    UNBOUNDED_ROW,
    col,
    lit,
    row_interval,
)
from tests.table.row_times import environment, results, view

ROWS = [("a", 1, 0), ("b", 2, 900), ("a", 3, 1000), ("a", None, 2500), ("b", 5, 700), ("a", 6, 4000), ("b", 7, 4000)]


@pytest.fixture
def tables():
    made = environment()
    view(made, ROWS, 3000)
    return made


def rows_of(table):
    with table.execute().collect() as rows:
        return sorted(map(tuple, rows), key=repr)


GROUPS = {
    "TUMBLE(ts, INTERVAL '1' SECOND)": Tumble.over(lit(1).seconds).on(col("ts")),
    "HOP(ts, INTERVAL '0.5' SECOND, INTERVAL '2' SECOND)": Slide.over(lit(2).seconds)
    .every(lit(500).millis)
    .on(col("ts")),
    "SESSION(ts, INTERVAL '1' SECOND)": Session.with_gap(lit(1).second).on(col("ts")),
}


@pytest.mark.parametrize("said", GROUPS)
def test_groups_by_windows(tables, said):
    start, end, time = (said.replace("(", f"_{part}(", 1) for part in ("START", "END", "ROWTIME"))
    expected = results(tables, f"SELECT {start}, {end}, {time}, k, SUM(v) FROM t GROUP BY k, {said}")
    grouped = tables.from_path("t").window(GROUPS[said].alias("w")).group_by(col("k"), col("w"))
    w = col("w")
    found = grouped.select(w.start, w.end.alias("e"), w.rowtime, col("k"), col("v").sum.alias("s"))
    assert rows_of(found) == sorted(expected, key=repr)
    assert [str(kind) for _, kind in found._node.columns[:3]] == [
        "TIMESTAMP(3) NOT NULL",
        "TIMESTAMP(3) NOT NULL",
        "TIMESTAMP(3) *ROWTIME* NOT NULL",
    ]


OVERS = {
    "PARTITION BY k ORDER BY ts": Over.partition_by(col("k")).order_by(col("ts")),
    "ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW": Over.order_by(col("ts"))
    .preceding(UNBOUNDED_RANGE)
    .following(CURRENT_RANGE),
    "PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW": Over.partition_by(col("k"))
    .order_by(col("ts"))
    .preceding(row_interval(1))
    .following(CURRENT_ROW),
    "ORDER BY ts RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND CURRENT ROW": Over.order_by(col("ts")).preceding(
        lit(2).seconds
    ),
    "ORDER BY ts ROWS UNBOUNDED PRECEDING": Over.order_by(col("ts")).preceding(UNBOUNDED_ROW),
}


@pytest.mark.parametrize("said", OVERS)
def test_windows_around_rows(tables, said):
    expected = results(tables, f"SELECT k, v, SUM(v) OVER ({said}), COUNT(DISTINCT k) OVER ({said}) FROM t")
    table = tables.from_path("t").over_window(OVERS[said].alias("w"))
    w = col("w")
    found = table.select(col("k"), col("v"), col("v").sum.over(w), col("k").count.distinct.over(w))
    assert rows_of(found) == sorted(expected, key=repr)


def test_what_is_no_window_is_refused(tables):
    table = tables.from_path("t")
    window = Tumble.over(lit(1).seconds).on(col("ts")).alias("w")
    with pytest.raises(GraphError, match=r"names the window, too: group_by\(col\('w'\)"):
        table.window(window).group_by(col("k"))
    with pytest.raises(GraphError, match="windows of a number of rows"):
        Tumble.over(row_interval(3))
    with pytest.raises(TypeError, match="made by Tumble, Slide or Session"):
        table.window(Tumble.over(lit(1).seconds).on(col("ts")))
    with pytest.raises(TypeError, match="made by Over"):
        table.over_window(window)
    with pytest.raises(GraphError, match=r"following\(\) is of ROWS, and preceding\(\) of RANGE"):
        Over.order_by(col("ts")).preceding(UNBOUNDED_RANGE).following(CURRENT_ROW)

"""Windows of tables against a model that looks at each row and each window, in streams and in batch."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.table import DataTypes
from pyflinkx.table.execution import translation
from tests.table.row_times import Watermarks, at, environment, millis, results, view

# Times at the ends of windows, at their begins, and anywhere.
STAMPS = st.one_of(
    st.integers(0, 9).map(lambda second: second * 1000 + 999),
    st.integers(0, 18).map(lambda half: half * 500),
    st.integers(0, 9000),
)
ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.one_of(st.none(), st.integers(-5, 5)), STAMPS),
    min_size=1,
    max_size=40,
)
DELAYS = st.sampled_from([0, 500, 3000])
TIMES = 1_000


def tumbling(size, offset=0):
    return hopping(size, size, offset)


def hopping(slide, size, offset=0):
    def windows(stamp):
        return [(start, start + size) for start in range(stamp - size + 1, stamp + 1) if (start - offset) % slide == 0]

    return windows


def cumulating(step, size, offset=0):
    def windows(stamp):
        ((start, _),) = tumbling(size, offset)(stamp)
        return [(start, end) for end in range(start + step, start + size + 1, step) if end > stamp]

    return windows


FIXED = {
    "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)": tumbling(1000),
    "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '0.3' SECOND)": tumbling(1000, 300),
    "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)": hopping(1000, 3000),
    "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '1' SECOND, INTERVAL '-0.5' SECOND)": hopping(
        2000, 1000, -500
    ),
    "CUMULATE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), STEP => INTERVAL '1' SECOND, SIZE => INTERVAL '4' SECOND)": (
        cumulating(1000, 4000)
    ),
    "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND, INTERVAL '1' SECOND)": cumulating(
        1000, 2000, 1000
    ),
}


def expected(rows, windows, delay):
    """Rows of each key and window that are in time; with no delay given, all."""
    watermarks = Watermarks(delay)
    found = defaultdict(list)
    for key, value, stamp in rows:
        for start, end in windows(stamp):
            if delay is None or end - 1 > watermarks.time:
                found[key, start, end].append(value)
        if delay is not None:
            watermarks.after(stamp)
    return found


def aggregated(found):
    """What the query says of the rows of each key and window."""
    answer = []
    for (key, start, end), values in found.items():
        known = [value for value in values if value is not None]
        answer.append((key, at(start), at(end), len(values), sum(known) if known else None, len(set(known))))
    return sorted(answer, key=repr)


QUERY = (
    "SELECT k, window_start, window_end, COUNT(*), SUM(v), COUNT(DISTINCT v) FROM TABLE({window}) "
    "GROUP BY k, window_start, window_end"
)


@pytest.mark.parametrize("window", FIXED)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, delay=DELAYS)
def test_aggregates_of_windows_of_a_stream(window, rows, delay):
    tables = environment()
    view(tables, rows, delay)
    wanted = aggregated(expected(rows, FIXED[window], delay))
    query = QUERY.format(window=window)
    assert sorted(results(tables, query), key=repr) == wanted
    # What compiled windows cannot is calculated row by row.
    by_rows = results(tables, query.replace("COUNT(*)", "COUNT(*) FILTER (WHERE v IS NULL OR v < 9)"))
    assert sorted(by_rows, key=repr) == wanted


@pytest.mark.parametrize("window", FIXED)
@settings(max_examples=5, deadline=None)
@given(rows=ROWS)
def test_in_batch_no_row_is_late(window, rows):
    tables = environment(streaming=False)
    view(tables, rows)
    found = expected(rows, FIXED[window], None)
    assert sorted(results(tables, QUERY.format(window=window)), key=repr) == aggregated(found)
    whole = sorted(results(tables, f"SELECT k, v, window_end, window_time FROM TABLE({window})"), key=repr)
    each = [(key, value, at(end), at(end - 1)) for (key, _, end), values in found.items() for value in values]
    assert whole == sorted(each, key=repr)


@pytest.mark.parametrize(
    ("calls", "compiled"),
    [
        ("COUNT(*), COUNT(v), COUNT(DISTINCT v), SUM(v), AVG(v), MIN(v), MAX(k)", True),
        ("SUM(v + 1), COUNT(*)", True),
        ("AVG(DISTINCT v)", False),
        ("LISTAGG(k)", False),
        ("COUNT(*) FILTER (WHERE v > 0)", False),
    ],
)
def test_which_aggregates_are_of_compiled_windows(calls, compiled):
    tables = environment()
    view(tables, SAMPLE)
    window = "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)"
    table = tables.sql_query(
        f"SELECT UPPER(k), {calls} FROM TABLE({window}) WHERE v > 0 GROUP BY UPPER(k), window_start, window_end"
    )
    stream = translation(tables._env).stream(table._node.input)
    assert (stream.origin.operation == "Window Results") == compiled


AMOUNTS = st.one_of(st.none(), st.decimals(-(10**16) + 1, 10**16 - 1, places=2), st.decimals(-9, 9, places=2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), AMOUNTS, st.integers(0, 2500)), min_size=1, max_size=20))
def test_sums_of_decimals_by_compiled_windows_and_by_rows(rows):
    tables = environment(streaming=False)
    fields = [("k", DataTypes.STRING()), ("v", DataTypes.DECIMAL(18, 2)), ("ts", DataTypes.TIMESTAMP(3))]
    kind = DataTypes.ROW([DataTypes.FIELD(*each) for each in fields])
    made = [(key, value, at(stamp)) for key, value, stamp in rows]
    tables.create_temporary_view("t", tables.from_elements(made, kind))
    query = (
        "SELECT k, window_start, SUM(v), AVG(v), MIN(v), COUNT(v) {} FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
        "INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end"
    )
    by_rows = [row[:-1] for row in results(tables, query.format(", COUNT(*) FILTER (WHERE TRUE)"))]
    assert sorted(results(tables, query.format("")), key=repr) == sorted(by_rows, key=repr)
    known = [value for _, value, _ in rows if value is not None]
    assert sum(row[2] or 0 for row in by_rows) == sum(known)
    stream = translation(tables._env).stream(tables.sql_query(query.format(""))._node.input)
    assert stream.origin.operation == "Window Results"


def sessions(rows, gap, delay, by_key):
    """Sessions as lists of a begin, an end and rows, each with its key."""
    watermarks = Watermarks(delay)
    live = []
    for key, value, stamp in rows:
        own = [key if by_key else "all", stamp, stamp + gap, [(key, value)]]
        touched = [each for each in live if each[0] == own[0] and each[1] <= own[2] and own[1] <= each[2]]
        merged = [
            own[0],
            min(each[1] for each in [*touched, own]),
            max(each[2] for each in [*touched, own]),
            [row for each in [*touched, own] for row in each[3]],
        ]
        # A session that has ended takes no rows, and one that would end too early is late.
        if merged[2] - 1 > watermarks.time:
            live = [each for each in live if each not in touched] + [merged]
        watermarks.after(stamp)
        done = [each for each in live if each[2] - 1 <= watermarks.time]
        live = [each for each in live if each not in done]
        yield from done
    yield from live


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, delay=DELAYS, by_key=st.booleans())
def test_sessions(rows, delay, by_key):
    tables = environment()
    view(tables, rows, delay)
    found = list(sessions(rows, TIMES, delay, by_key))
    partition = "PARTITION BY k" if by_key else ""
    window = f"SESSION(TABLE t {partition}, DESCRIPTOR(ts), INTERVAL '1' SECOND)"
    each = [(key, value, at(start), at(end)) for _, start, end, members in found for key, value in members]
    whole = results(tables, f"SELECT k, v, window_start, window_end FROM TABLE({window})")
    assert sorted(whole, key=repr) == sorted(each, key=repr)
    if by_key:
        counted = [(key, at(start), at(end), len(members)) for key, start, end, members in found]
        query = (
            f"SELECT k, window_start, window_end, COUNT(*) FROM TABLE({window}) GROUP BY k, window_start, window_end"
        )
        assert sorted(results(tables, query), key=repr) == sorted(counted, key=repr)
        old = (
            "SELECT k, SESSION_START(ts, INTERVAL '1' SECOND), SESSION_END(ts, INTERVAL '1' SECOND), COUNT(*) FROM t "
            "GROUP BY SESSION(ts, INTERVAL '1' SECOND), k"
        )
        assert sorted(results(tables, old), key=repr) == sorted(counted, key=repr)


SAMPLE = [("a", 1, 0), ("b", 2, 900), ("a", 3, 1000), ("a", None, 2500), ("b", 5, 700), ("a", 6, 4000)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TUMBLE(ts, INTERVAL '1' SECOND)", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)"),
        (
            "HOP(ts, INTERVAL '1' SECOND, INTERVAL '2' SECOND)",
            "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND)",
        ),
    ],
)
def test_group_windows_give_what_window_functions_give(old, new):
    tables = environment()
    view(tables, SAMPLE, 1000)
    start, end, time = (old.replace("(", f"_{part}(", 1) for part in ("START", "END", "ROWTIME"))
    columns = f"k, {start} AS s, {end}, {time}, SUM(v) + 1"
    query = f"SELECT {columns} FROM t WHERE k <> 'c' GROUP BY k, {old} HAVING {end} > {start}"
    expected_query = (
        f"SELECT k, window_start, window_end, window_time, SUM(v) + 1 FROM TABLE({new}) "
        "GROUP BY k, window_start, window_end, window_time"
    )
    found = results(tables, query)
    assert len(found) > 3
    assert sorted(found, key=repr) == sorted(results(tables, expected_query), key=repr)
    names = [name for name, _ in tables.sql_query(query)._node.columns]
    assert names == ["k", "s", "EXPR$2", "EXPR$3", "EXPR$4"]
    assert str(tables.sql_query(query)._node.columns[3][1]) == "TIMESTAMP(3) *ROWTIME* NOT NULL"


def test_windows_on_the_results_of_windows():
    tables = environment()
    view(tables, SAMPLE, 1000)
    query = (
        "SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(rowtime), "
        "INTERVAL '2' SECOND)) GROUP BY window_start, window_end"
    )
    small = (
        "SELECT window_time AS rowtime, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) "
        "GROUP BY window_start, window_end, window_time"
    )
    found = results(tables, f"WITH small AS ({small}) {query}")
    assert [(millis(start), millis(end), n) for start, end, n in found] == [
        (0, 2000, 3),
        (2000, 4000, 1),
        (4000, 6000, 1),
    ]


def test_grouping_sets_of_windows_are_windows():
    tables = environment()
    view(tables, SAMPLE, 5000)
    query = (
        "SELECT k, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '4' SECOND)) "
        "GROUP BY window_start, window_end, ROLLUP (k)"
    )
    assert sorted(results(tables, query), key=repr) == sorted(
        [("a", at(4000), 3), ("b", at(4000), 2), (None, at(4000), 5), ("a", at(8000), 1), (None, at(8000), 1)], key=repr
    )


def test_windows_by_a_clock_of_local_time_begin_by_that():
    tables = environment()
    tables.get_config().set("table.local-time-zone", "Asia/Kolkata")
    view(tables, [("a", 1, 0), ("a", 2, 3_600_000), ("a", 3, 86_400_000)], 0, time=DataTypes.TIMESTAMP_LTZ(3))
    query = (
        "SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) "
        "GROUP BY window_start, window_end"
    )
    day = 86_400_000
    assert results(tables, query) == [(at(0), at(day), 2), (at(day), at(2 * day), 1)]
    plan = tables.sql_query("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY))")
    assert [str(kind) for _, kind in plan._node.columns[3:]] == [
        "TIMESTAMP(3) NOT NULL",
        "TIMESTAMP(3) NOT NULL",
        "TIMESTAMP_LTZ(3) *ROWTIME* NOT NULL",
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts)))", "SIZE is missing: TUMBLE"),
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(v), INTERVAL '1' SECOND))", "a TIMESTAMP, and v is INT"),
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(x), INTERVAL '1' SECOND))", "there is no column x"),
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0' SECOND))", "is more than 0"),
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), 5))", "a constant interval such as"),
        (
            "SELECT * FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '3' SECOND))",
            "is no multiple of the step, 2 s",
        ),
        ("SELECT TUMBLE_START(ts, INTERVAL '1' SECOND) FROM t GROUP BY k", "needs TUMBLE"),
        (
            "SELECT TUMBLE_START(ts, INTERVAL '2' SECOND) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' SECOND)",
            "GROUP BY has no such window",
        ),
        (
            "SELECT 1 FROM t GROUP BY TUMBLE(ts, INTERVAL '1' SECOND), TUMBLE(ts, INTERVAL '2' SECOND)",
            "one window in GROUP BY at most",
        ),
    ],
)
def test_windows_that_make_no_sense_are_refused(query, message):
    tables = environment()
    view(tables, SAMPLE)
    with pytest.raises(SqlError, match=message):
        tables.sql_query(query)


def test_a_stream_needs_a_time_that_goes_on_or_an_end():
    tables = environment()
    view(tables, SAMPLE)
    query = (
        "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '2' SECOND)) "
        "GROUP BY window_start, window_end"
    )
    tables.execute_sql("CREATE TABLE endless (ts TIMESTAMP(3)) WITH ('connector' = 'datagen')")
    with pytest.raises(SqlError, match="declare a WATERMARK FOR ts"):
        tables.execute_sql(query.format("endless"))
    tables.create_temporary_view("cast_away", tables.sql_query("SELECT CAST(ts AS TIMESTAMP(3)) AS ts FROM t"))
    with pytest.raises(SqlError, match="declare a WATERMARK FOR ts"):
        tables.execute_sql(query.format("cast_away"))
    kind = DataTypes.ROW([DataTypes.FIELD("ts", DataTypes.TIMESTAMP(3))])
    tables.create_temporary_view("ends", tables.from_elements([(at(stamp),) for _, _, stamp in SAMPLE], kind))
    assert sorted(results(tables, query.format("ends"))) == [(at(0), 4), (at(2000), 1), (at(4000), 1)]

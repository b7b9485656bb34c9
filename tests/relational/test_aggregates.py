"""GROUP BY, held against DuckDB and a model of one's own: in batches, as changes, with rows taken back."""

from collections import Counter
from statistics import fmean

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import JobExecutionError, SqlError
from pyflinkx.relational.queries import bound_query
from pyflinkx.types.changes import RETRACT
from tests.relational.changelogs import folded, log, rows, table

COLUMNS = {"k": "INT", "s": "STRING", "a": "INT", "d": "DOUBLE"}
number = st.none() | st.integers(-5, 5)
records = st.lists(
    st.tuples(
        st.none() | st.integers(0, 2), st.none() | st.sampled_from("xyz"), number, number.map(lambda n: n and n / 2)
    ),
    max_size=14,
)
AGGREGATES = [
    "COUNT(*)",
    "COUNT(a)",
    "COUNT(DISTINCT a)",
    "SUM(a)",
    "SUM(DISTINCT a)",
    "MIN(a)",
    "MAX(s)",
    "MIN(s)",
    "AVG(d)",
    "SUM(d)",
    "MAX(d) FILTER (WHERE a > 0)",
    "COUNT(*) FILTER (WHERE s = 'x')",
    "COUNT(DISTINCT s) FILTER (WHERE a > 0)",
    "SUM(a) FILTER (WHERE d IS NOT NULL) + COUNT(*)",
]
KEYS = [
    "",
    "GROUP BY k",
    "GROUP BY k, s",
    "GROUP BY k + 1",
    "GROUP BY ROLLUP (k, s)",
    "GROUP BY GROUPING SETS ((k), (s))",
]


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        yield connection


def duck(database, query, found):
    database.execute("CREATE OR REPLACE TABLE t (k INT, s VARCHAR, a INT, d DOUBLE)")
    if found:
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", found)
    return Counter(database.execute(query).fetchall())


def query_of(aggregates, keys):
    shown = {"": "1", "GROUP BY k + 1": "k + 1"}.get(keys, "k, s" if "s" in keys else "k")
    return f"SELECT {shown}, {', '.join(aggregates)} FROM t {keys}"


queries = st.builds(
    query_of, st.lists(st.sampled_from(AGGREGATES), min_size=1, max_size=4, unique=True), st.sampled_from(KEYS)
)


@settings(max_examples=25, deadline=None)
@given(records, queries)
def test_batches_give_what_duckdb_gives(database, found, query):
    assert rows(query, {"t": table(COLUMNS, found)}, streaming=False) == (
        duck(database, query, found) if found or ("SETS" not in query and "ROLLUP" not in query) else Counter()
    )


@st.composite
def changes(draw):
    """Rows that come and go: what is taken back is there."""
    there, made = [], []
    for _ in range(draw(st.integers(1, 14))):
        if there and draw(st.booleans()):
            row = there.pop(draw(st.integers(0, len(there) - 1)))
            made.append((draw(st.sampled_from(["-D", "-U"])), row))
        else:
            row = draw(records.filter(bool))[0]
            there.append(row)
            made.append((draw(st.sampled_from(["+I", "+U"])), row))
    return made, there


@settings(max_examples=30, deadline=None)
@given(changes(), queries, st.sampled_from([None, 1, 3, 100]))
def test_changes_come_to_what_duckdb_gives_of_the_rows_that_are_left(database, changed, query, bundle):
    made, there = changed
    options = {"table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.size": str(bundle)} if bundle else {}
    wanted = duck(database, query, there) if there else Counter()
    assert rows(query, {"t": table(COLUMNS, made, RETRACT)}, options=options) == wanted, query


def model(made):
    """The changes that COUNT, SUM and MAX by k go through, one row after the other."""
    groups, sent, found = {}, {}, []
    for kind, (k, _, a, _) in made:
        members = groups.setdefault(k, [])
        if kind in ("+I", "+U"):
            members.append(a)
        elif members:
            members.remove(a)
        else:
            continue
        known = [each for each in members if each is not None]
        row = (k, len(members), sum(known) if known else None, max(known, default=None))
        before = sent.pop(k, None)
        if not members:
            found.append(("-D", before))
            continue
        sent[k] = row
        if before is None:
            found.append(("+I", row))
        elif before != row:
            found += [("-U", before), ("+U", row)]
    return found


@settings(max_examples=30, deadline=None)
@given(changes())
def test_each_row_gives_its_exact_change(changed):
    query = "SELECT k, COUNT(*), SUM(a), MAX(a) FROM t GROUP BY k"
    assert log(query, {"t": table(COLUMNS, changed[0], RETRACT)}) == model(changed[0])


def test_nothing_is_sent_where_no_result_changes():
    made = [(1, None, 5, None), (1, None, 3, None), (1, None, 7, None)]
    assert log("SELECT k, MAX(a) FROM t GROUP BY k", {"t": table(COLUMNS, made)}) == [
        ("+I", (1, 5)),
        ("-U", (1, 5)),
        ("+U", (1, 7)),
    ]
    assert log("SELECT DISTINCT k FROM t", {"t": table(COLUMNS, made)}) == [("+I", (1,))]


def test_aggregates_of_aggregates_follow_their_updates():
    made = [(1, None, 1, None), (2, None, 1, None), (1, None, 1, None)]
    query = "SELECT n, COUNT(*) FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k) GROUP BY n"
    found = log(query, {"t": table(COLUMNS, made)})
    assert found[-3:] == [("-U", (1, 2)), ("+U", (1, 1)), ("+I", (2, 1))]
    assert folded(found) == Counter({(1, 1): 1, (2, 1): 1})


@pytest.mark.parametrize("streaming", [True, False])
def test_bundles_take_back_what_single_rows_do(streaming):
    values = [(n % 3, "xyz"[n % 2], n * 7 % 5, n * 3 % 4 / 2) for n in range(60)]
    made = [("+I", row) for row in values] + [("-D", row) for row in values[::2]]
    tables = {"t": table(COLUMNS, made, RETRACT)}
    query = f"SELECT k, {', '.join(AGGREGATES)} FROM t GROUP BY k"
    options = {"table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.size": "40"}
    wanted = rows(query, {"t": table(COLUMNS, values[1::2])})
    assert rows(query, tables) == wanted
    assert rows(query, tables, streaming=streaming, options=options) == wanted


def test_a_bundle_gives_one_change_for_a_key():
    made = [(1, None, n, None) for n in range(5)]
    options = {"table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.size": "3"}
    assert log("SELECT k, SUM(a) FROM t GROUP BY k", {"t": table(COLUMNS, made)}, options=options) == [
        ("+I", (1, 3)),
        ("-U", (1, 3)),
        ("+U", (1, 10)),
    ]


def test_workers_give_the_same():
    made = [(n % 7, "x", n, None) for n in range(60)]
    query = "SELECT k, s, COUNT(*), SUM(a) FROM t GROUP BY k, s"
    wanted = rows(query, {"t": table(COLUMNS, made)})
    options = {"parallelism.default": "2", "pyflinkx.workers": "threads"}
    assert rows(query, {"t": table(COLUMNS, made)}, options=options) == wanted


RESULTS = [
    ("AVG(a)", (-3,), [-3, -4], "INT"),
    ("SUM(a)", (-(2**31),), [2**31 - 1, 1], "INT"),
    ("AVG(CAST(a AS DECIMAL(5, 2)))", None, [1, 1, 2], "DECIMAL(38, 6)"),
    ("SUM(CAST(a AS DECIMAL(5, 2)))", None, [1, 2], "DECIMAL(38, 2)"),
    ("VAR_POP(CAST(a AS DOUBLE))", (1.0,), [2, 4], "DOUBLE"),
    ("VAR_SAMP(CAST(a AS DOUBLE))", (2.0,), [2, 4], "DOUBLE"),
    ("STDDEV_SAMP(CAST(a AS DOUBLE))", (None,), [2], "DOUBLE"),
    ("FIRST_VALUE(a)", (3,), [None, 3, 4], "INT"),
    ("LAST_VALUE(a)", (4,), [3, 4, None], "INT"),
    ("LISTAGG(CAST(a AS STRING))", ("3,4",), [3, None, 4], "STRING"),
    ("LISTAGG(CAST(a AS STRING), '|')", ("3|4",), [3, 4], "STRING"),
    ("COLLECT(a)", ({3: 2, 4: 1},), [3, 4, 3, None], "MULTISET<INT> NOT NULL"),
    ("ARRAY_AGG(a)", ([3, None, 4],), [3, None, 4], "ARRAY<INT>"),
    ("ARRAY_AGG(a IGNORE NULLS)", ([3, 4],), [3, None, 4], "ARRAY<INT>"),
    ("ARRAY_AGG(DISTINCT a)", ([3, 4],), [3, 4, 3], "ARRAY<INT>"),
    ("JSON_ARRAYAGG(a)", ("[3,4]",), [3, None, 4], "STRING NOT NULL"),
    ("JSON_ARRAYAGG(a NULL ON NULL)", ("[3,null]",), [3, None], "STRING NOT NULL"),
    ("JSON_OBJECTAGG(KEY CAST(a AS STRING) VALUE a)", ('{"3":3}',), [3, 3], "STRING NOT NULL"),
    ("PERCENTILE(a, 0.5)", (2.5,), [1, 4], "DOUBLE"),
    ("COUNT(a, k)", (1,), [1, None], "BIGINT NOT NULL"),
]


@pytest.mark.parametrize(("call", "wanted", "values", "kind"), RESULTS, ids=[each[0] for each in RESULTS])
@pytest.mark.parametrize("streaming", [True, False])
def test_functions_give_flinks_results_and_types(call, wanted, values, kind, streaming):
    tables = {"t": table({"k": "INT", "a": "INT"}, [(1, value) for value in values])}
    query = f"SELECT {call} FROM t GROUP BY k"
    made = log(query, tables, streaming)[-1]
    if wanted is None:
        wanted = (type(made[1][0])(str(made[1][0])),)
        assert float(wanted[0]) == pytest.approx(fmean(values) if "AVG" in call else sum(values), abs=1e-6)
    assert made[1] == wanted
    assert str(bound_query(query, tables).columns[0][1]) == kind


@pytest.mark.parametrize(
    "call",
    ["LISTAGG(CAST(a AS STRING))", "FIRST_VALUE(a)", "LAST_VALUE(a)", "ARRAY_AGG(a)", "COLLECT(a)", "VAR_POP(d)"],
)
def test_what_is_taken_back_leaves_the_results_of_the_rest(call):
    added = [(1, "x", n, float(n)) for n in (3, 1, 2)]
    made = [*(("+I", row) for row in added), ("-D", added[1]), ("-D", added[0]), ("+I", added[1])]
    query = f"SELECT {call} FROM t GROUP BY k"
    left = log(query, {"t": table(COLUMNS, [added[2], added[1]])})[-1]
    assert log(query, {"t": table(COLUMNS, made, RETRACT)})[-1][1] == left[1]


def test_approximate_counts_are_close():
    made = [(0, None, n % 3000, None) for n in range(6000)]
    query = "SELECT APPROX_COUNT_DISTINCT(a) FROM t"
    ((found,),) = rows(query, {"t": table(COLUMNS, made)}, streaming=False)
    assert abs(found - 3000) < 90


def test_global_aggregates_of_nothing():
    query = "SELECT COUNT(*), SUM(a) FROM t"
    assert rows(query, {"t": table(COLUMNS, [])}, streaming=False) == Counter({(0, None): 1})
    assert rows(query, {"t": table(COLUMNS, [])}) == Counter()


def test_grouping_tells_the_sets_apart():
    query = "SELECT k, s, GROUPING(k), GROUPING_ID(k, s), COUNT(*) FROM t GROUP BY CUBE (k, s) HAVING GROUPING(s) = 1"
    found = rows(query, {"t": table(COLUMNS, [(1, "x", None, None)])}, streaming=False)
    assert found == Counter({(1, None, 0, 1, 1): 1, (None, None, 1, 3, 1): 1})


def test_arrays_and_rows_are_keys():
    columns = {"r": "ROW<x INT, y STRING>", "l": "ARRAY<INT>"}
    made = [((1, "a"), [1, 2]), ((1, "a"), [2]), (None, [1, 2]), ((1, "a"), [1, 2])]
    for options in ({}, {"parallelism.default": "2", "pyflinkx.workers": "threads"}):
        for streaming in (True, False):
            found = rows("SELECT l, COUNT(*) FROM t GROUP BY l", {"t": table(columns, made)}, streaming=streaming)
            assert found == Counter({((1, 2), 3): 1, ((2,), 1): 1}), options
            found = log("SELECT DISTINCT r FROM t", {"t": table(columns, made)}, streaming, options)
            assert sorted(str(row) for _, (row,) in found) == ["None", "Row(x=1, y='a')"]
    query = "SELECT COUNT(DISTINCT l), COUNT(DISTINCT r) FROM t"
    assert rows(query, {"t": table(columns, made)}, streaming=False) == Counter({(2, 1): 1})


def test_a_hint_says_how_long_groups_are_kept():
    query = "SELECT /*+ STATE_TTL('t' = '1s') */ k, COUNT(*) FROM t GROUP BY k"
    assert bound_query(query, {"t": table(COLUMNS, [])}).input.ttl == 1000
    with pytest.raises(SqlError, match="the hint STATE_TTL"):
        bound_query(query.replace("1s", "soon"), {"t": table(COLUMNS, [])})


REFUSED = [
    ("SELECT k AS x, COUNT(*) FROM t GROUP BY x", "x is a name that SELECT gives, and GROUP BY takes those of FROM"),
    ("SELECT s, COUNT(*) FROM t", "the column s is neither grouped nor aggregated: with no GROUP BY"),
    ("SELECT a FROM t GROUP BY k", "the column a is neither grouped nor aggregated: put it into GROUP BY"),
    ("SELECT k FROM t GROUP BY k HAVING a > 1", "the column a is neither grouped nor aggregated"),
    ("SELECT SUM(COUNT(*)) FROM t", "there is an aggregate within SUM"),
    ("SELECT k FROM t GROUP BY COUNT(*)", "there is an aggregate in GROUP BY"),
    ("SELECT SUM(s) FROM t", "SUM does not take STRING; it is written SUM\\(number\\)"),
    ("SELECT * FROM t GROUP BY k", "\\* stands for columns that are not aggregated"),
    ("SELECT SUM(*) FROM t", "\\* is an argument of COUNT only"),
    ("SELECT GROUPING(a) FROM t GROUP BY ROLLUP (k, s)", "neither|GROUPING takes what rows are grouped by"),
]


@pytest.mark.parametrize(("query", "message"), REFUSED, ids=[each[0] for each in REFUSED])
def test_what_is_no_group_is_refused_with_the_remedy(query, message):
    with pytest.raises(SqlError, match=message):
        log(query, {"t": table(COLUMNS, [])})


def test_a_failure_names_the_record():
    made = [(1, None, 1, None), (1, None, 2, None)]
    with pytest.raises(JobExecutionError, match="more than one row"):
        log("SELECT SINGLE_VALUE(a) FROM t", {"t": table(COLUMNS, made)})

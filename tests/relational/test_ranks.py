"""ORDER BY, LIMIT and row numbers: in batches held against DuckDB, in streams against the rows that are left."""

from collections import Counter

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import GraphError, SqlError
from pyflinkx.types.changes import RETRACT
from tests.relational.changelogs import log, rows, table

COLUMNS = {"k": "INT", "a": "INT", "s": "STRING", "d": "DOUBLE"}
value = st.none() | st.integers(-3, 3)
row = st.tuples(
    st.integers(0, 1),
    value,
    st.none() | st.sampled_from(["x", "y", "zz"]),
    value.map(lambda number: number and number / 2),
)
records = st.lists(row, max_size=12)
DIRECTIONS = ["", " DESC", " NULLS LAST", " DESC NULLS FIRST"]
# All columns, so that rows that are equal by the order are equal.
orders = st.permutations(["k", "a", "s", "d"]).flatmap(
    lambda names: st.tuples(*[st.sampled_from(DIRECTIONS).map(lambda way, name=name: name + way) for name in names])
)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
        yield connection


def duck(database, query, found):
    database.execute("CREATE OR REPLACE TABLE t (k INT, a INT, s VARCHAR, d DOUBLE)")
    if found:
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", found)
    return database.execute(query).fetchall()


@settings(max_examples=30, deadline=None)
@given(records, orders, st.sampled_from(["", " LIMIT 3", " LIMIT 2 OFFSET 1", " OFFSET 2"]))
def test_batches_are_in_duckdbs_order(database, found, order, some):
    query = f"SELECT * FROM t ORDER BY {', '.join(order)}{some}"
    made = [each for _, each in log(query, {"t": table(COLUMNS, found)}, streaming=False)]
    assert made == duck(database, query, found)


@st.composite
def changes(draw):
    """Rows that come and go: what is taken back is there."""
    there, made = [], []
    for _ in range(draw(st.integers(1, 14))):
        if there and draw(st.booleans()):
            made.append((draw(st.sampled_from(["-D", "-U"])), there.pop(draw(st.integers(0, len(there) - 1)))))
        else:
            there.append(draw(row))
            made.append((draw(st.sampled_from(["+I", "+U"])), there[-1]))
    return made, there


LIMITS = [" LIMIT 1", " LIMIT 3", " LIMIT 2 OFFSET 1", " OFFSET 2"]


@settings(max_examples=30, deadline=None)
@given(records, orders, st.sampled_from(LIMITS))
def test_the_first_rows_of_a_stream_are_those_of_all(database, found, order, some):
    query = f"SELECT * FROM t ORDER BY {', '.join(order)}{some}"
    assert rows(query, {"t": table(COLUMNS, found)}) == Counter(duck(database, query, found))


@settings(max_examples=30, deadline=None)
@given(changes(), orders, st.sampled_from(LIMITS))
def test_the_first_rows_of_changes_are_those_of_what_is_left(database, changed, order, some):
    made, there = changed
    query = f"SELECT * FROM t ORDER BY {', '.join(order)}{some}"
    assert rows(query, {"t": table(COLUMNS, made, RETRACT)}) == Counter(duck(database, query, there))


RANGES = ["n = 1", "n <= 2", "n < 3 AND n > 1", "2 >= n", "n = 2", "n <= 2 AND a > 0"]
numbered = "SELECT {} FROM (SELECT *, {}() OVER (PARTITION BY k ORDER BY {}) AS n FROM t) AS numbered WHERE {}"
shown = st.sampled_from(["k, a, s, d, n", "k, a, s, d"])


@settings(max_examples=30, deadline=None)
@given(records, changes(), orders, st.sampled_from(RANGES), shown)
def test_row_numbers_in_a_range(database, found, changed, order, where, columns):
    query = numbered.format(columns, "ROW_NUMBER", ", ".join(order), where)
    wanted = Counter(duck(database, query, found))
    assert rows(query, {"t": table(COLUMNS, found)}, streaming=False) == wanted
    assert rows(query, {"t": table(COLUMNS, found)}) == wanted
    made, there = changed
    assert rows(query, {"t": table(COLUMNS, made, RETRACT)}) == Counter(duck(database, query, there))


@settings(max_examples=15, deadline=None)
@given(records, st.sampled_from(["RANK", "DENSE_RANK"]), st.sampled_from(["a", "s DESC"]), st.sampled_from(RANGES))
def test_ranks_of_batches(database, found, function, order, where):
    query = numbered.format("*", function, order, where)
    assert rows(query, {"t": table(COLUMNS, found)}, streaming=False) == Counter(duck(database, query, found))


@settings(max_examples=20, deadline=None)
@given(
    records,
    st.sampled_from(["n DESC", "n", "m DESC NULLS LAST", "m"]),
    st.sampled_from(["<= 2", "= 1"]),
    shown,
)
def test_the_best_of_updated_rows(database, found, order, where, columns):
    inner = "SELECT k, a, COUNT(*) AS n, MAX(d) AS m FROM t GROUP BY k, a"
    outer = "k, a, n, m, r" if columns.endswith("n") else "k, a, n, m"
    number = f"ROW_NUMBER() OVER (PARTITION BY k ORDER BY {order}, a) AS r"
    query = f"SELECT {outer} FROM (SELECT *, {number} FROM ({inner}) AS g) AS numbered WHERE r {where}"
    assert rows(query, {"t": table(COLUMNS, found)}) == Counter(duck(database, query, found))


SIX = [(2, "a", 6), (4, "b", 8), (6, "c", 10), (1, "a", 5), (3, "b", 7)]


def of_six(query, kinds=False):
    made = [("+I", each) for each in SIX] if kinds else SIX
    tables = {"t": table({"a": "INT", "b": "STRING", "c": "INT"}, made, RETRACT if kinds else None)}
    return " ".join(f"{kind}{','.join(map(str, each))}" for kind, each in log(query, tables))


TOP = "SELECT a, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) AS n FROM t) WHERE "
EXACT = [
    ("SELECT a FROM t ORDER BY a LIMIT 2", False, "+I2 +I4 -D4 +I1"),
    ("SELECT a FROM t ORDER BY a LIMIT 2", True, "+I2 +I4 -D4 +I1"),
    ("SELECT a FROM t LIMIT 2", False, "+I2 +I4"),
    (TOP + "n = 1", False, "+I2,1 +I4,1 +I6,1 -U2,1 +U1,1 -U4,1 +U3,1"),
    (TOP + "n = 1", True, "+I2,1 +I4,1 +I6,1 -D2,1 +I1,1 -D4,1 +I3,1"),
    (TOP + "n <= 2", False, "+I2,1 +I4,1 +I6,1 -U2,1 +U1,1 +I2,2 -U4,1 +U3,1 +I4,2"),
    (TOP + "n <= 2", True, "+I2,1 +I4,1 +I6,1 -U2,1 +U1,1 +I2,2 -U4,1 +U3,1 +I4,2"),
    ("SELECT b FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY c DESC) <= 1", False, "+Ia -Da +Ib -Db +Ic"),
    ("SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM t QUALIFY n = 1", False, "+I2,1 -D2,1 +I1,1"),
]


@pytest.mark.parametrize(("query", "kinds", "wanted"), EXACT, ids=[f"{each[0]} {each[1]}" for each in EXACT])
def test_changes_are_flinks(query, kinds, wanted):
    assert of_six(query, kinds) == wanted


def test_updates_move_rows_up():
    made = [(1, 5, None, None), (1, 6, None, None), (1, 6, None, None)]
    query = (
        "SELECT a, n, r FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC, a) AS r "
        "FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a)) WHERE r <= 2"
    )
    found = log(query, {"t": table(COLUMNS, made)})
    assert found[2:] == [("-U", (5, 1, 1)), ("+U", (6, 2, 1)), ("-U", (6, 1, 2)), ("+U", (5, 1, 2))]


@pytest.mark.parametrize(("order", "wanted"), [("d", [-1.0, 2.0, "nan"]), ("d DESC", ["nan", 2.0, -1.0])])
def test_nan_is_greater_than_all_numbers(order, wanted):
    made = [(1, 0, None, value) for value in (2.0, float("nan"), -1.0)]
    found = rows(f"SELECT d FROM t ORDER BY {order} LIMIT 2", {"t": table(COLUMNS, made)}, streaming=False)
    assert sorted(str(value) for (value,) in found) == sorted(map(str, wanted[:2]))


def test_workers_give_the_same():
    made = [(n % 5, n % 7, "x", float(n)) for n in range(60)]
    query = (
        "SELECT k, a, d FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY d DESC) AS n FROM t) WHERE n <= 2"
    )
    options = {"parallelism.default": "2", "pyflinkx.workers": "threads"}
    assert rows(query, {"t": table(COLUMNS, made)}, options=options) == rows(query, {"t": table(COLUMNS, made)})


def test_order_by_takes_names_positions_and_what_is_not_selected():
    tables = {"t": table({"a": "INT", "b": "STRING", "c": "INT"}, SIX)}
    for query, wanted in [
        ("SELECT b AS a, a AS x FROM t ORDER BY x LIMIT 1", [("a", 1)]),
        ("SELECT b, a FROM t ORDER BY 2 DESC LIMIT 1", [("c", 6)]),
        ("SELECT b FROM t ORDER BY c * -1 LIMIT 1", [("c",)]),
        ("SELECT b, COUNT(*) FROM t GROUP BY b ORDER BY MAX(c) DESC FETCH FIRST 1 ROW ONLY", [("c", 1)]),
        ("SELECT b FROM t UNION_LESS ORDER BY b LIMIT 1", [("a",)]),
        ("VALUES (2), (1) ORDER BY 1", [(1,), (2,)]),
    ]:
        assert [each for _, each in log(query, tables, streaming=False)] == wanted


def test_what_cannot_be_ordered_is_refused():
    tables = {"t": table(COLUMNS, [])}
    with pytest.raises(GraphError, match=r"ORDER BY a: a stream is never over.*add a LIMIT"):
        log("SELECT a FROM t ORDER BY a", tables)
    with pytest.raises(SqlError, match="with SELECT DISTINCT, ORDER BY takes what is selected"):
        log("SELECT DISTINCT a FROM t ORDER BY k LIMIT 1", tables)
    with pytest.raises(SqlError, match="ORDER BY 3: there are 1 columns"):
        log("SELECT a FROM t ORDER BY 3 LIMIT 1", tables)
    with pytest.raises(SqlError, match="ROW_NUMBER needs an ORDER BY in OVER"):
        log("SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM t", tables)
    with pytest.raises(GraphError, match=r"RANK\(\) numbers streams in batch mode only"):
        log("SELECT a FROM (SELECT a, RANK() OVER (ORDER BY k) AS r FROM t) WHERE r < 3", tables)

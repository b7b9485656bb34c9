"""The user's functions in SQL and tables."""

import asyncio
import datetime
import sys
import types
from decimal import Decimal

import pytest

from pyflinkx.common import Row
from pyflinkx.errors import GraphError, JobExecutionError, SqlError
from pyflinkx.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflinkx.table.expressions import call, col
from pyflinkx.table.udf import ScalarFunction, TableFunction, udf, udtf


@pytest.fixture(scope="module")
def environment():
    made = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    rows = [(1, "a b", 1.5, datetime.date(2024, 1, 1)), (2, "c", None, None), (None, None, 2.5, None)]
    made.create_temporary_view("t", made.from_elements(rows, ["id", "line", "x", "day"]))
    return made


@pytest.fixture
def table(environment):
    return environment.from_path("t")


MIDNIGHT = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)


def rows(table):
    return [tuple(row) for row in table.execute().collect()]


def nothing(value):
    return value


class Counting(ScalarFunction):
    """Tells what happens to it."""

    told: list = []  # noqa: RUF012

    def open(self, function_context):
        self.name = function_context.get_task_name()
        self.told.append("open")

    def close(self):
        self.told.append("close")

    def eval(self, value):
        return f"{self.name} {value}"


# ---- scalar functions


def test_by_decorator_call_class_and_lambda(table):
    @udf(result_type=DataTypes.BIGINT())
    def plus(first, second=1):
        return None if first is None else first + second

    as_text = udf(lambda value: str(value), result_type="STRING")
    hinted = udf(hint)
    assert rows(table.select(plus(col("id")), plus(col("id"), 10), as_text(col("day")), hinted(col("x")))) == [
        (2, 11, "2024-01-01", [1.5]),
        (3, 12, "None", [0.0]),
        (None, None, "None", [2.5]),
    ]


def hint(value: float) -> list[float]:
    return [value or 0.0]


def test_open_and_close_are_called_once_for_a_call(table):
    Counting.told.clear()
    counting = udf(Counting(), result_type="STRING")
    assert rows(table.select(counting(col("id"))))[0] == ("Calc 1",)
    assert Counting.told == ["open", "close"]


def test_in_sql_by_name_whatever_the_case(environment):
    environment.create_temporary_function("double_it", udf(lambda n: n and 2 * n, ["BIGINT"], "BIGINT"))
    query = "SELECT Double_It(id) FROM t WHERE DOUBLE_IT(id) > 2"
    assert rows(environment.sql_query(query)) == [(4,)]
    assert rows(environment.from_path("t").select(call("double_it", col("id"))))[1] == (4,)
    assert "double_it" in environment.list_user_defined_functions()
    assert environment.drop_temporary_function("double_it")
    assert not environment.drop_temporary_function("double_it")
    with pytest.raises(SqlError, match="there is no function double_it"):
        environment.sql_query("SELECT double_it(id) FROM t")


def test_functions_of_the_system_go_before_built_in_ones_and_those_of_catalogs_behind(environment):
    mine = udf(lambda text: "mine", result_type="STRING")
    environment.create_temporary_function("upper", mine)
    assert rows(environment.sql_query("SELECT UPPER('x')")) == [("X",)]
    environment.create_temporary_system_function("upper", mine)
    assert rows(environment.sql_query("SELECT UPPER('x')")) == [("mine",)]
    environment.drop_temporary_system_function("upper")
    environment.drop_temporary_function("upper")


def test_create_function_in_python(environment):
    module = types.ModuleType("functions_of_a_test")
    module.shout = udf(lambda text: text and text.upper() + "!", result_type="STRING")
    module.Counting = type("Counting2", (ScalarFunction,), {"eval": lambda self, value: 1})
    sys.modules[module.__name__] = module
    environment.execute_sql("CREATE TEMPORARY FUNCTION shout AS 'functions_of_a_test.shout' LANGUAGE PYTHON")
    assert rows(environment.sql_query("SELECT shout(line) FROM t")) == [("A B!",), ("C!",), (None,)]
    with pytest.raises(SqlError, match="there is a function shout already"):
        environment.execute_sql("CREATE FUNCTION shout AS 'functions_of_a_test.shout' LANGUAGE PYTHON")
    environment.execute_sql("CREATE FUNCTION IF NOT EXISTS shout AS 'functions_of_a_test.shout' LANGUAGE PYTHON")
    environment.execute_sql("DROP TEMPORARY FUNCTION shout")
    with pytest.raises(SqlError, match="write it in Python"):
        environment.execute_sql("CREATE FUNCTION f AS 'com.example.F'")
    with pytest.raises(SqlError, match="has no attribute 'no'"):
        environment.execute_sql("CREATE FUNCTION f AS 'functions_of_a_test.no' LANGUAGE PYTHON")
    with pytest.raises(GraphError, match="do not run here"):
        environment.create_java_temporary_function("f", "com.example.F")


@pytest.mark.parametrize(
    ("type", "given", "got"),
    [
        ("DECIMAL(5, 2)", Decimal("1.005"), Decimal("1.01")),
        ("DOUBLE", 3, 3.0),
        ("ARRAY<INT>", (1, None), [1, None]),
        ("MAP<STRING, INT>", {"a": 1}, {"a": 1}),
        ("DATE", datetime.datetime(2024, 1, 2, 3), datetime.date(2024, 1, 2)),
        (
            "TIMESTAMP_LTZ(3)",
            datetime.datetime(2024, 1, 2),
            datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
        ),
        ("ROW<a INT, b STRING>", [1, "x"], Row(a=1, b="x")),
        ("ROW<a INT, b STRING>", {"b": "x"}, Row(a=None, b="x")),
        ("BYTES", bytearray(b"ab"), b"ab"),
    ],
)
def test_results_are_brought_to_their_type(environment, type, given, got):
    made = udf(lambda: given, result_type=type)
    assert rows(environment.from_elements([(1,)], ["a"]).select(made())) == [(got,)]


def test_arguments_are_as_python_has_them(environment):
    seen = []
    look = udf(lambda *values: seen.append(values), result_type="INT")
    query = (
        "SELECT look(DATE '2024-01-02', TIME '01:02:03', TIMESTAMP '2024-01-02 03:04:05.678', "
        "ARRAY[DATE '2024-01-02'], ROW(1, 'x'), 1.50)"
    )
    environment.create_temporary_function("look", look)
    rows(environment.sql_query(query))
    environment.drop_temporary_function("look")
    day = datetime.date(2024, 1, 2)
    (found,) = seen
    assert found[:4] == (day, datetime.time(1, 2, 3), datetime.datetime(2024, 1, 2, 3, 4, 5, 678000), [day])
    assert (list(found[4]), found[5]) == ([1, "x"], Decimal("1.50"))


def test_only_for_rows_whose_result_counts(environment):
    seen = []

    @udf(result_type="BIGINT")
    def careful(n):
        seen.append(n)
        return n + 1

    environment.create_temporary_function("careful", careful)
    assert rows(environment.sql_query("SELECT CASE WHEN id IS NOT NULL THEN careful(id) END FROM t")) == [
        (2,),
        (3,),
        (None,),
    ]
    environment.drop_temporary_function("careful")
    assert seen == [1, 2]


def test_pandas_and_arrow(table):
    pandas_plus = udf(lambda a, b: a + b, result_type="DOUBLE", func_type="pandas")
    assert rows(table.select(pandas_plus(col("id"), col("x")))) == [(2.5,), (None,), (None,)]
    longer = udf(lambda texts: texts.str.len(), result_type="BIGINT", func_type="pandas")
    assert rows(table.select(longer(col("line")))) == [(3,), (1,), (None,)]
    compute = pytest.importorskip("pyarrow.compute")
    arrow = udf(lambda ids: compute.add(ids, 1), result_type="BIGINT", func_type="arrow")
    assert rows(table.select(arrow(col("id")))) == [(2,), (3,), (None,)]
    short = udf(lambda ids: ids[:1], result_type="BIGINT", func_type="pandas")
    with pytest.raises(JobExecutionError, match="gave 1 values for 3 rows"):
        rows(table.select(short(col("id"))))


def test_coroutines_are_under_way_together(table):
    under_way = []
    most = []

    @udf(result_type="BIGINT")
    async def slowly(n):
        under_way.append(n)
        most.append(len(under_way))
        await asyncio.sleep(0)
        under_way.remove(n)
        return n

    assert rows(table.select(slowly(col("id")))) == [(1,), (2,), (None,)]
    assert max(most) > 1


def test_map_gives_rows(table):
    both = udf(lambda row: Row(row.id, row[1]), result_type="ROW<a BIGINT, b STRING>")
    assert rows(table.map(both)) == [(1, "a b"), (2, "c"), (None, None)]
    seen = []

    @udf(result_type="ROW<a BIGINT, b BIGINT>")
    def pair(n):
        seen.append(n)
        return n, n

    made = table.map(pair(col("id")).alias("x", "y"))
    assert rows(made.select(col("y"))) == [(1,), (2,), (None,)]
    assert seen == [1, 2, None]


def test_two_functions_of_one_name_in_an_expression(table):
    first, second = (udf(lambda value, k=k: k, result_type="INT") for k in (1, 2))
    assert rows(table.select(first(col("id")), second(col("id"))))[0] == (1, 2)


def test_an_error_names_expression_and_record(table):
    broken = udf(lambda n: n / 0, result_type="DOUBLE", name="broken")
    with pytest.raises(JobExecutionError) as caught:
        rows(table.select(broken(col("id"))))
    cause = caught.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    assert "in broken(id), of the record {'id': 1" in "".join(getattr(cause, "__notes__", ()))
    with pytest.raises(JobExecutionError, match=r"nothing\(line\) gives values that are no BIGINT"):
        rows(table.select(udf(nothing, result_type="BIGINT")(col("line"))))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: udf(nothing), "nothing needs a result_type"),
        (lambda: udf(5, result_type="INT"), "not a function or callable"),
        (lambda: udf(nothing, result_type=5), "a type is one of DataTypes, or text"),
        (lambda: udtf(nothing), "udtf needs result_types"),
        (lambda: udf(Counting, result_type="INT"), "is a class: make one first"),
    ],
)
def test_what_is_no_function(make, said):
    with pytest.raises(TypeError, match=said):
        make()


def test_arguments_that_do_not_fit(environment, table):
    two = udf(lambda a, b: 1, ["INT", "STRING"], "INT", name="two")
    with pytest.raises(SqlError, match="two takes 2 arguments"):
        table.select(two(col("id")))
    with pytest.raises(SqlError, match="argument 2 of two is STRING, and this is BIGINT"):
        table.select(two(col("id"), col("id")))
    with pytest.raises(GraphError, match="functions are made by udf"):
        environment.create_temporary_function("f", nothing)


# ---- table functions


@udtf(result_types=["STRING", "INT"])
def words(line):
    for word in (line or "").split():
        yield word, len(word)


class Repeated(TableFunction):
    def eval(self, n):
        return [n] * (n or 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT id, w FROM t, LATERAL TABLE(words(line)) AS s(w, n)", [(1, "a"), (1, "b"), (2, "c")]),
        ("SELECT t.id, s.* FROM t CROSS JOIN LATERAL TABLE(words(line)) s", [(1, "a", 1), (1, "b", 1), (2, "c", 1)]),
        (
            "SELECT id, w FROM t LEFT JOIN LATERAL TABLE(words(line)) AS s(w, n) ON TRUE",
            [(1, "a"), (1, "b"), (2, "c"), (None, None)],
        ),
        ("SELECT id, w FROM t JOIN LATERAL TABLE(words(line)) AS s(w, n) ON w <> 'b'", [(1, "a"), (2, "c")]),
        ("SELECT * FROM LATERAL TABLE(words('x yy'))", [("x", 1), ("yy", 2)]),
        ("SELECT * FROM TABLE(words('x'))", [("x", 1)]),
        ("SELECT id, y FROM t CROSS JOIN UNNEST(ARRAY[id, 0]) AS u(y) WHERE id = 1", [(1, 1), (1, 0)]),
        ("SELECT k, v FROM UNNEST(MAP['a', 1, 'b', 2]) AS u(k, v)", [("a", 1), ("b", 2)]),
        ("SELECT a, b FROM UNNEST(ARRAY[(1, 'x'), (2, 'y')]) AS u(a, b)", [(1, "x"), (2, "y")]),
        ("SELECT x, o FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS u(x, o)", [("a", 1), ("b", 2)]),
        (
            "SELECT id, y FROM t LEFT JOIN UNNEST(CASE WHEN id = 1 THEN ARRAY[7] END) AS u(y) ON TRUE",
            [(1, 7), (2, None), (None, None)],
        ),
        (
            "SELECT w, c FROM t, LATERAL TABLE(words(line)) AS s(w, n), UNNEST(ARRAY[n, n + 1]) AS u(c)",
            [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1), ("c", 2)],
        ),
    ],
)
def test_lateral_tables(environment, query, found):
    environment.drop_temporary_function("words")
    environment.create_temporary_function("words", words)
    assert rows(environment.sql_query(query)) == found


def test_lateral_joins_of_tables(table):
    call_of_words = words(col("line")).alias("w", "n")
    assert rows(table.join_lateral(call_of_words).select(col("id"), col("w"))) == [(1, "a"), (1, "b"), (2, "c")]
    assert rows(table.left_outer_join_lateral(call_of_words).select(col("id"), col("n")))[-1] == (None, None)
    assert rows(table.flat_map(words(col("line")))) == [("a", 1), ("b", 1), ("c", 1)]
    repeated = udtf(Repeated(), result_types="BIGINT")
    assert rows(table.flat_map(repeated(col("id"))).alias("n")) == [(1,), (2,), (2,)]
    assert rows(table.flat_map(udtf(lambda row: row.id and (row.id,), result_types="BIGINT"))) == [(1,), (2,)]
    with pytest.raises(GraphError, match="gives a column id, which is there already"):
        table.join_lateral(words(col("line")).alias("id", "n"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT words(line) FROM t", "words is a function of the kind table, which stands in FROM"),
        ("SELECT * FROM t, LATERAL TABLE(wordz(line))", "there is no table function wordz; did you mean words"),
        ("SELECT * FROM t RIGHT JOIN LATERAL TABLE(words(line)) ON TRUE", "RIGHT JOIN with a table function"),
        ("SELECT * FROM t LEFT JOIN LATERAL TABLE(words(line)) AS s(w, n) ON w = 'a'", "takes ON TRUE only"),
        ("SELECT * FROM t, LATERAL TABLE(words(line)) AS s(w)", "1 names for 2 columns"),
        ("SELECT * FROM UNNEST(1)", "UNNEST takes an array, a map or a multiset, and this is INT"),
    ],
)
def test_lateral_tables_that_are_refused(environment, query, said):
    environment.drop_temporary_function("words")
    environment.create_temporary_function("words", words)
    with pytest.raises(SqlError, match=said):
        environment.sql_query(query)


def test_rows_of_another_width_are_refused(table):
    wrong = udtf(lambda n: [(1, 2, 3)], result_types=["INT", "INT"], name="wrong")
    with pytest.raises(JobExecutionError, match=r"wrong\(id\) gives \(1, 2, 3\), which has not 2 columns"):
        rows(table.flat_map(wrong(col("id"))))

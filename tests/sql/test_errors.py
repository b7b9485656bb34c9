"""What errors show of a text, limits of nesting, and the work that reading takes."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import PyflinkxError, SqlError
from pyflinkx.sql.lexer import Tokens
from pyflinkx.sql.parser import parse, parse_expression, parse_query, parse_statement
from pyflinkx.sql.places import line_and_column, marked
from pyflinkx.sql.unparser import unparse
from tests.sql.trees import Trees


def error_of(text, read=parse):
    with pytest.raises(SqlError) as caught:
        read(text)
    return caught.value


def test_an_error_shows_the_line_and_marks_the_place():
    error = error_of("SELECT a,\n       b\nFORM t\nWHERE a > 1")
    assert str(error) == (
        "line 3, column 6: found the name t, expected the end of the statement, ',', FROM, INTERSECT, UNION, EXCEPT, "
        "ORDER, LIMIT, ...; did you mean FROM instead of FORM?\n"
        "    3 | FORM t\n"
        "      |      ^"
    )
    assert (error.line, error.column) == (3, 6)
    assert isinstance(error, PyflinkxError)
    assert isinstance(error, ValueError)
    assert not error.restart_helps


def test_the_mark_is_as_long_as_what_was_found():
    assert str(error_of("SELECT a FROM t WHERE SELECT")).endswith(
        "| SELECT a FROM t WHERE SELECT\n      |" + " " * 23 + "^" * 6
    )


def test_tabs_and_wide_lines():
    assert marked("\ta b", 3, 4) == "    1 | \ta b\n      | \t  ^"
    text = "x" * 500 + "HERE" + "y" * 500
    shown = marked(text, 500, 504).split("\n")
    assert len(shown[0]) < 140
    mark = shown[1].index("^")
    assert shown[0][mark : mark + shown[1].count("^")] == "HERE"
    assert marked("ab", 2, 2) == "    1 | ab\n      |   ^"
    assert marked("a\r\nb", 0, 1) == "    1 | a\n      | ^"


@pytest.mark.parametrize("at", [0, 3, 8, 9, 17, 20])
def test_places_in_long_lines_stay_in_sight(at):
    text = "".join(chr(ord("a") + i % 26) for i in range(3000))
    line, mark = marked(text, at * 149, at * 149 + 1).split("\n")
    assert line[mark.index("^")] == text[at * 149]


def test_lines_and_columns():
    assert line_and_column("ab\ncd", 0) == (1, 1)
    assert line_and_column("ab\ncd", 4) == (2, 2)


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("SELECT 'abc", "a string that begins here is not closed", (1, 8)),
        ("SELECT `abc\n` FROM t", "a name that begins here is not closed on its line", (1, 8)),
        ("SELECT 1 /* abc", "a comment that begins here is not closed", (1, 10)),
        ('SELECT "a"', "no double quotes: names stand in back quotes", (1, 8)),
        ("SELECT a # b", "found '#'", (1, 10)),
        ("SELECT a FROM t;\nSELECT b FRM t", "did you mean FROM instead of FRM?", (2, 14)),
    ],
)
def test_what_is_no_token(text, said, place):
    error = error_of(text)
    assert said in str(error)
    assert (error.line, error.column) == place


def test_a_fault_behind_another_one_is_not_what_is_said():
    assert "found FROM" in str(error_of("SELECT FROM t WHERE a = 'open"))


NESTED = [
    lambda n: "SELECT " + "(" * n + "1" + ")" * n,
    lambda n: "SELECT " + "f(" * n + "1" + ")" * n,
    lambda n: "SELECT " + "NOT " * n + "a",
    lambda n: "SELECT " + "- " * n + "a",
    lambda n: "SELECT " + "CASE WHEN " * n + "a" + " THEN 1 END" * n,
    lambda n: "SELECT " + "ARRAY[" * n + "1" + "]" * n,
    lambda n: "SELECT " + "CAST(" * n + "1" + " AS INT)" * n,
    lambda n: "SELECT " + "TRIM(" * n + "a" + ")" * n,
    lambda n: "SELECT " + "ROW(" * n + "a" + ")" * n,
    lambda n: "SELECT a" + "[a" * n + "]" * n,
    lambda n: "SELECT a" + "[1]" * n,
    lambda n: "SELECT a" + " = 1" * n,
    lambda n: "SELECT a" + " IS NULL" * n,
    lambda n: "SELECT 1" + " + 1 - 1" * n,
    lambda n: "SELECT " + "a IN (" * n + "1" + ")" * n,
    lambda n: "SELECT f(" + "x -> f(" * n + "x" + ")" * n + ")",
    lambda n: "SELECT * FROM " + "(SELECT * FROM " * n + "t" + ")" * n,
    lambda n: "SELECT * FROM " + "(" * n + "t" + ")" * n,
    lambda n: "(" * n + "SELECT 1" + ")" * n,
    lambda n: "SELECT 1" + " UNION SELECT 1 EXCEPT SELECT 1" * n,
    lambda n: "SELECT * FROM t" + ", t" * n,
    lambda n: "WITH a AS (" * n + "SELECT 1" + ") SELECT 1" * n,
    lambda n: "SELECT CAST(a AS " + "ARRAY<" * n + "INT" + ">" * n + ")",
    lambda n: "SELECT CAST(a AS " + "ROW<f " * n + "INT" + ">" * n + ")",
    lambda n: "CREATE TABLE t (a INT" + " ARRAY" * n + ")",
    lambda n: "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (" + "(" * n + "A" + ")" * n + ") DEFINE A AS b)",
    lambda n: "SELECT a FROM t GROUP BY " + "ROLLUP (" * n + "a" + ")" * n,
    lambda n: "EXPLAIN " * n + "SELECT 1",
    lambda n: "EXECUTE " * n + "SELECT 1",
]


@pytest.mark.parametrize("nested", NESTED, ids=[make(1) for make in NESTED])
def test_deep_nesting_is_refused_in_words(nested):
    read = []
    for depth in (1, 5, 20, 100, 1000, 20_000):
        try:
            found = parse(nested(depth))
        except SqlError:
            continue
        read.append(depth)
        # What was read can be compared, hashed and written too.
        for statement in found:
            assert parse_statement(unparse(statement)) == statement
            hash(statement)
    assert 1 in read
    assert 1000 not in read


def test_what_is_long_and_not_deep_is_read():
    n = 5000
    for operator in ("AND", "OR", "+", "-", "*", "||"):
        found = parse_expression(f" {operator} ".join(f"a{i}" for i in range(n)))
        assert len(found.operands) == n
    assert len(parse_query(" UNION ALL ".join(["SELECT 1"] * n)).inputs) == n
    assert len(parse_query("VALUES " + ", ".join(["(1, 'a')"] * n)).rows) == n
    assert len(parse_expression(f"a IN ({', '.join(map(str, range(n)))})").candidates) == n
    assert len(parse(";".join(["SELECT 1"] * n))) == n
    assert len(parse_expression("CASE " + "WHEN a THEN 1 " * n + "END").branches) == n


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "SELECT " + ", ".join(f"f((a{i} + 1) * 2, x -> (x), (b, c)) AS c{i}" for i in range(n)) + " FROM t",
        lambda n: "SELECT ((((" + ", ".join(["((((a))))"] * n),
        lambda n: "SELECT f(" + ", ".join(["(a, b, c)"] * n) + ")",
        lambda n: "SELECT * FROM " + ", ".join(["((((SELECT 1) UNION SELECT 2)))"] * n),
        lambda n: "SELECT " + ", ".join(["((((SELECT 1) UNION SELECT 2)))"] * n),
    ],
)
def test_the_work_grows_with_the_text(make):
    def calls(n):
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += event == "call"

        sys.setprofile(counted)
        try:
            parse(make(n))
        except SqlError:
            pass  # some of them end too early
        finally:
            sys.setprofile(None)
        return count

    few, many = calls(10), calls(40)
    assert many < 4.5 * few


def test_long_tokens_are_read():
    n = 50_000
    for text in ("'" + "''" * n + "'", "/" + "*" * n + "/ 1", "E'" + "\\n" * n + "'", "`" + "a" * n + "`", "1" * 4000):
        assert parse("SELECT " + text)
    for text in ("/*" + "*" * n, "E'" + "\\" * n, "'" + "''" * n, "X'" + "0" * n):
        assert error_of("SELECT " + text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**63))
def test_what_is_nearly_sql_is_read_or_refused_with_a_place(seed):
    chance = random.Random(seed)
    tokens = Tokens(unparse(Trees(seed, 2).statement()))
    parts = [tokens.image(index) for index in range(len(tokens.kinds) - 1)]
    for _ in range(chance.randint(1, 3)):
        at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        parts[at : at + chance.randint(0, 2)] = chance.choice([[], [parts[other]], [parts[other], parts[at]]])
        parts = parts or ["SELECT"]
    text = " ".join(parts)
    try:
        found = parse(text)
    except SqlError as error:
        place = (error.line, error.column)
    else:
        assert parse("; ".join(map(unparse, found))) == found
        return
    assert (1, 1) <= place <= line_and_column(text, len(text))


def test_importing_the_package_does_not_import_the_parser():
    code = "import sys, pyflinkx; print([m for m in sys.modules if m.startswith('pyflinkx.sql')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

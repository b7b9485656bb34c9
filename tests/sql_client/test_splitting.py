"""Where statements end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_statement
from pyflinkx.sql_client.splitting import is_complete, statements

SCRIPT = """\
-- a comment; with a semicolon
SELECT 'a;b' /* ; */ FROM `t;u`;;

  USE db; QUIT
"""


def test_statements_of_a_script_keep_their_places():
    found = statements(SCRIPT)
    assert [text.strip() for text in found] == ["SELECT 'a;b' /* ; */ FROM `t;u`", "USE db", "QUIT"]
    lines = SCRIPT.splitlines()
    for text in found:
        written = text.splitlines()
        assert lines[len(written) - 1].startswith(written[-1].strip(), len(written[-1]) - len(written[-1].lstrip()))


def test_an_error_names_its_place_in_the_script():
    bad = statements("SELECT 1;\n\n  SELECT FROM t")[1]
    with pytest.raises(SqlError, match="line 3, column 10"):
        parse_statement(bad)


PIECES = ["SELECT 1", "VALUES ('x;y')", "USE `a;b`", "SELECT 2 -- ;\n", "/* ; */ SELECT 3"]


@given(st.lists(st.sampled_from(PIECES), max_size=6))
def test_as_many_statements_as_there_are(pieces):
    assert len(statements(";\n".join(pieces))) == len(pieces)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", True),
        ("  -- nothing yet", True),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT 1; -- done", True),
        ("SELECT ';", False),
        ("SELECT /* ;", False),
        ("SELECT `a;", False),
        ("quit", True),
        ("HELP", True),
        ("help me", False),
        (";", True),
    ],
)
def test_what_can_be_run(text, complete):
    assert is_complete(text) == complete

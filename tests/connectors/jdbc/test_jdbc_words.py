"""URLs, options and statements: what is taken, and how what is not is refused."""

import pickle
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Types
from pyflinkx.connectors.jdbc.statements import for_driver, parameters
from pyflinkx.connectors.jdbc.urls import DatabaseUrl, parse_url
from pyflinkx.datastream.connectors.jdbc import (
    JdbcConnectionOptions,
    JdbcExactlyOnceOptions,
    JdbcExecutionOptions,
    JdbcSink,
)
from pyflinkx.errors import ConfigurationError

URLS = {
    "jdbc:postgresql://db:5433/shop": DatabaseUrl("postgresql", "db", 5433, "shop"),
    "jdbc:postgresql://db/shop?user=me&password=a%26b": DatabaseUrl(
        "postgresql", "db", 5432, "shop", {"user": "me", "password": "a&b"}
    ),
    "jdbc:postgresql:shop": DatabaseUrl("postgresql", "localhost", 5432, "shop"),
    "jdbc:postgresql://[::1]:1/a%20b": DatabaseUrl("postgresql", "::1", 1, "a b"),
    "jdbc:mysql://db/shop": DatabaseUrl("mysql", "db", 3306, "shop"),
    "jdbc:mariadb://db/shop?useSSL=false": DatabaseUrl("mysql", "db", 3306, "shop", {"useSSL": "false"}),
    "jdbc:sqlite:/a/b.db": DatabaseUrl("sqlite", "", 0, "/a/b.db"),
    "jdbc:sqlite:": DatabaseUrl("sqlite", "", 0, ":memory:"),
    "jdbc:duckdb:b.db": DatabaseUrl("duckdb", "", 0, "b.db"),
}
NO_URLS = {
    "postgresql://me:secret@db/shop": "begins with 'postgresql'",
    "jdbc:oracle:thin:@db:1521:x": "no driver for databases of kind 'oracle'",
    "jdbc:postgresql://db": "names no database",
    "jdbc:postgresql://db:99999/shop": "up to 65535",
    "jdbc:postgresql://me:secret@db/shop": "with_password",
    "jdbc:mysql://a,b/shop": "several hosts",
    "": "begins with ''",
}


@pytest.mark.parametrize("url", URLS)
def test_urls(url):
    assert parse_url(url) == URLS[url]


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url(url):
    with pytest.raises(ConfigurationError, match=NO_URLS[url]) as refused:
        parse_url(url)
    assert "secret" not in str(refused.value)


def test_a_password_is_never_shown():
    options = (
        JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
        .with_url("jdbc:postgresql://db/shop?password=hidden")
        .with_user_name("me")
        .with_password("hidden")
        .with_driver_name("org.postgresql.Driver")
        .build()
    )
    assert repr(options) == "JdbcConnectionOptions('jdbc:postgresql://db:5432/shop?password=******')"
    assert (options.get_user_name(), options.get_password()) == ("me", "hidden")
    assert options.get_driver_name() == "org.postgresql.Driver"
    assert options.get_db_url() == "jdbc:postgresql://db/shop?password=hidden"


def test_options():
    built = JdbcExecutionOptions.builder().with_batch_interval_ms(7).with_batch_size(8).with_max_retries(9).build()
    assert (built.get_batch_interval_ms(), built.get_batch_size(), built.get_max_retries()) == (7, 8, 9)
    assert JdbcExecutionOptions.defaults() == JdbcExecutionOptions(0, 5000, 3)
    assert JdbcExactlyOnceOptions.builder().with_max_commit_attempts(5).build().max_commit_attempts == 5
    with pytest.raises(ConfigurationError, match="with_url"):
        JdbcConnectionOptions.JdbcConnectionOptionsBuilder().build()
    with pytest.raises(ConfigurationError):
        JdbcExecutionOptions.builder().with_batch_size(-1)


PARTS = st.sampled_from(
    ["?", "SELECT", "'it''s ?'", '"a ""?"', "`?`", "-- ? '\n", "/* ? ' */", "$$ ? ' $$", "$x$ ? $$ $x$", "%", "??", " "]
)


@given(st.lists(PARTS))
def test_parameters_are_told_from_question_marks(parts):
    sql = " ".join(parts)
    assert parameters(sql) == parts.count("?")
    other = " ".join("%s" if part == "?" else "?" if part == "??" else part.replace("%", "%%") for part in parts)
    assert for_driver(sql, "%s") == other
    assert other % (("x",) * parts.count("?")) == " ".join(
        "x" if part == "?" else "?" if part == "??" else part for part in parts
    )


NAMES = st.text(st.characters(exclude_characters=".\0", exclude_categories=["Cs"]), min_size=1)


@given(NAMES, NAMES)
def test_no_name_ends_its_quotes(table, column):
    from pyflinkx.connectors.jdbc.sqlite import Sqlite

    with sqlite3.connect(":memory:") as connection:
        dialect = Sqlite()
        table = "t" + table  # names that begin with sqlite_ are its own
        connection.execute(f"CREATE TABLE {dialect.quoted(table)} ({dialect.quoted(column)} PRIMARY KEY)")
        connection.execute(dialect.upsert(table, [column], [column]), [1])
        assert connection.execute(f"SELECT * FROM {dialect.quoted(table)}").description[0][0] == column
    connection.close()


def test_a_statement_that_cannot_be_is_refused_where_it_is_given(tmp_path):
    options = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(f"jdbc:sqlite:{tmp_path}/x").build()
    pair = Types.ROW([Types.INT(), Types.STRING()])
    with pytest.raises(ConfigurationError, match=r"3 parameters \(\?\), and .* has 2 fields"):
        JdbcSink.sink("INSERT INTO t VALUES (?, ?, ?)", pair, options)
    with pytest.raises(ConfigurationError, match="SQLite has no prepared transactions"):
        JdbcSink.exactly_once_sink("INSERT INTO t VALUES (?, ?)", pair, options)
    with pytest.raises(ConfigurationError, match="'c' is none of the columns"):
        JdbcSink.upsert("t", ["a", "b"], ["c"], options)
    with pytest.raises(ConfigurationError, match="by keys"):
        JdbcSink.upsert("t", ["a", "b"], [], options)
    sink = JdbcSink.upsert("t", ["a", "b"], ["a"], options)
    assert repr(pickle.loads(pickle.dumps(sink))) == repr(sink) == f"DatabaseSink('jdbc:sqlite:{tmp_path}/x')"

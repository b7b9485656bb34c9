"""Databases for tests, each empty."""

import uuid

import pytest

from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.datastream import StreamExecutionEnvironment
from tests.servers.database import server


class Database:
    """A database, and the tables that a test makes in it.

    Args:
        url: of it, in JDBC's form.
        pid: of its server; None where there is none.
    """

    def __init__(self, url, user=None, pid=None):
        builder = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(url)
        self.options = (builder if user is None else builder.with_user_name(user)).build()
        self.dialect = dialect_of(self.options)
        self.pid = pid

    def run(self, sql):
        """Execute a statement, and give the rows that it has."""
        connection = self.dialect.connect(self.options)
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def table(self, columns):
        """Make a table with a name of its own."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE TABLE {name} ({columns})")
        return name


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


@pytest.fixture
def sqlite(tmp_path):
    return Database(f"jdbc:sqlite:{tmp_path}/test.db")


@pytest.fixture
def duckdb(tmp_path):
    return Database(f"jdbc:duckdb:{tmp_path}/test.duckdb")


@pytest.fixture(scope="session")
def postgresql():
    with server("database.py", "postgresql") as (_, port, pid):
        yield Database(f"jdbc:postgresql://127.0.0.1:{port}/test", "test", int(pid))


@pytest.fixture(scope="session")
def mariadb():
    with server("database.py", "mariadb") as (_, port, pid):
        yield Database(f"jdbc:mariadb://127.0.0.1:{port}/test", "test", int(pid))


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mariadb"])
def database(request):
    """Each of them in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["postgresql", "mariadb"])
def preparing(request):
    """Those with prepared transactions."""
    return request.getfixturevalue(request.param)

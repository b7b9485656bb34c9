"""Where tables and statements of SQL begin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pyflinkx.common.configuration import Configuration
from pyflinkx.datastream.execution_mode import RuntimeExecutionMode
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.errors import GraphError, SqlError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.nodes import Node, Scan
from pyflinkx.relational.queries import QueryBinder
from pyflinkx.sql.parser import parse_path, parse_query, parse_statement
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.ddl import CreateFunction, CreateView, Drop
from pyflinkx.sql.tree.expressions import Name
from pyflinkx.sql.tree.statements import QueryStatement
from pyflinkx.table.column_types import DataType
from pyflinkx.table.elements import batch_of_elements
from pyflinkx.table.environment_settings import EnvironmentSettings
from pyflinkx.table.execution import stream_of
from pyflinkx.table.expression import Expression
from pyflinkx.table.function_methods import FunctionMethods
from pyflinkx.table.table import Table
from pyflinkx.table.table_config import TableConfig
from pyflinkx.table.table_result import TableResult

__all__ = ["StreamTableEnvironment", "TableEnvironment"]


@answers("table.table_environment.TableEnvironment")
class TableEnvironment(FunctionMethods, metaclass=Answering):
    """Makes tables, runs statements of SQL, and knows views by their names; made by ``create()``."""

    def __init__(self, environment: StreamExecutionEnvironment, settings: EnvironmentSettings) -> None:
        self._env = environment
        self._settings = settings
        self._views: dict[str, Node] = {}
        self._system = {}
        self._functions = {}
        self._made = 0
        if not settings.is_streaming_mode():
            environment.set_runtime_mode(RuntimeExecutionMode.BATCH)

    @staticmethod
    def create(environment_settings: EnvironmentSettings | Configuration) -> TableEnvironment:
        """An environment with a program of its own.

        Args:
            environment_settings: settings, or just options.

        Example:
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
            >>> environment.execute_sql("VALUES ('Oslo', 3), ('Rome', 5)").print()
            +----+--------------------------------+-------------+
            | op |                         EXPR$0 |      EXPR$1 |
            +----+--------------------------------+-------------+
            | +I |                           Oslo |           3 |
            | +I |                           Rome |           5 |
            +----+--------------------------------+-------------+
            2 rows in set
        """
        settings = environment_settings
        if isinstance(settings, Configuration):
            settings = EnvironmentSettings.new_instance().with_configuration(settings).build()
        environment = StreamExecutionEnvironment.get_execution_environment(settings.get_configuration())
        return TableEnvironment(environment, settings)

    @property
    def _is_streaming(self) -> bool:
        return self._settings.is_streaming_mode()

    def get_config(self) -> TableConfig:
        """The options, which are those of the jobs, too."""
        return TableConfig(self._env._configuration)

    def get_current_catalog(self) -> str:
        """The catalog that names without one are in."""
        return self._settings.get_built_in_catalog_name()

    def get_current_database(self) -> str:
        """The database that names without one are in."""
        return self._settings.get_built_in_database_name()

    # ---- tables ----

    def from_elements(
        self, elements: Iterable[Any], schema: DataType | list[str] | None = None, verify_schema: bool = True
    ) -> Table:
        """A table of Python values.

        Args:
            elements: a row each: tuples, lists, Rows, dicts; or the values of a single column.
            schema: the type of the rows, or the names of the columns, whose types follow from the values then.
            verify_schema: not looked at: values that do not fit their column are always refused.

        Raises:
            TypeInformationError: a value does not fit, which row and column are named; or types do not follow from it.
        """
        batch, columns = batch_of_elements(elements, schema)
        self._made += 1
        return Table(Scan(batch, columns, f"Elements {self._made}"), self)

    def from_path(self, path: str) -> Table:
        """A view.

        Args:
            path: its name, perhaps with catalog and database before it.

        Raises:
            SqlError: there is none.
        """
        return self.sql_query(f"TABLE {path}")

    def sql_query(self, query: str) -> Table:
        """The rows of a query.

        Raises:
            SqlError: it is no query, or something in it does not fit.
        """
        return Table(self._binder(query).bind(parse_query(query)), self)

    def execute_sql(self, stmt: str) -> TableResult:
        """Run a statement: a query, CREATE [TEMPORARY] VIEW, DROP VIEW.

        Raises:
            SqlError: it is none, or something in it does not fit.
        """
        statement = parse_statement(stmt)
        if isinstance(statement, QueryStatement):
            return Table(self._binder(stmt).bind(statement.query), self).execute()
        if isinstance(statement, CreateView):
            node = self._binder(stmt).bind(statement.query)
            node = self._binder(stmt).renamed(node, statement.columns, statement)
            name = self._name(statement.name.parts)
            if name in self._views and not statement.replace:
                if statement.if_not_exists:
                    return TableResult()
                raise error_at(stmt, *statement.name.span, f"there is a view {name} already")
            self._views[name] = node
            return TableResult()
        if isinstance(statement, Drop) and statement.kind == "VIEW":
            if not self.drop_temporary_view(".".join(statement.name.parts)) and not statement.if_exists:
                raise error_at(stmt, *statement.name.span, f"there is no view {'.'.join(statement.name.parts)}")
            return TableResult()
        if isinstance(statement, CreateFunction):
            self._create_function(statement, stmt)
            return TableResult()
        if isinstance(statement, Drop) and statement.kind == "FUNCTION":
            self._drop_function(statement, stmt)
            return TableResult()
        what = type(statement).__name__
        raise error_at(stmt, *statement.span, f"this version runs queries, CREATE VIEW and DROP VIEW, and no {what}")

    # ---- views ----

    def create_temporary_view(self, view_path: str, table_or_data_stream: Table, *fields_or_schema: Any) -> None:
        """Give a table a name in SQL.

        Args:
            view_path: the name.
            table_or_data_stream: the table.
            fields_or_schema: names of its columns; by default those that it has.

        Raises:
            GraphError: the name is taken, or it is no table.
        """
        name = self._name(parse_path(view_path).parts)
        if not isinstance(table_or_data_stream, Table):
            what = type(table_or_data_stream).__name__
            raise GraphError(f"create_temporary_view() takes a Table in this version, not a {what}")
        if name in self._views:
            raise GraphError(f"there is a view {name} already: drop_temporary_view({name!r}) takes it away")
        table = table_or_data_stream
        if fields_or_schema:
            table = table.alias(*map(column_name, fields_or_schema))
        self._views[name] = table._node

    def drop_temporary_view(self, view_path: str) -> bool:
        """Take a view away; False where there was none."""
        return self._views.pop(self._name(parse_path(view_path).parts), None) is not None

    def list_temporary_views(self) -> list[str]:
        """The names of the views."""
        return sorted(self._views)

    def _name(self, parts: tuple[str, ...]) -> str:
        places = (self.get_current_catalog(), self.get_current_database())
        if parts[:-1] not in ((), places[1:], places):
            raise SqlError(f"there is no database {'.'.join(parts[:-1])}: there is {'.'.join(places)} only")
        return parts[-1]

    def _binder(self, text: str) -> QueryBinder:
        return QueryBinder(
            text, lambda path: self._views.get(self._name(path)), list(self._views), session=self._session()
        )


def column_name(given: Any) -> str:
    """A name that is given as text or as a column."""
    if isinstance(given, Expression) and isinstance(given._node, Name):
        return given._node.parts[-1]
    if isinstance(given, str):
        return given
    raise GraphError(f"create_temporary_view() takes names of columns in this version, not {given!r:.100}")


@answers("table.table_environment.StreamTableEnvironment")
class StreamTableEnvironment(TableEnvironment):
    """A table environment whose tables belong to a program of the DataStream API."""

    @staticmethod
    def create(  # type: ignore[override]
        stream_execution_environment: StreamExecutionEnvironment | None = None,
        environment_settings: EnvironmentSettings | None = None,
    ) -> StreamTableEnvironment:
        """An environment.

        Args:
            stream_execution_environment: the program; by default one of its own.
            environment_settings: by default those of streams.

        Example:
            >>> program = StreamExecutionEnvironment.get_execution_environment()
            >>> environment = StreamTableEnvironment.create(program)
            >>> table = environment.sql_query("SELECT n * n AS square FROM (VALUES (1), (2)) AS t (n)")
            >>> list(environment.to_data_stream(table).map(lambda row: row.square).execute_and_collect())
            [1, 4]
        """
        settings = environment_settings or EnvironmentSettings.in_streaming_mode()
        program = stream_execution_environment
        if program is None:
            program = StreamExecutionEnvironment.get_execution_environment(settings.get_configuration())
        elif environment_settings is not None:
            program.configure(settings.get_configuration())
        return StreamTableEnvironment(program, settings)

    def to_data_stream(self, table: Table) -> Any:
        """A table's rows as a stream of Rows."""
        return stream_of(table._node, self._env)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

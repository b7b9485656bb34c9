"""Where tables and statements of SQL begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.common.configuration import Configuration
from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.execution_mode import RuntimeExecutionMode
from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment
from pyflinkx.errors import GraphError, SqlError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.catalog import Catalogs, Path
from pyflinkx.relational.nodes import Columns, Node, Scan
from pyflinkx.relational.queries import QueryBinder
from pyflinkx.relational.session import within
from pyflinkx.relational.tables import connectors
from pyflinkx.relational.tables.definition import Column, TableDefinition, ViewDefinition
from pyflinkx.relational.tables.factory import context_of
from pyflinkx.relational.tables.reading import table_plan
from pyflinkx.relational.tables.writing import Sinking, sinking
from pyflinkx.relational.translation import Translation
from pyflinkx.sql.parser import parse_path, parse_query, parse_statement
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.expressions import Name, String
from pyflinkx.sql.tree.queries import Hint
from pyflinkx.table.catalog_methods import CatalogMethods
from pyflinkx.table.changelog_mode import ChangelogMode
from pyflinkx.table.column_types import DataType
from pyflinkx.table.elements import batch_of_elements
from pyflinkx.table.environment_settings import EnvironmentSettings
from pyflinkx.table.execution import collected, translation
from pyflinkx.table.explain_detail import ExplainDetail
from pyflinkx.table.expression import Expression
from pyflinkx.table.function_methods import FunctionMethods
from pyflinkx.table.schema import Schema
from pyflinkx.table.sql_dialect import SqlDialect
from pyflinkx.table.statement_set import StatementSet
from pyflinkx.table.statements.explained import statement_plan
from pyflinkx.table.statements.running import run
from pyflinkx.table.streams import append_stream, changelog_stream, data_stream, retract_stream, stream_table
from pyflinkx.table.table import Table
from pyflinkx.table.table_config import TableConfig
from pyflinkx.table.table_descriptor import TableDescriptor
from pyflinkx.table.table_result import TableResult
from pyflinkx.table.tables_of_others import of_arrow, of_pandas

__all__ = ["StreamTableEnvironment", "TableEnvironment"]

assert connectors  # entered into the registry of table factories


@answers("table.table_environment.TableEnvironment")
class TableEnvironment(FunctionMethods, CatalogMethods, metaclass=Answering):
    """Makes tables, runs statements of SQL, and knows tables and views by their names; made by ``create()``."""

    def __init__(self, environment: StreamExecutionEnvironment, settings: EnvironmentSettings) -> None:
        self._env = environment
        self._settings = settings
        self._catalogs = Catalogs(settings.get_built_in_catalog_name(), settings.get_built_in_database_name())
        self._modules = [("core", True)]
        self._open_set: list[Sinking] | None = None
        self._scans: dict[Path, tuple[TableDefinition, dict[str, str], Node]] = {}
        self._opening: list[Path] = []  # views that are being bound
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

    def from_pandas(
        self,
        pdf: Any,
        schema: DataType | Sequence[str] | Sequence[DataType] | None = None,
        splits_num: int = 1,
    ) -> Table:
        """A table of a pandas DataFrame, whose index is left out.

        Args:
            pdf: the DataFrame.
            schema: the type of the rows, the names of the columns, or their types; by default what pandas says.
            splits_num: not looked at: rows are read in their order.

        Raises:
            TypeInformationError: a column does not fit its type.
        """
        batch, columns = of_pandas(pdf, schema)
        return self._of_batch(batch, columns, "Pandas")

    def from_arrow(self, data: Any) -> Table:
        """A table of Arrow data: a table, a batch, or anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``.

        Raises:
            TypeInformationError: a column is of a type that tables have not.
        """
        batch, columns = of_arrow(data)
        return self._of_batch(batch, columns, "Arrow")

    def _of_batch(self, batch: Any, columns: Columns, what: str) -> Table:
        self._made += 1
        return Table(Scan(batch, columns, f"{what} {self._made}"), self)

    def from_path(self, path: str) -> Table:
        """A table or view.

        Args:
            path: its name, perhaps with catalog and database before it.

        Raises:
            SqlError: there is none.
        """
        return self.sql_query(f"TABLE {path}")

    def from_descriptor(self, descriptor: TableDescriptor) -> Table:
        """A table that has no name.

        Args:
            descriptor: connector, options and schema.

        Raises:
            SqlError: it has no schema, or something in it does not fit.
        """
        self._made += 1
        name = f"*anonymous_{descriptor.get_options().get('connector')}${self._made}*"
        definition = descriptor._definition()
        with within(self._session()):
            return Table(table_plan(name, definition, self._env._configuration, self._is_streaming), self)

    def sql_query(self, query: str) -> Table:
        """The rows of a query.

        Raises:
            SqlError: it is no query, or something in it does not fit.
        """
        return Table(self._binder(query).bind(parse_query(query)), self)

    def execute_sql(self, stmt: str) -> TableResult:
        """Run a statement: a query, INSERT, CREATE, DROP, ALTER, SHOW, DESCRIBE, USE, SET and others.

        INSERT runs as a job in the background: ``wait()`` of the result waits for its end.

        Raises:
            SqlError: it is none, or something in it does not fit.

        Example:
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
            >>> result = environment.execute_sql("CREATE TABLE words (word STRING) WITH ('connector' = 'print')")
            >>> environment.execute_sql("INSERT INTO words VALUES ('hello'), ('world')").wait()
            +I[hello]
            +I[world]
        """
        dialect = self.get_config().get_sql_dialect()
        if dialect is not SqlDialect.DEFAULT:
            raise SqlError(f"SQL is read in the manner of Flink here, not in that of {dialect.name}: set_sql_dialect()")
        with within(self._session()):
            return run(self, parse_statement(stmt), stmt)

    def explain_sql(self, stmt: str, *extra_details: ExplainDetail) -> str:
        """The plan of a query or INSERT as text.

        Args:
            stmt: the statement.
            extra_details: what is to be shown beside the nodes.
        """
        with within(self._session()):
            return statement_plan(self, parse_statement(stmt), stmt, extra_details)  # type: ignore[arg-type]

    def create_statement_set(self) -> StatementSet:
        """INSERTs that run as one job."""
        return StatementSet(self)

    # ---- views ----

    def create_temporary_view(self, view_path: str, table_or_data_stream: Any, *fields_or_schema: Any) -> None:
        """Give a table or a stream a name in SQL.

        Args:
            view_path: the name.
            table_or_data_stream: the table; in a StreamTableEnvironment also a DataStream.
            fields_or_schema: names of its columns, by default those that it has; of a stream as for
                ``from_data_stream``.

        Raises:
            SqlError: the name is taken.
            GraphError: it is no table.
        """
        path = self._path(view_path)
        if isinstance(table_or_data_stream, DataStream) and isinstance(self, StreamTableEnvironment):
            with within(self._session()):
                node = stream_table(table_or_data_stream, fields_or_schema, None, str(path), "create_temporary_view()")
        elif isinstance(table_or_data_stream, Table):
            table = table_or_data_stream
            if fields_or_schema:
                table = table.alias(*map(column_name, fields_or_schema))
            node = table._node
        else:
            what = type(table_or_data_stream).__name__
            raise GraphError(f"create_temporary_view() takes a Table or a DataStream, not a {what}")
        self._catalogs.create(path, ViewDefinition(node.columns, node), False, True)

    # ---- what a program and its workers need ----

    def add_python_file(self, file_path: str) -> None:
        """See ``StreamExecutionEnvironment.add_python_file``."""
        self._env.add_python_file(file_path)

    def add_python_archive(self, archive_path: str, target_dir: str | None = None) -> None:
        """See ``StreamExecutionEnvironment.add_python_archive``."""
        self._env.add_python_archive(archive_path, target_dir)

    def set_python_requirements(self, requirements_file_path: str, requirements_cache_dir: str | None = None) -> None:
        """See ``StreamExecutionEnvironment.set_python_requirements``."""
        self._env.set_python_requirements(requirements_file_path, requirements_cache_dir)

    # ---- binding ----

    def _binder(self, text: str) -> QueryBinder:
        return QueryBinder(text, self._lookup, self._catalogs.known_names(), self._hinted, session=self._session())

    def _lookup(self, parts: tuple[str, ...]) -> Node | None:
        """The plan of a table or view."""
        return self._hinted(parts, {})

    def _hinted(self, parts: tuple[str, ...], options: Mapping[str, str]) -> Node | None:
        """The plan of a table or view, with options that a hint says."""
        path = self._catalogs.path(parts)
        found = self._catalogs.find(path)
        if found is None:
            return None
        if isinstance(found, ViewDefinition):
            if options:
                raise SqlError(f"the view {path} takes no OPTIONS, which are of tables")
            return self._view(path, found)
        if options:
            definition = found.with_options({**found.options, **options})
            return table_plan(str(path), definition, self._env._configuration, self._is_streaming)
        told = self._env._configuration.to_dict()
        known = self._scans.get(path)
        if known is None or known[0] is not found or known[1] != told:
            made = table_plan(str(path), found, self._env._configuration, self._is_streaming)
            known = self._scans[path] = (found, told, made)
        return known[2]

    def _view(self, path: Path, found: ViewDefinition) -> Node:
        """The plan of a view; one of SQL is bound anew, as what it reads may be another by now."""
        if found.query is None or path in self._opening:
            node: Node = found.node
            return node
        self._opening.append(path)
        before = self._catalogs.catalog, self._catalogs.current_database
        self._catalogs.catalog, self._catalogs.current_database = found.place or path[:2]
        try:
            binder = self._binder(found.query)
            tree = parse_query(found.query)
            node = binder.bind(tree)
            return binder.renamed(node, [name for name, _ in found.columns], tree)
        finally:
            self._catalogs.catalog, self._catalogs.current_database = before
            self._opening.pop()

    def _columns_of(self, path: Path, found: Any) -> Columns:
        """Name and type of each column of a table or view."""
        if isinstance(found, ViewDefinition):
            return found.columns
        return declared_columns(str(path), found)

    def _table_context(self, path: Path, definition: TableDefinition) -> Any:
        return context_of(str(path), definition, self._env._configuration, self._is_streaming)

    def _partitions(self, path: Path, definition: TableDefinition) -> list[str]:
        """The partitions of a table, as its connector knows them."""
        factory, context = self._table_context(path, definition)
        list_partitions = getattr(factory.source(context), "partition_names", None)
        return [] if list_partitions is None else list_partitions()

    def _with_hints(self, definition: TableDefinition, hints: Sequence[Hint], text: str) -> TableDefinition:
        """A table with the options of hints."""
        options = hinted_options(hints, text)
        return definition.with_options({**definition.options, **options}) if options else definition

    # ---- running ----

    def _translation(self) -> Translation:
        return translation(self._env, self._is_streaming)

    def _executed(self, node: Node) -> TableResult:
        """A query's result, whose job runs as its rows are read."""
        return TableResult(
            node.columns, lambda: collected(node, self._env, None, self._is_streaming), self._is_streaming
        )

    def _sinking(
        self,
        path: Path,
        definition: TableDefinition,
        node: Node,
        columns: Sequence[str] = (),
        partition: Mapping[str, Bound] | None = None,
        overwrite: bool = False,
    ) -> Sinking:
        """A plan that ends in a table."""
        told = self._env._configuration
        with within(self._session()):
            return sinking(str(path), definition, node, columns, partition or {}, overwrite, told, self._is_streaming)

    def _target(self, target: str | TableDescriptor, node: Node, overwrite: bool) -> Sinking:
        """A plan that ends in a table of a name or description."""
        if isinstance(target, TableDescriptor):
            self._made += 1
            name = f"*anonymous_{target.get_options().get('connector')}${self._made}*"
            columns = tuple(Column(column, kind.with_time(None)) for column, kind in node.columns)
            path = Path(self._catalogs.catalog, self._catalogs.current_database, name)
            return self._sinking(path, target._definition(columns), node, overwrite=overwrite)
        path = self._catalogs.path(parse_path(target).parts)
        definition = self._catalogs.get(path)
        if not isinstance(definition, TableDefinition):
            raise SqlError(f"{path} is a view, and cannot be written to")
        return self._sinking(path, definition, node, overwrite=overwrite)


def declared_columns(name: str, definition: TableDefinition) -> Columns:
    """Name and type of each column of a table, whatever its connector is."""
    from pyflinkx.relational.tables.reading import columns_without_source

    return columns_without_source(name, definition)


def hinted_options(hints: Sequence[Hint], text: str) -> dict[str, str]:
    """The options of OPTIONS hints."""
    options: dict[str, str] = {}
    for hint in hints:
        if hint.name.upper() != "OPTIONS":
            continue
        for option in hint.options:
            if option.key is None or not isinstance(option.value, String):
                raise error_at(text, *option.span, "a hint OPTIONS has 'key' = 'value' pairs")
            options[option.key] = option.value.value
    return options


def column_name(given: Any) -> str:
    """A name that is given as text or as a column."""
    if isinstance(given, Expression) and isinstance(given._node, Name):
        return given._node.parts[-1]
    if isinstance(given, str):
        return given
    raise GraphError(f"create_temporary_view() takes names of columns, not {given!r:.100}")


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

    def from_data_stream(self, data_stream: DataStream, *fields_or_schema: Any) -> Table:
        """A table of a stream's records, which are inserts.

        Args:
            data_stream: of rows, tuples, dataclasses or the like; of other values the one column is ``f0``.
            fields_or_schema: a Schema, or columns: ``col("a")``, ``col("a").alias("b")``, ``col("t").rowtime``. By
                default the columns are those of the records' type.

        Raises:
            GraphError: the records' type is not known.
            SqlError: a column is not there, or does not fit.

        Example:
            >>> from pyflinkx.common import Types
            >>> program = StreamExecutionEnvironment.get_execution_environment()
            >>> environment = StreamTableEnvironment.create(program)
            >>> type_info = Types.ROW_NAMED(["city", "trips"], [Types.STRING(), Types.LONG()])
            >>> stream = program.from_collection([("Oslo", 3), ("Rome", 5)], type_info)
            >>> environment.create_temporary_view("cities", environment.from_data_stream(stream))
            >>> [tuple(row) for row in environment.execute_sql("SELECT city FROM cities WHERE trips > 3").collect()]
            [('Rome',)]
        """
        return self._of_stream(data_stream, fields_or_schema, None, "from_data_stream()")

    def from_changelog_stream(
        self, data_stream: DataStream, schema: Schema | None = None, changelog_mode: ChangelogMode | None = None
    ) -> Table:
        """A table of a stream of Rows of all kinds.

        Args:
            data_stream: of Rows.
            schema: columns, event time and primary key; by default the columns of the records' type.
            changelog_mode: which kinds there are; by default all, updates as the row before and the row after.

        Raises:
            GraphError: the records' type is not known.
            SqlError: a column is not there, or does not fit.
        """
        given = () if schema is None else (schema,)
        mode = ChangelogMode.all() if changelog_mode is None else changelog_mode
        return self._of_stream(data_stream, given, mode, "from_changelog_stream()")

    def _of_stream(self, stream: DataStream, given: Sequence[Any], mode: ChangelogMode | None, call: str) -> Table:
        self._made += 1
        with within(self._session()):
            return Table(stream_table(stream, given, mode, f"Unregistered_DataStream_{self._made}", call), self)

    def to_data_stream(self, table: Table) -> DataStream:
        """A table's rows, which are inserts, as a stream of Rows.

        Raises:
            SqlError: the table has updates or deletes.
        """
        return data_stream(self, table._node)

    def to_changelog_stream(
        self, table: Table, target_schema: Schema | None = None, changelog_mode: ChangelogMode | None = None
    ) -> DataStream:
        """A table's rows as a stream of Rows, each of which says by ``get_row_kind()`` what it does.

        Args:
            table: the table.
            target_schema: columns of the rows; one of metadata ``rowtime`` gives the timestamps.
            changelog_mode: which kinds there are; by default all.

        Raises:
            SqlError: the table has kinds of rows that the mode has not, or lacks a column.
        """
        return changelog_stream(self, table._node, target_schema, changelog_mode)

    def to_append_stream(self, table: Table, type_info: TypeInformation) -> DataStream:
        """A table's rows, which are inserts, as records of a type, by position; the name of earlier versions.

        Args:
            table: the table.
            type_info: a row or tuple type, or that of the one column.

        Raises:
            SqlError: the table has updates or deletes.
        """
        return append_stream(self, table._node, type_info)

    def to_retract_stream(self, table: Table, type_info: TypeInformation) -> DataStream:
        """A table's rows as pairs of whether a record is there from now on, and the record; an earlier name.

        Args:
            table: the table.
            type_info: a row or tuple type, or that of the one column.
        """
        return retract_stream(self, table._node, type_info)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

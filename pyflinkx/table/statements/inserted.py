"""INSERT and sets of them: plans that end in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.config.table_options import DML_SYNC
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.tables.definition import TableDefinition
from pyflinkx.relational.tables.writing import Sinking
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import statements as tree
from pyflinkx.table.execution import Building, started, translation
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment


def sinking_of(environment: TableEnvironment, statement: tree.Insert, text: str) -> Sinking:
    """The plan of an INSERT.

    Raises:
        SqlError: there is no such table, or the rows do not fit it.
    """
    catalogs = environment._catalogs
    path = catalogs.path(statement.target.parts)
    definition = catalogs.find(path)
    if not isinstance(definition, TableDefinition):
        what = "there is no table" if definition is None else "this is a view, not a table:"
        hint = "" if definition is not None else environment._hint(path)
        raise error_at(text, *statement.target.span, f"{what} {'.'.join(statement.target.parts)}{hint}")
    definition = environment._with_hints(definition, statement.hints, text)
    node = environment._binder(text).bind(statement.query)
    partition: dict[str, Bound] = {}
    for value in statement.partition:
        if value.value is None:
            raise error_at(text, *value.span, f"PARTITION: {value.name} has no value")
        partition[value.name] = Binder(text, Scope([])).bind(value.value)
    columns = [".".join(column.parts) for column in statement.columns]
    return environment._sinking(path, definition, node, columns, partition, statement.overwrite)


def run_insert(environment: TableEnvironment, sinkings: Sequence[Sinking]) -> TableResult:
    """Run plans that end in tables as one job."""
    names = [sinking.name for sinking in sinkings]
    building = ended(environment, sinkings)
    configuration = environment._env._configuration
    name = configuration.get_string("pipeline.name", "") or f"insert-into_{','.join(dict.fromkeys(names))}"
    result = TableResult._of_job(names, started(building.ends, environment._env, name))
    if configuration.value_of(DML_SYNC):
        result.wait()
    return result


def ended(environment: TableEnvironment, sinkings: Sequence[Sinking]) -> Building:
    """The ends of plans in their tables."""
    building = Building(environment._env)
    translated = translation(environment._env, environment._is_streaming, building)
    for sinking in sinkings:
        sinking.end(translated.stream(sinking.node), building)
    return building


def insert(environment: TableEnvironment, statement: tree.Insert, text: str) -> TableResult:
    """INSERT."""
    return run_insert(environment, [sinking_of(environment, statement, text)])


def statement_set(environment: TableEnvironment, statement: tree.StatementSet, text: str) -> TableResult:
    """EXECUTE STATEMENT SET."""
    return run_insert(environment, [sinking_of(environment, each, text) for each in statement.inserts])


def begin(environment: TableEnvironment, statement: tree.BeginStatementSet, text: str) -> TableResult:
    """BEGIN STATEMENT SET."""
    if environment._open_set is not None:
        raise error_at(text, *statement.span, "a statement set is open already: END comes first")
    environment._open_set = []
    return TableResult()


def end(environment: TableEnvironment, statement: tree.EndStatementSet, text: str) -> TableResult:
    """END of a statement set."""
    sinkings, environment._open_set = environment._open_set, None
    if sinkings is None:
        raise error_at(text, *statement.span, "there is no statement set: BEGIN STATEMENT SET comes first")
    if not sinkings:
        raise error_at(text, *statement.span, "the statement set has no INSERT")
    return run_insert(environment, sinkings)


def truncate(environment: TableEnvironment, statement: tree.Truncate, text: str) -> TableResult:
    """TRUNCATE TABLE."""
    path = environment._catalogs.path(statement.target.parts)
    definition = environment._catalogs.get(path)
    if not isinstance(definition, TableDefinition):
        raise error_at(text, *statement.target.span, f"{path} is a view, and has no rows of its own")
    factory, context = environment._table_context(path, definition)
    factory.truncate(context)
    return TableResult()

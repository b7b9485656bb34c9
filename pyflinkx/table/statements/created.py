"""CREATE and DROP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.catalog import Database, MemoryCatalog
from pyflinkx.relational.tables.declared import Declaring
from pyflinkx.relational.tables.definition import Column, TableDefinition, ViewDefinition
from pyflinkx.relational.tables.likeness import merged
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import ddl
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.statements.inserted import run_insert
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment


def create_table(environment: TableEnvironment, statement: ddl.CreateTable, text: str) -> TableResult:
    """CREATE TABLE, with LIKE or AS."""
    catalogs = environment._catalogs
    path = catalogs.path(statement.name.parts)
    declaring = Declaring(text)
    definition = declaring.table(statement)
    if statement.like is not None:
        other = catalogs.get(catalogs.path(statement.like.table.parts))
        if not isinstance(other, TableDefinition):
            declaring.refuse(statement.like, "LIKE takes a table, and this is a view")
        definition = declaring.checked(merged(other, definition, statement.like, declaring), statement)
    if statement.query is None:
        create(environment, path, definition, statement, text)
        return TableResult()
    node = environment._binder(text).bind(statement.query)
    definition = declaring.checked(of_query(definition, statement, node.columns, declaring), statement)
    if statement.replace is not None and catalogs.find(path) is not None:
        catalogs.drop(path, TableDefinition, True, statement.temporary)
    if not create(environment, path, definition, statement, text):
        return TableResult()
    try:
        return run_insert(environment, [environment._sinking(path, definition, node)])
    except BaseException:
        catalogs.drop(path, TableDefinition, True, statement.temporary)
        raise


def create(
    environment: TableEnvironment, path: Any, definition: Any, statement: ddl.CreateTable | ddl.CreateView, text: str
) -> bool:
    """Keep a table or view; an error shows its name."""
    try:
        return environment._catalogs.create(path, definition, statement.if_not_exists, statement.temporary)
    except ValueError as error:
        raise error_at(text, *statement.name.span, str(error)) from None


def of_query(
    definition: TableDefinition, statement: ddl.CreateTable, columns: Any, declaring: Declaring
) -> TableDefinition:
    """A table of the columns of a query, and those that the statement adds."""
    made = {name: Column(name, kind.with_time(None)) for name, kind in columns}
    order: list[Column] = []
    added: list[Column] = []
    for column in definition.columns:
        if column.name in made and type(column) is Column:
            made[column.name] = column  # with the type that the statement says
        else:
            added.append(column)
    order = [*added, *made.values()]
    return replace(definition, columns=tuple(order))


def create_view(environment: TableEnvironment, statement: ddl.CreateView, text: str) -> TableResult:
    """CREATE VIEW."""
    catalogs = environment._catalogs
    path = catalogs.path(statement.name.parts)
    binder = environment._binder(text)
    node = binder.renamed(binder.bind(statement.query), statement.columns, statement)
    query = unparse(statement.query)
    definition = ViewDefinition(
        node.columns, node, query, statement.comment, (catalogs.catalog, catalogs.current_database)
    )
    if statement.replace:
        if isinstance(catalogs.find(path), TableDefinition):
            raise error_at(text, *statement.name.span, f"{path} is a table, and no view that could be replaced")
        catalogs.put(path, definition, statement.temporary)
    else:
        create(environment, path, definition, statement, text)
    return TableResult()


def create_database(environment: TableEnvironment, statement: ddl.CreateDatabase, text: str) -> TableResult:
    """CREATE DATABASE."""
    catalog, name = environment._catalogs.place(statement.name.parts)
    made = Database(dict(statement.options), statement.comment)
    environment._catalogs.create_database(catalog, name, made, statement.if_not_exists)
    return TableResult()


def create_catalog(environment: TableEnvironment, statement: ddl.CreateCatalog, text: str) -> TableResult:
    """CREATE CATALOG."""
    name = statement.name.parts[-1]
    catalogs = environment._catalogs
    if statement.if_not_exists and name in catalogs.catalogs:
        return TableResult()
    catalogs.add(name, catalog_of(name, dict(statement.options), statement.comment, statement, text))
    return TableResult()


def catalog_of(name: str, options: dict[str, str], comment: str | None, place: Node, text: str) -> Any:
    """A catalog that options describe."""
    kind = options.get("type")
    if kind == MemoryCatalog.kind:
        known = {"type", "default-database"}
        others = [key for key in options if key not in known]
        if others:
            raise error_at(
                text, *place.span, f"catalog {name}: there is no option '{others[0]}'; there are {', '.join(known)}"
            )
        return MemoryCatalog(options.get("default-database", "default"), options, comment)
    what = "WITH has no 'type'" if kind is None else f"there is no catalog of type '{kind}'"
    raise error_at(text, *place.span, f"catalog {name}: {what}; there is '{MemoryCatalog.kind}'")


def create_function(environment: TableEnvironment, statement: ddl.CreateFunction, text: str) -> TableResult:
    """CREATE FUNCTION."""
    environment._create_function(statement, text)
    return TableResult()


def drop(environment: TableEnvironment, statement: ddl.Drop, text: str) -> TableResult:
    """DROP."""
    catalogs = environment._catalogs
    parts = statement.name.parts
    kind = statement.kind
    try:
        if kind in ("TABLE", "VIEW"):
            made = TableDefinition if kind == "TABLE" else ViewDefinition
            path = catalogs.path(parts)
            # As in Flink, DROP of a temporary object needs no TEMPORARY where there is nothing behind it.
            temporary = statement.temporary or (
                kind == "VIEW" and path in catalogs.temporary and catalogs.permanent(path) is None
            )
            catalogs.drop(path, made, statement.if_exists, temporary)
        elif kind == "DATABASE":
            catalogs.drop_database(*catalogs.place(parts), statement.if_exists, bool(statement.cascade))
        elif kind == "CATALOG":
            if not (statement.if_exists and parts[-1] not in catalogs.catalogs):
                catalogs.remove(parts[-1])
        elif kind == "FUNCTION":
            environment._drop_function(statement, text)
        else:
            raise error_at(text, *statement.span, f"DROP {kind} is not in this version")
    except ValueError as error:
        if str(error).startswith("line "):
            raise
        raise error_at(text, *statement.name.span, str(error)) from None
    return TableResult()

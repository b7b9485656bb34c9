"""SHOW and DESCRIBE."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.catalog import Path
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.tables.definition import (
    Column,
    ComputedColumn,
    MetadataColumn,
    TableDefinition,
    ViewDefinition,
)
from pyflinkx.relational.tables.definition import text as literal
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import statements as tree
from pyflinkx.sql.tree.expressions import Name
from pyflinkx.table.table_result import TableResult
from pyflinkx.types.data_type import BOOLEAN, STRING, quoted

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment


def names(title: str, found: Iterable[str]) -> TableResult:
    """A column of names."""
    return TableResult._of_rows(((title, STRING.not_null()),), [(name,) for name in found])


def matching(statement: tree.Show, found: Iterable[str]) -> list[str]:
    """The names that are like what the statement says."""
    if statement.pattern is None:
        return list(found)
    parts = re.split(r"(\\?[%_])", statement.pattern)
    made = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    pattern = "".join(made.get(part, re.escape(part)) for part in parts)
    flags = re.DOTALL | (re.IGNORECASE if statement.operator == "ILIKE" else 0)
    return [name for name in found if bool(re.fullmatch(pattern, name, flags)) != statement.negated]


def show(environment: TableEnvironment, statement: tree.Show, text: str) -> TableResult:
    """SHOW."""
    catalogs = environment._catalogs
    kind = statement.kind
    if kind == "CURRENT CATALOG":
        return names("current catalog name", [catalogs.catalog])
    if kind == "CURRENT DATABASE":
        return names("current database name", [catalogs.current_database])
    if kind == "CATALOGS":
        return names("catalog name", matching(statement, sorted(catalogs.catalogs)))
    if kind == "DATABASES":
        catalog = catalogs.catalog if statement.name is None else statement.name.parts[-1]
        return names("database name", matching(statement, catalogs.named(catalog).database_names()))
    if kind in ("TABLES", "VIEWS"):
        place = (catalogs.catalog, catalogs.current_database)
        if statement.name is not None:
            place = catalogs.place(statement.name.parts)
            catalogs.database_of(*place)
        if kind == "TABLES":
            return names("table name", matching(statement, catalogs.names(*place)))
        return names("view name", matching(statement, catalogs.of_kind(ViewDefinition, *place)))
    if kind in ("FUNCTIONS", "USER FUNCTIONS"):
        found = environment.list_functions() if kind == "FUNCTIONS" else environment.list_user_defined_functions()
        return names("function name", matching(statement, found))
    if kind == "MODULES":
        return names("module name", environment.list_modules())
    if kind == "FULL MODULES":
        rows = [(entry.name(), entry.used()) for entry in environment.list_full_modules()]
        return TableResult._of_rows((("module name", STRING), ("used", BOOLEAN)), rows)
    if kind == "JARS":
        return names("jars", [])
    if kind == "COLUMNS":
        return columns_of(environment, statement, text)
    if kind == "PARTITIONS":
        return partitions_of(environment, statement, text)
    if kind.startswith("CREATE "):
        return created(environment, statement, text)
    if kind in ("MODELS", "PROCEDURES", "MATERIALIZED TABLES", "CONNECTIONS", "JOBS"):
        return names(f"{kind.rstrip('S').lower()} name", [])
    raise error_at(text, *statement.span, f"SHOW {kind} is not in this version")


def located(environment: TableEnvironment, name: Name | None, text: str) -> tuple[Path, Any]:
    """A table or view."""
    assert name is not None
    path = environment._catalogs.path(name.parts)
    found = environment._catalogs.find(path)
    if found is None:
        raise error_at(text, *name.span, f"there is no table {'.'.join(name.parts)}{environment._hint(path)}")
    return path, found


def partitions_of(environment: TableEnvironment, statement: tree.Show, text: str) -> TableResult:
    """SHOW PARTITIONS."""
    path, found = located(environment, statement.name, text)
    if not isinstance(found, TableDefinition) or not found.partition_keys:
        assert statement.name is not None
        raise error_at(text, *statement.name.span, f"{path} has no partitions")
    return names("partition name", environment._partitions(path, found))


def created(environment: TableEnvironment, statement: tree.Show, text: str) -> TableResult:
    """SHOW CREATE."""
    catalogs = environment._catalogs
    what = statement.kind.removeprefix("CREATE ")
    assert statement.name is not None
    if what == "CATALOG":
        name = statement.name.parts[-1]
        catalog = catalogs.named(name)
        pairs = ",\n  ".join(f"{literal(key)} = {literal(value)}" for key, value in catalog.options.items())
        comment = f"COMMENT {literal(catalog.comment)}\n" if catalog.comment else ""
        return names("result", [f"CREATE CATALOG {quoted(name)}\n{comment}WITH (\n  {pairs}\n)\n"])
    path, found = located(environment, statement.name, text)
    temporary = path in catalogs.temporary
    if what == "TABLE":
        if not isinstance(found, TableDefinition):
            raise error_at(text, *statement.name.span, f"{path} is a view: SHOW CREATE VIEW shows it")
        return names("result", [found.sql(path.quoted(), temporary)])
    if what == "VIEW":
        if not isinstance(found, ViewDefinition):
            raise error_at(text, *statement.name.span, f"{path} is a table: SHOW CREATE TABLE shows it")
        if found.query is None:
            raise error_at(text, *statement.name.span, f"the view {path} was not made of SQL")
        columns = ",\n  ".join(quoted(name) for name, _ in found.columns)
        comment = f"COMMENT {literal(found.comment)}\n" if found.comment else ""
        first = f"CREATE {'TEMPORARY ' if temporary else ''}VIEW {path.quoted()} (\n  {columns}\n)\n{comment}"
        return names("result", [f"{first}AS {found.query}\n"])
    raise error_at(text, *statement.span, f"SHOW CREATE {what} is not in this version")


DESCRIBED: Columns = (
    ("name", STRING.not_null()),
    ("type", STRING.not_null()),
    ("null", BOOLEAN.not_null()),
    ("key", STRING),
    ("extras", STRING),
    ("watermark", STRING),
)


def described(definition: Any, kinds: Columns) -> list[tuple[Any, ...]]:
    """A row for each column of a table or view.

    Args:
        definition: of the table or view.
        kinds: name and type of each column, with those of computed ones.
    """
    types = dict(kinds)
    columns = getattr(definition, "columns", ())
    table = isinstance(definition, TableDefinition)
    key = definition.primary_key if table else None
    mark = definition.watermark if table else None
    rows = []
    for column in columns if table else [Column(name, kind) for name, kind in columns]:
        kind = types[column.name]
        extras = None
        if isinstance(column, ComputedColumn):
            extras = f"AS {column.expression}"
        elif isinstance(column, MetadataColumn):
            source = "" if column.key is None else f" FROM {literal(column.key)}"
            extras = f"METADATA{source}{' VIRTUAL' if column.virtual else ''}"
        primary = f"PRI({', '.join(key.columns)})" if key is not None and column.name in key.columns else None
        watermark = mark.expression if mark is not None and mark.column == column.name else None
        shown = str(kind.with_nullable(True))
        rows.append((column.name, shown, kind.nullable, primary, extras, watermark))
    return rows


def with_comments(definition: Any, rows: list[tuple[Any, ...]]) -> TableResult:
    """The rows, and comments where there are some."""
    comments = [getattr(column, "comment", None) for column in definition.columns]
    if not any(comments):
        return TableResult._of_rows(DESCRIBED, rows)
    with_comment = [(*row, comment) for row, comment in zip(rows, comments, strict=True)]
    return TableResult._of_rows((*DESCRIBED, ("comment", STRING)), with_comment)


def columns_of(environment: TableEnvironment, statement: tree.Show, text: str) -> TableResult:
    """SHOW COLUMNS."""
    path, found = located(environment, statement.name, text)
    rows = described(found, environment._columns_of(path, found))
    wanted = matching(statement, [row[0] for row in rows])
    return TableResult._of_rows(DESCRIBED, [row for row in rows if row[0] in wanted])


def describe(environment: TableEnvironment, statement: tree.Describe, text: str) -> TableResult:
    """DESCRIBE."""
    catalogs = environment._catalogs
    parts = statement.name.parts
    pair: Columns = (("info name", STRING), ("info value", STRING))
    if statement.kind == "TABLE":
        path, found = located(environment, statement.name, text)
        return with_comments(found, described(found, environment._columns_of(path, found)))
    if statement.kind == "DATABASE":
        catalog, name = catalogs.place(parts)
        database = catalogs.database_of(catalog, name)
        rows = [("name", name), ("comment", database.comment)]
        if statement.extended:
            rows += [(f"option:{key}", value) for key, value in sorted(database.options.items())]
        return TableResult._of_rows(pair, rows)
    if statement.kind == "CATALOG":
        found = catalogs.named(parts[-1])
        rows = [("name", parts[-1]), ("type", found.kind), ("comment", found.comment)]
        if statement.extended:
            rows += [(f"option:{key}", value) for key, value in sorted(found.options.items())]
        return TableResult._of_rows(pair, rows)
    raise error_at(text, *statement.span, f"DESCRIBE {statement.kind} is not in this version")

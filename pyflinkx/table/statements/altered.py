"""ALTER."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.catalog import Path
from pyflinkx.relational.tables.declared import Declaring
from pyflinkx.relational.tables.definition import Column, ComputedColumn, TableDefinition, ViewDefinition
from pyflinkx.relational.tables.options import suggestion
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import ddl
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment


def alter(environment: TableEnvironment, statement: ddl.Alter, text: str) -> TableResult:
    """ALTER."""
    catalogs = environment._catalogs
    kind, change, parts = statement.kind, statement.change, statement.name.parts
    if kind == "DATABASE" and isinstance(change, ddl.SetOptions):
        catalogs.alter_database(*catalogs.place(parts), dict(change.options))
        return TableResult()
    if kind == "CATALOG":
        return alter_catalog(environment, statement, text)
    if kind not in ("TABLE", "VIEW"):
        raise error_at(text, *statement.span, f"ALTER {kind} is not in this version")
    path = catalogs.path(parts)
    found = catalogs.find(path)
    wanted = TableDefinition if kind == "TABLE" else ViewDefinition
    if not isinstance(found, wanted):
        if found is None and statement.if_exists:
            return TableResult()
        raise error_at(
            text, *statement.name.span, f"there is no {kind.lower()} {'.'.join(parts)}{environment._hint(path)}"
        )
    if isinstance(change, ddl.Rename):
        catalogs.rename(path, catalogs.path((*path[:2], *change.to.parts)[-3:]))
        return TableResult()
    if isinstance(found, ViewDefinition):
        return alter_view(environment, path, found, statement, text)
    if isinstance(change, (ddl.AddPartitions, ddl.DropPartitions)):
        return alter_partitions(environment, path, found, change, text)
    changed = Altering(found, statement, text).changed(change)
    catalogs.put(path, changed, path in catalogs.temporary)
    return TableResult()


def alter_catalog(environment: TableEnvironment, statement: ddl.Alter, text: str) -> TableResult:
    """ALTER CATALOG."""
    catalog = environment._catalogs.named(statement.name.parts[-1])
    change = statement.change
    if isinstance(change, ddl.SetOptions):
        catalog.options.update(dict(change.options))
    elif isinstance(change, ddl.ResetOptions):
        if "type" in change.keys:
            raise error_at(text, *statement.span, "the option 'type' of a catalog stays")
        for key in change.keys:
            catalog.options.pop(key, None)
    elif isinstance(change, ddl.SetComment):
        catalog.comment = change.comment
    return TableResult()


def alter_view(
    environment: TableEnvironment, path: Path, found: ViewDefinition, statement: ddl.Alter, text: str
) -> TableResult:
    """ALTER VIEW."""
    change = statement.change
    if not isinstance(change, ddl.SetQuery):
        raise error_at(text, *statement.span, "of a view the name and the query can be changed")
    node = environment._binder(text).bind(change.query)
    made = ViewDefinition(
        node.columns,
        node,
        unparse(change.query),
        found.comment,
        (environment._catalogs.catalog, environment._catalogs.current_database),
    )
    environment._catalogs.put(path, made, path in environment._catalogs.temporary)
    return TableResult()


def alter_partitions(
    environment: TableEnvironment, path: Path, found: TableDefinition, change: ddl.Change, text: str
) -> TableResult:
    """ADD and DROP PARTITION."""
    raise error_at(text, *change.span, "partitions that are added and dropped by name are not in this version")


class Altering:
    """Changes the columns, constraints and options of one table.

    Args:
        definition: as it is.
        statement: what changes it.
        text: what it was read from.
    """

    def __init__(self, definition: TableDefinition, statement: ddl.Alter, text: str) -> None:
        self.definition = definition
        self.statement = statement
        self.declaring = Declaring(text)

    def refuse(self, message: str) -> Any:
        """Raise an error that shows the statement."""
        self.declaring.refuse(self.statement.change if self.statement.change.span[1] else self.statement, message)

    def changed(self, change: ddl.Change) -> TableDefinition:
        """The table afterwards.

        Raises:
            SqlError: the change does not fit.
        """
        old = self.definition
        if isinstance(change, ddl.SetOptions):
            return old.with_options({**old.options, **dict(change.options)})
        if isinstance(change, ddl.ResetOptions):
            if "connector" in change.keys:
                self.refuse("the option 'connector' stays: a table of another connector is another table")
            return old.with_options({key: value for key, value in old.options.items() if key not in change.keys})
        if isinstance(change, ddl.RenameColumn):
            return self.checked(self.renamed(".".join(change.column.parts), ".".join(change.to.parts)))
        if isinstance(change, ddl.DropColumns):
            return self.checked(self.dropped([".".join(name.parts) for name in change.columns]))
        if isinstance(change, ddl.DropPart):
            return self.without(change)
        if isinstance(change, ddl.ChangeSchema):
            return self.checked(self.schema(change))
        return self.refuse(f"{type(change).__name__} is not in this version")

    def checked(self, definition: TableDefinition) -> TableDefinition:
        """The table, if its parts fit together."""
        return self.declaring.checked(definition, self.statement)

    def place(self, name: str) -> int:
        """Where a column is."""
        names = [column.name for column in self.definition.columns]
        if name not in names:
            self.refuse(f"there is no column {name}{suggestion(name, names)}")
        return names.index(name)

    def users(self, name: str) -> str | None:
        """What needs a column, in words."""
        old = self.definition
        if old.primary_key is not None and name in old.primary_key.columns:
            return "the primary key"
        if name in old.partition_keys:
            return "PARTITIONED BY"
        if old.watermark is not None and (name == old.watermark.column or mentions(old.watermark.expression, name)):
            return "the watermark"
        for column in old.columns:
            if isinstance(column, ComputedColumn) and column.name != name and mentions(column.expression, name):
                return f"column {column.name}"
        return None

    def renamed(self, name: str, new: str) -> TableDefinition:
        """With another name of a column."""
        place = self.place(name)
        if any(column.name == new for column in self.definition.columns):
            self.refuse(f"there is a column {new} already")
        for column in self.definition.columns:
            if isinstance(column, ComputedColumn) and column.name != name and mentions(column.expression, name):
                self.refuse(f"column {name} is needed by column {column.name}, which would have to change first")
        mark = self.definition.watermark
        if mark is not None and (name == mark.column or mentions(mark.expression, name)):
            self.refuse(f"column {name} is needed by the watermark, which would have to change first")
        columns = list(self.definition.columns)
        columns[place] = replace(columns[place], name=new)
        key = self.definition.primary_key
        if key is not None:
            key = replace(key, columns=tuple(new if each == name else each for each in key.columns))
        keys = tuple(new if each == name else each for each in self.definition.partition_keys)
        return replace(self.definition, columns=tuple(columns), primary_key=key, partition_keys=keys)

    def dropped(self, names: list[str]) -> TableDefinition:
        """Without some columns."""
        for name in names:
            self.place(name)
        rest = tuple(column for column in self.definition.columns if column.name not in names)
        before, self.definition = self.definition, replace(self.definition, columns=rest)
        for name in names:
            user = self.users(name)
            if user is not None:
                self.refuse(f"column {name} is needed by {user}")
        return replace(before, columns=rest)

    def without(self, change: ddl.DropPart) -> TableDefinition:
        """Without the primary key, the watermark or the distribution."""
        old = self.definition
        if change.part in ("PRIMARY KEY", "CONSTRAINT"):
            if old.primary_key is None or (change.name is not None and change.name != old.primary_key.name):
                what = "primary key" if change.name is None else f"constraint {change.name}"
                self.refuse(f"the table has no {what}")
            return replace(old, primary_key=None)
        name = change.part.lower()
        if getattr(old, name) is None:
            self.refuse(f"the table has no {name}")
        return replace(old, watermark=None) if name == "watermark" else replace(old, distribution=None)

    def schema(self, change: ddl.ChangeSchema) -> TableDefinition:
        """ADD and MODIFY."""
        adds = change.action == "ADD"
        columns = list(self.definition.columns)
        known = {column.name for column in columns}
        for placed in change.columns:
            column = self.declaring.column(placed.column)
            if adds and column.name in known:
                self.refuse(f"there is a column {column.name} already: MODIFY changes it")
            if not adds and column.name not in known:
                self.refuse(f"there is no column {column.name}{suggestion(column.name, known)}: ADD makes one")
            columns = self.with_column(columns, column, placed, adds)
            known.add(column.name)
        made = replace(self.definition, columns=tuple(columns))
        nodes = [placed.column for placed in change.columns]
        key = self.declaring.primary_key(nodes, change.constraints, sorted(known))
        if key is not None:
            self.once(adds, "primary key", made.primary_key)
            made = replace(made, primary_key=key)
        if change.watermark is not None:
            self.once(adds, "watermark", made.watermark)
            made = replace(made, watermark=self.declaring.watermark(change.watermark))
        if change.distribution is not None:
            self.once(adds, "distribution", made.distribution)
            made = replace(made, distribution=unparse(change.distribution))
        return made

    def once(self, adds: bool, what: str, before: Any) -> None:
        """ADD is for what is not there, MODIFY for what is."""
        if adds and before is not None:
            self.refuse(f"the table has a {what} already: MODIFY changes it")
        if not adds and before is None:
            self.refuse(f"the table has no {what}: ADD makes one")

    def with_column(self, columns: list[Column], column: Column, placed: ddl.PlacedColumn, adds: bool) -> list[Column]:
        """With a column at its place."""
        names = [each.name for each in columns]
        before = names.index(column.name) if not adds else len(columns)
        rest = [each for each in columns if each.name != column.name]
        place = before
        if placed.first:
            place = 0
        elif placed.after is not None:
            after = ".".join(placed.after.parts)
            others = [each.name for each in rest]
            if after not in others:
                self.refuse(f"AFTER: there is no column {after}{suggestion(after, others)}")
            place = others.index(after) + 1
        return [*rest[:place], column, *rest[place:]]


def mentions(expression: str, name: str) -> bool:
    """Whether an expression reads a column."""
    from pyflinkx.sql.parser import parse_expression
    from pyflinkx.sql.tree.base import walk
    from pyflinkx.sql.tree.expressions import Name

    return any(isinstance(node, Name) and node.parts[0] == name for node in walk(parse_expression(expression)))

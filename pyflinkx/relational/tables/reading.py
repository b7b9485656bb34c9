"""What is read of a table: its plan, from the connector's rows to all of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import SqlError
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Apply, Bound, Input
from pyflinkx.relational.changes.nodes import Normalize
from pyflinkx.relational.nodes import Calc, Columns, Node, Scan
from pyflinkx.relational.tables.definition import ComputedColumn, MetadataColumn, TableDefinition
from pyflinkx.relational.tables.factory import Building, TableSource, context_of
from pyflinkx.relational.tables.options import suggestion
from pyflinkx.relational.windows.watermark import Watermark, watermarked
from pyflinkx.sql.parser import parse_expression
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.changes import Changes, upsert
from pyflinkx.types.data_type import DataType
from pyflinkx.types.data_type_rules import castable


class ScannedTable:
    """What makes the stream of a table's rows.

    Args:
        source: reads them.
        metadata: keys of the metadata that is read, by name of the column.
    """

    def __init__(self, source: TableSource, metadata: Mapping[str, str]) -> None:
        self.source = source
        self.metadata = dict(metadata)

    def stream(self, building: Building) -> Stream:
        """The rows."""
        return self.source.stream(building, self.metadata)


def table_plan(name: str, definition: TableDefinition, configuration: Configuration, streaming: bool) -> Node:
    """The plan that gives all columns of a table.

    Args:
        name: of the table.
        definition: of it.
        configuration: of the job.
        streaming: whether it runs as a stream.

    Raises:
        ConfigurationError: the connector cannot read it, or its options are wrong.
        SqlError: an expression does not fit.
    """
    factory, context = context_of(name, definition, configuration, streaming)
    source = factory.source(context)
    metadata: dict[str, str] = {}
    fields: list[tuple[str, DataType]] = context.columns()
    casts: dict[str, DataType] = {}
    for column in definition.columns:
        if isinstance(column, MetadataColumn):
            key = column.key or column.name
            known = source.metadata.get(key)
            if known is None:
                raise SqlError(
                    f"table {name}: column {column.name} is METADATA FROM '{key}', which the connector has not"
                    f"{suggestion(key, source.metadata)}; it has {', '.join(source.metadata) or 'none'}"
                )
            metadata[column.name] = key
            fields.append((column.name, known))
            assert column.type is not None
            casts[column.name] = column.type
    changes, keys = rows_of(source.changes, definition)
    scan = Scan(ScannedTable(source, metadata), tuple(fields), name, changes, keys)
    made = with_all_columns(scan, definition, casts, name)
    if isinstance(made, Watermark):
        settings = context.settings
        gap = settings["scan.watermark.emit.on-event.gap"]
        made = replace(
            made,
            gap=gap if settings["scan.watermark.emit.strategy"] == "on-event" else None,
            idle_timeout=settings["scan.watermark.idle-timeout"],
        )
    return whole_changes(made, definition)


def whole_changes(node: Node, definition: TableDefinition) -> Node:
    """Rows whose updates have their row before; of upserts by the primary key they are made.

    Raises:
        SqlError: there are upserts, and no primary key.
    """
    if node.changes.kind != "upsert":
        return node
    key = definition.primary_key
    if key is None:
        raise SqlError("updates without the row before need a primary key, by which rows replace one another")
    names = [name for name, _ in node.columns]
    return Normalize(node, tuple(names.index(name) for name in key.columns))


def rows_of(changes: Changes, definition: TableDefinition) -> tuple[Changes, tuple[frozenset[int], ...]]:
    """The kinds of rows of a source, and by what they are unique."""
    if definition.primary_key is None:
        return changes, ()
    names = [column.name for column in definition.physical]
    key = frozenset(names.index(column) for column in definition.primary_key.columns if column in names)
    if changes.kind == "upsert" and not changes.keys:
        changes = upsert(*definition.primary_key.columns)
    return changes, (key,) if len(key) == len(definition.primary_key.columns) else ()


def with_all_columns(node: Node, definition: TableDefinition, casts: Mapping[str, DataType], name: str) -> Node:
    """Rows with all columns of a table, in their order, and its watermarks.

    Args:
        node: the rows that a source gives, whose columns have their names.
        definition: of the table.
        casts: types of columns that have others there.
        name: of the table, for errors.
    """
    inputs = {column: Input(kind, index, column) for index, (column, kind) in enumerate(node.columns)}
    projection = [
        (column.name, column_bound(column, inputs, casts, node.columns, name)) for column in definition.columns
    ]
    if [*inputs.items()] != projection:
        node = Calc(node, tuple(projection))
    if definition.watermark is None:
        return node
    text = definition.watermark.expression
    return watermarked(node, definition.watermark.column, parse_expression(text), text)


def column_bound(
    column: Any, inputs: Mapping[str, Input], casts: Mapping[str, DataType], columns: Columns, name: str
) -> Bound:
    """What gives a column."""
    if isinstance(column, ComputedColumn):
        scope = Scope([(None, each, casts.get(each, kind)) for each, kind in columns])
        bound = Binder(column.expression, scope).bind(parse_expression(column.expression))
        return with_casts(bound, casts, columns)
    found = inputs[column.name]
    return metadata_cast(found, casts[column.name], name) if column.name in casts else found


def metadata_cast(bound: Input, kind: DataType, name: str) -> Bound:
    """Metadata as the type that the table says."""
    if same_but_for_nulls(bound.type, kind):
        return replace(bound, type=kind)
    if not castable(bound.type, kind):
        raise SqlError(f"table {name}: column {bound.name} is {kind}, and the connector's is {bound.type}")
    return Binder(bound.name, Scope([])).cast(bound, kind, tree.Null())


def same_but_for_nulls(first: DataType, second: DataType) -> bool:
    """Whether two types are the same, at every depth, but for where nulls may be."""
    if first.children or second.children:
        pairs = list(zip(first.children, second.children, strict=False))
        same = first.kind is second.kind and first.names == second.names
        return same and len(first.children) == len(second.children) and all(same_but_for_nulls(*pair) for pair in pairs)
    return first.with_nullable(True) == second.with_nullable(True)


def with_casts(bound: Bound, casts: Mapping[str, DataType], columns: Columns) -> Bound:
    """An expression that reads metadata, of the types that the connector has."""
    return bound if not casts else replaced(bound, casts, dict(columns))


def replaced(bound: Bound, casts: Mapping[str, DataType], types: Mapping[str, DataType]) -> Bound:
    """An expression in which columns of metadata are cast to the types of the table."""
    if isinstance(bound, Input) and bound.name in casts:
        return metadata_cast(replace(bound, type=types[bound.name]), casts[bound.name], "")
    if isinstance(bound, Apply):
        return replace(bound, operands=tuple(replaced(operand, casts, types) for operand in bound.operands))
    return bound


def columns_without_source(name: str, definition: TableDefinition) -> Columns:
    """Name and type of each column of a table, whatever reads it.

    Raises:
        SqlError: an expression does not fit.
    """
    stored = [column for column in definition.columns if not isinstance(column, ComputedColumn)]
    fields = tuple((column.name, column.type) for column in stored if column.type is not None)
    casts = {column.name: column.type for column in stored if isinstance(column, MetadataColumn) and column.type}
    return with_all_columns(Scan(None, fields, name), definition, casts, name).columns

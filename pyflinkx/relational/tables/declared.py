"""From CREATE TABLE's tree to what a catalog keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from pyflinkx.relational.tables.definition import (
    Column,
    ComputedColumn,
    MetadataColumn,
    PrimaryKey,
    TableDefinition,
    Watermark,
)
from pyflinkx.relational.tables.options import suggestion
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import ddl
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.unparser import unparse


class Declaring:
    """Reads the columns and constraints of one statement.

    Args:
        text: the statement, for errors.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, node: Node, message: str) -> NoReturn:
        """Raise an error that shows the place of a node."""
        raise error_at(self.text, *node.span, message)

    def column(self, node: ddl.Column) -> Column:
        """A column."""
        name = ".".join(node.name.parts)
        if isinstance(node, ddl.PhysicalColumn):
            return Column(name, data_type_of(node.type, self.text), node.comment)
        if isinstance(node, ddl.MetadataColumn):
            return MetadataColumn(name, data_type_of(node.type, self.text), node.comment, node.key, node.virtual)
        if isinstance(node, ddl.ComputedColumn):
            return ComputedColumn(name, None, node.comment, unparse(node.expression))
        self.refuse(node, f"column {name} has no type")

    def columns(self, nodes: Sequence[ddl.Column]) -> tuple[Column, ...]:
        """Columns, each with a name of its own."""
        seen: set[str] = set()
        made = []
        for node in nodes:
            column = self.column(node)
            if column.name in seen:
                self.refuse(node, f"there is a column {column.name} already")
            seen.add(column.name)
            made.append(column)
        return tuple(made)

    def primary_key(
        self, nodes: Sequence[ddl.Column], constraints: Sequence[ddl.Constraint], known: Sequence[str]
    ) -> PrimaryKey | None:
        """The primary key that columns or constraints say."""
        found: list[tuple[ddl.Constraint, tuple[str, ...]]] = []
        for node in nodes:
            constraint = getattr(node, "constraint", None)
            if constraint is not None:
                found.append((constraint, (".".join(node.name.parts),)))
        found += [(constraint, constraint.columns) for constraint in constraints]
        made = None
        for constraint, columns in found:
            if constraint.kind != "PRIMARY KEY":
                self.refuse(constraint, "UNIQUE constraints are not supported, only PRIMARY KEY ... NOT ENFORCED")
            if constraint.enforced is not False:
                self.refuse(
                    constraint, "a primary key is not checked by this engine, so it has to say PRIMARY KEY NOT ENFORCED"
                )
            if made is not None:
                self.refuse(constraint, "there is a primary key already")
            for column in columns:
                if column not in known:
                    self.refuse(constraint, f"the primary key has no column {column}{suggestion(column, known)}")
            if len(set(columns)) < len(columns):
                self.refuse(constraint, "the primary key has a column twice")
            made = PrimaryKey(tuple(columns), constraint.name)
        return made

    def watermark(self, node: ddl.Watermark | None) -> Watermark | None:
        """Event time."""
        return None if node is None else Watermark(".".join(node.column.parts), unparse(node.expression))

    def table(self, node: ddl.CreateTable) -> TableDefinition:
        """The definition that a statement gives, without what LIKE and AS add.

        Raises:
            SqlError: columns, keys or the like do not fit.
        """
        columns = self.columns(node.columns)
        definition = TableDefinition(
            columns,
            self.watermark(node.watermark),
            self.primary_key(node.columns, node.constraints, [column.name for column in columns]),
            tuple(node.partitioned_by),
            dict(node.options),
            node.comment,
            None if node.distribution is None else unparse(node.distribution),
        )
        return definition if node.like is not None or node.query is not None else self.checked(definition, node)

    def checked(self, definition: TableDefinition, node: Node) -> TableDefinition:
        """A definition whose parts fit together, with key columns that are never null."""
        by_name = {column.name: column for column in definition.columns}
        key = definition.primary_key
        if key is not None:
            for name in key.columns:
                if name not in by_name:
                    self.refuse(node, f"the primary key has no column {name}{suggestion(name, by_name)}")
                if type(by_name[name]) is not Column:
                    self.refuse(node, f"column {name} of the primary key is no physical column")
        for name in definition.partition_keys:
            if name not in by_name:
                self.refuse(node, f"PARTITIONED BY: there is no column {name}{suggestion(name, by_name)}")
        watermark = definition.watermark
        if watermark is not None and watermark.column not in by_name:
            self.refuse(
                node, f"WATERMARK FOR: there is no column {watermark.column}{suggestion(watermark.column, by_name)}"
            )
        return with_key(definition)


def with_key(definition: TableDefinition) -> TableDefinition:
    """A definition whose columns of the primary key are NOT NULL."""
    if definition.primary_key is None:
        return definition
    names = definition.primary_key.columns
    columns = tuple(
        replace(column, type=column.type.not_null())
        if column.name in names and column.type is not None and column.type.nullable
        else column
        for column in definition.columns
    )
    return replace(definition, columns=columns)

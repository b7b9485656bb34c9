"""Schemas of tables as a program describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.errors import SqlError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.tables.declared import with_key
from pyflinkx.relational.tables.definition import (
    Column,
    ComputedColumn,
    MetadataColumn,
    PrimaryKey,
    TableDefinition,
    Watermark,
    text,
)
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.sql.parser import parse_expression, parse_type
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.column_types import DataType, RowType
from pyflinkx.table.data_types import logical_of, types_of
from pyflinkx.table.expression import Expression
from pyflinkx.types.data_type import DataType as LogicalType
from pyflinkx.types.data_type import quoted
from pyflinkx.types.repeated import repeated

if TYPE_CHECKING:
    from pyflinkx.table.resolved_schema import ResolvedSchema

__all__ = ["Schema"]


class Part:
    """A column, as it was given: its type or expression may be text that nobody has read yet.

    Args:
        name: of the column.
        what: its type or expression; in brackets where it is text.
        made: the column, with types that were read.
        shown: what stands behind that.
    """

    def __init__(self, name: str, what: str, made: Column, shown: str = "") -> None:
        self.name = name
        self.made = made
        self.shown = f"{quoted(name)} {what}{shown}"


@answers("table.schema.Schema")
class Schema(metaclass=Answering):
    """Columns, event time and primary key of a table; made by ``Schema.new_builder()``.

    Example:
        >>> from pyflinkx.table import DataTypes
        >>> builder = Schema.new_builder().column("id", DataTypes.BIGINT().not_null()).column("ts", "TIMESTAMP(3)")
        >>> print(builder.watermark("ts", "ts - INTERVAL '5' SECOND").primary_key("id").build())
        (
          `id` BIGINT NOT NULL,
          `ts` [TIMESTAMP(3)],
          WATERMARK FOR `ts` AS [ts - INTERVAL '5' SECOND],
          CONSTRAINT `PK_id` PRIMARY KEY (`id`) NOT ENFORCED
        )
    """

    def __init__(self, parts: Sequence[Part], watermarks: Sequence[Watermark], key: PrimaryKey | None) -> None:
        self._parts = tuple(parts)
        self._watermarks = tuple(watermarks)
        self._key = key

    def __str__(self) -> str:
        lines = [part.shown for part in self._parts]
        lines += [f"WATERMARK FOR {quoted(mark.column)} AS [{mark.expression}]" for mark in self._watermarks]
        if self._key is not None:
            lines.append(str(self._key))
        return "(\n" + ",\n".join(f"  {line}" for line in lines) + "\n)"

    def __repr__(self) -> str:
        return f"Schema{self}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def _definition(self) -> TableDefinition:
        """What a catalog keeps of it."""
        names = [part.name for part in self._parts]
        twice = repeated(names)
        if twice:
            raise SqlError(f"the schema has more than one column called {', '.join(twice)}")
        if len(self._watermarks) > 1:
            raise SqlError("a table has one watermark, and the schema has several")
        for column in () if self._key is None else self._key.columns:
            if column not in names:
                raise SqlError(f"the primary key has no column {column}; there are {', '.join(names)}")
        watermark = self._watermarks[0] if self._watermarks else None
        return with_key(TableDefinition(tuple(part.made for part in self._parts), watermark, self._key))

    @staticmethod
    def new_builder() -> Schema.Builder:
        """Where a schema begins."""
        return Schema.Builder()

    class Builder:
        """Collects columns and constraints."""

        def __init__(self) -> None:
            self._parts: list[Part] = []
            self._watermarks: list[Watermark] = []
            self._key: PrimaryKey | None = None

        def from_schema(self, unresolved_schema: Schema) -> Schema.Builder:
            """All that another schema has."""
            self._parts += unresolved_schema._parts
            self._watermarks += unresolved_schema._watermarks
            self._key = unresolved_schema._key or self._key
            return self

        def from_resolved_schema(self, resolved_schema: ResolvedSchema) -> Schema.Builder:
            """All that the schema of a table has."""
            return self.from_schema(resolved_schema._unresolved())

        def from_row_data_type(self, data_type: DataType) -> Schema.Builder:
            """A column for each field of a row type."""
            if not isinstance(data_type, RowType):
                raise TypeError(f"from_row_data_type() takes a row type, not {data_type!r}")
            return self.from_fields(data_type.field_names(), data_type.field_types())

        def from_fields(self, field_names: Sequence[str], field_data_types: Sequence[DataType | str]) -> Schema.Builder:
            """Columns by their names and types."""
            if len(field_names) != len(field_data_types):
                raise ValueError(f"from_fields(): {len(field_names)} names for {len(field_data_types)} types")
            for name, kind in zip(field_names, field_data_types, strict=True):
                self.column(name, kind)
            return self

        def column(self, column_name: str, data_type: DataType | str) -> Schema.Builder:
            """A column that rows have.

            Args:
                column_name: its name.
                data_type: its type, or that as SQL writes it.

            Raises:
                SqlError: there is no such type.
            """
            kind, shown = read_type(data_type)
            self._parts.append(Part(column_name, shown, Column(column_name, kind)))
            return self

        def column_by_expression(self, column_name: str, expr: str | Expression) -> Schema.Builder:
            """A column that is calculated of others.

            Args:
                column_name: its name.
                expr: an expression, or that in SQL.

            Raises:
                SqlError: it is none.
            """
            sql = read_expression(expr)
            self._parts.append(Part(column_name, f"AS [{sql}]", ComputedColumn(column_name, None, None, sql)))
            return self

        def column_by_metadata(
            self,
            column_name: str,
            data_type: DataType | str,
            metadata_key: str | None = None,
            is_virtual: bool = False,
        ) -> Schema.Builder:
            """A column of what a connector knows of its rows.

            Args:
                column_name: its name.
                data_type: its type.
                metadata_key: the connector's name of it; by default that of the column.
                is_virtual: whether it is read only.
            """
            kind, shown = read_type(data_type)
            source = "" if metadata_key is None else f" FROM {text(metadata_key)}"
            made = MetadataColumn(column_name, kind, None, metadata_key, bool(is_virtual))
            virtual = " VIRTUAL" if is_virtual else ""
            self._parts.append(Part(column_name, shown, made, f" METADATA{source}{virtual}"))
            return self

        def watermark(self, column_name: str, watermark_expr: str | Expression) -> Schema.Builder:
            """The column that is event time, and how far it has come with each row.

            Args:
                column_name: of a TIMESTAMP or TIMESTAMP_LTZ of at most three digits of a second.
                watermark_expr: an expression, or that in SQL, such as ``"ts - INTERVAL '5' SECOND"``.
            """
            self._watermarks.append(Watermark(column_name, read_expression(watermark_expr)))
            return self

        def primary_key(self, *column_names: str) -> Schema.Builder:
            """The columns by which rows are told apart; they are not checked."""
            return self.primary_key_named(f"PK_{'_'.join(column_names)}", *column_names)

        def primary_key_named(self, constraint_name: str, *column_names: str) -> Schema.Builder:
            """The same with a name."""
            if not column_names:
                raise ValueError("primary_key() takes the name of a column at least")
            if self._key is not None:
                raise ValueError("the schema has a primary key already")
            self._key = PrimaryKey(tuple(column_names), constraint_name)
            return self

        def build(self) -> Schema:
            """The schema."""
            return Schema(self._parts, self._watermarks, self._key)


def read_type(given: DataType | str) -> tuple[LogicalType, str]:
    """A type, and how it is shown."""
    if isinstance(given, str):
        return data_type_of(parse_type(given), given), f"[{given}]"
    kind = logical_of(given)
    return kind, str(kind)


def read_expression(given: str | Expression) -> str:
    """An expression as SQL; what is no expression is refused."""
    if isinstance(given, Expression):
        return unparse(given._node)
    parse_expression(given)
    return given


def schema_of(definition: TableDefinition) -> Schema:
    """The schema of a table, its types written out."""
    builder = Schema.new_builder()
    for column in definition.columns:
        if isinstance(column, ComputedColumn):
            builder.column_by_expression(column.name, column.expression)
            continue
        assert column.type is not None
        if isinstance(column, MetadataColumn):
            builder.column_by_metadata(column.name, types_of(column.type), column.key, column.virtual)
        else:
            builder.column(column.name, types_of(column.type))
    if definition.watermark is not None:
        builder.watermark(definition.watermark.column, definition.watermark.expression)
    if definition.primary_key is not None:
        key = definition.primary_key
        builder.primary_key_named(key.name or f"PK_{'_'.join(key.columns)}", *key.columns)
    return builder.build()


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

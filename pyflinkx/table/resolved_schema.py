"""Columns, event time and primary key of a table whose types and expressions are known."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.tables.definition import text
from pyflinkx.table.column_types import DataType, RowField, RowType
from pyflinkx.table.data_types import logical_of, types_of
from pyflinkx.types.data_type import DataType as LogicalType
from pyflinkx.types.data_type import quoted

if TYPE_CHECKING:
    from pyflinkx.table.schema import Schema

__all__ = [
    "Column",
    "ComputedColumn",
    "Constraint",
    "MetadataColumn",
    "PhysicalColumn",
    "ResolvedSchema",
    "UniqueConstraint",
    "WatermarkSpec",
]


class Column:
    """A column of a table; made by ``physical()``, ``computed()`` or ``metadata()``.

    Args:
        name: of the column.
        kind: its type.
        comment: for people.
    """

    def __init__(self, name: str, kind: LogicalType, comment: str | None = None) -> None:
        self._name = name
        self._kind = kind
        self._comment = comment

    @staticmethod
    def physical(name: str, data_type: DataType) -> PhysicalColumn:
        """A column that rows have."""
        return PhysicalColumn(name, logical_of(data_type))

    @staticmethod
    def computed(name: str, resolved_expression: Any) -> ComputedColumn:
        """A column that is calculated.

        Args:
            name: of the column.
            resolved_expression: SQL and type of the expression, by ``as_serializable_string`` and
                ``get_output_data_type``.
        """
        kind = logical_of(resolved_expression.get_output_data_type())
        return ComputedColumn(name, kind, None, resolved_expression.as_serializable_string())

    @staticmethod
    def metadata(name: str, data_type: DataType, metadata_key: str | None, is_virtual: bool) -> MetadataColumn:
        """A column of what a connector knows of its rows."""
        return MetadataColumn(name, logical_of(data_type), None, metadata_key, is_virtual)

    def with_comment(self, comment: str | None) -> Any:
        """The same with a comment."""
        made = self.copy(self.get_data_type())
        made._comment = comment
        return made

    def is_physical(self) -> bool:
        """Whether rows have it."""
        return False

    def is_persisted(self) -> bool:
        """Whether it is written."""
        return False

    def get_data_type(self) -> DataType:
        """Its type."""
        return types_of(self._kind)

    def get_name(self) -> str:
        """Its name."""
        return self._name

    def get_comment(self) -> str | None:
        """What it says to people."""
        return self._comment

    def as_summary_string(self) -> str:
        """Name and type."""
        extras = self.explain_extras()
        comment = "" if self._comment is None else f" COMMENT {text(self._comment)}"
        return f"{quoted(self._name)} {self._kind}{'' if extras is None else f' {extras}'}{comment}"

    def explain_extras(self) -> str | None:
        """Where its values come from, if not from the rows."""
        return None

    def copy(self, new_type: DataType) -> Any:
        """The same of another type."""
        return type(self)(self._name, logical_of(new_type), self._comment, *self._more())

    def rename(self, new_name: str) -> Any:
        """The same with another name."""
        return type(self)(new_name, self._kind, self._comment, *self._more())

    def _more(self) -> tuple[Any, ...]:
        return ()

    def __str__(self) -> str:
        return self.as_summary_string()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self._name, self._kind))


class PhysicalColumn(Column):
    """A column that rows have."""

    def is_physical(self) -> bool:
        """True."""
        return True

    def is_persisted(self) -> bool:
        """True."""
        return True


class ComputedColumn(Column):
    """A column that is calculated of others."""

    def __init__(self, name: str, kind: LogicalType, comment: str | None = None, expression: str = "") -> None:
        super().__init__(name, kind, comment)
        self._expression = expression

    def get_expression(self) -> str:
        """The expression as SQL."""
        return self._expression

    def explain_extras(self) -> str | None:
        """The expression."""
        return f"AS {self._expression}"

    def _more(self) -> tuple[Any, ...]:
        return (self._expression,)


class MetadataColumn(Column):
    """A column of what a connector knows of its rows."""

    def __init__(
        self,
        name: str,
        kind: LogicalType,
        comment: str | None = None,
        key: str | None = None,
        virtual: bool = False,
    ) -> None:
        super().__init__(name, kind, comment)
        self._key = key
        self._virtual = virtual

    def is_virtual(self) -> bool:
        """Whether it is read only."""
        return self._virtual

    def is_persisted(self) -> bool:
        """Whether it is written."""
        return not self._virtual

    def get_metadata_key(self) -> str | None:
        """The connector's name of it; None for that of the column."""
        return self._key

    def explain_extras(self) -> str | None:
        """The key."""
        source = "" if self._key is None else f" FROM {text(self._key)}"
        return f"METADATA{source}{' VIRTUAL' if self._virtual else ''}"

    def _more(self) -> tuple[Any, ...]:
        return (self._key, self._virtual)


class Constraint:
    """What holds for the rows of a table.

    Args:
        name: of the constraint.
        enforced: whether it is checked.
    """

    class ConstraintType(Enum):
        """What holds."""

        PRIMARY_KEY = 0
        UNIQUE_KEY = 1

    def __init__(self, name: str, enforced: bool = False) -> None:
        self._name = name
        self._enforced = enforced

    def get_name(self) -> str:
        """Its name."""
        return self._name

    def is_enforced(self) -> bool:
        """Whether it is checked."""
        return self._enforced

    def get_type(self) -> ConstraintType:
        """What holds."""
        return self.ConstraintType.PRIMARY_KEY

    def as_summary_string(self) -> str:
        """As SQL."""
        return f"CONSTRAINT {quoted(self._name)}"

    def __str__(self) -> str:
        return self.as_summary_string()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._name)


class UniqueConstraint(Constraint):
    """Columns by which rows are told apart."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        super().__init__(name)
        self._columns = tuple(columns)

    @staticmethod
    def primary_key(name: str, columns: list[str]) -> UniqueConstraint:
        """A primary key."""
        return UniqueConstraint(name, columns)

    def get_columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._columns)

    def get_type_string(self) -> str:
        """What SQL calls it."""
        return "PRIMARY KEY"

    def as_summary_string(self) -> str:
        """As SQL."""
        return f"CONSTRAINT {quoted(self._name)} PRIMARY KEY ({', '.join(map(quoted, self._columns))}) NOT ENFORCED"


class WatermarkSpec:
    """Event time: a column, and an expression of how far it has come.

    Args:
        column: its name.
        expression: as SQL.
        kind: type of the column.
    """

    def __init__(self, column: str, expression: str, kind: LogicalType | None = None) -> None:
        self._column = column
        self._expression = expression
        self._kind = kind

    @staticmethod
    def of(rowtime_attribute: str, watermark_expression: Any) -> WatermarkSpec:
        """Event time of a column."""
        kind = logical_of(watermark_expression.get_output_data_type())
        return WatermarkSpec(rowtime_attribute, watermark_expression.as_serializable_string(), kind)

    def get_rowtime_attribute(self) -> str:
        """The name of the column."""
        return self._column

    def get_watermark_expression(self) -> str:
        """The expression as SQL."""
        return self._expression

    def as_summary_string(self) -> str:
        """As SQL, with the type."""
        kind = "" if self._kind is None else f": {self._kind.with_time(None).with_nullable(True)}"
        return f"WATERMARK FOR {quoted(self._column)}{kind} AS {self._expression}"

    def __str__(self) -> str:
        return self.as_summary_string()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WatermarkSpec) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._column)


class ResolvedSchema:
    """Columns, event time and primary key of a table.

    Args:
        columns: all of them.
        watermarks: of event time.
        key: the primary key.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        watermarks: Sequence[WatermarkSpec] = (),
        key: UniqueConstraint | None = None,
    ) -> None:
        self._columns = tuple(columns)
        self._watermarks = tuple(watermarks)
        self._key = key

    @staticmethod
    def of(columns: list[Column]) -> ResolvedSchema:
        """A schema of columns."""
        return ResolvedSchema(columns)

    @staticmethod
    def physical(column_names: list[str], column_data_types: list[DataType]) -> ResolvedSchema:
        """A schema of columns that rows have."""
        if len(column_names) != len(column_data_types):
            raise ValueError(f"{len(column_names)} names for {len(column_data_types)} types")
        pairs = zip(column_names, column_data_types, strict=True)
        return ResolvedSchema([Column.physical(name, kind) for name, kind in pairs])

    @staticmethod
    def _of_columns(columns: Columns) -> ResolvedSchema:
        return ResolvedSchema([PhysicalColumn(name, kind) for name, kind in columns])

    def _unresolved(self) -> Schema:
        from pyflinkx.table.schema import Schema

        builder = Schema.new_builder()
        for column in self._columns:
            if isinstance(column, ComputedColumn):
                builder.column_by_expression(column.get_name(), column.get_expression())
            elif isinstance(column, MetadataColumn):
                kind = column.get_data_type()
                builder.column_by_metadata(column.get_name(), kind, column.get_metadata_key(), column.is_virtual())
            else:
                builder.column(column.get_name(), column.get_data_type())
        for mark in self._watermarks:
            builder.watermark(mark.get_rowtime_attribute(), mark.get_watermark_expression())
        if self._key is not None:
            builder.primary_key_named(self._key.get_name(), *self._key.get_columns())
        return builder.build()

    def get_column_count(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def get_columns(self) -> list[Column]:
        """The columns."""
        return list(self._columns)

    def get_column_names(self) -> list[str]:
        """The names of the columns."""
        return [column.get_name() for column in self._columns]

    def get_column_data_types(self) -> list[DataType]:
        """The types of the columns."""
        return [column.get_data_type() for column in self._columns]

    def get_column(self, column_index_or_name: int | str) -> Column | None:
        """A column; None where there is no such.

        Args:
            column_index_or_name: its position or name.
        """
        if isinstance(column_index_or_name, int):
            inside = 0 <= column_index_or_name < len(self._columns)
            return self._columns[column_index_or_name] if inside else None
        return next((column for column in self._columns if column.get_name() == column_index_or_name), None)

    def get_watermark_specs(self) -> list[WatermarkSpec]:
        """Its event time."""
        return list(self._watermarks)

    def get_primary_key(self) -> UniqueConstraint | None:
        """The primary key, if it has one."""
        return self._key

    def get_primary_key_indexes(self) -> list[int]:
        """The positions of the columns of the primary key."""
        names = self.get_column_names()
        return [] if self._key is None else [names.index(name) for name in self._key.get_columns()]

    def to_source_row_data_type(self) -> DataType:
        """A row type of all columns."""
        return self._row(self._columns)

    def to_physical_row_data_type(self) -> DataType:
        """A row type of the columns that rows have."""
        return self._row([column for column in self._columns if column.is_physical()])

    def to_sink_row_data_type(self) -> DataType:
        """A row type of the columns that are written."""
        return self._row([column for column in self._columns if column.is_persisted()])

    def _row(self, columns: Sequence[Column]) -> DataType:
        return RowType([RowField(each.get_name(), each.get_data_type()) for each in columns], False)

    def __str__(self) -> str:
        lines = [str(each) for each in (*self._columns, *self._watermarks)]
        if self._key is not None:
            lines.append(self._key.as_summary_string())
        return "(\n" + ",\n".join(f"  {line}" for line in lines) + "\n)"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResolvedSchema) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._columns)

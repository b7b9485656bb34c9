"""What a catalog keeps of a table or a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyflinkx.types.data_type import DataType, quoted


@dataclass(frozen=True)
class Column:
    """A column of a table: one that its rows have, unless it is of a class below.

    Args:
        name: of the column.
        type: of its values; None for a computed one, whose type follows from its expression.
        comment: for people.
    """

    name: str
    type: DataType | None
    comment: str | None = None

    def __str__(self) -> str:
        return f"{quoted(self.name)} {self.type}{commented(self.comment)}"


@dataclass(frozen=True)
class MetadataColumn(Column):
    """What a connector or format knows of a row beside its columns.

    Args:
        key: the connector's name of it; None for that of the column.
        virtual: whether it is read only.
    """

    key: str | None = None
    virtual: bool = False

    def __str__(self) -> str:
        source = "" if self.key is None else f" FROM {text(self.key)}"
        virtual = " VIRTUAL" if self.virtual else ""
        return f"{quoted(self.name)} {self.type} METADATA{source}{virtual}{commented(self.comment)}"


@dataclass(frozen=True)
class ComputedColumn(Column):
    """What is calculated of the other columns where the table is read.

    Args:
        expression: SQL.
    """

    expression: str = ""

    def __str__(self) -> str:
        return f"{quoted(self.name)} AS {self.expression}{commented(self.comment)}"


@dataclass(frozen=True)
class Watermark:
    """Event time: a column, and how far it has come with each row, in SQL."""

    column: str
    expression: str

    def __str__(self) -> str:
        path = ".".join(map(quoted, self.column.split(".")))
        return f"WATERMARK FOR {path} AS {self.expression}"


@dataclass(frozen=True)
class PrimaryKey:
    """Columns by which rows are told apart; never checked.

    Args:
        columns: their names.
        name: of the constraint; None where the program gives none.
    """

    columns: tuple[str, ...]
    name: str | None = None

    def __str__(self) -> str:
        columns = ", ".join(map(quoted, self.columns))
        name = "" if self.name is None else f"CONSTRAINT {quoted(self.name)} "
        return f"{name}PRIMARY KEY ({columns}) NOT ENFORCED"


@dataclass(frozen=True)
class TableDefinition:
    """A table.

    Args:
        columns: all of them, in order.
        watermark: its event time, if it has one.
        primary_key: if it has one.
        partition_keys: names of the columns by which its rows are kept apart.
        options: the connector and what it is told.
        comment: for people.
        distribution: how rows are spread over buckets, as SQL.
    """

    columns: tuple[Column, ...]
    watermark: Watermark | None = None
    primary_key: PrimaryKey | None = None
    partition_keys: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    distribution: str | None = None

    @property
    def physical(self) -> tuple[Column, ...]:
        """The columns that rows have."""
        return tuple(column for column in self.columns if type(column) is Column)

    @property
    def written(self) -> tuple[Column, ...]:
        """The columns that INSERT fills: physical ones, and metadata that can be written."""
        return tuple(
            column
            for column in self.columns
            if type(column) is Column or (isinstance(column, MetadataColumn) and not column.virtual)
        )

    def with_options(self, options: Mapping[str, str]) -> TableDefinition:
        """The same table with other options."""
        return replace(self, options=dict(options))

    def sql(self, path: str, temporary: bool = False) -> str:
        """The statement that makes it.

        Args:
            path: its name, quoted.
            temporary: whether it is.
        """
        parts: list[Any] = [*self.columns, self.watermark, self.primary_key]
        body = ",\n  ".join(str(part) for part in parts if part is not None)
        lines = [f"CREATE {'TEMPORARY ' if temporary else ''}TABLE {path} (\n  {body}\n)"]
        if self.comment:
            lines.append(f"COMMENT {text(self.comment)}")
        if self.distribution:
            lines.append(f"DISTRIBUTED {self.distribution}")
        if self.partition_keys:
            lines.append(f"PARTITIONED BY ({', '.join(map(quoted, self.partition_keys))})")
        if self.options:
            pairs = ",\n  ".join(f"{text(key)} = {text(value)}" for key, value in self.options.items())
            lines.append(f"WITH (\n  {pairs}\n)")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class ViewDefinition:
    """A view.

    Args:
        columns: name and type of each.
        node: its plan; None for one that came as text only.
        query: in SQL, if it came from there.
        comment: for people.
        place: catalog and database that names without them are in; None for those of the view.
    """

    columns: tuple[tuple[str, DataType], ...]
    node: Any
    query: str | None = None
    comment: str | None = None
    place: tuple[str, str] | None = None


def text(value: str) -> str:
    """A text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def commented(comment: str | None) -> str:
    """COMMENT behind a column, if it has one."""
    return "" if comment is None else f" COMMENT {text(comment)}"

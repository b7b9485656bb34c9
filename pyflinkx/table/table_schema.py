"""Names and types of columns, as earlier versions describe them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.table.column_types import DataType, RowField, RowType
from pyflinkx.table.data_types import logical_of
from pyflinkx.types.repeated import repeated

__all__ = ["TableSchema"]


@answers("table.table_schema.TableSchema")
class TableSchema(metaclass=Answering):
    """Name and type of each column.

    Args:
        field_names: the names.
        data_types: as many types.

    Raises:
        ValueError: there are not as many, or two have one name.
    """

    def __init__(self, field_names: Sequence[str], data_types: Sequence[DataType]) -> None:
        if len(field_names) != len(data_types):
            raise ValueError(f"{len(field_names)} names for {len(data_types)} types")
        twice = repeated(list(field_names))
        if twice:
            raise ValueError(f"more than one column is called {', '.join(twice)}")
        self._names = list(field_names)
        self._types = list(data_types)

    def copy(self) -> TableSchema:
        """The same again."""
        return TableSchema(self._names, self._types)

    def get_field_data_types(self) -> list[DataType]:
        """The types."""
        return list(self._types)

    def get_field_data_type(self, field: int | str) -> DataType | None:
        """The type of a column; None where there is no such.

        Args:
            field: its position or name.
        """
        if not isinstance(field, (int, str)):
            raise TypeError(f"a column is had by its position or name, not by {field!r}")
        place = self._names.index(field) if isinstance(field, str) and field in self._names else field
        if isinstance(place, str) or not 0 <= place < len(self._types):
            return None
        return self._types[place]

    def get_field_count(self) -> int:
        """How many columns there are."""
        return len(self._names)

    def get_field_names(self) -> list[str]:
        """The names."""
        return list(self._names)

    def get_field_name(self, field_index: int) -> str | None:
        """The name of a column; None where there is no such."""
        return self._names[field_index] if 0 <= field_index < len(self._names) else None

    def to_row_data_type(self) -> RowType:
        """A row type of the columns."""
        return RowType([RowField(name, kind) for name, kind in zip(self._names, self._types, strict=True)], False)

    def __repr__(self) -> str:
        lines = [f" |-- {name}: {logical_of(kind)}\n" for name, kind in zip(self._names, self._types, strict=True)]
        return "root\n" + "".join(lines)

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableSchema) and (self._names, self._types) == (other._names, other._types)

    def __hash__(self) -> int:
        return hash(tuple(self._names))

    @staticmethod
    def builder() -> TableSchema.Builder:
        """Where a schema begins."""
        return TableSchema.Builder()

    class Builder:
        """Collects columns."""

        def __init__(self) -> None:
            self._names: list[str] = []
            self._types: list[DataType] = []

        def field(self, name: str, data_type: DataType) -> TableSchema.Builder:
            """A column."""
            if not isinstance(name, str) or not isinstance(data_type, DataType):
                raise TypeError(f"a column has a name and a type, not {name!r} and {data_type!r}")
            self._names.append(name)
            self._types.append(data_type)
            return self

        def build(self) -> TableSchema:
            """The schema."""
            return TableSchema(self._names, self._types)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

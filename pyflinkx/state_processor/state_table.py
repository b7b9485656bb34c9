"""A state as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import MissingExtraError, PyflinkxError
from pyflinkx.types.arrow import columnar_field, native_field
from pyflinkx.types.records import column as column_of_values
from pyflinkx.types.typeinfo import TypeInformation


@dataclass(frozen=True)
class StateColumn:
    """A column of a state.

    Args:
        name: of the column.
        kind: the type of the values; None where they were pickled.
        values: as Python has them.
    """

    name: str
    kind: TypeInformation | None
    values: list[Any]


class StateTable:
    """A state, one row for each value: of a map for each entry, of timers for each timer, of a list of a subtask for
    each element.

    ``key`` has the keys, ``window_start`` and ``window_end`` (ms) the windows that a value belongs to, ``value`` (of
    maps ``map_key`` and ``map_value``) what is kept, ``renewed`` (ms) when a value with a time to live was renewed.
    """

    def __init__(self, columns: list[StateColumn]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    def to_rows(self) -> list[tuple[Any, ...]]:
        """The rows as Python has them, also of pickled state."""
        return list(zip(*(column.values for column in self.columns), strict=True))

    def to_batch(self) -> ColumnBatch:
        """The rows as columns. What has no type that columns know is text: its ``repr``."""
        made = [typed(column) for column in self.columns]
        rows = list(zip(*(values for _, values in made), strict=True))
        return ColumnBatch.from_rows(rows, Schema([field for field, _ in made]))

    def to_arrow(self) -> Any:
        """The rows as a ``pyarrow.Table``.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        try:
            import pyarrow
        except ImportError as error:
            raise MissingExtraError("states as Arrow tables need pyarrow: pip install 'pyflinkx[arrow]'") from error
        return pyarrow.Table.from_batches([pyarrow.record_batch(self.to_batch())])

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame``.

        Raises:
            MissingExtraError: pandas or pyarrow is not installed.
        """
        try:
            return self.to_arrow().to_pandas()
        except ModuleNotFoundError as error:
            raise MissingExtraError("states as DataFrames need pandas: pip install 'pyflinkx[pandas]'") from error

    def to_polars(self) -> Any:
        """The rows as a ``polars.DataFrame``.

        Raises:
            MissingExtraError: polars is not installed.
        """
        try:
            import polars
        except ImportError as error:
            raise MissingExtraError("states as Polars frames need polars: pip install 'pyflinkx[polars]'") from error
        return polars.DataFrame(self.to_batch())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows for any library that takes Arrow's stream of batches."""
        return self.to_batch().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<StateTable of {len(self)} rows: {', '.join(self.names)}>"


def typed(column: StateColumn) -> tuple[Field, list[Any]]:
    """A column that Arrow knows, and its values."""
    field = (
        column_of_values(column.name, column.values)
        if column.kind is None
        else columnar_field(column.name, column.kind)
    )
    native = native_field(field)
    if native is not None:
        try:
            ColumnBatch.from_rows([(value,) for value in column.values], Schema([native]))
        except (PyflinkxError, ValueError, TypeError, OverflowError):
            native = None  # a number of too many digits, perhaps
    if native is not None:
        return native, column.values
    return Field(column.name, "u"), [None if value is None else repr(value) for value in column.values]

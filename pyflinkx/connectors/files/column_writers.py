"""Bulk writers of files whose content is columns: of a stream of columns they take these, else they make some."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.row import Row
from pyflinkx.config.arguments import check_count
from pyflinkx.connectors.files.bulk import BulkStream, BulkWriter, RowDataBulkWriterFactory
from pyflinkx.errors import ConfigurationError, PyflinkxError, SinkError, TypeInformationError
from pyflinkx.formats.arrow_library import arrow_schema
from pyflinkx.formats.arrow_types import Fitting
from pyflinkx.formats.typed_rows import TypedRows
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.carried import is_carried
from pyflinkx.types.data_type import row_type
from pyflinkx.types.data_type_field import type_of_field
from pyflinkx.types.described import described_columns

# Rows of which columns are made at once.
ROWS_AT_ONCE = 8192
GROUP_ROWS = 1 << 20
GROUP_BYTES = 128 << 20


class ColumnWriterFactory(RowDataBulkWriterFactory):
    """Makes the writers of a format.

    Args:
        row_type: of what is written: ``Types.ROW_NAMED(...)``, ``DataTypes.ROW([...])``, a dataclass or NamedTuple
            class; None for the columns of the stream, where it is one of columns.
        group_rows: the most rows that are written as one group.
        group_bytes: about so many bytes of columns, before they are compressed, are at most written as one group;
            as much is kept in memory.

    Raises:
        ConfigurationError: the format has no column for a type.
        MissingExtraError: a package is missing.
    """

    columnar = True
    format_name = ""

    def __init__(self, row_type: Any, group_rows: int = GROUP_ROWS, group_bytes: int = GROUP_BYTES) -> None:
        super().__init__(row_type)
        self.schema = None if row_type is None else self.checked(described_columns(row_type))
        self.group_rows = check_count(group_rows, "group_rows")
        self.group_bytes = check_count(group_bytes, "group_bytes")

    def checked(self, schema: Schema) -> Schema:
        """The columns, if files of the format may have them."""
        for field in schema:
            self.check_field(field, field.name)
        return schema

    def check_field(self, field: Field, path: str) -> None:
        """See whether files may have a column.

        Raises:
            ConfigurationError: they may not.
        """

    def create(self, stream: BulkStream) -> ColumnWriter:
        return ColumnWriter(self, stream)

    @abstractmethod
    def open(self, stream: BulkStream, schema: Any) -> Any:
        """What writes one file: it has ``write(table)``, called for each group of rows, and ``close()``.

        Args:
            stream: takes the file's bytes.
            schema: its columns, of pyarrow.
        """


class ColumnWriter(BulkWriter):
    """Gathers rows and columns to groups.

    Args:
        factory: says how.
        stream: takes the file's bytes.
    """

    def __init__(self, factory: ColumnWriterFactory, stream: BulkStream) -> None:
        self.factory = factory
        self.stream = stream
        self.rows: list[Any] = []
        self.held: list[Any] = []  # batches of pyarrow
        self.held_rows = self.held_bytes = 0
        self.file: Any = None
        if factory.schema is not None:
            self._begin(factory.schema)

    def _begin(self, schema: Schema) -> None:
        self.schema = schema
        self.names = schema.names
        self.arrow_schema = arrow_schema(schema)
        self.conform = TypedRows(row_type((field.name, type_of_field(field)) for field in schema))
        self.last: tuple[Schema, Schema, Fitting] | None = None  # of the columns that came last
        with WrittenAs(self.factory.format_name):
            self.file = self.factory.open(self.stream, self.arrow_schema)

    def add_element(self, element: Any) -> None:
        self.rows.append(element)
        if len(self.rows) >= ROWS_AT_ONCE:
            self._take_rows()

    def add_columns(self, batch: ColumnBatch) -> None:
        """Add the rows of a batch of columns: by name, or by position where the names are others."""
        self._take_rows()
        if self.file is None:
            known = described_columns(type_info_of(batch.schema)) if self._carries(batch) else batch.schema
            self._begin(self.factory.checked(known))
        if self._carries(batch):
            self._add_rows(batch.to_rows())
        else:
            self._hold(self._fitted(batch))

    @staticmethod
    def _carries(batch: ColumnBatch) -> bool:
        return any(map(carries, batch.schema))

    def _fitted(self, batch: ColumnBatch) -> ColumnBatch:
        if batch.schema == self.schema:
            return batch
        if self.last is None or self.last[0] != batch.schema:
            self.last = (batch.schema, *self._fitting(batch.schema))
        _, renamed, fitting = self.last
        import pyarrow as pa

        named = ColumnBatch(renamed, batch.columns, len(batch))
        return fitting.fitted(pa.record_batch(named).select(fitting.names))

    def _fitting(self, schema: Schema) -> tuple[Schema, Fitting]:
        if len(schema) != len(self.names):
            raise SinkError(f"the stream has the columns {', '.join(schema.names)}, the file {', '.join(self.names)}")
        if set(schema.names) != set(self.names):
            schema = Schema([field.renamed(name) for field, name in zip(schema, self.names, strict=True)])
        return schema, Fitting("the stream", arrow_schema(schema), self.arrow_schema, "error", True)

    def _take_rows(self) -> None:
        rows, self.rows = self.rows, []
        if rows:
            self._add_rows(rows)

    def _add_rows(self, rows: list[Any]) -> None:
        if self.file is None:
            raise SinkError(
                f"{self.factory.format_name} takes records that are no columns only if it knows their type: give it "
                f"the row type; got {short_repr(rows[0])}"
            )
        if None in rows:
            raise SinkError(f"{self.factory.format_name} has no form for a record that is None")
        try:
            self._hold(ColumnBatch.from_rows(self.conform(by_position(rows, self.names)), self.schema))
        except (TypeInformationError, OverflowError):
            for row in rows:  # which one it is
                try:
                    ColumnBatch.from_rows(self.conform(by_position([row], self.names)), self.schema)
                except (TypeInformationError, OverflowError) as error:
                    raise SinkError(f"the record {short_repr(row)} does not fit the file: {error}") from error
            raise

    def _hold(self, batch: ColumnBatch) -> None:
        import pyarrow as pa

        self.held.append(pa.record_batch(batch))
        self.held_rows += len(batch)
        self.held_bytes += batch.nbytes
        if self.held_rows >= self.factory.group_rows or self.held_bytes >= self.factory.group_bytes:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self.held, self.arrow_schema)
        self.held, self.held_rows, self.held_bytes = [], 0, 0
        with WrittenAs(self.factory.format_name):
            for start in range(0, len(table), self.factory.group_rows):
                self.file.write(table.slice(start, self.factory.group_rows))

    def flush(self) -> None:
        """Nothing: a group is written when it is full."""

    def finish(self) -> None:
        self._take_rows()
        if self.held:
            self._write()
        if self.file is None:
            raise SinkError(f"{self.factory.format_name} has no columns, as no record has come")
        with WrittenAs(self.factory.format_name):
            self.file.close()


class WrittenAs:
    """What pyarrow raises within the block is an error of the sink; of the system it stays what it is.

    Args:
        name: of the format.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, OSError | PyflinkxError):
            raise SinkError(f"{self.name} cannot be written: {error}") from error


def carries(field: Field) -> bool:
    """Whether a column, or a part of one, carries values that Arrow does not know."""
    return is_carried(field) or any(map(carries, field.children))


def by_position(rows: list[Any], names: list[str]) -> list[Any]:
    """Rows with other names than the file's as rows without names, as records of tables have none."""
    wanted = set(names)
    return [
        Row(*row) if isinstance(row, Row) and set(getattr(row, "_fields", None) or wanted) != wanted else row
        for row in rows
    ]


def refuse(field: Field, path: str, format_name: str) -> ConfigurationError:
    """The error for a column of a type that a format has not."""
    return ConfigurationError(f"field {path!r}: {format_name} has no columns of {field.type_name}; cast it before")

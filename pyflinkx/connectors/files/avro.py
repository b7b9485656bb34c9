"""Avro files."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.config.arguments import check_choice, check_count
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit, list_files, parts_of_files
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import ConfigurationError, SourceError, TypeInformationError
from pyflinkx.formats.avro_container import AvroBlocks
from pyflinkx.formats.avro_schema import AvroSchema, fastavro_module
from pyflinkx.formats.avro_type import GenericRecordAvroTypeInfo
from pyflinkx.formats.avro_values import from_avro
from pyflinkx.formats.opening import check_size
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import DataType, row_type
from pyflinkx.types.data_type_field import type_of_field
from pyflinkx.types.described import described_columns, with_keys

SPLIT_BYTES = 64 << 20
# So much is decoded at once.
LOADED_BYTES = 256 << 10


@dataclass(frozen=True)
class BlockPosition:
    """Where a record is in an Avro file.

    Args:
        offset: of its block, in bytes.
        record: within the block.
    """

    offset: int
    record: int


class AvroSource(FilesSource):
    """The records of Avro object container files: as columns of rows, or as generic records, which are dicts.

    Args:
        paths: a path or several, of files or folders, as for all sources of files.
        schema: the AvroSchema that records are read with, by Avro's rules for two schemas; or a type such as
            ``Types.ROW_NAMED(...)`` or ``DataTypes.ROW([...])``, whose fields are found by name; None for the schema of
            the first file.
        generic: whether records are dicts, which may have unions of several types and records within themselves.
        legacy_timestamps: whether instants are times without a zone, in UTC, as in Flink by default.
        split_size: in bytes: larger files are read by several readers in parts of about that size.

    Raises:
        ConfigurationError: an option cannot be.
        MissingExtraError: fastavro is not installed.

    Example:
        >>> AvroSource("/data/trips.avro")
        AvroSource('/data/trips.avro')
    """

    changes = INSERT_ONLY

    def __init__(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        schema: Any = None,
        *,
        generic: bool = False,
        legacy_timestamps: bool = False,
        split_size: int = SPLIT_BYTES,
    ) -> None:
        super().__init__(paths)
        fastavro_module()  # known to be there before the job starts
        self.generic: bool = check_choice(generic, "generic", (True, False))
        self.columnar = not generic
        self.legacy: bool = check_choice(legacy_timestamps, "legacy_timestamps", (True, False))
        self.split_size = check_count(split_size, "split_size")
        self.reader_schema = schema if isinstance(schema, AvroSchema) else None
        self._columns: Schema | None = None
        if schema is not None and self.reader_schema is None:
            if generic:
                raise ConfigurationError("generic records are read with an AvroSchema, or with that of the files")
            self._columns = described_columns(schema)
        elif self.reader_schema is not None and not generic:
            self._columns = self._columns_of(self.reader_schema)

    def _columns_of(self, schema: AvroSchema) -> Schema:
        return described_columns(with_keys(schema.data_type(self.legacy)))

    @property
    def schema(self) -> Schema | None:
        """The columns; None for generic records.

        Raises:
            SourceError: no type is given, and no file can be read for it.
        """
        if self._columns is None and not self.generic:
            paths = list_files(self.paths)
            if not paths:
                raise SourceError(f"{self!r}: there is no file that tells the schema: give it")
            blocks = AvroBlocks(paths[0])
            blocks.close()
            try:
                self._columns = self._columns_of(schema_of(blocks))
            except ConfigurationError as error:
                raise SourceError(f"{paths[0]}: {error}") from error
        return self._columns

    @property
    def output_type(self) -> Any:
        """Type of the records; None for generic ones of the files' schema."""
        if self.schema is not None:
            return type_info_of(self.schema)
        return None if self.reader_schema is None else GenericRecordAvroTypeInfo(self.reader_schema)

    def check(self) -> None:
        _ = self.schema  # which travels with the source
        super().check()

    def check_file(self, path: str) -> None:
        AvroBlocks(path).close()

    def splits(self, parallelism: int) -> list[FileSplit]:
        return parts_of_files(list_files(self.paths), self.split_size)

    def open_records(self, split: FileSplit) -> AvroRecords:
        if split.part is not None:
            check_size(split.path, split.part.size)
        columns = self.schema
        blocks = AvroBlocks(split.path)
        try:
            if columns is None:
                return AvroRecords(blocks, split, self.reader_schema)
            return AvroColumns(blocks, split, self.reader_schema, columns, self.legacy)
        except BaseException:
            blocks.close()
            raise


def schema_of(blocks: AvroBlocks) -> AvroSchema:
    """The schema that a file was written with."""
    return AvroSchema(json.dumps(blocks.schema))


class AvroRecords:
    """The generic records of a part of a file.

    Args:
        blocks: of the file.
        split: the part, and how far it was read.
        schema: what records are read with; None for the file's.
    """

    def __init__(self, blocks: AvroBlocks, split: FileSplit, schema: AvroSchema | None) -> None:
        self.blocks = blocks
        self.bad_records: list[BadRecord] = []
        self.reader_schema = None if schema is None else schema.parsed
        self.end = None if split.part is None else split.part.end
        position = split.position
        if position is not None:
            blocks.at = position.offset
        elif split.part is not None:
            blocks.find(split.part.start)
        self.offset = blocks.at  # of the block that is read
        self.record = 0  # within it
        self.count = 0  # of its records
        self.loaded: deque[tuple[int, int]] = deque()  # offsets and records of the blocks that follow
        self.rest: Iterator[Any] = iter(())
        if position is not None and position.record:
            self._next_block()
            self._pass(position.record)

    def _pass(self, records: int) -> None:
        passed = sum(1 for _ in itertools.islice(self.rest, records))
        if passed < records:
            raise SourceError(f"{self.blocks.path}: has fewer records than were read of it before: it was changed")
        self.record = records

    def _next_block(self) -> bool:
        if not self.loaded:
            self._load()
        self.record = 0
        if not self.loaded:
            self.offset, self.count = self.blocks.at, 0
            return False
        self.offset, self.count = self.loaded.popleft()
        return True

    def _load(self) -> None:
        """Have several blocks decoded at once, as each decoder parses the header anew."""
        data: list[bytes] = []
        while sum(map(len, data)) < LOADED_BYTES:
            offset = self.blocks.at
            block = self.blocks.next(self.end)
            if block is None:
                break
            self.loaded.append((offset, block[0]))
            data.append(block[1])
        self.rest = self.blocks.records(b"".join(data), self.reader_schema)

    def _records(self, limit: int) -> list[Any] | None:
        records: list[Any] = []
        while len(records) < limit:
            if self.record >= self.count:
                if not self._next_block():
                    return records or None
                continue
            found = list(itertools.islice(self.rest, min(limit - len(records), self.count - self.record)))
            self.record += len(found)
            records += found
            if not found:
                raise SourceError(f"{self.blocks.path}: the block at byte {self.offset} has fewer records than it says")
        return records

    def read(self, limit: int) -> Any:
        """Up to ``limit`` records; None at the end."""
        return self._records(limit)

    def position(self) -> BlockPosition:
        """Where the first record is that was not read."""
        if self.record < self.count:
            return BlockPosition(self.offset, self.record)
        return BlockPosition(self.loaded[0][0] if self.loaded else self.blocks.at, 0)

    def close(self) -> None:
        """Close the file."""
        self.blocks.close()


class AvroColumns(AvroRecords):
    """The records of a part of a file as columns.

    Args:
        blocks: of the file.
        split: the part, and how far it was read.
        schema: what records are read with; None for the file's.
        columns: what they become.
        legacy: whether instants are times without a zone.
    """

    def __init__(
        self, blocks: AvroBlocks, split: FileSplit, schema: AvroSchema | None, columns: Schema, legacy: bool
    ) -> None:
        super().__init__(blocks, split, schema)
        self.columns = columns
        try:
            given = (schema or schema_of(blocks)).data_type(legacy)
            self.convert = from_avro(given, wanted(columns))
        except ConfigurationError as error:
            raise SourceError(f"{blocks.path}: {error}") from error

    def read(self, limit: int) -> ColumnBatch | None:
        """Up to ``limit`` records as columns; None at the end."""
        offset, record = self.offset, self.record
        records = self._records(limit)
        if records is None:
            return None
        if self.convert is not None:
            records = [self.convert(one) for one in records]
        try:
            return ColumnBatch.from_rows(records, self.columns)
        except TypeInformationError as error:
            raise SourceError(
                f"{self.blocks.path}: {error}; rows count from record {record} of the block at byte {offset}"
            ) from error


def wanted(columns: Schema) -> DataType:
    """The row that columns make."""
    return row_type((field.name, type_of_field(field)) for field in columns)

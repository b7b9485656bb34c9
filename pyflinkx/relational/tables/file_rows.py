"""What a file's place says of its rows: partitions in the names of folders, and metadata of the file."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.schema import Schema
from pyflinkx.connectors.files.buckets import BucketAssigner
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit, list_files
from pyflinkx.errors import SourceError
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.relational.tables.csv_format import CsvFormat
from pyflinkx.relational.tables.wire import Columns
from pyflinkx.relational.values import field
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import BIGINT, STRING, DataType, Kind

METADATA: dict[str, DataType] = {
    "file.path": STRING.not_null(),
    "file.name": STRING.not_null(),
    "file.size": BIGINT.not_null(),
    "file.modification-time": DataType(Kind.TIMESTAMP_LTZ, 3, nullable=False),
}


def metadata_of(path: str, key: str) -> Any:
    """What is known of a file."""
    if key == "file.path":
        return path
    if key == "file.name":
        return os.path.basename(path)
    if key == "file.size":
        return os.path.getsize(path)
    return datetime.datetime.fromtimestamp(int(os.path.getmtime(path) * 1000) / 1000, datetime.timezone.utc)


class Partitions:
    """The columns of a table that the names of folders have.

    Args:
        columns: name and type of each, in the order of the folders.
        default: the name of nulls and empty texts.
        where: what errors begin with.
    """

    def __init__(self, columns: Columns, default: str, where: str) -> None:
        self.columns = tuple(columns)
        self.default = default
        settings = dict.fromkeys(("ignore-parse-errors", "null-literal"))
        self.format = CsvFormat(columns, {**settings, "array-element-delimiter": ";"}, where)
        self.wires = self.format.reading()
        self.texts = [self.format.text_of(kind, name) or str for name, kind in columns]

    def values(self, path: str) -> dict[str, Any]:
        """The values that the folders of a file say.

        Raises:
            SourceError: a folder is not there, or its name is no value of the column.
        """
        said = dict(part.split("=", 1) for part in path.split(os.sep)[:-1] if "=" in part)
        values: dict[str, Any] = {}
        for (name, kind), wire in zip(self.columns, self.wires, strict=True):
            if name not in said:
                raise SourceError(f"{path}: the file is in no folder {name}=..., by which the table is partitioned")
            text = unquote(said[name])
            if text == self.default:
                values[name] = None
                continue
            try:
                value = ColumnParser(wire.info).value(text)
            except ValueError as error:
                raise SourceError(f"{path}: the folder {name}={text} is no {kind}: {error}") from error
            values[name] = value if wire.make is None else wire.make(value)
        return values

    def folder(self, values: Sequence[Any]) -> str:
        """The folder of rows with these values."""
        parts = []
        for (name, _), value, text in zip(self.columns, values, self.texts, strict=True):
            shown = "" if value is None else text(value)
            parts.append(f"{name}={quote(shown, safe=' -_.:') if shown else self.default}")
        return os.path.join(*parts)


class PartitionAssigner(BucketAssigner):
    """Puts rows into the folders of their partitions.

    Args:
        partitions: of the table.
    """

    def __init__(self, partitions: Partitions) -> None:
        super().__init__()
        self.partitions = partitions
        self.names = [name for name, _ in partitions.columns]

    def get_bucket_id(self, element: Any, context: Any) -> str:
        """The folder of a row."""
        return self.partitions.folder([element[name] for name in self.names])


class PlacedFiles(FilesSource):
    """The rows of files with what their places say.

    Args:
        source: reads files.
        partitions: in the names of folders; None for none.
        metadata: key by name of the column.
    """

    columnar = True
    changes = INSERT_ONLY

    def __init__(self, source: Any, partitions: Partitions | None, metadata: dict[str, str]) -> None:
        super().__init__(source.paths)
        self.source = source if source.columnar else source.as_columns() or source
        self.partitions = partitions
        self.metadata = dict(metadata)
        own = self.source.schema if self.source.columnar else schema_of(self.source.output_type)
        self.own: Schema = own
        kinds = [] if partitions is None else list(partitions.columns)
        kinds += [(name, METADATA[key]) for name, key in metadata.items()]
        self.added = Schema([field(name, kind) for name, kind in kinds])
        self.schema = Schema([*own, *self.added])

    def check_file(self, path: str) -> None:
        self.source.check_file(path)

    def splits(self, parallelism: int) -> list[FileSplit]:
        found: list[FileSplit] = self.source.splits(parallelism)
        return found

    def open_records(self, split: FileSplit) -> Any:
        values = {} if self.partitions is None else self.partitions.values(split.path)
        values |= {name: metadata_of(split.path, key) for name, key in self.metadata.items()}
        return PlacedRows(self, self.source.open_records(split), [values[each.name] for each in self.added])


class PlacedRows:
    """The rows of one file.

    Args:
        source: whose file it is.
        file: gives its rows.
        values: what is added to each.
    """

    def __init__(self, source: PlacedFiles, file: Any, values: Sequence[Any]) -> None:
        self.source = source
        self.file = file
        self.values = values
        self.bad_records = file.bad_records
        self.position = file.position
        self.close = file.close

    def read(self, limit: int) -> ColumnBatch | None:
        """Up to ``limit`` rows; None at the end."""
        read = self.file.read(limit)
        self.bad_records = self.file.bad_records
        if read is None:
            return None
        batch = read if isinstance(read, ColumnBatch) else ColumnBatch.from_rows(read, self.source.own)
        columns = list(batch.columns)
        for wanted, value in zip(self.source.added, self.values, strict=True):
            builder = ColumnBuilder(wanted)
            builder.extend([value] * len(batch))
            columns.append(builder.finish())
        return ColumnBatch(self.source.schema, columns, len(batch))


def listed_partitions(path: str, partitions: Partitions) -> list[str]:
    """The partitions that there are, as ``a=1/b=2``."""
    if not os.path.isdir(path):
        return []
    found = {partitions.folder(list(partitions.values(file).values())) for file in list_files([path])}
    return sorted(found)

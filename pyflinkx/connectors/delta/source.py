"""Reads a version of a table of Delta Lake."""

from __future__ import annotations

from os import PathLike
from typing import Any

from pyflinkx.connectors.delta.library import delta_module
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.errors import SourceError


class DeltaSource(ParquetSource):
    """The rows of a version of a table, as columns.

    Args:
        path: the table's folder, on a local disk.
        version: which one; None for the newest when the source is made.
        options: ``columns``, ``filters``, ``batch_size`` and ``split_size`` as for ``ParquetSource``.

    Raises:
        SourceError: there is no such table or version, or it is one of partitions or with deletion vectors.
        MissingExtraError: deltalake or pyarrow is not installed.
    """

    def __init__(self, path: str | PathLike[str], version: int | None = None, **options: Any) -> None:
        self.table = local_path(path)
        try:
            table = delta_module().DeltaTable(self.table, version=version)
            features = table.protocol().reader_features or []
            partitions = table.metadata().partition_columns
            files = table.file_uris()
        except Exception as error:
            if isinstance(error, ImportError):
                raise
            raise SourceError(f"{self.table}: cannot be read: {error}") from error
        if partitions or "deletionVectors" in features or "columnMapping" in features:
            what = "partitions" if partitions else ", ".join(features)
            raise SourceError(f"{self.table}: cannot be read: it has {what}, which are not in this version")
        import pyarrow as pa

        from pyflinkx.formats.arrow_types import schema_of_file

        self.version = table.version()
        schema = schema_of_file(self.table, pa.schema(table.schema().to_arrow()))
        super().__init__(files or [self.table], **options)
        self._given = schema
        self._checked(schema)
        if not files:
            self.paths = ()

    def __repr__(self) -> str:
        return f"DeltaSource({self.table!r}, {self.version})"

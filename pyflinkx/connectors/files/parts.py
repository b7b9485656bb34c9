"""Files of a FileSink that are being written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx import faults
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.bulk import BulkStream, BulkWriter, BulkWriterFactory
from pyflinkx.connectors.files.rolling import PartFileInfo
from pyflinkx.connectors.files.target_file import HiddenFile, identity, new_file, write_all
from pyflinkx.formats.remote import RemoteOutput, is_url


@dataclass(frozen=True)
class PartState:
    """How far a file is written.

    Args:
        bucket: its folder, below the base path.
        hidden: its name for now.
        size: so many of its bytes belong to the checkpoint.
        begun: when it was begun (ms).
        written: when it was last written to (ms).
    """

    bucket: str
    hidden: str
    size: int
    begun: int
    written: int


class Part(PartFileInfo):
    """A file that is being written; made under its hidden name.

    Args:
        bucket: its folder, below the base path.
        path: of the file.
        hidden: its name for now.
        now: the time (ms).

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, bucket: str, path: str, hidden: str, now: int) -> None:
        super().__init__(bucket, now)
        self.path = path
        self.hidden = hidden
        self.remote = is_url(hidden)
        self.file: Any = RemoteOutput(hidden) if self.remote else new_file(hidden)

    def add(self, value: Any) -> None:
        """Add a record."""
        raise NotImplementedError

    def add_columns(self, batch: ColumnBatch) -> None:
        """Add the rows of columns."""
        for value in batch.to_rows():
            self.add(value)

    def drain(self) -> None:
        """Write out what is held back of the records so far."""

    def end(self) -> None:
        """No record follows."""
        self.drain()

    def sync(self) -> None:
        """Bring what was written to the disk."""
        self.drain()
        faults.point("file-sink.written")
        os.fsync(self.file.fileno())
        faults.point("file-sink.synced")

    def finish(self) -> HiddenFile:
        """Bring all of it to the disk; what is left is to give it its name."""
        self.end()
        if self.remote:
            self.file.close()
            faults.point("remote-file.finished")
            return HiddenFile(self.path, self.path, self.hidden, (self.size, 0))
        os.fsync(self.file.fileno())
        finished = HiddenFile(self.path, self.path, self.hidden, identity(self.file.fileno()))
        faults.point("file-sink.finished")
        self.file.close()
        return finished

    @property
    def state(self) -> PartState:
        """How far it is written."""
        return PartState(self.bucket, self.hidden, self.size, self.begun, self.written)


class RowPart(Part):
    """A file of records that stand one after the other."""

    def __init__(self, bucket: str, path: str, hidden: str, now: int, encode: Callable[[Any], bytes]) -> None:
        super().__init__(bucket, path, hidden, now)
        self.encode = encode
        self.waiting: list[bytes] = []

    def add(self, value: Any) -> None:
        data = self.encode(value)
        self.waiting.append(data)
        self.size += len(data)

    def drain(self) -> None:
        if self.waiting:
            data = b"".join(self.waiting)
            self.waiting = []
            write_all(self.file, data)


class BulkPart(Part):
    """A file that a BulkWriter writes."""

    def __init__(self, bucket: str, path: str, hidden: str, now: int, factory: BulkWriterFactory) -> None:
        super().__init__(bucket, path, hidden, now)
        self.stream = BulkStream(self.file)
        self.writer: BulkWriter = factory.create(self.stream)

    def add(self, value: Any) -> None:
        self.writer.add_element(value)
        self.size = self.stream.tell()

    def add_columns(self, batch: ColumnBatch) -> None:
        self.writer.add_columns(batch)
        self.size = self.stream.tell()

    def end(self) -> None:
        self.writer.finish()
        self.size = self.stream.tell()

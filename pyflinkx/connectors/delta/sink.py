"""Appends records to a table of Delta Lake, exactly once by the table's own transactions.

Writers put Parquet files into the table's folder, which nobody sees before the table's log names them. The coordinator
adds those of a checkpoint to the log in one commit, when it is durable. The commit notes the attempt and the
checkpoint's number (Delta's ``txn``), so what has been committed is known after a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from dataclasses import dataclass
from os import PathLike
from typing import Any

from pyflinkx import faults
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.delta.library import delta_module
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.connectors.files.target_file import new_file, sync_folder
from pyflinkx.connectors.sink import Committer, CommitterCoordinator, Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.arrow_library import arrow_schema
from pyflinkx.formats.opening import os_error_text


@dataclass(frozen=True)
class DataFile:
    """A file that the log is to name.

    Args:
        name: in the table's folder.
        size: in bytes.
        rows: how many it has.
    """

    name: str
    size: int
    rows: int


class DeltaSink(Sink):
    """Appends to a table, which is made if it is not there.

    Args:
        path: the table's folder, on a local disk.
        row_type: of the records: ``Types.ROW_NAMED(...)``, ``DataTypes.ROW([...])``, a dataclass or NamedTuple class.
        compression: of the files, as for ``ParquetWriterFactory``.

    Raises:
        ConfigurationError: an option cannot be, or a type has no column.
        MissingExtraError: deltalake or pyarrow is not installed.

    Example:
        >>> from pyflinkx.common import Types
        >>> DeltaSink("/data/trips", Types.ROW_NAMED(["id"], [Types.LONG()]))
        DeltaSink('/data/trips')
    """

    columnar = True  # as well

    def __init__(self, path: str | PathLike[str], row_type: Any, *, compression: str = "snappy") -> None:
        delta_module()
        self.path = local_path(path)
        self.writers = ParquetWriterFactory(row_type, compression=compression)
        assert self.writers.schema is not None
        self.columns = self.writers.schema

    def __repr__(self) -> str:
        return f"DeltaSink({self.path!r})"

    def check(self) -> None:
        """Make the table if it is not there.

        Raises:
            SinkError: it cannot be made, or has other columns.
        """
        library = delta_module()
        with DeltaErrors(self.path):
            wanted = library.Schema.from_arrow(arrow_schema(self.columns))
            table = library.DeltaTable.create(self.path, wanted, mode="ignore")
            if table.metadata().partition_columns:
                raise SinkError(f"{self.path}: cannot be written: it is partitioned")
            found = [(field.name, field.type) for field in table.schema().fields]
            if found != [(field.name, field.type) for field in wanted.fields]:
                raise SinkError(f"{self.path}: cannot be written: it has the columns {found}, not {wanted.fields}")

    def create_committer(self) -> None:
        return None

    def create_coordinator(self, context: CoordinatorContext) -> DeltaCoordinator:
        return DeltaCoordinator(self)

    def create_writer(self, context: WriterContext) -> DeltaWriter:
        return DeltaWriter(self)


class DeltaErrors:
    """What the library raises within the block is a SinkError that names the table.

    Args:
        path: the table's folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, SinkError):
            text = os_error_text(error) if isinstance(error, OSError) else str(error)
            raise SinkError(f"{self.path}: cannot be written: {text}") from error


class DeltaWriter(SinkWriter):
    """Writes the files of one subtask, one from checkpoint to checkpoint."""

    def __init__(self, sink: DeltaSink) -> None:
        self.sink = sink
        self.finished: list[DataFile] = []
        self.name = ""
        self.file: Any = None
        self.writer: Any = None
        self.rows = 0

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError(f"{self.sink.path}: the stream holds updates or deletions, and records are only appended")
        with DeltaErrors(self.sink.path):
            if self.file is None:
                self.name = f"part-{uuid.uuid4()}.parquet"
                self.file = new_file(os.path.join(self.sink.path, self.name))
                self.writer = self.sink.writers.create(BulkStream(self.file))
            if isinstance(batch, ColumnBatch):
                self.writer.add_columns(batch)
            else:
                for value in batch.values:
                    self.writer.add_element(value)
        self.rows += len(batch)

    def flush(self, end_of_input: bool) -> None:
        if self.file is None:
            return
        with DeltaErrors(self.sink.path):
            self.writer.finish()
            os.fsync(self.file.fileno())
            size = os.fstat(self.file.fileno()).st_size
            self.file.close()
            sync_folder(self.sink.path)
        self.finished.append(DataFile(self.name, size, self.rows))
        self.file = self.writer = None
        self.rows = 0
        faults.point("delta.flushed")

    def prepare_commit(self) -> list[DataFile]:
        finished, self.finished = self.finished, []
        return finished

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.finished.append(DataFile(self.name, 0, 0))
        remove_files(self.sink.path, self.finished)


@dataclass(frozen=True)
class DeltaState:
    """What a checkpoint says.

    Args:
        attempt: whose files these are.
        files: to be committed, each with the first checkpoint that it belongs to.
    """

    attempt: str
    files: list[tuple[int, DataFile]]


class DeltaCoordinator(CommitterCoordinator):
    """Adds files to the table's log.

    Args:
        sink: says where.
    """

    def __init__(self, sink: DeltaSink) -> None:
        super().__init__(Committer())
        self.sink = sink
        # Numbers of checkpoints may come again in an attempt that goes on from an older one; those of an attempt rise.
        self.attempt = str(uuid.uuid4())

    def snapshot_state(self, checkpoint_id: int) -> DeltaState:
        return DeltaState(self.attempt, [pair for pair in self.pending if pair[0] <= checkpoint_id])

    def restore(self, checkpoint_id: int, states: DeltaState) -> None:
        self.durable = checkpoint_id
        faults.point("delta.commit-again")
        self._commit(states.attempt, checkpoint_id, states.files)

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        self.durable = max(self.durable, checkpoint_id)
        faults.point("delta.commit")
        self._commit(self.attempt, checkpoint_id, [pair for pair in self.pending if pair[0] <= checkpoint_id])
        faults.point("delta.committed")
        self.pending = [pair for pair in self.pending if pair[0] > checkpoint_id]

    def close(self, failure: BaseException | None) -> None:
        if failure is None and self.pending:
            faults.point("delta.last-commit")
            self._commit(self.attempt, max(first for first, _ in self.pending), self.pending)
            self.pending = []
        elif failure is not None:
            remove_files(self.sink.path, self.unlisted())

    def _commit(self, attempt: str, number: int, files: list[tuple[int, DataFile]]) -> None:
        """Add files, but for those that an earlier call has added.

        Raises:
            SinkError: that cannot be done.
        """
        if not files:
            return
        library, transactions = delta_module(), delta_module("deltalake.transaction")
        with DeltaErrors(self.sink.path):
            table = library.DeltaTable(self.sink.path)
            done = table.transaction_version(attempt)
            new = [file for first, file in files if done is None or first > done]
            if not new:
                return
            now = int(time.time() * 1000)
            actions = [
                transactions.AddAction(
                    file.name, file.size, {}, now, True, json.dumps({"numRecords": file.rows, "nullCount": {}})
                )
                for file in new
            ]
            noted = library.CommitProperties(app_transactions=[library.Transaction(attempt, number, now)])
            table.create_write_transaction(actions, "append", table.schema(), commit_properties=noted)
            faults.point("delta.logged")


def remove_files(folder: str, files: list[DataFile]) -> None:
    """Remove files that no checkpoint lists."""
    for file in files:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, file.name))

"""Writes files of records in folders, for one subtask of a FileSink."""

from __future__ import annotations

import contextlib
import os
import uuid
from array import array
from typing import TYPE_CHECKING, Any

from pyflinkx import faults
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.to_rows import to_objects
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.files.buckets import BucketContext
from pyflinkx.connectors.files.coordinator import FoldersMade, KeptFile, WriterOpened
from pyflinkx.connectors.files.hidden_names import ATTEMPTS, in_progress_name, make_folders, new_token
from pyflinkx.connectors.files.parts import BulkPart, Part, PartState, RowPart
from pyflinkx.connectors.files.target_file import FileCommitter, HiddenFile, copy_start, sync_folder
from pyflinkx.connectors.sink import SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.opening import os_error_text
from pyflinkx.types.serialization import Encoder

if TYPE_CHECKING:
    from pyflinkx.connectors.files.row_files import RowFileSink


class RowFileWriter(SinkWriter):
    """Writes the files of one subtask."""

    def __init__(self, sink: RowFileSink, context: WriterContext) -> None:
        self.sink = sink
        self.clock = context.clock
        self.send = context.send
        self.id = str(uuid.uuid4())
        self.number = 0
        self.open: dict[str, Part] = {}
        self.closed: list[HiddenFile] = []
        self.kept: set[str] = set()  # hidden names that checkpoints may have
        self.made: list[str] = []  # folders
        self.unsynced: set[str] = set()  # folders with names that may not be on the disk
        self.checked: int = self.clock.now()
        self.bucketing = BucketContext()
        self.token = min(context.restored_by_all, default=None) or new_token()
        self.send(WriterOpened(self.token))
        try:
            for state in context.restored:
                self._go_on(state)
        except BaseException:
            self.close()
            raise

    def _go_on(self, state: PartState) -> None:
        """Go on with the file of an earlier attempt."""
        if state.bucket in self.open:
            self._end(state.bucket)  # of two writers, whose states have come to one
        part = self.open[state.bucket] = self._begin(state.bucket, state.begun)
        copy_start(state.hidden, state.size, part.file, part.path)
        part.size, part.written = state.size, state.written
        faults.point("file-sink.continued")

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError(f"{self.sink.path}: the stream holds updates or deletions, which a file cannot take back")
        now = self.clock.now()
        if now - self.checked >= self.sink.check_interval:
            self.advance(now)
        self.bucketing.now = now
        if not isinstance(batch, ColumnBatch):
            current = self._write_rows(batch.values, batch.timestamps, now)
        elif self.sink.policy.looks_at_records:
            rows = to_objects(batch)
            current = self._write_rows(rows.values, rows.timestamps, now)
        else:
            current = self._write_columns(batch, now)
        for part in current.values():
            with self._errors(part.path):
                part.drain()

    def _write_rows(self, values: list[Any], times: Any, now: int) -> dict[str, Part]:
        """Write records one by one; the files that they are in, by bucket."""
        bucketing = self.bucketing
        bucket_of, policy = self.sink.assigner.get_bucket_id, self.sink.policy
        current: dict[str, Part] = {}  # looked at by the clock already
        for index, value in enumerate(values):
            if times is not None:
                time = times[index]
                bucketing.time = None if time == NO_TIMESTAMP else time
            else:
                bucketing.time = None
            bucket = bucket_of(value, bucketing)
            part = current.get(bucket)
            if part is None:
                self._roll(bucket, now)
                part = self.open.get(bucket)
            if part is not None and policy.should_roll_on_event(part, value):
                self._end(bucket)
                part = None
            if part is None:
                part = self.open[bucket] = self._begin(bucket, now)
            current[bucket] = part
            with self._errors(part.path):
                part.add(value)
            part.written = now
        return current

    def _write_columns(self, batch: ColumnBatch, now: int) -> dict[str, Part]:
        """Write the rows of each bucket as columns."""
        current: dict[str, Part] = {}
        for bucket, rows in self._buckets(batch).items():
            self._roll(bucket, now)
            part = self.open.get(bucket)
            if part is not None and self.sink.policy.should_roll_on_event(part, None):
                self._end(bucket)
                part = None
            if part is None:
                part = self.open[bucket] = self._begin(bucket, now)
            current[bucket] = part
            with self._errors(part.path):
                part.add_columns(rows)
            part.written = now
        return current

    def _buckets(self, batch: ColumnBatch) -> dict[str, ColumnBatch]:
        """The rows of a batch by their buckets."""
        bucketing, assigner = self.bucketing, self.sink.assigner
        if not len(batch):
            return {}
        if not assigner.looks_at_records:
            return {assigner.get_bucket_id(None, bucketing): batch}
        places: dict[str, list[int]] = {}
        rows = to_objects(batch)
        times = rows.timestamps
        for index, value in enumerate(rows.values):
            bucketing.time = None if times is None or times[index] == NO_TIMESTAMP else times[index]
            places.setdefault(assigner.get_bucket_id(value, bucketing), []).append(index)
        if len(places) == 1:
            return dict.fromkeys(places, batch)
        return {bucket: batch.take(array("q", indices)) for bucket, indices in places.items()}

    def write_watermark(self, timestamp: int) -> None:
        self.bucketing.watermark = timestamp

    def next_time(self) -> int | None:
        return self.checked + self.sink.check_interval if self.open else None

    def advance(self, now: int) -> None:
        self.checked = now
        for bucket in list(self.open):
            self._roll(bucket, now)

    def _roll(self, bucket: str, now: int) -> None:
        part = self.open.get(bucket)
        if part is not None and self.sink.policy.should_roll_on_processing_time(part, now):
            self._end(bucket)

    def _begin(self, bucket: str, now: int) -> Part:
        folder = self._folder(bucket)
        name = f"{self.sink.names.part_prefix}-{self.id}-{self.number}{self.sink.names.part_suffix}"
        self.number += 1
        path = os.path.join(folder, name)
        hidden = os.path.join(folder, in_progress_name(name, self.token))
        with self._errors(path):
            for attempt in range(ATTEMPTS):
                made = make_folders(folder)
                if made:
                    self.made += made
                    self.send(FoldersMade(made))
                    self.unsynced.update(map(os.path.dirname, made))
                try:
                    part = self._part(bucket, path, hidden, now)
                    break
                except FileNotFoundError:
                    if attempt == ATTEMPTS - 1:
                        raise
        self.unsynced.add(folder)
        return part

    def _part(self, bucket: str, path: str, hidden: str, now: int) -> Part:
        if isinstance(self.sink.encoder, Encoder):
            return RowPart(bucket, path, hidden, now, self.sink.encoder.encode)
        return BulkPart(bucket, path, hidden, now, self.sink.encoder)

    def _folder(self, bucket: str) -> str:
        """The folder of a bucket.

        Raises:
            SinkError: it is not below the base path.
        """
        if not isinstance(bucket, str) or "\0" in bucket:
            raise SinkError(f"{self.sink.path}: a bucket is the name of a folder, not {bucket!r}")
        base = self.sink.path
        folder = os.path.normpath(os.path.join(base, bucket)) if bucket else base
        if bucket and os.path.commonpath([os.path.normpath(base), folder]) != os.path.normpath(base):
            raise SinkError(f"{base}: the bucket {bucket!r} leads out of this folder")
        return folder

    def _end(self, bucket: str) -> None:
        part = self.open[bucket]
        with self._errors(part.path):
            finished = part.finish()
        del self.open[bucket]
        self.closed.append(finished)

    @staticmethod
    def _errors(path: str) -> NamedErrors:
        return NamedErrors(path)

    def flush(self, end_of_input: bool) -> None:
        for bucket, part in list(self.open.items()):
            if end_of_input or isinstance(part, BulkPart) or self.sink.policy.should_roll_on_checkpoint(part):
                self._end(bucket)
            else:
                with self._errors(part.path):
                    part.sync()
                self.kept.add(part.hidden)
        for folder in sorted(self.unsynced):
            with self._errors(folder):
                sync_folder(folder)
        self.unsynced.clear()
        faults.point("file-sink.flushed")

    def prepare_commit(self) -> list[Any]:
        closed, self.closed = self.closed, []
        return [*closed, *(KeptFile(part.hidden) for part in self.open.values())]

    def snapshot_state(self, checkpoint_id: int) -> list[PartState]:
        # Older checkpoints may still name files that were closed since; nobody but the coordinator removes those.
        return [part.state for part in self.open.values()]

    def snapshot_for_all(self, checkpoint_id: int) -> list[str]:
        """What is in all hidden names."""
        return [self.token]

    def close(self) -> None:
        for part in self.open.values():
            with contextlib.suppress(OSError):
                part.file.close()
            if part.hidden not in self.kept:
                with contextlib.suppress(OSError):
                    os.unlink(part.hidden)
        FileCommitter().abort([file for file in self.closed if file.hidden not in self.kept])
        self.open, self.closed = {}, []
        for folder in reversed(self.made):
            with contextlib.suppress(OSError):  # what is in use is not empty
                os.rmdir(folder)


class NamedErrors:
    """Failures to write within the block are those of a file, and name it.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            raise SinkError(f"{self.path}: cannot be written: {os_error_text(error)}") from error
        if type(error) is SinkError and not str(error).startswith(self.path):
            raise SinkError(f"{self.path}: {error}") from error

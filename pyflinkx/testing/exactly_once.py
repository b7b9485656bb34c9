"""A sink for tests that shows each record once, whatever dies; what it has shown can be read at any time."""

from __future__ import annotations

import contextlib
import os
import pickle
import time
import uuid
from typing import Any

from pyflinkx.connectors.sink import Committer, Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError

PENDING = "pending"
SHOWN = "shown"
FIRST_RECORDS = "first-records"


class ExactlyOnceSink(Sink):
    """Writes records to files of a folder, which show with the checkpoint that they belong to.

    It promises what an exactly-once sink has to, and no more: what is to be committed is on the disk before the
    checkpoint is, and a file that is neither pending nor shown when it is to be committed fails the job.

    Args:
        folder: for its files; made when it is missing.

    Example:
        >>> import tempfile
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     env = StreamExecutionEnvironment.get_execution_environment()
        ...     env.from_collection([1, 2]).sink_to(ExactlyOnceSink(folder))
        ...     result = env.execute()
        ...     shown_records(folder)
        <DataStreamSink 'Writer'>
        [1, 2]
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)

    def create_writer(self, context: WriterContext) -> ExactlyOnceWriter:
        return ExactlyOnceWriter(self.folder)

    def create_committer(self) -> ExactlyOnceCommitter:
        return ExactlyOnceCommitter(self.folder)


class ExactlyOnceWriter(SinkWriter):
    """Gathers records, and writes a file of them for each checkpoint."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.records: list[Any] = []
        self.begun = False
        for name in (PENDING, SHOWN):
            os.makedirs(os.path.join(folder, name), exist_ok=True)

    def write(self, batch: Any) -> None:
        if not self.begun and len(batch):
            self.begun = True
            append_line(os.path.join(self.folder, FIRST_RECORDS), repr(time.time()))
        self.records += batch.values

    def prepare_commit(self) -> list[str]:
        if not self.records:
            return []
        records, self.records = self.records, []
        name = uuid.uuid4().hex
        with open(os.path.join(self.folder, PENDING, name), "wb") as file:
            pickle.dump(records, file)
        return [name]


class ExactlyOnceCommitter(Committer):
    """Moves files to where they show."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def commit(self, committables: list[str]) -> None:
        for name in committables:
            shown = os.path.join(self.folder, SHOWN, name)
            try:
                os.replace(os.path.join(self.folder, PENDING, name), shown)
            except FileNotFoundError:
                if not os.path.exists(shown):
                    raise SinkError(
                        f"{self.folder}: {name} is to be committed, and neither pending nor shown"
                    ) from None

    def abort(self, committables: list[str]) -> None:
        for name in committables:
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(self.folder, PENDING, name))


def shown_records(folder: str) -> list[Any]:
    """All records that an ExactlyOnceSink has shown, in no order of files.

    Args:
        folder: of the sink.
    """
    shown = os.path.join(folder, SHOWN)
    records: list[Any] = []
    for name in sorted(os.listdir(shown)) if os.path.isdir(shown) else []:
        with open(os.path.join(shown, name), "rb") as file:
            records += pickle.load(file)
    return records


def first_records(folder: str) -> list[float]:
    """When (seconds since the epoch) writers of an ExactlyOnceSink got the first record of their lives, in order."""
    path = os.path.join(folder, FIRST_RECORDS)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return sorted(float(line) for line in file)


def append_line(path: str, line: str) -> None:
    """Add a line to a file that several processes write to."""
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.write(number, f"{line}\n".encode())
    finally:
        os.close(number)

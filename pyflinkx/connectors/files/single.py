"""What the sinks that write one file have in common."""

from __future__ import annotations

import os
from dataclasses import dataclass
from os import PathLike
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.files.coordinator import FilesCoordinator, KeptFile, WriterOpened
from pyflinkx.connectors.files.hidden_names import new_token
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.connectors.files.target_file import (
    WRITE_MODES,
    FileCommitter,
    HiddenFile,
    TargetFile,
    TargetState,
    check_target,
)
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.decoding import check_charset

# Of columns: so few that their text is still in the cache when it is written.
ROWS_AT_ONCE = 1024


class SingleFileSink(Sink):
    """A sink that writes one file, which appears at the end of the input, whole, or not at all.

    Args:
        path: of the file.
        charset: of the file.
        write_mode: ``"overwrite"`` replaces a file of that name, ``"no_overwrite"`` refuses to.
        line_separator: ``"\\n"`` or ``"\\r\\n"``.
    """

    parallelism = 1

    def __init__(self, path: str | PathLike[str], charset: str, write_mode: str, line_separator: str) -> None:
        self.path = local_path(path)
        self.charset = check_charset(charset)
        self.write_mode: str = check_choice(write_mode, "write_mode", WRITE_MODES)
        self.line_separator: str = check_choice(line_separator, "line_separator", ("\n", "\r\n"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def check(self) -> None:
        check_target(self.path, self.write_mode)

    def create_writer(self, context: WriterContext) -> FileWriter:
        if context.parallelism > 1:
            raise SinkError(f"{self!r} writes one file: give it a parallelism of 1 by .set_parallelism(1)")
        return FileWriter(self, context, [self.path] * (len(context.restored) or 1))

    def create_committer(self) -> FileCommitter:
        return FileCommitter()

    def create_coordinator(self, context: CoordinatorContext) -> FilesCoordinator:
        return FilesCoordinator(self.create_committer(), [(os.path.dirname(os.path.realpath(self.path)), False)], True)

    def new_text(self) -> FileText:
        """What turns the records of one file into text."""
        raise NotImplementedError


class FileText:
    """Turns the records of one file into text."""

    def lines(self, values: list[Any]) -> str:
        """The text of records."""
        raise NotImplementedError

    def of_columns(self, batch: ColumnBatch) -> bytes | None:
        """The bytes of a batch of columns; None where its rows are to be written."""
        return None

    def end(self) -> str:
        """Text that is still missing at the end."""
        return ""

    def state(self) -> Any:
        """What another one needs to go on behind the text so far: a value that can be pickled."""
        return None

    def restore(self, state: Any) -> None:
        """Go on behind what another one wrote."""


@dataclass(frozen=True)
class FileState:
    """How far a file is written.

    Args:
        path: of the target.
        target: what is on the disk.
        text: of the text.
    """

    path: str
    target: TargetState
    text: Any


class FileWriter(SinkWriter):
    """Writes the text of records to a file; goes on with the files of writers that there are no longer, too.

    Args:
        sink: says how.
        context: of the task.
        paths: of the files: of those to go on with, in their order, or of a new one.
    """

    def __init__(self, sink: SingleFileSink, context: WriterContext, paths: list[str]) -> None:
        self.path = sink.path
        self.token = min((token for token, _ in context.restored_by_all), default=None) or new_token()
        context.send(WriterOpened(self.token))
        self.files: list[tuple[TargetFile, FileText]] = []
        self.finished: list[HiddenFile] = []
        self.kept: set[str] = set()  # hidden names that checkpoints may have
        try:
            for path, state in zip(paths, context.restored or [None], strict=True):
                text = sink.new_text()
                if state is not None:
                    text.restore(state.text)
                at = None if state is None else state.target
                self.files.append((TargetFile(path, sink.write_mode, sink.charset, self.token, at), text))
        except BaseException:
            self.close()
            raise

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError(f"{self.path}: the stream holds updates or deletions, which a file cannot take back")
        target, text = self.files[0]
        if not isinstance(batch, ColumnBatch):
            target.write(text.lines(batch.values))
            return
        for start in range(0, len(batch), ROWS_AT_ONCE):
            part = batch.slice(start, min(start + ROWS_AT_ONCE, len(batch)))
            data = text.of_columns(part)
            if data is None:
                target.write(text.lines(part.to_rows()))
            else:
                target.write_bytes(data)

    def flush(self, end_of_input: bool) -> None:
        for target, text in self._open():
            if end_of_input:
                target.write(text.end())
                self.finished.append(target.finish())
            else:
                target.sync()
                self.kept.add(target.hidden)

    def _open(self) -> list[tuple[TargetFile, FileText]]:
        return [file for file in self.files if file[0].file is not None]

    def prepare_commit(self) -> list[Any]:
        finished, self.finished = self.finished, []
        return [*finished, *(KeptFile(target.hidden) for target, _ in self._open())]

    def snapshot_state(self, checkpoint_id: int) -> list[FileState]:
        return [FileState(target.path, target.state, text.state()) for target, text in self._open()]

    def snapshot_for_all(self, checkpoint_id: int) -> list[tuple[str, list[str]]]:
        """What is in all hidden names, and the paths of the files."""
        return [(self.token, [target.path for target, _ in self.files])]

    def close(self) -> None:
        for target, _ in self.files:
            target.discard()
        FileCommitter().abort([file for file in self.finished if file.hidden not in self.kept])

"""What the sinks that write one file have in common."""

from __future__ import annotations

from os import PathLike
from typing import Any

from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.connectors.files.target_file import WRITE_MODES, FileCommitter, HiddenFile, TargetFile, check_target
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.decoding import check_charset


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
        return FileWriter(TargetFile(self.path, self.write_mode, self.charset), self.new_text())

    def create_committer(self) -> FileCommitter:
        return FileCommitter()

    def new_text(self) -> FileText:
        """What turns the records of one file into text."""
        raise NotImplementedError


class FileText:
    """Turns the records of one file into text."""

    def lines(self, values: list[Any]) -> str:
        """The text of records."""
        raise NotImplementedError

    def end(self) -> str:
        """Text that is still missing at the end."""
        return ""


class FileWriter(SinkWriter):
    """Writes the text of records to a file."""

    def __init__(self, target: TargetFile, text: FileText) -> None:
        self.target = target
        self.text = text
        self.finished: list[HiddenFile] = []

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError(f"{self.target.path}: the stream holds updates or deletions, which a file cannot take back")
        self.target.write(self.text.lines(batch.values))

    def flush(self, end_of_input: bool) -> None:
        if end_of_input:
            self.target.write(self.text.end())
            self.finished.append(self.target.finish())

    def prepare_commit(self) -> list[HiddenFile]:
        finished, self.finished = self.finished, []
        return finished

    def close(self) -> None:
        self.target.discard()
        FileCommitter().abort(self.finished)

"""Files of text that one subtask writes as a file, and several as a folder of files."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from typing import Any

from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.files.coordinator import FilesCoordinator, FoldersMade
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.hidden_names import make_folders
from pyflinkx.connectors.files.single import FileText, FileWriter, SingleFileSink
from pyflinkx.connectors.files.target_file import FileCommitter, check_target
from pyflinkx.connectors.print import printed_text
from pyflinkx.connectors.sink import Sink, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.opening import os_error_text
from pyflinkx.types.typeinfo import TypeInformation


class WriteMode(enum.Enum):
    """What happens to a file that is there already."""

    NO_OVERWRITE = "no_overwrite"
    OVERWRITE = "overwrite"


def mode_name(write_mode: Any) -> str:
    """What the file sinks call a write mode; None is NO_OVERWRITE.

    Raises:
        TypeError: it is no WriteMode.
    """
    if write_mode is None:
        return WriteMode.NO_OVERWRITE.value
    if not isinstance(write_mode, WriteMode):
        raise TypeError(f"write_mode is a WriteMode, not {write_mode!r}")
    return write_mode.value


class PartFilesSink(Sink):
    """Writes a file, or with several subtasks a folder with the files ``1``, ``2`` and so on.

    All files appear at the end of the job, or when it fails none.

    Args:
        single: describes the file.
    """

    def __init__(self, single: SingleFileSink) -> None:
        self.single = single
        self.columnar = single.columnar

    def __repr__(self) -> str:
        return repr(self.single)

    def check(self) -> None:
        if not os.path.isdir(self.single.path):
            check_target(self.single.path, self.single.write_mode)

    def create_committer(self) -> FileCommitter:
        return self.single.create_committer()

    def create_coordinator(self, context: CoordinatorContext) -> FilesCoordinator:
        target = os.path.realpath(self.single.path)
        return FilesCoordinator(self.create_committer(), [(os.path.dirname(target), False), (target, False)], True)

    def create_writer(self, context: WriterContext) -> FileWriter:
        path = self.single.path
        if context.parallelism == 1:
            return FileWriter(self.single, context, [state.path for state in context.restored] or [path])
        try:
            made = make_folders(path)
        except OSError as error:
            raise SinkError(f"{path}: cannot be made: {os_error_text(error)}") from error
        if made:
            context.send(FoldersMade(made))
        own = os.path.join(path, str(self._number(context)))
        return FileWriter(
            self.single, context, [own if state.path == path else state.path for state in context.restored] or [own]
        )

    def _number(self, context: WriterContext) -> int:
        """The name of a subtask's file: its number, unless a file of that name is gone on with."""
        names = {os.path.basename(path) for _, paths in context.restored_by_all for path in paths}
        used = {int(name) for name in names if name.isdecimal()}
        number = context.subtask_index + 1
        return max(context.parallelism, *used) + number if number in used else number


class PrintedTextSink(SingleFileSink):
    """Writes each record as ``print()`` shows it, a line each.

    Args:
        path: of the file.
        write_mode: ``"overwrite"`` or ``"no_overwrite"``.
        type_info: type of the records, if declared.
    """

    def __init__(self, path: Any, write_mode: str, type_info: TypeInformation | None) -> None:
        super().__init__(path, "utf-8", write_mode, "\n")
        self.type_info = type_info

    def new_text(self) -> FileText:
        return PrintedLines(printed_text(self.type_info))


class PrintedLines(FileText):
    """A line per record."""

    def __init__(self, text: Callable[[Any], str]) -> None:
        self.text = text

    def lines(self, values: list[Any]) -> str:
        return "".join([f"{self.text(value)}\n" for value in values])


def text_files(path: Any, write_mode: Any, type_info: TypeInformation | None) -> PartFilesSink:
    """What ``write_as_text`` writes with."""
    return PartFilesSink(PrintedTextSink(path, mode_name(write_mode), type_info))


def csv_files(path: Any, write_mode: Any, row_delimiter: str, field_delimiter: str) -> PartFilesSink:
    """What ``write_as_csv`` writes with."""
    return PartFilesSink(
        CsvSink(
            path,
            header=False,
            delimiter=field_delimiter,
            write_mode=mode_name(write_mode),
            line_separator=row_delimiter,
        )
    )

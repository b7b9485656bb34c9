"""Records as lines of a text file."""

from __future__ import annotations

from os import PathLike
from typing import Any

from pyflinkx.connectors.files.single import FileText, SingleFileSink


class TextSink(SingleFileSink):
    """Writes ``str()`` of each record and a line separator.

    The file appears at the end of the input: whole, or, when the job fails, not at all.

    Args:
        path: of the file.
        charset: of the file.
        write_mode: ``"overwrite"`` replaces a file of that name, ``"no_overwrite"`` refuses to.
        line_separator: ``"\\n"`` or ``"\\r\\n"``.

    Raises:
        ConfigurationError: an option cannot be.

    Example:
        >>> TextSink("/data/words.txt")
        TextSink('/data/words.txt')
    """

    def __init__(
        self,
        path: str | PathLike[str],
        charset: str = "utf-8",
        write_mode: str = "overwrite",
        line_separator: str = "\n",
    ) -> None:
        super().__init__(path, charset, write_mode, line_separator)

    def new_text(self) -> FileText:
        return Lines(self.line_separator)


class Lines(FileText):
    """A line per record."""

    def __init__(self, line_separator: str) -> None:
        self.line_separator = line_separator

    def lines(self, values: list[Any]) -> str:
        return "".join([f"{value}{self.line_separator}" for value in values])

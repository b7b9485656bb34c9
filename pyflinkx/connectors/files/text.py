"""Text files, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from typing import Any

from pyflinkx.config.arguments import check_count, check_on_error
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import SourceError
from pyflinkx.formats.decoding import MAX_LINE_BYTES, ChunkReader, TextChunk, check_charset, readable
from pyflinkx.formats.position import FilePosition
from pyflinkx.types.typeinfo import Types


class TextFileSource(FilesSource):
    r"""The lines of text files, without their terminators (``\n``, ``\r\n`` or ``\r``).

    Args:
        paths: a path or several, of files or folders. Of a folder, all files in and below it are read, in order of
            their paths, but those whose names start with ``.`` or ``_``. Files ending in .gz, .gzip, .bz2, .xz,
            .deflate, .zst or .zstd are decompressed.
        charset: of the files; a byte-order mark is dropped.
        on_error: what to do with a line that is invalid in the charset: ``"fail"`` stops the job, ``"skip"`` counts the
            line as ``numBadRecords`` and sends a ``BadRecord`` to the side output ``bad-records``.
        max_line_bytes: a longer line stops the job (of lines beyond 256 KiB, which are read at once in any case); this
            bounds the memory that a file without line ends can take.

    Raises:
        ConfigurationError: the charset or an option is unknown.

    Example:
        >>> TextFileSource("/var/log/access.log")
        TextFileSource('/var/log/access.log')
    """

    output_type = Types.STRING()

    def __init__(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        charset: str = "utf-8",
        *,
        on_error: str = "fail",
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        super().__init__(paths)
        self.charset = check_charset(charset)
        self.on_error = check_on_error(on_error)
        self.max_line_bytes = check_count(max_line_bytes, "max_line_bytes")

    def open_records(self, split: FileSplit) -> TextLines:
        position = split.position
        chunks = ChunkReader(split.path, self.charset, max_line_bytes=self.max_line_bytes, position=position)
        return TextLines(chunks, self.on_error == "skip", 0 if position is None else position.skip)


class TextLines:
    """The lines of one file.

    Args:
        chunks: of the file.
        skip: whether bad lines are reported and passed over.
        passed: lines at the start that are not to be read.
    """

    def __init__(self, chunks: ChunkReader, skip: bool, passed: int = 0) -> None:
        self.chunks = chunks
        self.skip = skip
        self.chunk = TextChunk("", chunks.start)
        self.lines: list[str] = []
        self.next = passed
        self.bad_records: list[BadRecord] = []

    def read(self, limit: int) -> list[Any] | None:
        """Up to ``limit`` lines; None at the end of the file."""
        while self.next >= len(self.lines):
            chunk = self.chunks.read()
            if chunk is None:
                return None
            self.next -= len(self.lines)
            self.chunk, self.lines = chunk, lines_of(chunk.text)
        lines = self.lines[self.next : self.next + limit]
        if self.chunk.bad_lines:
            lines = self._good(lines)
        else:
            self.next += len(lines)
        return lines

    def _good(self, lines: list[str]) -> list[str]:
        """Those of the next lines that are sound, or that come before the first that is to be an error."""
        bad_lines = self.chunk.bad_lines
        good: list[str] = []
        for number, line in enumerate(lines, self.chunk.start.line + self.next):
            if number not in bad_lines:
                good.append(line)
            elif self.skip:
                self.bad_records.append(BadRecord(self.chunks.path, number, readable(line), bad_lines[number]))
            elif good:
                break
            else:
                raise SourceError(f"{self.chunks.path}:{number}: {bad_lines[number]}: {readable(line)}")
            self.next += 1
        return good

    def position(self) -> FilePosition:
        """Where the first line is that was not read."""
        return replace(self.chunk.start, skip=self.next)

    def close(self) -> None:
        """Close the file."""
        self.chunks.close()


def lines_of(text: str) -> list[str]:
    """The lines of a text, without their ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        del lines[-1]
    return lines

"""Text files, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any

from pyflinkx.connectors.compression import open_data
from pyflinkx.connectors.decoding import MAX_LINE_BYTES, ChunkReader, TextChunk, check_charset, readable
from pyflinkx.connectors.files import FileReader, FileSplit, list_files, local_paths
from pyflinkx.connectors.options import check_count, check_on_error
from pyflinkx.connectors.source import BadRecord, ReaderContext, Source
from pyflinkx.errors import SourceError
from pyflinkx.types.typeinfo import Types


class TextFileSource(Source):
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
        self.paths = local_paths(paths)
        self.charset = check_charset(charset)
        self.on_error = check_on_error(on_error)
        self.max_line_bytes = check_count(max_line_bytes, "max_line_bytes")

    def __repr__(self) -> str:
        return f"TextFileSource({', '.join(map(repr, self.paths))})"

    def check(self) -> None:
        for path in list_files(self.paths):
            open_data(path)[0].close()

    def splits(self, parallelism: int) -> list[FileSplit]:
        return [FileSplit(path) for path in list_files(self.paths)]

    def create_reader(self, context: ReaderContext) -> FileReader:
        return FileReader(context, self._open)

    def _open(self, path: str) -> TextLines:
        return TextLines(ChunkReader(path, self.charset, max_line_bytes=self.max_line_bytes), self.on_error == "skip")


class TextLines:
    """The lines of one file."""

    def __init__(self, chunks: ChunkReader, skip: bool) -> None:
        self.chunks = chunks
        self.skip = skip
        self.lines: list[str] = []
        self.next = 0
        self.failure: SourceError | None = None
        self.bad_records: list[BadRecord] = []

    def read(self, limit: int) -> list[Any] | None:
        """Up to ``limit`` lines; None at the end of the file."""
        if self.next == len(self.lines):
            if self.failure is not None:
                raise self.failure
            chunk = self.chunks.read()
            if chunk is None:
                return None
            self.lines = self._split(chunk)
            self.next = 0
        lines = self.lines[self.next : self.next + limit]
        self.next += len(lines)
        return lines

    def _split(self, chunk: TextChunk) -> list[str]:
        text = chunk.text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        if not lines[-1]:
            del lines[-1]
        if not chunk.bad_lines:
            return lines
        if not self.skip:
            line, error = next(iter(chunk.bad_lines.items()))
            index = line - chunk.first_line
            self.failure = SourceError(f"{self.chunks.path}:{line}: {error}: {readable(lines[index])}")
            return lines[:index]
        for line, error in chunk.bad_lines.items():
            text = readable(lines[line - chunk.first_line])
            self.bad_records.append(BadRecord(self.chunks.path, line, text, error))
        return [text for line, text in enumerate(lines, chunk.first_line) if line not in chunk.bad_lines]

    def close(self) -> None:
        """Close the file."""
        self.chunks.close()

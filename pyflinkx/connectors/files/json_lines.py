"""Files with a JSON object in each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.formats.json_reader import is_utf8
from pyflinkx.config.arguments import check_count, check_on_error
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats.decoding import CARRY_BYTES, MAX_LINE_BYTES, ChunkReader, readable
from pyflinkx.formats.json_decoder import JsonDecoder, LineReader, inserted
from pyflinkx.formats.json_messages import BadMessageError, JsonMessages
from pyflinkx.formats.json_values import Reading
from pyflinkx.formats.position import FilePosition
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.typeinfo import RowTypeInfo

# Of text that makes a batch: enough for a kernel, few enough to keep event time moving.
BATCH_BYTES = 2 << 20


class JsonLinesSource(FilesSource):
    r"""The rows of files with a JSON object in each line (https://jsonlines.org), as columns.

    Files are UTF-8; lines end with ``\n``, ``\r\n`` or ``\r``; a byte-order mark is dropped; blank lines and those that
    are ``null`` are passed over. How values are read: see ``JsonRowDeserializationSchema``.

    Args:
        paths: a path or several, of files or folders. Of a folder, all files in and below it are read, in order of
            their paths, but those whose names start with ``.`` or ``_``. Compressed files as in ``TextFileSource``.
        type_info: of the rows.
        on_error: what to do with a line that is no object of the type: ``"fail"`` stops the job, ``"skip"`` counts it
            as ``numBadRecords`` and sends a ``BadRecord`` to the side output ``bad-records``.
        fail_on_missing_field: whether an object that lacks a field is one of those; the field is None otherwise.
        ignore_parse_errors: whether a value that does not fit its type is None, at its depth, and a line that is no
            object is passed over.
        max_line_bytes: a longer line stops the job (of lines beyond 256 KiB, which are read at once in any case); this
            bounds the memory that a file without line ends can take.

    Raises:
        TypeError: ``type_info`` is no row type.
        ConfigurationError: an option or the type cannot be.

    Example:
        >>> from pyflinkx.common import Types
        >>> JsonLinesSource("/data/trips.jsonl", Types.ROW_NAMED(["id", "fare"], [Types.LONG(), Types.DOUBLE()]))
        JsonLinesSource('/data/trips.jsonl')
    """

    columnar = True
    changes = INSERT_ONLY

    def __init__(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        type_info: RowTypeInfo,
        *,
        on_error: str = "fail",
        fail_on_missing_field: bool = False,
        ignore_parse_errors: bool = False,
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        if fail_on_missing_field and ignore_parse_errors:
            raise ConfigurationError("ignore_parse_errors and fail_on_missing_field exclude each other")
        super().__init__(paths)
        self.messages = JsonMessages(type_info, Reading(bool(fail_on_missing_field), bool(ignore_parse_errors)))
        self.on_error = check_on_error(on_error)
        self.max_line_bytes = check_count(max_line_bytes, "max_line_bytes")
        self.output_type = type_info
        self.schema = self.messages.decoder.schema

    def open_records(self, split: FileSplit) -> JsonLines:
        chunks = ChunkReader(split.path, "utf-8", max_line_bytes=self.max_line_bytes, position=split.position)
        return JsonLines(chunks, self.messages.decoder, self.on_error == "skip")


class JsonLines:
    """The rows of one file.

    Args:
        chunks: of the file.
        decoder: of the lines.
        skip: whether bad lines are reported and passed over.
    """

    def __init__(self, chunks: ChunkReader, decoder: JsonDecoder, skip: bool) -> None:
        self.chunks = chunks
        self.decoder = decoder
        self.reader: LineReader = decoder.new_line_reader()
        self.skip = skip
        self.block = b""
        self.sound = True
        self.start = chunks.start  # of the block
        self.at = 0  # in the block
        self.line = chunks.start.line
        self.bad_records: list[BadRecord] = []

    def read(self, limit: int) -> ColumnBatch | None:
        """Up to ``limit`` rows; None at the end of the file."""
        others: dict[int, Any] = {}
        read = 0
        while read < BATCH_BYTES:
            if self.at >= len(self.block) and not self._next_block():
                if not read:
                    return None
                break
            room = limit - self.reader.rows - len(others)
            if room <= 0:
                break
            before = self.at
            result = self.reader.read_lines(self.block, before, room, self.sound)
            self.at = result.at
            self.line += result.lines
            if result.rare is not None:
                start, length = result.rare
                place = self.reader.rows + len(others)
                try:
                    others[place] = self.decoder.decode(self.block[start : start + length])
                except BadMessageError as error:
                    if self.skip:
                        self._report(start, length, error)
                    else:
                        self.at, self.line = start, self.line - 1  # again, when what comes before is read
                        if place:
                            break
                        raise self._failure(start, length, error) from error
            read += self.at - before
        return inserted(self.decoder.taken(self.reader), others, self.decoder.schema)

    def _next_block(self) -> bool:
        self.chunks.line = self.line  # which errors name
        block = self.chunks.read_bytes()
        if block is None:
            return False
        self.start = self.chunks.here()
        self.chunks.offset += len(block)
        self.block, self.at = block, 0
        self.sound = is_utf8(block)
        return True

    def _text(self, start: int, length: int) -> str:
        return readable(self.block[start : start + length].decode("utf-8", CARRY_BYTES))

    def _report(self, start: int, length: int, error: BadMessageError) -> None:
        text = self._text(start, length)
        self.bad_records.append(BadRecord(self.chunks.path, self.line - 1, text, error.reason))

    def _failure(self, start: int, length: int, error: BadMessageError) -> SourceError:
        return SourceError(f"{self.chunks.path}:{self.line}: {error.reason}: {self._text(start, length)}")

    def position(self) -> FilePosition:
        """Where the first line is that was not read."""
        return replace(self.start, offset=self.start.offset + self.at, line=self.line)

    def close(self) -> None:
        """Close the file."""
        self.chunks.close()

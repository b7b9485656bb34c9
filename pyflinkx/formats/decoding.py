"""Decoding of text files in pieces that end where a line ends."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats.compression import CompressedDataError, FramesReader, open_data
from pyflinkx.formats.opening import os_error_text
from pyflinkx.formats.position import FilePosition

CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 64 << 20
BAD_TEXT_LENGTH = 1000

# Byte-order marks and what they say, of the charsets that leave the byte order open; big-endian without one, as Java.
MARKS = {
    "utf-8": {codecs.BOM_UTF8: "utf-8"},
    "utf-16": {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be", b"": "utf-16-be"},
    "utf-32": {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be", b"": "utf-32-be"},
}


def _carry_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decoding error handler: each undecodable byte as one of U+DC00 to U+DCFF, which no valid text holds."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


CARRY_BYTES = "pyflinkx.carry-bytes"
codecs.register_error(CARRY_BYTES, _carry_bytes)
CARRIED = re.compile("[\udc00-\udcff]")


def readable(text: str) -> str:
    r"""Text cut for a report, with carried bytes as ``\xNN``."""
    cut = text[:BAD_TEXT_LENGTH]
    return CARRIED.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", cut)


def check_charset(charset: str) -> str:
    """Python's name of a charset that files can be read line by line in.

    Raises:
        TypeError: it is not a str.
        ConfigurationError: it is unknown, or does not encode character by character.
    """
    if not isinstance(charset, str):
        raise TypeError(f"a charset is a str such as 'utf-8', not {charset!r}")
    try:
        name = codecs.lookup(charset).name
        name = "utf-8" if name == "utf-8-sig" else name
        # Without a byte-order mark, which the charset itself would put before each of them.
        probe = next(iter(MARKS[name].values())) if name in MARKS else name
        parts = [part.encode(probe) for part in ("a", "\n", "\r", "b")]
        whole = "a\n\rb".encode(probe)
    # ValueError: a NUL in the name.
    except (LookupError, ValueError) as error:
        raise ConfigurationError(f"charset {charset!r} is not one that text can be read in: {error}") from error
    if whole != b"".join(parts) or len(set(map(len, parts))) != 1 or name in ("idna", "punycode"):
        raise ConfigurationError(f"charset {charset!r} is not one that text can be read in line by line")
    return name


def count_lines(text: str) -> int:
    r"""How many ``\n``, ``\r\n`` and ``\r`` there are."""
    lines = text.count("\n")
    if "\r" in text:
        lines += text.count("\r") - text.count("\r\n")
    return lines


@dataclass
class TextChunk:
    """A piece of a file that ends after a line terminator or at the end of the file.

    ``start`` is where it begins; ``bad_lines`` says, by line number, what could not be decoded: there the text holds
    carried bytes.
    """

    text: str
    start: FilePosition
    bad_lines: dict[int, str] = field(default_factory=dict)


class ChunkReader:
    r"""Reads and decodes a file in pieces; lines end with ``\n``, ``\r\n`` or ``\r``, a byte-order mark is dropped.

    Args:
        path: of the file.
        charset: as ``check_charset`` returned it.
        chunk_bytes: how much to read at once.
        max_line_bytes: length of the longest line, as far as it goes beyond what is read at once.
        position: begin at its ``offset`` instead of at the start; its ``skip`` is left to who uses the lines.

    Raises:
        SourceError: the file cannot be opened, or ends before the position.
    """

    def __init__(
        self,
        path: str,
        charset: str,
        chunk_bytes: int = CHUNK_BYTES,
        max_line_bytes: int = MAX_LINE_BYTES,
        *,
        position: FilePosition | None = None,
    ) -> None:
        self.path = path
        self.chunk_bytes = chunk_bytes
        self.max_line_bytes = max_line_bytes
        self.file, self.size_at_open = open_data(path)
        self.bytes_read = 0
        self.offset = 0
        self.line = 1
        self.unread = b""
        self.pending: list[bytes] = []
        self.pending_bytes = 0
        self.ended = False
        try:
            self._use(self._detect(charset))
            self.start = FilePosition(self.offset, self.line)
            if position is not None and position.offset > self.offset:
                self._seek(position)
                self.start = replace(position, skip=0)
        except BaseException:
            self.file.close()
            raise

    def _use(self, charset: str) -> None:
        self.charset = charset
        self.newline = "\n".encode(charset)
        self.carriage_return = "\r".encode(charset)
        self.width = len(self.newline)
        terminator = re.escape(self.newline) + b"|" + re.escape(self.carriage_return)
        # A lookahead, so that a match out of step with the characters does not hide the one that is in step.
        self.terminators = re.compile(b"(?=" + terminator + b")")

    def _detect(self, charset: str) -> str:
        marks = MARKS.get(charset)
        if marks is None:
            return charset
        start = b""
        while len(start) < 4 and (data := self._read(4 - len(start))):
            start += data
        for mark, name in marks.items():
            if start.startswith(mark):
                charset = name
                start = start[len(mark) :]
                self.offset = len(mark)
                break
        self.unread = start
        return charset

    def _seek(self, position: FilePosition) -> None:
        self.unread = b""
        self.bytes_read = self.offset = position.offset
        self.line = position.line
        try:
            if isinstance(self.file, FramesReader):
                there = self.file.seek(position.frame_at, position.frame_offset, position.offset)
            else:
                there = position.offset <= self.size_at_open
                self.file.seek(position.offset)
        except (OSError, CompressedDataError) as error:
            raise self._failure(error) from error
        if not there:
            raise SourceError(
                f"{self.path}: has been replaced or cut off: reading was to go on at line {position.line}, "
                f"{position.offset} bytes into its text, but it ends before that"
            )

    def _failure(self, error: Exception) -> SourceError:
        reason = os_error_text(error) if isinstance(error, OSError) else str(error)
        return SourceError(f"{self.path}:{self.line}: cannot be read on: {reason}")

    def _read(self, count: int) -> bytes:
        try:
            data: bytes = self.file.read(count)
        except (OSError, CompressedDataError) as error:
            raise self._failure(error) from error
        self.bytes_read += len(data)
        return data

    def read(self) -> TextChunk | None:
        """The next piece, or None at the end of the file.

        Raises:
            SourceError: reading failed, the file was cut off meanwhile, or a line is too long.
        """
        piece = self.read_bytes()
        if piece is None:
            return None
        chunk = self.decode(piece, self.here())
        self.line += count_lines(chunk.text)
        self.offset += len(piece)
        return chunk

    def here(self) -> FilePosition:
        """Where the next piece is, if all pieces before it are counted in ``offset`` and ``line``."""
        frame = self.file.frame_before(self.offset) if isinstance(self.file, FramesReader) else (0, 0)
        return FilePosition(self.offset, self.line, 0, *frame)

    def read_bytes(self) -> bytes | None:
        """The bytes of the next piece, or None at the end of the file; see ``read``."""
        while not self.ended:
            data = self.unread + self._read(self.chunk_bytes)
            self.unread = b""
            if not data:
                self.ended = True
                if self.bytes_read < self.size_at_open:
                    raise SourceError(
                        f"{self.path}:{self.line}: the file was cut off while it was read: it had {self.size_at_open} "
                        f"bytes and ended after {self.bytes_read}"
                    )
                break
            cut = self._last_line_end(data)
            if cut:
                self.pending.append(data[:cut])
                piece = b"".join(self.pending)
                self.pending, self.pending_bytes = [data[cut:]], len(data) - cut
                return piece
            self.pending.append(data)
            self.pending_bytes += len(data)
            if self.pending_bytes > self.max_line_bytes:
                raise SourceError(f"{self.path}:{self.line}: the line is longer than {self.max_line_bytes} bytes")
        piece = b"".join(self.pending)
        self.pending, self.pending_bytes = [], 0
        return piece or None

    def _last_line_end(self, data: bytes) -> int:
        """Where the last whole line of ``data`` ends, 0 if none does."""
        end = self._last(self.newline, data, len(data))
        if not end:
            # Not the last character, which may be the first half of a \r\n.
            end = self._last(self.carriage_return, data, len(data) - self.width)
        return end

    def _last(self, terminator: bytes, data: bytes, end: int) -> int:
        while (found := data.rfind(terminator, 0, max(end, 0))) >= 0:
            if (self.pending_bytes + found) % self.width == 0:
                return found + self.width
            end = found + self.width - 1
        return 0

    def decode(self, piece: bytes, start: FilePosition) -> TextChunk:
        """Bytes of whole lines as text; ``start`` is where they are."""
        chunk = TextChunk("", start)
        try:
            chunk.text = piece.decode(self.charset)
        except UnicodeError:
            chunk.text = self._decode_line_by_line(piece, chunk)
        return chunk

    def _decode_line_by_line(self, piece: bytes, chunk: TextChunk) -> str:
        texts = []
        for number, (start, end) in enumerate(self._line_spans(piece), chunk.start.line):
            line = piece[start:end]
            try:
                texts.append(line.decode(self.charset))
            except UnicodeError as error:
                first = error.start if isinstance(error, UnicodeDecodeError) else 0
                reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
                at = chunk.start.offset + start + first
                chunk.bad_lines[number] = f"invalid {self.charset} at byte {at}: {reason}"
                texts.append(line.decode(self.charset, CARRY_BYTES))
        return "".join(texts)

    def _line_spans(self, piece: bytes) -> list[tuple[int, int]]:
        spans = []
        start = 0
        for match in self.terminators.finditer(piece):
            end = match.start() + self.width
            if match.start() % self.width or end <= start:
                continue
            if piece.startswith(self.carriage_return, match.start()) and piece.startswith(self.newline, end):
                end += self.width
            spans.append((start, end))
            start = end
        if start < len(piece):
            spans.append((start, len(piece)))
        return spans

    def close(self) -> None:
        """Close the file."""
        self.file.close()

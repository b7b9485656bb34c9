"""The bytes of a text file, to be decoded by turns: here piece by piece, there some lines of a piece as text."""

from __future__ import annotations

import re
from dataclasses import replace

from pyflinkx._core.formats.csv_decoder import pass_lines
from pyflinkx.formats.decoding import ChunkReader, TextChunk, count_lines
from pyflinkx.formats.position import FilePosition

LINE_END = re.compile(rb"\r\n?|\n")
# Bytes of lines that are given out as text at once, at most.
MOST_AT_ONCE = 1 << 16


class Pieces:
    r"""Goes through a file in pieces of whole lines. ``read`` gives out lines from ``at`` on as a ``ChunkReader`` does.

    A ``piece`` ends with a line end, which is not the file's where ``length`` is less than its own.

    Args:
        chunks: of the file, whose charset is UTF-8.
        skip: lines to pass over.
    """

    def __init__(self, chunks: ChunkReader, skip: int = 0) -> None:
        self.chunks = chunks
        self.piece = b""
        self.length = 0
        self.at = 0
        self.line = chunks.line
        self.piece_start = chunks.start
        self.at_once = 1
        while skip and self.next():
            self.at, left = pass_lines(self.piece[: self.length], 0, skip)
            self.line += skip - left
            skip = left

    @property
    def start(self) -> FilePosition:
        """Where the next line is."""
        return replace(self.piece_start, offset=self.offset, line=self.line)

    @property
    def offset(self) -> int:
        """Where the next line is, in bytes of the text."""
        return self.piece_start.offset + self.at

    @property
    def ended(self) -> bool:
        """Whether there is nothing more in this piece."""
        return self.at >= self.length

    def next(self) -> bool:
        """Go on with the next piece; False at the end of the file.

        Raises:
            SourceError: as ``ChunkReader.read``.
        """
        self.chunks.line = self.line  # which errors name
        piece = self.chunks.read_bytes()
        if piece is None:
            return False
        self.piece_start = replace(self.chunks.here(), line=self.line)
        self.chunks.offset += len(piece)
        self.length, self.at = len(piece), 0
        self.piece = piece if piece.endswith((b"\n", b"\r")) else piece + b"\n"
        return True

    def move(self, at: int, line: int) -> None:
        """Go on from there in this piece."""
        self.at, self.line = min(at, self.length), line

    def hand_over(self, size: int) -> None:
        """Have ``read`` give out the line that ends after so many bytes, and what is before; then twice as much."""
        self.at_once = size

    def read(self) -> TextChunk | None:
        """Some lines as text, or None at the end of the file.

        Raises:
            SourceError: as ``ChunkReader.read``.
        """
        if self.ended and not self.next():
            return None
        found = LINE_END.search(self.piece, min(self.at + self.at_once - 1, self.length), self.length)
        stop = self.length if found is None else found.end()
        self.at_once = min(2 * self.at_once, MOST_AT_ONCE)
        chunk = self.chunks.decode(self.piece[self.at : stop], self.start)
        self.move(stop, self.line + count_lines(chunk.text))
        return chunk

    def close(self) -> None:
        """Close the file."""
        self.chunks.close()

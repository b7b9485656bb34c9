"""Places in the text of a file, from which it can be read on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilePosition:
    """Where a record of a text file begins.

    Args:
        offset: where a line begins, in bytes of the text: of a compressed file, decompressed.
        line: the number of that line, from 1.
        skip: lines from there to the record.
        frame_at: of a compressed file: where a frame begins that comes before, in bytes of the file.
        frame_offset: where the text of that frame begins.
    """

    offset: int
    line: int
    skip: int = 0
    frame_at: int = 0
    frame_offset: int = 0

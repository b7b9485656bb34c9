"""The records of a CSV file by the compiled decoder, and by the other one where something is rare."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.formats.csv_decoder import FULL, RARE, CsvDecoder
from pyflinkx.connectors.files.csv_rows import CsvRows
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import SourceError
from pyflinkx.formats.csv_columns import CompiledColumns
from pyflinkx.formats.pieces import MOST_AT_ONCE, Pieces
from pyflinkx.formats.position import FilePosition

# A rare record is one among good ones when so many times what was handed over before has been read since.
GOOD_SHARE = 8
# Bytes of pieces that become one batch of columns.
BATCH_BYTES = 8 << 20


class CsvBlocks:
    """Reads a file block by block. Records before which the compiled decoder stops are handed to ``CsvRows``, with some
    lines more where such records are many; what that makes of them, errors and all, is what is given out.

    Args:
        pieces: of the file.
        decoder: the compiled one.
        rows: the other one, which reads from the same pieces.
        compiled: how records are made of columns.
    """

    def __init__(self, pieces: Pieces, decoder: CsvDecoder, rows: CsvRows, compiled: CompiledColumns) -> None:
        self.pieces = pieces
        self.decoder = decoder
        self.rows = rows
        self.compiled = compiled
        self.handed_over = 1
        self.since = GOOD_SHARE  # bytes read since something was handed over

    @property
    def bad_records(self) -> list[BadRecord]:
        """Those that were passed over."""
        return self.rows.bad_records

    @bad_records.setter
    def bad_records(self, records: list[BadRecord]) -> None:
        self.rows.bad_records = records

    def read(self, limit: int) -> list[Any] | ColumnBatch | None:
        """Up to ``limit`` records; None at the end of the file."""
        while True:
            if self._others_turn():
                return self.rows.read(limit)
            at, line = self.pieces.at, self.pieces.line
            if self.pieces.ended:
                if not self.pieces.next():
                    return None
                continue
            result = self._decode(limit)
            if self.decoder.rows:
                batch = self.decoder.take()
                try:
                    return self.compiled.records(batch)
                # A class may refuse values with any exception; which record it was, the other decoder finds out.
                except Exception:
                    size = self.pieces.at - at
                    self.pieces.move(at, line)
                    self._hand_over(size)
            elif result == RARE:
                self._hand_over(self._size_to_hand_over())

    def _others_turn(self) -> bool:
        return self.rows.failure is not None or not self.rows.records.drained

    def _decode(self, limit: int) -> str:
        pieces = self.pieces
        at = pieces.at
        self.decoder.open(pieces.piece, at, pieces.line)
        result = self.decoder.read(limit)
        pieces.move(self.decoder.at, self.decoder.line)
        self.since += pieces.at - at
        self.rows.records.credit(pieces.at - at)
        return result

    def _size_to_hand_over(self) -> int:
        if self.since >= GOOD_SHARE * self.handed_over:
            return 1  # up to the end of the line
        return min(2 * self.handed_over, MOST_AT_ONCE)

    def _hand_over(self, size: int) -> None:
        self.handed_over, self.since = size, 0
        self.pieces.hand_over(size)
        self.rows.records.take_over()

    def position(self) -> FilePosition:
        """Where the first record is that was not read: the one that is to fail, if one is."""
        return self.rows.position() if self._others_turn() else self.pieces.start

    def close(self) -> None:
        """Close the file."""
        self.pieces.close()


class CsvColumnBlocks(CsvBlocks):
    """Gives out the records as columns."""

    failure: SourceError | None = None

    def read(self, limit: int) -> ColumnBatch | None:
        """Up to ``limit`` records as columns; None at the end of the file."""
        if self.failure is not None:
            raise self.failure
        size = 0
        while True:
            if self._others_turn():
                values = self.rows.read(limit)
                return None if values is None else ColumnBatch.from_rows(values, self.decoder.schema)
            if self.pieces.ended:
                if size >= BATCH_BYTES or not self._next_piece():
                    break
                size += self.pieces.length
                continue
            result = self._decode(limit)
            if result == FULL or (result == RARE and self.decoder.rows):
                break
            if result == RARE:
                self._hand_over(self._size_to_hand_over())
        if self.decoder.rows:
            return self.decoder.take()
        if self.failure is not None:
            raise self.failure
        return None

    def _next_piece(self) -> bool:
        try:
            return self.pieces.next()
        except SourceError as error:
            self.failure = error  # what was read before is given out
            return False

"""Cuts a CSV file into records of text fields, and knows on which line each one stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat
from operator import attrgetter
from typing import Any

from pyflinkx.config.arguments import check_text
from pyflinkx.errors import ConfigurationError
from pyflinkx.formats.decoding import ChunkReader
from pyflinkx.formats.pieces import Pieces
from pyflinkx.formats.position import FilePosition

LINE_NUMBER = attrgetter("line_num")
NUL = "\udc00"
# What a line of an open record takes besides its characters.
LINE_OVERHEAD = 64
# How often, on average, the characters of a file may be parsed in vain.
VAIN_PARSES = 4


@dataclass(frozen=True)
class CsvFormat:
    """How fields are set apart.

    Args:
        delimiter: one character between fields.
        quote: one character around fields that hold a delimiter or a line end, doubled inside them; None for none.
        escape: one character before a character that stands for itself; None for none.
        comments: whether lines that start with ``#``, after spaces or not, are passed over where a record could start.

    Raises:
        TypeError: one of them is not a str.
        ConfigurationError: one of them is not one character, is a line end, or two are the same.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    comments: bool = False

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name in ("delimiter", "quote", "escape"):
            character = getattr(self, name)
            if character is None and name != "delimiter":
                continue
            if len(check_text(character, name)) != 1 or character in "\r\n\0":
                raise ConfigurationError(f"{name} is one character and no line end, not {character!r}")
            if character in seen:
                raise ConfigurationError(f"{name} and {seen[character]} are the same character: {character!r}")
            seen[character] = name

    def reader_options(self) -> dict[str, Any]:
        """The arguments of ``csv.reader``."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "escapechar": self.escape,
            "quoting": csv.QUOTE_MINIMAL if self.quote is not None else csv.QUOTE_NONE,
            "doublequote": True,
            "skipinitialspace": False,
            "strict": True,
        }


class UncommentedReader:
    """A ``csv.reader`` to which a line with a comment is a blank one, unless it is within a quoted field.

    Args:
        lines: what it reads.
        options: of ``csv.reader``.
    """

    def __init__(self, lines: Iterator[str], options: dict[str, Any]) -> None:
        self.lines = lines
        self.starts = True  # whether the next line starts a record
        self.reader: Any = csv.reader(self._seen(), **options)

    def _seen(self) -> Iterator[str]:
        for line in self.lines:
            starts, self.starts = self.starts, False
            yield "\n" if starts and line.lstrip(" ").startswith("#") else line

    @property
    def line_num(self) -> int:
        """How many lines were read."""
        return int(self.reader.line_num)

    def __iter__(self) -> UncommentedReader:
        return self

    def __next__(self) -> list[str]:
        self.starts = True
        row: list[str] = next(self.reader)
        return row


@dataclass
class RawRecords:
    """Records in a row, as lists of text fields; a blank line is an empty list.

    ``ends[i]`` is the index in ``lines`` after the last line of record i, ``first_line`` the number of ``lines[0]``.
    ``broken`` is what cannot be a record, after the last of them: its line number, its first line and the reason.
    ``bad_lines`` says, by line number, what could not be decoded. ``has_nul`` says whether there may be NUL characters;
    in the text they are carried bytes.
    """

    rows: list[list[str]]
    start: int
    ends: Sequence[int]
    lines: list[str]
    first_line: int
    bad_lines: dict[int, str]
    has_nul: bool
    broken: tuple[int, str, str] | None = None

    def line_span(self, index: int) -> tuple[int, int]:
        """The number of the first line of a record, and the number after its last."""
        start = self.ends[index - 1] if index else self.start
        return self.first_line + start, self.first_line + self.ends[index]

    def text(self, index: int) -> str:
        """The lines of a record as they stand in the file, without the last line end."""
        start = self.ends[index - 1] if index else self.start
        return "".join(self.lines[start : self.ends[index]]).rstrip("\r\n")


class CsvRecords:
    """Reads the records of one file.

    The lines of a piece of the file are parsed together. Where the piece ends within a quoted field, the record is
    parsed again with the next piece. Where lines cannot be a record (an unclosed quote, text after a closing one), the
    first of them is given up and reading goes on with the next line: whoever made the file meant, most likely, a record
    in each.

    What follows such a line is parsed again, and a file may be made so that this never ends. So there is an account of
    the characters that were parsed in vain; when it is overdrawn, each of the lines at hand has to be a record.

    Args:
        chunks: of the file.
        csv_format: how fields are set apart.
        max_record_bytes: a longer record is broken; this bounds what an unclosed quote can make this class hold.
        passed: lines at the start that are not to be read.
    """

    def __init__(
        self, chunks: ChunkReader | Pieces, csv_format: CsvFormat, max_record_bytes: int, passed: int = 0
    ) -> None:
        self.chunks = chunks
        self.options = csv_format.reader_options()
        self.comments = csv_format.comments
        self.max_record_bytes = max_record_bytes
        self.lines: list[str] = []
        self.characters = 0
        self.first_line = chunks.line
        self.starts: list[FilePosition] = [chunks.start]  # of the pieces of these lines
        self.bad_lines: dict[int, str] = {}
        self.has_nul = False
        self.ended = False
        self.multiline = False
        self.single_lines = False
        self.account = max_record_bytes  # characters that may yet be parsed in vain
        self.single: Any = None
        self._parse_from(0)
        self._pass_over(passed)

    def _pass_over(self, lines: int) -> None:
        while lines > len(self.lines) and not self.ended:
            lines -= len(self.lines)
            self._next_chunk()
        if lines:
            self._parse_from(min(lines, len(self.lines)))

    def position(self, line: int | None = None) -> FilePosition:
        """Where a line is.

        Args:
            line: the number of one of those at hand; None for the first of what was not read.
        """
        line = self.first_line + self.done if line is None else line
        start = next(start for start in reversed(self.starts) if start.line <= line)
        return replace(start, skip=line - start.line)

    @property
    def drained(self) -> bool:
        """Whether all that was read has been given out."""
        return self.done >= len(self.lines)

    def take_over(self) -> None:
        """Read what comes next, behind what somebody else has read."""
        self._next_chunk()

    def credit(self, characters: int) -> None:
        """So many characters of the file were parsed by somebody else."""
        self.account += VAIN_PARSES * characters

    def _parse_from(self, index: int) -> None:
        """Parse on from ``lines[index]``."""
        self.base = self.done = index
        lines: Any = iter(self.lines)
        lines.__setstate__(index)  # a slice would copy all that follows, for each bad record
        self.reader = self._reader(lines)

    def _reader(self, lines: Iterator[str]) -> Any:
        return UncommentedReader(lines, self.options) if self.comments else csv.reader(lines, **self.options)

    def read(self, limit: int) -> RawRecords | None:
        """Up to ``limit`` records, or a broken one; None at the end of the file.

        Raises:
            SourceError: the file cannot be read on.
        """
        while True:
            start = self.done
            rows, ends, reason = self._parse_single(limit) if self.single_lines else self._parse(limit)
            records = RawRecords(rows, start, ends, self.lines, self.first_line, self.bad_lines, self.has_nul)
            if len(rows) < limit and self.done < len(self.lines):
                # A record is open. At the end of the lines at hand more may complete it.
                at_end = self.base + self.reader.line_num >= len(self.lines) and not self.single_lines
                if not at_end or self.ended or self._open_bytes() > self.max_record_bytes:
                    records.broken = self._give_up(reason)
                elif rows:
                    return records
                else:
                    self._append_chunks()
                    continue
            if rows or records.broken is not None:
                return records
            if not self._next_chunk():
                return None

    def _parse(self, limit: int) -> tuple[list[list[str]], Sequence[int], str]:
        """Records, the index after the last line of each, and what stopped the parser, if anything did."""
        start = self.done
        reason = ""
        if not self.multiline:
            rows: list[list[str]] = []
            try:
                rows.extend(islice(self.reader, limit))
            except csv.Error as error:
                reason = str(error)
            self.done = self.base + self.reader.line_num
            if not reason and self.done == start + len(rows):
                return rows, range(start + 1, self.done + 1), ""
            # Not each record has one line: parse once more, and from now on, with the line number of each.
            self.multiline = True
            self._parse_from(start)
        pairs: list[tuple[list[str], int]] = []
        try:
            pairs.extend(islice(zip(self.reader, map(LINE_NUMBER, repeat(self.reader)), strict=False), limit))
            reason = ""
        except csv.Error as error:
            reason = str(error)
        if pairs:
            self.done = self.base + pairs[-1][1]
        return [row for row, _ in pairs], [self.base + lines for _, lines in pairs], reason

    def _parse_single(self, limit: int) -> tuple[list[list[str]], Sequence[int], str]:
        """As ``_parse``, of records that have a line each."""
        start = self.done
        rows: list[list[str]] = []
        reason = ""
        try:
            for line in islice(self.single, limit):
                rows.append(next(self._reader(iter((line,)))))
        except csv.Error as error:
            reason = str(error)
        self.done = start + len(rows)
        return rows, range(start + 1, self.done + 1), reason

    def _open_bytes(self) -> int:
        return sum(map(len, self.lines[self.done :])) + LINE_OVERHEAD * (len(self.lines) - self.done)

    def _give_up(self, reason: str) -> tuple[int, str, str]:
        index = self.done
        broken = self.first_line + index, self.lines[index].rstrip("\r\n"), self._explain(reason)
        if self.single_lines:
            self.done += 1
            return broken
        self.account -= sum(map(len, self.lines[index + 1 : self.base + self.reader.line_num]))
        self._parse_from(index + 1)
        if self.account < self.characters:
            self.single_lines = True
            self.single = iter(self.lines)
            self.single.__setstate__(self.done)
        return broken

    def _explain(self, reason: str) -> str:
        if "unexpected end" in reason or not reason:
            if self.ended:
                return "a quoted or escaped field does not end before the end of the file"
            if self.single_lines:
                return "a quoted or escaped field does not end within the line, and too many before it did not end"
            return f"a quoted or escaped field does not end within {self.max_record_bytes} bytes"
        if "field limit" in reason:
            return f"{reason}; csv.field_size_limit() of the standard library raises the limit"
        return reason

    def _next_chunk(self) -> bool:
        self.first_line += len(self.lines)
        self.lines = []
        last, self.starts = self.starts[-1], []
        self.characters = 0
        self.bad_lines = {}
        self.has_nul = False
        self.single_lines = False
        self._read_chunk()
        if self.starts:
            self.first_line = self.starts[0].line  # others may have read what was before
        if self.ended:
            self.starts = [replace(last, offset=self.chunks.offset, line=self.first_line)]
        self._parse_from(0)
        return not self.ended

    def _append_chunks(self) -> None:
        """Put more lines behind those of the open record; at least as much again, so that little is parsed twice."""
        self.first_line += self.done
        # Lists of their own: records handed out still point to the old ones.
        self.lines = self.lines[self.done :]
        while len(self.starts) > 1 and self.starts[1].line <= self.first_line:
            del self.starts[0]
        self.bad_lines = {line: reason for line, reason in self.bad_lines.items() if line >= self.first_line}
        self.characters = sum(map(len, self.lines))
        self.account -= self.characters
        wanted = 2 * self.characters
        while self.characters < wanted and not self.ended:
            self._read_chunk()
        self._parse_from(0)

    def _read_chunk(self) -> None:
        """Put the lines of the next piece behind those at hand."""
        chunk = self.chunks.read()
        if chunk is None:
            self.ended = True
            return
        self.starts.append(chunk.start)
        text = chunk.text
        if "\0" in text:
            # CPython 3.10 has no NUL in its csv module, and would stop in the middle of a record.
            self.has_nul = True
            text = text.replace("\0", NUL)
        self.lines += io.StringIO(text, newline="")
        self.characters += len(text)
        self.account += VAIN_PARSES * len(text)
        self.bad_lines |= chunk.bad_lines

    def close(self) -> None:
        """Close the file."""
        self.chunks.close()

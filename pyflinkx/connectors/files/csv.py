"""CSV files."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from pyflinkx.config.arguments import check_choice, check_count, check_on_error, check_text
from pyflinkx.connectors.files.csv_blocks import CsvBlocks, CsvColumnBlocks
from pyflinkx.connectors.files.csv_rows import Columns, CsvRows, shown, unsound
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit, list_files
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats.csv_columns import CompiledColumns, can_be_compiled
from pyflinkx.formats.csv_records import CsvFormat, CsvRecords
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.formats.decoding import MAX_LINE_BYTES, ChunkReader, check_charset
from pyflinkx.formats.pieces import Pieces
from pyflinkx.formats.position import FilePosition
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.typeinfo import TypeInformation, Types

# Of columns, in an error message.
SHOWN_NAMES = 50


class CsvSource(FilesSource):
    r"""The records of CSV files.

    Lines end with ``\n``, ``\r\n`` or ``\r``, a byte-order mark is dropped, blank lines are passed over, quoted fields
    may hold line ends. How fields become values: see ``csv_values.ColumnParser``.

    Args:
        paths: a path or several, of files or folders. Of a folder, all files in and below it are read, in order of
            their paths, but those whose names start with ``.`` or ``_``. Compressed files as in ``TextFileSource``.
        schema: type of the records: ``Types.ROW_NAMED(...)`` for Row, ``Types.ROW(...)`` or ``Types.TUPLE(...)`` by
            position, or a dataclass or NamedTuple class with type hints. None for rows of strings with the names that
            the header of the first file gives (f0, f1, ... without a header).
        header: True when the first line names the columns: fields are then found by name, in any order. ``"strict"``
            when the names and their order must be the schema's; ``"skip"`` to ignore the first line; False when there
            is none.
        delimiter, quote, escape: see ``csv_records.CsvFormat``.
        null_values: fields that stand for None, quoted or not. A field of a class that is not declared ``... | None``
            refuses them.
        charset: of the files.
        on_error: what to do with a record that does not fit: ``"fail"`` stops the job, ``"skip"`` counts it as
            ``numBadRecords`` and sends a ``BadRecord`` to the side output ``bad-records``.
        extra_columns: what to do when the header has more columns than the schema: ``"ignore"`` or ``"error"``.
        extra_fields: what to do with a record that has more fields than there are columns: ``"error"`` (as ``on_error``
            says) or ``"ignore"`` those fields.
        comments: whether lines that start with ``#`` are passed over.
        skip_records: how many records to pass over after the header.
        array_separator: between the elements of arrays; a dict gives it by field name, and ``""`` for a field that is
            an array of one element.
        max_record_bytes: a longer record does not fit; this bounds what an unclosed quote can take of the memory.

    Raises:
        ConfigurationError: an option or the schema cannot be.

    Example:
        >>> CsvSource("/data/flights.csv", Types.ROW_NAMED(["origin", "dep_delay"], [Types.STRING(), Types.DOUBLE()]))
        CsvSource('/data/flights.csv')
    """

    changes = INSERT_ONLY

    def __init__(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        schema: Any = None,
        header: bool | str = True,
        delimiter: str = ",",
        quote: str | None = '"',
        escape: str | None = None,
        null_values: Iterable[str] = ("",),
        charset: str = "utf-8",
        on_error: str = "fail",
        *,
        extra_columns: str = "ignore",
        extra_fields: str = "error",
        comments: bool = False,
        skip_records: int = 0,
        array_separator: str | Mapping[str, str] = ";",
        max_record_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        super().__init__(paths)
        self.header = check_choice(header, "header", (True, False, "strict", "skip"))
        self.format = CsvFormat(delimiter, quote, escape, bool(comments))
        if isinstance(null_values, str):
            raise TypeError(f"null_values is a list of fields such as [{null_values!r}], not {null_values!r}")
        self.null_values = frozenset(check_text(value, "a null value") for value in null_values)
        self.charset = check_charset(charset)
        self.on_error = check_on_error(on_error)
        self.extra_columns: str = check_choice(extra_columns, "extra_columns", ("ignore", "error"))
        self.extra_fields: str = check_choice(extra_fields, "extra_fields", ("error", "ignore"))
        self.skip_records = check_count(skip_records, "skip_records", least=0)
        self.array_separator = array_separator
        self.max_record_bytes = check_count(max_record_bytes, "max_record_bytes")
        self._shape = None if schema is None else RecordShape(schema)
        if self._shape is not None:
            self._parsers(self._shape)

    @property
    def output_type(self) -> TypeInformation | None:
        """Type of the records; without a schema the first file is read for it.

        Raises:
            SourceError: it cannot be read.
        """
        return self._shape_of_files().output_type

    def as_columns(self) -> CsvSource | None:
        shape = self._shape_of_files()
        compiled = CompiledColumns(shape, self._parsers(shape))
        if not can_be_compiled(self.format, self.charset) or not compiled.native:
            return None
        columns = copy.copy(self)
        columns.columnar, columns.schema = True, compiled.schema
        return columns

    def check_file(self, path: str) -> None:
        self.open_records(FileSplit(path)).close()

    def open_records(self, split: FileSplit) -> CsvRows | CsvBlocks:
        path, position = split.path, split.position
        shape = self._shape_of_files()
        records = self._records(path)
        try:
            columns = self._columns(path, records, shape)
            if position is None:
                for _ in range(self.skip_records):
                    _skip_record(records)
                position = records.position()
        finally:
            records.close()
        chunks = self._chunks(path, position)
        try:
            return self._rows(path, chunks, position.skip, shape, columns)
        except BaseException:
            chunks.close()
            raise

    def _rows(self, path: str, chunks: ChunkReader, skip: int, shape: RecordShape, columns: Columns) -> Any:
        """The records from there on: by the compiled decoder, where it reads such files."""
        parsers = self._parsers(shape)
        more = (shape, columns, parsers, self.on_error == "skip", self.extra_fields)
        if not can_be_compiled(self.format, self.charset) or len(set(columns.places)) < len(columns.places):
            return CsvRows(path, CsvRecords(chunks, self.format, self.max_record_bytes, skip), *more)
        compiled = CompiledColumns(shape, parsers)
        pieces = Pieces(chunks, skip)
        rows = CsvRows(path, CsvRecords(pieces, self.format, self.max_record_bytes), *more)
        decoder = compiled.decoder(self.format, columns.places, columns.count, rows.cuts)
        return (CsvColumnBlocks if self.columnar else CsvBlocks)(pieces, decoder, rows, compiled)

    def _records(self, path: str) -> CsvRecords:
        return CsvRecords(self._chunks(path), self.format, self.max_record_bytes)

    def _chunks(self, path: str, position: FilePosition | None = None) -> ChunkReader:
        return ChunkReader(path, self.charset, max_line_bytes=self.max_record_bytes, position=position)

    def _parsers(self, shape: RecordShape) -> list[ColumnParser]:
        return [
            ColumnParser(field.type_info, self.null_values, field.nullable, self._separator(field.name))
            for field in shape.fields
        ]

    def _separator(self, name: str | None) -> str:
        separators = self.array_separator
        if not isinstance(separators, str):
            return check_text(separators.get(name or "", ";"), "array_separator")
        if not separators:
            raise ConfigurationError("array_separator is at least one character, not ''")
        return separators

    def _shape_of_files(self) -> RecordShape:
        if self._shape is None:
            files = list_files(self.paths)
            if not files:
                raise SourceError(f"{self.paths[0]}: holds no files, so the columns are unknown; give a schema")
            records = self._records(files[0])
            try:
                first = _first_record(files[0], records)
            finally:
                records.close()
            if first is None:
                raise SourceError(f"{files[0]}: is empty, so the columns are unknown; give a schema")
            line, names = first
            if self.header in (False, "skip"):
                names = [f"f{index}" for index in range(len(names))]
            _refuse_repeated(files[0], line, names, names)
            self._shape = RecordShape(Types.ROW_NAMED(names, [Types.STRING()] * len(names)))
        return self._shape

    def _columns(self, path: str, records: CsvRecords, shape: RecordShape) -> Columns:
        """Where the fields are; reads the header."""
        names = [field.name for field in shape.fields]
        if self.header is False:
            return Columns(len(names), list(range(len(names))))
        first = _first_record(path, records)
        by_name = self.header is not False and self.header != "skip" and names[0] is not None
        if first is None or not by_name:
            return Columns(len(names), list(range(len(names))))
        line, header = first
        wanted = [str(name) for name in names]
        if self.header == "strict" and header != wanted:
            raise SourceError(f"{path}:{line}: the header must be {_listed(wanted)}, but it is {_listed(header)}")
        places = {name: place for place, name in enumerate(header)}
        missing = [name for name in wanted if name not in places]
        if missing:
            raise SourceError(
                f"{path}:{line}: the header lacks {_listed(map(repr, missing))} of the schema; "
                f"it has {_listed(map(repr, header))}"
            )
        _refuse_repeated(path, line, header, wanted)
        if self.extra_columns == "error":
            known = set(wanted)
            extra = [name for name in header if name not in known]
            if extra:
                raise SourceError(
                    f"{path}:{line}: the header has columns beyond the schema: {_listed(map(repr, extra))}"
                )
        return Columns(len(header), [places[name] for name in wanted])


def _first_record(path: str, records: CsvRecords) -> tuple[int, list[str]] | None:
    """The first record that is not blank and its line, or None; it must be sound."""
    while (raw := records.read(1)) is not None:
        if raw.broken is not None:
            line, text, reason = raw.broken
            raise SourceError(f"{path}:{line}: {reason}: {shown(text)}")
        why = unsound(raw, 0)
        line = raw.line_span(0)[0]
        if why is not None:
            raise SourceError(f"{path}:{line}: {why}: {shown(raw.text(0))}")
        if raw.rows[0]:
            return line, raw.rows[0]
    return None


def _skip_record(records: CsvRecords) -> None:
    while (raw := records.read(1)) is not None:
        if raw.broken is not None or raw.rows[0]:
            return


def _refuse_repeated(path: str, line: int, header: list[str], wanted: list[str]) -> None:
    counts = Counter(header)
    repeated = sorted({name for name in wanted if counts[name] > 1})
    if repeated:
        raise SourceError(f"{path}:{line}: the header names {_listed(map(repr, repeated))} more than once")


def _listed(names: Iterable[str]) -> str:
    """Names as error messages list them: not thousands."""
    shown = list(names)
    rest = len(shown) - SHOWN_NAMES
    return ", ".join(shown) if rest <= 0 else f"{', '.join(shown[:SHOWN_NAMES])} and {rest} more"

"""Sources of files whose content is columns: Parquet, ORC, Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.config.arguments import check_choice, check_count
from pyflinkx.connectors.files.source import FilesSource
from pyflinkx.connectors.files.splits import FileSplit, list_files, parts_of_files
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats.arrow_filters import Filters
from pyflinkx.formats.arrow_library import arrow_schema
from pyflinkx.formats.arrow_types import Fitting, schema_of_file
from pyflinkx.formats.opening import check_size, file_size
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.described import described_columns

# Rows that are decoded at once.
BATCH_ROWS = 131_072
# So many rows that are not wanted are passed over before the task gets its turn.
PASSED_ROWS = 1 << 20
SPLIT_BYTES = 64 << 20


class OpenFile(Protocol):
    """A file whose columns come in groups of rows, each of which can be read by itself."""

    schema: Any  # of pyarrow
    groups: int

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        """The rows of a group as record batches of pyarrow, with these columns in this order."""

    def rows(self, group: int) -> int | None:
        """How many rows a group has, if that is known without reading it."""

    def bounds(self, group: int, column: str) -> tuple[Any, Any] | None:
        """The least and the greatest value of a column in a group, if the file says so."""

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True)
class GroupPosition:
    """Where a row is in a file of columns.

    Args:
        group: of rows, by its number in the file.
        row: within the group.
    """

    group: int
    row: int


class ColumnFilesSource(FilesSource):
    """Reads files of columns as columns.

    Args:
        paths: a path or several, of files or folders, as for all sources of files.
        schema: type of the rows: ``Types.ROW_NAMED(...)``, ``DataTypes.ROW([...])``, a dataclass or NamedTuple class;
            None for the columns of the first file. Columns are found by name, and read as their type here if it holds
            all values of theirs.
        columns: names of those to read, in this order; None for all.
        filters: which rows to read: conditions such as ``("fare", ">", 2.5)`` in a list, all of which must hold, or a
            list of such lists, one of which must; compared by ==, !=, <, >, <=, >=, in or not in. A row with a null in
            a column that is compared is not read. What a file says of least and greatest values saves reading.
        missing_columns: what to do where a file lacks a column: ``"null"`` reads nulls, ``"error"`` stops the job.
        case_sensitive: whether names must be the same in upper and lower case, too.
        batch_size: of rows that are decoded at once.
        split_size: in bytes: larger files are read by several readers in parts of about that size.

    Raises:
        ConfigurationError: an option cannot be.
    """

    columnar = True
    changes = INSERT_ONLY

    def __init__(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        schema: Any = None,
        *,
        columns: Sequence[str] | None = None,
        filters: Iterable[Any] | None = None,
        missing_columns: str = "null",
        case_sensitive: bool = True,
        batch_size: int = BATCH_ROWS,
        split_size: int = SPLIT_BYTES,
    ) -> None:
        super().__init__(paths)
        if isinstance(columns, str):
            raise TypeError(f"columns is a list of names such as [{columns!r}], not {columns!r}")
        self.columns = None if columns is None else list(columns)
        self.filters = None if filters is None else Filters(filters)
        self.missing_columns: str = check_choice(missing_columns, "missing_columns", ("null", "error"))
        self.case_sensitive: bool = check_choice(case_sensitive, "case_sensitive", (True, False))
        self.batch_size = check_count(batch_size, "batch_size")
        self.split_size = check_count(split_size, "split_size")
        self._given = None if schema is None else described_columns(schema)
        if self._given is not None:
            self._checked(self._given)

    def _checked(self, columns: Schema) -> tuple[Schema, Schema]:
        """The columns that are given out, of all that there are, and those that are read: what is compared, too.

        Raises:
            ConfigurationError: one that is asked for is not there, or cannot be compared as it is asked for.
        """
        names = columns.names if self.columns is None else self.columns
        absent = [name for name in names if name not in columns.names]
        if absent or len(set(names)) < len(names) or not names:
            raise ConfigurationError(
                f"columns names {absent[0]!r}; there are {', '.join(columns.names[:50])}"
                if absent
                else f"columns holds names of different columns, not {names!r}"
            )
        if self.filters is not None:
            self.filters.check(arrow_schema(columns))
            names = [*names, *sorted(self.filters.columns - set(names))]
        given = columns.names if self.columns is None else self.columns
        return Schema([columns[name] for name in given]), Schema([columns[name] for name in names])

    @property
    def schema(self) -> Schema:
        """The columns; those of the first file where no type is given.

        Raises:
            SourceError: it cannot be read, or there is none.
        """
        return self._read()[0]

    def _read(self) -> tuple[Schema, Schema]:
        if self._given is None:
            paths = list_files(self.paths)
            if not paths:
                raise SourceError(f"{self!r}: there is no file that tells the columns: give the schema")
            file = self.open_file(paths[0])
            try:
                self._given = schema_of_file(paths[0], file.schema)
            finally:
                file.close()
        return self._checked(self._given)

    @property
    def output_type(self) -> Any:
        """Type of the rows."""
        return type_info_of(self.schema)

    def check(self) -> None:
        _ = self.schema  # which travels with the source
        super().check()

    def check_file(self, path: str) -> None:
        file_size(path)

    def splits(self, parallelism: int) -> list[FileSplit]:
        return parts_of_files(list_files(self.paths), self.split_size)

    def open_file(self, path: str) -> OpenFile:
        """Open a file.

        Raises:
            SourceError: it cannot be read.
            MissingExtraError: a package is missing.
        """
        raise NotImplementedError

    def open_records(self, split: FileSplit) -> ColumnFile:
        columns, read = self._read()
        file = self.open_file(split.path)
        try:
            return ColumnFile(self, columns, read, file, split)
        except BaseException:
            file.close()
            raise


class ColumnFile:
    """The rows of a part of a file.

    Args:
        source: says what is read.
        columns: that are given out.
        read: those that are read.
        file: opened.
        split: the part, and how far it was read.
    """

    def __init__(
        self, source: ColumnFilesSource, columns: Schema, read: Schema, file: OpenFile, split: FileSplit
    ) -> None:
        self.path = split.path
        self.file = file
        self.columns = columns.names
        self.filters = source.filters
        self.bad_records: list[BadRecord] = []
        self.fitting = Fitting(
            split.path, file.schema, arrow_schema(read), source.missing_columns, source.case_sensitive
        )
        self.selects = len(self.fitting.wanted.names) > len(self.columns)
        self.expression = None if self.filters is None else self.filters.expression()
        part = split.part
        if part is not None:
            check_size(split.path, part.size)
        last = range(file.groups)
        if part is not None:
            last = range(*(first_group(at, part.size, file.groups) for at in (part.start, part.end)))
        self.end = last.stop
        position = split.position or GroupPosition(last.start, 0)
        self.group, self.row = position.group, position.row
        self.passing = self.row  # rows of the group that were read before
        self.batch: Any = None  # of pyarrow
        self.at = 0  # in it
        self.batches: Iterator[Any] | None = None

    def read(self, limit: int) -> ColumnBatch | None:
        """Up to ``limit`` rows, none where many in a row are not wanted; None at the end."""
        passed = 0
        while passed < PASSED_ROWS:
            if self.batch is None or self.at >= self.batch.num_rows:
                if not self._next_batch():
                    return None
                continue
            count = min(limit, self.batch.num_rows - self.at)
            found = self.fitting.fitted(self.batch.slice(self.at, count))
            if self.expression is not None:
                found = self._wanted(found)
            self.at += count
            self.row += count
            if len(found):
                return found
            passed += count
        return found

    def _wanted(self, batch: ColumnBatch) -> ColumnBatch:
        import pyarrow as pa

        table = pa.table(batch).filter(self.expression)
        if self.selects:
            table = table.select(self.columns)
        kept = table.combine_chunks().to_batches()
        return ColumnBatch.from_arrow(kept[0]) if kept else batch.slice(0, 0).select(self.columns)

    def _next_batch(self) -> bool:
        """Whether there is another batch; it is none of rows that were read before."""
        self.batch, self.at = None, 0
        while True:
            if self.batches is None:
                if self.group >= self.end:
                    return False
                if not self._begin():
                    self.group, self.row, self.passing = self.group + 1, 0, 0
                    continue
            assert self.batches is not None
            batch = next(self.batches, None)
            if batch is None:
                self.batches = None
                if self.passing:
                    raise SourceError(f"{self.path}: has fewer rows than were read of it before: it was changed")
                self.group, self.row = self.group + 1, 0
                continue
            if self.passing >= batch.num_rows:
                self.passing -= batch.num_rows
                continue
            self.batch, self.at, self.passing = batch, self.passing, 0
            return True

    def _begin(self) -> bool:
        """Begin with a group; False where it has nothing that is wanted."""
        if self.passing and self.passing == self.file.rows(self.group):
            return False
        if self.filters is not None and not self.filters.may_match(lambda name: self._bounds(name)):
            return False
        self.batches = self.file.batches(self.group, self.fitting.names)
        return True

    def _bounds(self, name: str) -> tuple[Any, Any] | None:
        place = self.fitting.places[self.fitting.wanted.names.index(name)]
        return None if place is None else self.file.bounds(self.group, self.fitting.names[place])

    def position(self) -> GroupPosition:
        """Where the first row is that was not read."""
        return GroupPosition(self.group, self.row)

    def close(self) -> None:
        """Close the file."""
        self.batch = self.batches = None
        self.file.close()


def first_group(at: int, size: int, groups: int) -> int:
    """The first of a file's groups that begins at a byte or behind it, if all are of one size.

    Example:
        >>> [first_group(at, 100, 3) for at in (0, 1, 33, 34, 66, 67, 100)]
        [0, 1, 1, 2, 2, 3, 3]
    """
    return groups if at >= size else -(-at * groups // size)

"""Files as the splits of a source: which files a path stands for, and a reader that goes through them one by one."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.config.paths import absolute
from pyflinkx.connectors.source import BAD_RECORDS_TAG, END, BadRecord, ReaderContext, SourceReader
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats.opening import file_size, os_error_text
from pyflinkx.formats.remote import is_url, remote_error_text, remote_system, url_of

BAD_RECORDS_COUNTER = "numBadRecords"


@dataclass(frozen=True)
class FilePart:
    """The bytes of a file from ``start`` to ``end``, by which the pieces of a format are dealt out.

    Args:
        start, end: each piece is read where its first byte is; of a format that does not say where its pieces are,
            they count as of one size.
        size: of the whole file, which must still be that when it is read.
    """

    start: int
    end: int
    size: int


@dataclass(frozen=True)
class FileSplit:
    """A file or a part of one, read by one reader: all of it, or what follows a position."""

    path: str
    position: Any = None
    part: FilePart | None = None


def source_paths(paths: Any) -> tuple[str, ...]:
    """One path or an iterable of paths as absolute ones; ``file:`` URLs become plain paths, others stay.

    Relative paths count from the current folder at this call: a job may run in another one.

    Raises:
        TypeError: something is not a path.
        ConfigurationError: there is no path, or an empty one.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    if isinstance(paths, bytes) or not isinstance(paths, Iterable):
        raise TypeError(f"a path is a str or os.PathLike, not {paths!r}")
    result = tuple(any_path(path) for path in paths)
    if not result:
        raise ConfigurationError("no path was given")
    return result


def any_path(path: Any) -> str:
    """One path as an absolute one, or a URL."""
    if isinstance(path, str) and is_url(path) and not path.startswith("file:"):
        return path if path.endswith("://") else path.rstrip("/")
    return local_path(path)


def local_path(path: Any) -> str:
    """One path as an absolute one, as ``source_paths`` does; it is no URL but a ``file:`` one."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"a path is a str or os.PathLike, not {path!r}")
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"a path is a str or os.PathLike of str, not {path!r}")
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "file":
        text = "/" + rest.lstrip("/") if rest.startswith("/") else rest
    elif colon and rest.startswith("//"):
        raise ConfigurationError(f"only local files can be read and written, not {text!r}")
    if not text:
        raise ConfigurationError("a path is empty")
    if "\0" in text:
        raise ConfigurationError(f"a path holds a NUL character: {text!r}")
    return absolute(text)


def list_files(paths: Iterable[str]) -> list[str]:
    """The files that the paths stand for: a file for itself, a folder for the files in and below it, sorted by path.

    In folders, names that start with ``.`` or ``_`` are passed over, as Flink does.

    Raises:
        SourceError: a path is missing, unreadable, or neither file nor folder.
    """
    files: list[str] = []
    for path in paths:
        if is_url(path):
            files.extend(list_remote(path))
            continue
        try:
            mode = os.stat(path).st_mode
            if stat.S_ISDIR(mode):
                files.extend(sorted(_files_below(path)))
                continue
        except OSError as error:
            raise SourceError(f"{error.filename or path}: cannot be read: {os_error_text(error)}") from error
        if not stat.S_ISREG(mode):
            raise SourceError(f"{path}: is neither a file nor a folder")
        files.append(path)
    return files


def list_remote(url: str) -> list[str]:
    """The files that a URL stands for, as URLs.

    Raises:
        SourceError: it is missing or unreadable.
        MissingExtraError: it needs a package that is not installed.
    """
    fs, path = remote_system(url)
    try:
        fs.invalidate_cache()
        if fs.isfile(path):
            return [url]
        found = fs.find(path)
        if not found and not fs.exists(path):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    except Exception as error:  # each file system raises what its library does
        raise SourceError(f"{url}: cannot be read: {remote_error_text(error)}") from error
    below = len(path.rstrip("/").split("/"))
    seen = [name for name in found if not any(part.startswith((".", "_")) for part in name.split("/")[below:])]
    return sorted(url_of(url, name) for name in seen)


def _files_below(folder: str) -> list[str]:
    files = []
    seen = set()
    folders = [folder]
    while folders:
        folder = folders.pop()
        status = os.stat(folder)
        # A link that leads back up would otherwise be followed for ever.
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "_")):
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                else:
                    files.append(entry.path)
    return files


def parts_of_files(paths: Iterable[str], size: int) -> list[FileSplit]:
    """Files in parts of about so many bytes.

    Raises:
        SourceError: one is missing, unreadable, or no regular file.
    """
    found: list[FileSplit] = []
    for path in paths:
        whole = file_size(path)
        count = max(1, round(whole / size))
        ends = [whole * number // count for number in range(count + 1)]
        found += [FileSplit(path, None, FilePart(start, end, whole)) for start, end in pairwise(ends)]
    return found


class RecordFile(Protocol):
    """Reads the records of one file."""

    bad_records: list[BadRecord]

    def read(self, limit: int) -> list[Any] | ColumnBatch | None:
        """Up to ``limit`` records, none when all that was read is bad; None at the end of the file.

        Raises:
            SourceError: the file cannot be read on. What was returned before stays valid.
        """

    def position(self) -> Any:
        """Where the first record is that was not returned, nor reported as bad."""

    def close(self) -> None:
        """Close the file."""


class FileReader(SourceReader):
    """Reads files one after the other.

    Args:
        context: of the task.
        open_records: opens a split, at its position.
    """

    def __init__(self, context: ReaderContext, open_records: Callable[[FileSplit], RecordFile]) -> None:
        self.counters = context.counters
        self.open_records = open_records
        self.waiting: deque[FileSplit] = deque()
        self.split = FileSplit("")
        self.current: RecordFile | None = None
        self.bad_records: list[BadRecord] = []

    def add_splits(self, splits: list[FileSplit]) -> None:
        self.waiting.extend(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[FileSplit]:
        current = [] if self.current is None else [replace(self.split, position=self.current.position())]
        return [*current, *self.waiting]

    def poll(self, limit: int) -> Any:
        while True:
            if self.current is None:
                if not self.waiting:
                    return END
                self.split = self.waiting.popleft()
                self.current = self.open_records(self.split)
            records = self.current.read(limit)
            if self.current.bad_records:
                self.counters[BAD_RECORDS_COUNTER] = self.counters.get(BAD_RECORDS_COUNTER, 0) + len(
                    self.current.bad_records
                )
                self.bad_records += self.current.bad_records
                self.current.bad_records = []
            if records or (records is not None and self.bad_records):
                return records if isinstance(records, ColumnBatch) else ObjectBatch(records)
            if records is None:
                self.current.close()
                self.current = None

    def take_side_records(self) -> dict[str, list[Any]]:
        if not self.bad_records:
            return {}
        taken, self.bad_records = self.bad_records, []
        return {BAD_RECORDS_TAG: taken}

    def close(self) -> None:
        if self.current is not None:
            self.current.close()
            self.current = None

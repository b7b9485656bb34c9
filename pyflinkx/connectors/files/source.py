"""What all sources of files have in common."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

from pyflinkx.connectors.files.splits import FileReader, FileSplit, RecordFile, list_files, source_paths
from pyflinkx.connectors.source import ReaderContext, Source
from pyflinkx.formats.compression import open_data


class FilesSource(Source):
    """Reads files one after the other; each split is a file or a part of one.

    Args:
        paths: a path or several, of files or folders. Of a folder, all files in and below it are read, in order of
            their paths, but those whose names start with ``.`` or ``_``.
    """

    def __init__(self, paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> None:
        self.paths = source_paths(paths)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.paths))})"

    def check(self) -> None:
        for path in list_files(self.paths):
            self.check_file(path)

    def check_file(self, path: str) -> None:
        """Raise SourceError if it is already plain that a file cannot be read."""
        open_data(path)[0].close()

    def splits(self, parallelism: int) -> list[FileSplit]:
        return [FileSplit(path) for path in list_files(self.paths)]

    def create_reader(self, context: ReaderContext) -> FileReader:
        return FileReader(context, self.open_records)

    def open_records(self, split: FileSplit) -> RecordFile:
        """The records of a split, from its position on."""
        raise NotImplementedError

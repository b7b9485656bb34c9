"""Files of a folder in which new ones appear."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.files.enumerator import FileEnumerator, FilesLeft
from pyflinkx.connectors.source import Boundedness, ReaderContext, Source, SourceReader


class WatchedFiles(Source):
    """Reads files, and those that come later, each by whichever reader is free.

    Args:
        source: reads the files.
        interval: milliseconds between two looks for new files.
    """

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED

    def __init__(self, source: Any, interval: int) -> None:
        self.source = source
        self.interval = interval
        self.output_type = source.output_type
        self.changes = source.changes
        self.columnar = source.columnar
        self.schema = source.schema

    def __repr__(self) -> str:
        return f"WatchedFiles({self.source!r})"

    def check(self) -> None:
        self.source.check()

    def splits(self, parallelism: int) -> list[Any]:
        found: list[Any] = self.source.splits(parallelism)
        return found

    def create_enumerator(self, enum_context: SplitEnumeratorContext) -> SplitEnumerator:
        return FileEnumerator(enum_context, lambda: self.splits(1), self.interval)

    def restore_enumerator(self, enum_context: SplitEnumeratorContext, checkpoint: FilesLeft) -> SplitEnumerator:
        return FileEnumerator(enum_context, lambda: self.splits(1), self.interval, checkpoint)

    def create_reader(self, context: ReaderContext) -> SourceReader:
        made: SourceReader = self.source.create_reader(context)
        return made

"""Columns made by functions of the rows' numbers, as many rows a second as is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Schema
from pyflinkx.connectors.datagen import RateLimiter
from pyflinkx.connectors.number_seq import NumberReader, number_splits
from pyflinkx.connectors.source import END, WAIT, Boundedness, ReaderContext, Source
from pyflinkx.types.changes import INSERT_ONLY

ENDLESS = 2**63 - 1
# Rows of which random values come from one seed, so that a source that goes on from a checkpoint makes the same.
BLOCK = 8192


class ColumnMaker(Protocol):
    """Makes the values of one column; a description that travels with its source."""

    def column(self, first: int, stop: int, now: int) -> Column:
        """The values of the rows with these numbers, which are of one block.

        Args:
            first, stop: from which row up to which.
            now: the time (ms).
        """


class GeneratedColumnsSource(Source):
    """Makes columns; each subtask has a piece of the rows' numbers, in order.

    Args:
        schema: of the columns.
        makers: one for each.
        count: how many rows there are; ENDLESS for no end.
        per_second: at most so many rows in a second, over all subtasks; None for as many as can be.
    """

    columnar = True
    changes = INSERT_ONLY

    def __init__(self, schema: Schema, makers: Sequence[ColumnMaker], count: int, per_second: float | None) -> None:
        self.schema = schema
        self.makers = tuple(makers)
        self.count = count
        self.per_second = per_second
        self.boundedness = Boundedness.BOUNDED if count < ENDLESS else Boundedness.CONTINUOUS_UNBOUNDED

    def __repr__(self) -> str:
        return f"GeneratedColumnsSource({', '.join(self.schema.names)})"

    def splits(self, parallelism: int) -> list[range]:
        return number_splits(0, self.count, parallelism)

    def create_reader(self, context: ReaderContext) -> GeneratedColumnsReader:
        return GeneratedColumnsReader(self, context)


class GeneratedColumnsReader(NumberReader):
    """Makes the rows of ranges of numbers."""

    def __init__(self, source: GeneratedColumnsSource, context: ReaderContext) -> None:
        super().__init__()
        self.source = source
        self.clock = context.clock
        rate = source.per_second
        self.rate = None if rate is None else rate / context.parallelism
        self.limiter: RateLimiter | None = None

    def poll(self, limit: int) -> Any:
        now = self.clock.now()
        if self.rate is not None and self.limiter is None:
            self.limiter = RateLimiter(self.rate, now)
        if not self.waiting:
            return END
        if self.limiter is not None:
            limit = min(limit, self.limiter.permits(now))
            if limit <= 0:
                return WAIT
        first = self.waiting[0].start
        numbers = self.take(min(limit, BLOCK - first % BLOCK))
        assert numbers is not None
        if self.limiter is not None:
            self.limiter.take(len(numbers))
        columns = [maker.column(numbers.start, numbers.stop, now) for maker in self.source.makers]
        return ColumnBatch(self.source.schema, columns, len(numbers))

    def wake_time(self) -> int | None:
        return None if self.limiter is None else self.limiter.next_time()

from collections.abc import Sequence
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.states import NativeStates

ROWS_FIELD: Field
COUNT_FIELDS: tuple[Field, ...]
SESSION_FIELDS: tuple[Field, ...]
SLICE_FIELDS: tuple[Field, ...]

class TimeWindows(NativeStates):
    def add(
        self, batch: ColumnBatch, done: int = 0, limit: int = ..., sequence: int = 0
    ) -> tuple[ColumnBatch | None, ColumnBatch | None, int | None]: ...
    def fire(self, watermark: int, limit: int) -> tuple[ColumnBatch | None, bool]: ...

@final
class SliceWindows(TimeWindows):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        size: int,
        slide: int,
        offset: int = 0,
        cumulative: bool = False,
        lateness: int = 0,
        *,
        partials: bool = False,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    watermark: int
    @property
    def held(self) -> int: ...
    def merge(self, batch: ColumnBatch) -> int: ...
    def next_end(self) -> int | None: ...

@final
class SessionWindows(TimeWindows):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        gap: int,
        lateness: int = 0,
        *,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    watermark: int
    @property
    def held(self) -> int: ...

@final
class CountWindows(NativeStates):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        size: int,
        slide: int,
        *,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    @property
    def held(self) -> int: ...
    def add(
        self, batch: ColumnBatch, done: int = 0, limit: int = ..., sequence: int = 0
    ) -> tuple[ColumnBatch | None, ColumnBatch | None, int | None]: ...
    def fire(self, watermark: int, limit: int) -> tuple[ColumnBatch | None, bool]: ...

@final
class RunningAggregates(NativeStates):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        *,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    def add(
        self, batch: ColumnBatch, each: bool, done: int = 0, limit: int = ..., sequence: int = 0
    ) -> tuple[ColumnBatch | None, int | None]: ...
    def merge(self, batch: ColumnBatch) -> None: ...
    def finish(self, first: int, limit: int) -> ColumnBatch | None: ...

from collections.abc import Sequence
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.aggregates import NativeAggregation

SLICE_FIELDS: tuple[Field, ...]

def partial_columns(
    schema: Schema, keys: Sequence[str], aggregates: Sequence[tuple[str, str | None, str | None]], sliced: bool
) -> Schema | None: ...

class LocalAggregation(NativeAggregation): ...

@final
class LocalSlices(LocalAggregation):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        max_parallelism: int,
        subtasks: int,
        size: int,
        slide: int,
        offset: int = 0,
        cumulative: bool = False,
        *,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    @property
    def held(self) -> int: ...
    def add(self, batch: ColumnBatch, sequence: int, start: int = 0, watermark: int = ...) -> int: ...
    def send(self, watermark: int, limit: int) -> tuple[ColumnBatch | None, bool]: ...
    def forget_keys(self) -> None: ...

@final
class LocalKeys(LocalAggregation):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        max_parallelism: int,
        subtasks: int,
        *,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    def add(self, batch: ColumnBatch, sequence: int) -> None: ...
    def send(self, first: int, limit: int) -> ColumnBatch | None: ...
    def forget(self) -> None: ...

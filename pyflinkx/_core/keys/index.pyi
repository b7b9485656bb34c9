from collections.abc import Sequence
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.aggregates import NativeAggregation

@final
class KeyIndex(NativeAggregation):
    def __init__(
        self,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        secret: bytes | None = None,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    @property
    def is_direct(self) -> bool: ...
    @property
    def longest(self) -> int: ...
    @property
    def secrets(self) -> int: ...
    def add(self, batch: ColumnBatch) -> list[int]: ...
    def keys(self) -> ColumnBatch | None: ...
    def compact(self, keep: Sequence[bool]) -> list[int | None]: ...

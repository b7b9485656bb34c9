from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.rows import HeldBlock

STATE_METADATA: bytes
STATE_VERSION: int

@final
class NativeJoin:
    most_bytes: int
    def __init__(
        self,
        left_keys: Sequence[int],
        right_keys: Sequence[int],
        schema: Schema,
        lower: int = 0,
        upper: int = 0,
        window_size: int = 0,
        window_offset: int = 0,
        budget: MemoryBudget | None = None,
    ) -> None: ...
    def export(self, side: int, max_parallelism: int, limit: int = 32_768) -> Iterator[ColumnBatch]: ...
    def import_(self, side: int, batch: ColumnBatch) -> None: ...
    @property
    def rows(self) -> tuple[int, int]: ...
    @property
    def longest(self) -> int: ...
    def advance(self, watermark: int) -> None: ...
    def process(
        self, batch: ColumnBatch, side: int, emit: Callable[[ColumnBatch], Any]
    ) -> Generator[None, None, ColumnBatch | None]: ...

def exported_rows(
    held: Sequence[HeldBlock], side: int, key_positions: tuple[int, ...], max_parallelism: int, limit: int
) -> Iterator[ColumnBatch]: ...

from typing import final

from typing_extensions import Self

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.memory.budget import MemoryBudget

@final
class Block: ...

@final
class Located: ...

@final
class HeldBlock:
    def __new__(cls, block: Block, until: int, budget: MemoryBudget) -> Self: ...
    @property
    def latest(self) -> int: ...
    def rows(self) -> ColumnBatch: ...

@final
class HeldColumns:
    following: int
    def __new__(cls, budget: MemoryBudget) -> Self: ...
    @property
    def width(self) -> int | None: ...
    def rows_after(self, until: int) -> list[HeldBlock]: ...

from collections.abc import Hashable, Sequence
from typing import final

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.keys.snapshots import Snapshots
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.state.exported import StateExport

@final
class TimerQueue:
    @property
    def snapshots(self) -> Snapshots: ...
    def __new__(cls, budget: MemoryBudget | None = None) -> TimerQueue: ...
    def __len__(self) -> int: ...
    def register(self, timestamp: int, key: Hashable, namespace: Hashable) -> bool: ...
    def delete(self, timestamp: int, key: Hashable, namespace: Hashable) -> bool: ...
    def peek(self) -> int | None: ...
    def pop_due(self, time: int) -> tuple[int, Hashable, Hashable] | None: ...
    def items(self) -> list[tuple[int, Hashable, Hashable]]: ...

class TimersExport(StateExport):
    def __new__(
        cls,
        name: str,
        schema: Schema,
        codecs: Sequence[Codec],
        max_parallelism: int,
        snapshots: Snapshots,
        queue: TimerQueue,
    ) -> TimersExport: ...

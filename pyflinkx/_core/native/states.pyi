from collections.abc import Iterator, Sequence
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.aggregates import NativeAggregation

STATE_METADATA: bytes
SLICE_FIELDS: tuple[Field, ...]
SESSION_FIELDS: tuple[Field, ...]
COUNT_FIELDS: tuple[Field, ...]

def state_schema(owner: NativeAggregation, space_fields: Sequence[Field], version: str | None = None) -> Schema: ...

@final
class StateColumns:
    schema: Schema
    def __new__(cls, schema: Schema, budget: MemoryBudget) -> StateColumns: ...

@final
class StateReader:
    def __new__(cls, expected: Schema, keys: int, spaces: int, version: str | None = None) -> StateReader: ...
    def positions_in(self, schema: Schema) -> list[int]: ...

@final
class StateRows:
    def __new__(cls, owner: NativeStates, max_parallelism: int, of_snapshot: bool = False) -> StateRows: ...

class NativeStates(NativeAggregation):
    def export(self, max_parallelism: int, limit: int = 32_768) -> Iterator[ColumnBatch]: ...
    def snapshot(self, max_parallelism: int, limit: int = 32_768) -> Iterator[ColumnBatch]: ...
    def forget_snapshot(self) -> None: ...
    def snapshot_batches(self, max_parallelism: int, limit: int) -> Iterator[ColumnBatch]: ...
    def import_(self, batch: ColumnBatch) -> None: ...

from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.records.objects import ObjectBatch

def from_rows(
    rows: Iterable[Any],
    schema: Schema,
    timestamps: Any = None,
    kinds: Any = None,
    budget: MemoryBudget | None = None,
    wanted: Sequence[int] | None = None,
) -> ColumnBatch: ...
def from_objects(
    batch: ObjectBatch, schema: Schema, budget: MemoryBudget | None = None, wanted: Sequence[int] | None = None
) -> ColumnBatch: ...

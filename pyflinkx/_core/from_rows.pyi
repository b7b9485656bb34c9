from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.batch import ColumnBatch
from pyflinkx._core.memory import MemoryBudget
from pyflinkx._core.objects import ObjectBatch
from pyflinkx._core.schema import Schema

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

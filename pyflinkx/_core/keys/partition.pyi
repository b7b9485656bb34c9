from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.canonical import KEY_FORMAT, canonical_key_bytes, check_key
from pyflinkx._core.keys.encoder import KeyEncoder
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.records.objects import ObjectBatch

__all__ = [
    "KEY_FORMAT",
    "MAX_KEY_GROUPS",
    "canonical_key_bytes",
    "check_key",
    "column_key_bytes",
    "column_key_groups",
    "key_group",
    "key_group_range",
    "key_groups",
    "scatter_by_key",
    "scatter_columns",
    "scatter_objects",
    "slice_by_key_group",
    "subtask_of",
    "subtasks_of",
    "xxh64",
]

MAX_KEY_GROUPS: int

def xxh64(data: Any, seed: int = 0) -> int: ...
def key_group(key: Any, max_parallelism: int, encoder: KeyEncoder | None = None) -> int: ...
def key_groups(keys: Sequence[Any], max_parallelism: int, encoder: KeyEncoder | None = None) -> array[int]: ...
def column_key_groups(batch: ColumnBatch, columns: Sequence[int | str], max_parallelism: int) -> array[int]: ...
def column_key_bytes(batch: ColumnBatch, columns: Sequence[int | str], row: int) -> bytes: ...
def key_group_range(subtask: int, max_parallelism: int, parallelism: int) -> range: ...
def subtask_of(group: int, max_parallelism: int, parallelism: int) -> int: ...
def subtasks_of(groups: array[int], max_parallelism: int, parallelism: int) -> array[int]: ...
def scatter_objects(batch: ObjectBatch, subtasks: array[int], count: int) -> list[ObjectBatch | None]: ...
def scatter_by_key(
    batch: ColumnBatch,
    columns: Iterable[int | str],
    max_parallelism: int,
    count: int,
    budget: MemoryBudget | None = None,
) -> list[ColumnBatch | None]: ...
def scatter_columns(
    batch: ColumnBatch, subtasks: array[int], count: int, budget: MemoryBudget | None = None
) -> list[ColumnBatch | None]: ...
def slice_by_key_group(
    batch: ColumnBatch, column: int, max_parallelism: int, parallelism: int
) -> list[ColumnBatch | None]: ...

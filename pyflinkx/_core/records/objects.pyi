from array import array
from typing import Any

from pyflinkx._core.records.copier import Copier

NO_TIMESTAMP: int

class ObjectBatch:
    values: list[Any]
    timestamps: array[int] | None
    kinds: array[int] | None
    def __init__(
        self, values: list[Any], timestamps: array[int] | None = None, kinds: array[int] | None = None
    ) -> None: ...
    def __len__(self) -> int: ...
    def slice(self, start: int, stop: int) -> ObjectBatch: ...
    def append(self, other: ObjectBatch) -> bool: ...
    def copy(self, copier: Copier | None = None) -> ObjectBatch: ...

def constant_timestamps(count: int, timestamp: int) -> array[int]: ...

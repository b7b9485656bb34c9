from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch

ADD: int
SUBTRACT: int
MULTIPLY: int
FLOOR_DIVIDE: int
MODULO: int

def largest_time(batch: ColumnBatch) -> int | None: ...
def int64_math(operation: int, left: Any, right: Any, valid: Any, to: Any) -> int: ...

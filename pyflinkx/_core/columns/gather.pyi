from collections.abc import Sequence

from pyflinkx._core.columns.column import Column
from pyflinkx._core.memory.budget import MemoryBudget

def limit_offsets(last: int) -> int: ...
def concat_columns(columns: Sequence[Column], budget: MemoryBudget | None = None) -> Column: ...

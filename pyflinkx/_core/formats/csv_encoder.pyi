from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.memory.budget import MemoryBudget

@final
class CsvEncoder:
    def __init__(
        self, delimiter: bytes, quote: bytes, null: bytes, crlf: bool = False, budget: MemoryBudget | None = None
    ) -> None: ...
    def encode(self, batch: ColumnBatch) -> bytes | None: ...

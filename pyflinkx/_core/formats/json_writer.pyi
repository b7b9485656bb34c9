from collections.abc import Callable, Sequence
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.formats.json_reader import Node
from pyflinkx._core.memory.budget import MemoryBudget

@final
class JsonWriter:
    schema: Schema
    def __init__(self, nodes: Sequence[Node], names: Sequence[str], budget: MemoryBudget | None = None) -> None: ...
    def lines(self, batch: ColumnBatch, encode: Callable[[int], bytes]) -> bytes: ...

from collections.abc import Sequence
from typing import Any, NamedTuple, final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget

FORMS: dict[str, int]

class Node(NamedTuple):
    form: str
    field: Field
    first: int
    parts: int

class LinesRead(NamedTuple):
    at: int
    lines: int
    rare: tuple[int, int] | None

def is_utf8(data: bytes) -> bool: ...

@final
class JsonReader:
    schema: Schema
    def __init__(self, nodes: Sequence[Node], all_fields: bool = False, budget: MemoryBudget | None = None) -> None: ...
    @property
    def rows(self) -> int: ...
    def read_messages(self, messages: list[Any]) -> list[int]: ...
    def read_lines(self, block: bytes, start: int, rows: int, sound: bool) -> LinesRead: ...
    def take(self) -> ColumnBatch: ...

from collections.abc import Collection
from typing import final

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.memory.budget import MemoryBudget

FULL: str
ENDED: str
RARE: str

@final
class CsvDecoder:
    schema: Schema
    at: int
    line: int
    rows: int
    def __new__(
        cls,
        schema: Schema,
        places: list[int],
        count: int,
        delimiter: bytes,
        quote: bytes = b'"',
        escape: bytes = b"",
        *,
        comments: bool = False,
        cuts: bool = False,
        nulls: list[bytes] | None = None,
        characters: Collection[int] = (),
        field_limit: int = 131072,
        budget: MemoryBudget | None = None,
    ) -> CsvDecoder: ...
    def open(self, piece: bytes, at: int, line: int) -> None: ...
    def read(self, limit: int) -> str: ...
    def read_messages(self, messages: list[bytes]) -> list[int]: ...
    def take(self) -> ColumnBatch: ...

def pass_lines(piece: bytes, at: int, lines: int) -> tuple[int, int]: ...

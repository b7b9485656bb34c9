from collections.abc import Sequence
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.keys.map import KeyMap

class EntriesExport:
    @property
    def name(self) -> str: ...
    @property
    def over(self) -> bool: ...
    @property
    def batches(self) -> list[ColumnBatch]: ...
    def __new__(
        cls, name: str, schema: Schema, codecs: Sequence[Codec], entries: KeyMap[Any, Any] | list[Any]
    ) -> EntriesExport: ...
    def advance(self, limit: int) -> int: ...
    def close(self) -> None: ...

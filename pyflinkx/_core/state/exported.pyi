from collections.abc import Sequence
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.keys.snapshots import Snapshots
from pyflinkx._core.state.keyed import StateTable

class ByteColumn:
    def __new__(cls, field: Field) -> ByteColumn: ...

class StateExport:
    @property
    def name(self) -> str: ...
    @property
    def entries(self) -> int: ...
    @property
    def over(self) -> bool: ...
    @property
    def batches(self) -> list[ColumnBatch]: ...
    def __new__(
        cls,
        name: str,
        schema: Schema,
        codecs: Sequence[Codec],
        max_parallelism: int,
        snapshots: Snapshots,
        *args: Any,
    ) -> StateExport: ...
    def advance(self, limit: int) -> int: ...
    def close(self) -> None: ...

class TableExport(StateExport):
    def __new__(
        cls,
        name: str,
        schema: Schema,
        codecs: Sequence[Codec],
        max_parallelism: int,
        snapshots: Snapshots,
        table: StateTable,
        is_map: bool,
    ) -> TableExport: ...

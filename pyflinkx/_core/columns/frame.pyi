from typing import Any

from typing_extensions import Buffer

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema

def columns_as_parts(batch: ColumnBatch, start: int) -> tuple[int, list[Any]]: ...
def columns_from_frame(frame: Buffer, schema: Schema, table: int, count: int) -> ColumnBatch: ...

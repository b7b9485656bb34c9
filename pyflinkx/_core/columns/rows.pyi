from typing import Any

from pyflinkx._core.records.row import Row

def rows_from_columns(columns: list[Any], fields: list[str] | None) -> list[Row]: ...

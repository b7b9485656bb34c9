"""Records as lines of JSON."""

from __future__ import annotations

from os import PathLike
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.single import FileText, SingleFileSink
from pyflinkx.errors import SinkError
from pyflinkx.formats.json_rows import JsonRows
from pyflinkx.types.typeinfo import RowTypeInfo


class JsonLinesSink(SingleFileSink):
    """Writes rows as a JSON object in each line (https://jsonlines.org).

    Values are written as ``JsonRowSerializationSchema`` does. The file appears at the end of the input: whole, or, when
    the job fails, not at all. Of a stream of columns of the type no rows are made.

    Args:
        path: of the file.
        type_info: of the rows.
        write_mode: ``"overwrite"`` replaces a file of that name, ``"no_overwrite"`` refuses to.

    Raises:
        TypeError: ``type_info`` is no row type.
        ConfigurationError: an option or the type cannot be.

    Example:
        >>> from pyflinkx.common import Types
        >>> JsonLinesSink("/data/trips.jsonl", Types.ROW_NAMED(["id", "fare"], [Types.LONG(), Types.DOUBLE()]))
        JsonLinesSink('/data/trips.jsonl')
    """

    columnar = True  # as well

    def __init__(self, path: str | PathLike[str], type_info: RowTypeInfo, write_mode: str = "overwrite") -> None:
        super().__init__(path, "utf-8", write_mode, "\n")
        self.rows = JsonRows(type_info)

    def new_text(self) -> FileText:
        return JsonText(self.path, self.rows)


class JsonText(FileText):
    """The lines of one file."""

    def __init__(self, path: str, rows: JsonRows) -> None:
        self.path = path
        self.rows = rows

    def lines(self, values: list[Any]) -> str:
        try:
            return b"".join([line + b"\n" for line in self.rows.encoder.messages(values)]).decode()
        except TypeError as error:
            raise SinkError(f"{self.path}: {error}") from error

    def of_columns(self, batch: ColumnBatch) -> bytes | None:
        if batch.schema != self.rows.encoder.schema:
            return None
        try:
            return self.rows.encoder.lines(batch)
        except TypeError as error:
            raise SinkError(f"{self.path}: {error}") from error

"""Rows and columns of one row type as JSON objects: by compiled code, and what that leaves by ``json_values``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.formats.json_writer import JsonWriter
from pyflinkx.errors import LongBatchError, TypeInformationError
from pyflinkx.formats.json_forms import NoForm, form_of, nodes_of
from pyflinkx.formats.json_values import quoted
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import RowTypeInfo

# Rows that are written at once.
PIECE = 1024


class JsonEncoder:
    """Encodes rows of a type.

    Args:
        type_info: the type.
        encode: the JSON of one record: the rules, and the errors, are its.
    """

    def __init__(self, type_info: RowTypeInfo, encode: Callable[[Any], bytes]) -> None:
        self.schema: Schema = schema_of(type_info)
        self.encode = encode
        self.conform = codec_of(type_info).conform_batch
        self.spare: list[JsonWriter] = []  # whoever writes takes one: several threads may use one encoder
        try:
            form = form_of("", type_info)
        except NoForm:
            self.nodes = None
            return
        self.nodes = nodes_of(form)
        self.written = Schema([part.field for part in form.parts])
        self.names = [quoted(node.field.name) for node in self.nodes]

    def messages(self, rows: list[Any]) -> list[bytes]:
        """The JSON of each row; that of None is ``null``.

        Raises:
            TypeError: as ``encode`` does.
        """
        messages: list[bytes] = []
        for start in range(0, len(rows), PIECE):
            piece = rows[start : start + PIECE]
            batch = self._batch(piece)
            if batch is None:
                messages += map(self.encode, piece)
            else:  # a line end within a text is written as an escape
                messages += self._lines(batch, partial(self._encode, piece)).split(b"\n")[:-1]
        return messages

    def _encode(self, rows: list[Any], place: int) -> bytes:
        return self.encode(rows[place])

    def lines(self, batch: ColumnBatch) -> bytes:
        """The rows of a batch, each with a line end.

        Args:
            batch: of the columns that the type has (``schema``).

        Raises:
            TypeError: as ``encode`` does.
        """

        def encode(row: int) -> bytes:
            return self.encode(batch.slice(row, row + 1).to_rows()[0])

        if self.nodes is None:
            return b"".join([encode(row) + b"\n" for row in range(len(batch))])
        return self._lines(self._known(batch), encode)

    def _lines(self, batch: ColumnBatch, encode: Callable[[int], bytes]) -> bytes:
        writer = self.spare.pop() if self.spare else JsonWriter(self.nodes or (), self.names)
        lines = writer.lines(batch, encode)
        self.spare.append(writer)
        return lines

    def _batch(self, rows: list[Any]) -> ColumnBatch | None:
        """Rows as the columns that are written; None where it takes more than that."""
        if self.nodes is None or None in rows:
            return None
        try:
            return ColumnBatch.from_rows(self.conform(rows), self.written)
        except (TypeInformationError, LongBatchError, OverflowError):
            return None

    def _known(self, batch: ColumnBatch) -> ColumnBatch:
        """A batch of the type's columns as one of those that are written."""
        columns = []
        for column, field in zip(batch.columns, self.written, strict=True):
            if column.field == field:
                columns.append(column)
                continue
            values = ColumnBatch(Schema([column.field]), [column], len(column)).to_rows("tuple")
            builder = ColumnBuilder(field)
            builder.extend([value for (value,) in values])
            columns.append(builder.finish())
        return ColumnBatch(self.written, columns, len(batch))

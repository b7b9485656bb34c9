"""Which fields of CSV the compiled decoder reads as columns, and the values of those columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows, to_values
from pyflinkx._core.formats.csv_decoder import CsvDecoder
from pyflinkx.formats.csv_records import CsvFormat
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.types.typeinfo import (
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
)

FORMATS = {
    BasicType.BYTE: "c",
    BasicType.SHORT: "s",
    BasicType.INT: "i",
    BasicType.LONG: "l",
    BasicType.FLOAT: "f",
    BasicType.DOUBLE: "g",
    BasicType.BOOLEAN: "b",
    BasicType.STRING: "u",
    BasicType.CHAR: "u",
}
TIMES: tuple[tuple[type[TypeInformation], str], ...] = (
    (DateTypeInfo, "tdD"),
    (TimeTypeInfo, "ttu"),
    (TimestampTypeInfo, "tsu:"),
)
# Characters of numbers, which set no fields apart for the compiled decoder.
NUMERIC = "0123456789+-."


def column_format(type_info: TypeInformation) -> str | None:
    """The Arrow format in which the compiled decoder reads fields of a type; None when it reads their text only."""
    if isinstance(type_info, BasicTypeInfo):
        return FORMATS.get(type_info.basic_type)
    return next((form for kind, form in TIMES if isinstance(type_info, kind)), None)


def can_be_compiled(csv_format: CsvFormat, charset: str) -> bool:
    """Whether the compiled decoder reads files of this kind."""
    characters = (csv_format.delimiter, csv_format.quote or '"', csv_format.escape or "\\")
    return charset == "utf-8" and all(one.isascii() and one not in NUMERIC for one in characters)


@dataclass
class CompiledColumns:
    """How the fields of a shape are read by the compiled decoder, and records are made of its columns.

    Args:
        shape: of the records.
        parsers: of its fields.
    """

    shape: RecordShape
    parsers: Sequence[ColumnParser]

    def __post_init__(self) -> None:
        names = [f"f{index}" if field.name is None else field.name for index, field in enumerate(self.shape.fields)]
        formats = [column_format(field.type_info) for field in self.shape.fields]
        self.schema = Schema(
            [
                Field(name, form or "u", field.nullable)
                for name, form, field in zip(names, formats, self.shape.fields, strict=True)
            ]
        )
        self.characters = [
            index
            for index, field in enumerate(self.shape.fields)
            if isinstance(field.type_info, BasicTypeInfo) and field.type_info.basic_type is BasicType.CHAR
        ]
        # Fields whose text becomes a value in Python.
        self.parsed = [index for index, form in enumerate(formats) if form is None]
        self.kind = {RowTypeInfo: "row", TupleTypeInfo: "tuple"}.get(type(self.shape.schema))

    @property
    def native(self) -> bool:
        """Whether the columns are all that there is to the records, as no class makes them of values."""
        return self.kind is not None and not self.parsed and len(set(self.schema.names)) == len(self.schema.names)

    def decoder(self, csv_format: CsvFormat, places: list[int], count: int, cuts: bool) -> CsvDecoder:
        """A decoder of files with ``count`` columns, where the fields are at ``places``."""
        return CsvDecoder(
            self.schema,
            places,
            count,
            csv_format.delimiter.encode(),
            (csv_format.quote or "").encode(),
            (csv_format.escape or "").encode(),
            comments=csv_format.comments,
            cuts=cuts,
            nulls=[text.encode(errors="surrogatepass") for text in sorted(self.parsers[0].null_values)],
            characters=self.characters,
            field_limit=csv.field_size_limit(),
        )

    def records(self, batch: ColumnBatch) -> list[Any]:
        """The records of what the decoder read.

        Raises:
            Exception: a text has no value, or the class of the records refused values.
        """
        if self.kind is not None and not self.parsed:
            return to_rows(batch, self.kind)  # type: ignore[arg-type]
        columns = [to_values(column) for column in batch.columns]
        for index in self.parsed:
            columns[index] = self.parsers[index].values(columns[index])
        return self.shape.records(columns)

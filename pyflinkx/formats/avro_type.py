"""The type of generic records of Avro."""

from __future__ import annotations

from typing import Any

from pyflinkx.formats.avro_schema import AvroSchema
from pyflinkx.types.typeinfo import PickledBytesTypeInfo


class GenericRecordAvroTypeInfo(PickledBytesTypeInfo):
    """Generic records of a schema, which are dicts; between processes they travel as Python's values.

    Args:
        schema: of the records.

    Example:
        >>> GenericRecordAvroTypeInfo(
        ...     AvroSchema.parse_string('{"type": "record", "name": "Trip", "fields": []}')
        ... )
        GenericRecordAvroTypeInfo(Trip)
    """

    def __init__(self, schema: AvroSchema) -> None:
        self._schema = schema

    def _identity(self) -> tuple[Any, ...]:
        return ("avro", self._schema)

    def __repr__(self) -> str:
        return f"GenericRecordAvroTypeInfo({self._schema.name})"

"""The types that a JSON schema (json-schema.org) describes."""

from __future__ import annotations

import json
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.typeinfo import RowTypeInfo, TypeInformation, Types

FORMATS = {"date": Types.SQL_DATE, "time": Types.SQL_TIME, "date-time": Types.SQL_TIMESTAMP}


def row_type_of_schema(schema: str) -> RowTypeInfo:
    """The row type of a schema of objects; every number is a BIG_DEC, as in Flink.

    Args:
        schema: a JSON text.

    Raises:
        TypeError: it is no str.
        ConfigurationError: it is no JSON, or uses what is not understood: other than types, properties, items, formats
            and alternatives with null.

    Example:
        >>> row_type_of_schema('{"type": "object", "properties": {"id": {"type": "integer"}}}')
        RowTypeInfo(id: BigDecimal)
    """
    if not isinstance(schema, str):
        raise TypeError(f"a JSON schema is a str, not {short_repr(schema)}")
    try:
        described = json.loads(schema)
    except ValueError as error:
        raise ConfigurationError(f"the JSON schema is no JSON: {error}") from error
    result = _type_of(described, "<root>")
    if not isinstance(result, RowTypeInfo):
        raise ConfigurationError("the JSON schema describes no object with properties")
    return result


def _type_of(schema: Any, path: str) -> TypeInformation:
    if not isinstance(schema, dict):
        raise ConfigurationError(f"{path} of the JSON schema is no object")
    if "oneOf" in schema:
        return _alternative(schema["oneOf"], path)
    kind = schema.get("type")
    if isinstance(kind, list):
        return _alternative([{**schema, "type": one} for one in kind], path)
    if kind == "object":
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            raise ConfigurationError(f"{path} of the JSON schema is an object without properties")
        return Types.ROW_NAMED(
            list(properties), [_type_of(part, f"{path}/{name}") for name, part in properties.items()]
        )
    if kind == "array":
        items = schema.get("items")
        if isinstance(items, list):
            return Types.TUPLE([_type_of(part, f"{path}/items[{index}]") for index, part in enumerate(items)])
        return Types.OBJECT_ARRAY(_type_of(items, f"{path}/items"))
    if kind == "string":
        if schema.get("contentEncoding") == "base64":
            return Types.PRIMITIVE_ARRAY(Types.BYTE())
        return FORMATS.get(str(schema.get("format")), Types.STRING)()
    if kind in ("number", "integer"):
        return Types.BIG_DEC()
    if kind == "boolean":
        return Types.BOOLEAN()
    raise ConfigurationError(f"{path} of the JSON schema has a type that is not understood: {kind!r}")


def _alternative(parts: Any, path: str) -> TypeInformation:
    """The one type that is not null."""
    if isinstance(parts, list):
        others = [
            part for part in parts if part != "null" and not (isinstance(part, dict) and part.get("type") == "null")
        ]
        if len(others) == 1 and len(parts) <= 2:
            return _type_of(others[0], path)
    raise ConfigurationError(f"{path} of the JSON schema has alternatives other than one type and null")

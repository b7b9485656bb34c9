"""Schemas as text: how frames of columns say what they hold."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import cloudpickle

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import CorruptDataError


def schema_text(schema: Schema) -> bytes:
    """The schema as JSON in ASCII.

    Example:
        >>> schema_text(Schema([Field("a", "l")]))
        b'[[["a","l",true,[],null]],null]'
    """
    fields = [described(field) for field in schema.fields]
    return json.dumps([fields, metadata_text(schema.metadata)], separators=(",", ":")).encode()


def described(field: Field) -> list[Any]:
    children = [described(child) for child in field.children]
    parts = [field.name, field.format, field.nullable, children, metadata_text(field.metadata)]
    return parts if field.carried is None else [*parts, carried_text(field.carried)]


def carried_text(carried: Any) -> str:
    """What a column carries, pickled as the records of streams without declared types are."""
    try:
        return base64.b64encode(pickle.dumps(carried, 5)).decode()
    except (pickle.PicklingError, AttributeError, TypeError):
        return base64.b64encode(cloudpickle.dumps(carried, 5)).decode()


def metadata_text(metadata: dict[bytes, bytes] | None) -> list[list[str]] | None:
    if metadata is None:
        return None
    return [[key.decode("latin-1"), value.decode("latin-1")] for key, value in metadata.items()]


def schema_from(text: bytes) -> Schema:
    """The schema of such a text.

    Raises:
        CorruptDataError: it is none.
    """
    try:
        fields, metadata = json.loads(text)
        return Schema([field_from(*field) for field in fields], metadata_from(metadata))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptDataError(f"a frame's schema cannot be read: {error}") from error


def field_from(name: Any, format: Any, nullable: Any, children: Any, metadata: Any, carried: Any = None) -> Field:
    fields = [field_from(*child) for child in children]
    return Field(name, format, nullable, fields, metadata_from(metadata), carried_from(carried))


def carried_from(text: Any) -> Any:
    if text is None:
        return None
    try:
        return pickle.loads(base64.b64decode(text, validate=True))
    except Exception as error:
        raise CorruptDataError(f"a frame's schema cannot be read: {type(error).__name__}: {error}") from error


def metadata_from(pairs: Any) -> dict[bytes, bytes] | None:
    if pairs is None:
        return None
    return {key.encode("latin-1"): value.encode("latin-1") for key, value in pairs}

"""What records are made of: the fields of a row type, dataclass or NamedTuple, and how values become such a record."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx._core.columns.rows import rows_from_columns
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.infer import type_info_from_annotation, without_none
from pyflinkx.types.structured import StructuredTypeInfo, is_named_tuple
from pyflinkx.types.typeinfo import RowTypeInfo, TupleTypeInfo, TypeInformation


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a record; ``name`` is None where fields go by position."""

    name: str | None
    type_info: TypeInformation
    nullable: bool = True


class RecordShape:
    """Which fields records have, and how columns of values become records.

    Args:
        schema: a row or tuple type, or a dataclass or NamedTuple class whose fields have type hints.

    Raises:
        ConfigurationError: it is something else, has no fields, or a hint has no type.
    """

    def __init__(self, schema: Any) -> None:
        if isinstance(schema, StructuredTypeInfo):
            schema = schema.cls
        self.schema = schema
        self.output_type: TypeInformation | None = (
            schema if isinstance(schema, TypeInformation) else type_info_from_annotation(schema)
        )
        self.fields = _fields_of(schema)
        if not self.fields:
            raise ConfigurationError(f"a schema has at least one field, {schema!r} has none")
        self._names = [f"f{index}" if field.name is None else field.name for index, field in enumerate(self.fields)]

    def records(self, columns: list[Any]) -> list[Any]:
        """Records of the values at the same place in each column; one list or tuple per field."""
        if isinstance(self.schema, RowTypeInfo):
            return rows_from_columns(columns, self._names)
        if isinstance(self.schema, TupleTypeInfo):
            return list(zip(*columns, strict=True))
        make: Callable[..., Any] = self.schema
        if dataclasses.is_dataclass(make) and any(field.kw_only for field in dataclasses.fields(make)):
            return [make(**dict(zip(self._names, values, strict=True))) for values in zip(*columns, strict=True)]
        return list(map(make, *columns))

    def record(self, values: Sequence[Any]) -> Any:
        """One record."""
        return self.records([[value] for value in values])[0]


def _fields_of(schema: Any) -> list[Field]:
    if isinstance(schema, (RowTypeInfo, TupleTypeInfo)):
        names = schema.field_names or [None] * len(schema.field_types)
        return [Field(name, type_info) for name, type_info in zip(names, schema.field_types, strict=True)]
    if is_named_tuple(schema):
        return _hinted(schema, list(schema._fields))
    if isinstance(schema, type) and dataclasses.is_dataclass(schema):
        return _hinted(schema, [field.name for field in dataclasses.fields(schema) if field.init])
    raise ConfigurationError(
        f"a schema is a row type such as Types.ROW_NAMED(...), a dataclass or a NamedTuple class, not {schema!r}"
    )


def _hinted(schema: type, names: list[str]) -> list[Field]:
    try:
        hints = typing.get_type_hints(schema, localns={schema.__name__: schema})
    # A hint is the user's own expression and may raise anything.
    except Exception as error:
        raise ConfigurationError(f"a type hint of {schema.__name__} cannot be evaluated: {error}") from error
    fields = []
    for name in names:
        hint, nullable = without_none(hints.get(name, Any))
        type_info = type_info_from_annotation(hint)
        if type_info is None:
            shown = getattr(hint, "__name__", None) or repr(hint)
            raise ConfigurationError(f"{schema.__name__}.{name}: the type hint {shown} does not say what it holds")
        fields.append(Field(name, type_info, nullable))
    return fields

"""Whatever describes the type of values, as a data type: type information, a class, PyFlink's types of tables."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import ConfigurationError, TypeInformationError
from pyflinkx.types.arrow import native_field
from pyflinkx.types.data_type import DataType, Kind
from pyflinkx.types.data_type_field import field_of
from pyflinkx.types.data_type_info import data_type_of
from pyflinkx.types.infer import type_info_from_annotation
from pyflinkx.types.typeinfo import TypeInformation

INSTANT = DataType(Kind.TIMESTAMP_LTZ, 9)


@singledispatch
def described_type(description: Any) -> DataType:
    """The type that something describes; other packages register what they describe types with.

    Raises:
        TypeError: it describes none.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> print(described_type(Types.ROW_NAMED(["id"], [Types.LONG()])))
        ROW<`id` BIGINT>
    """
    info = type_info_from_annotation(description) if isinstance(description, type) else None
    if info is None:
        raise TypeError(f"a type such as Types.ROW_NAMED(...) or DataTypes.ROW(...) is needed, not {description!r}")
    return data_type_of(info)


@described_type.register
def _(description: DataType) -> DataType:
    return description


@described_type.register
def _(description: TypeInformation) -> DataType:
    return data_type_of(description)


def described_columns(description: Any) -> Schema:
    """The columns of records of a type, all with values that Arrow knows.

    Whole numbers of any size are decimals of 38 digits, and decimals have 18 of these after the point.

    Raises:
        TypeError: it describes no type.
        ConfigurationError: the type has no fields, two of one name, or one that no column is for.
    """
    kind = described_type(description)
    if kind.kind is not Kind.ROW or not kind.children:
        raise ConfigurationError(f"a row of fields is needed, such as Types.ROW_NAMED(...), not {kind}")
    if len(set(kind.names)) < len(kind.names):
        raise ConfigurationError(f"the fields of a row have names of their own, not {', '.join(kind.names)}")
    return Schema([_column(name, child) for name, child in zip(kind.names, kind.children, strict=True)])


def with_keys(kind: DataType) -> DataType:
    """The type with keys of maps that are never missing, as Arrow's are."""
    if not kind.children or kind.python is not None:
        return kind
    children = tuple(map(with_keys, kind.children))
    if kind.kind in (Kind.MAP, Kind.MULTISET):
        children = (children[0].not_null(), *children[1:])
    return replace(kind, children=children)


def _column(name: str, kind: DataType) -> Field:
    try:
        if kind.kind is Kind.TIMESTAMP_LTZ and kind.python is not None:
            return field_of(name, INSTANT.with_nullable(kind.nullable))
        found = native_field(field_of(name, with_keys(kind)))
    except TypeInformationError as error:
        raise ConfigurationError(f"field {name!r}: {error}") from error
    if found is None:
        raise ConfigurationError(f"field {name!r}: no column holds values of {kind}")
    return found

"""The type that can hold the values of two: columns of several streams as those of one."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.types.data_type import DataType, Family
from pyflinkx.types.data_type_field import default_format, type_of_format
from pyflinkx.types.data_type_rules import common_integer

INTEGER_OR_FLOAT = Family.INTEGER | Family.APPROXIMATE_NUMERIC
UNITS = "smun"  # from coarse to fine


def common_schema(schemas: Sequence[Schema]) -> Schema | tuple[int, int, str]:
    """The columns that all have, in the order of the first; or two that differ, and in what.

    Columns go by name. Their types widen without loss: whole numbers to a wider type that holds both, those of up to 32
    bits and float32 to float64, text and bytes to their large types, dates to date32, times to the finer unit, and a
    column of nulls to anything.

    Example:
        >>> common_schema([Schema([Field("a", "i"), Field("b", "u")]), Schema([Field("b", "U"), Field("a", "l")])])
        Schema([Field('a', 'l'), Field('b', 'U')])
    """
    first = schemas[0]
    for number, schema in enumerate(schemas):
        if len(set(schema.names)) < len(schema):
            return 0, number, "column names come more than once"
        if set(schema.names) != set(first.names):
            ours = [name for name in first.names if name not in schema.names]
            theirs = [name for name in schema.names if name not in first.names]
            lacks = [
                f"{names_text(names)} only in the {which}"
                for which, names in (("first", ours), ("second", theirs))
                if names
            ]
            return 0, number, " and ".join(lacks)
    fields = []
    for field in first:
        at = 0
        for number, schema in enumerate(schemas[1:], 1):
            other = schema[field.name]
            common = common_field(field, other)
            if common is None:
                return at, number, f"column '{field.name}' is {field.type_name} or {other.type_name}"
            if common.format != field.format:
                at = number
            field = common
        fields.append(field)
    return Schema(fields)


def names_text(names: Sequence[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))} {'are' if len(names) > 1 else 'is'}"


def common_field(first: Field, second: Field) -> Field | None:
    """The field that holds the values of two; None where none does."""
    nullable = first.nullable or second.nullable or "n" in (first.format, second.format)
    if first.format == "n":
        first = Field(first.name, second.format, True, second.children, second.metadata, second.carried)
    if second.format == "n" or same_type(first, second):
        return Field(first.name, first.format, nullable, first.children, first.metadata, first.carried)
    if first.carried is not None or second.carried is not None:
        return None
    format = common_format(first.format, second.format)
    return None if format is None else Field(first.name, format, nullable)


def same_type(first: Field, second: Field) -> bool:
    """Whether two fields hold the same type, children included."""
    return (
        first.format == second.format
        and first.carried == second.carried
        and len(first.children) == len(second.children)
        and all(
            same_type(ours, theirs) and (first.format != "+s" or ours.name == theirs.name)
            for ours, theirs in zip(first.children, second.children, strict=True)
        )
    )


def common_format(first: str, second: str) -> str | None:
    """The plain type, other than either perhaps, that holds the values of both; None where none does."""
    ours, theirs = type_of_format(first), type_of_format(second)
    if ours is None or theirs is None:
        return None
    if ours.family(Family.INTEGER) and theirs.family(Family.INTEGER):
        whole = common_integer(ours.kind, theirs.kind)
        return None if whole is None else default_format(DataType(whole))
    if ours.family(INTEGER_OR_FLOAT) and theirs.family(INTEGER_OR_FLOAT):
        return None if first in "lL" or second in "lL" else "g"
    if first in (*"uU",) and second in (*"uU",):
        return "U"
    if first in (*"zZ",) and second in (*"zZ",):
        return "Z"
    if first in ("tdD", "tdm") and second in ("tdD", "tdm"):
        return "tdD"
    for prefix in ("ts", "tD"):
        if first.startswith(prefix) and second.startswith(prefix) and first[3:] == second[3:]:
            return f"{prefix}{max(first[2], second[2], key=UNITS.index)}{first[3:]}"
    return None

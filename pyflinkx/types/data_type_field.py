"""Between columns and data types; what goes there and back is the same."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from pyflinkx._core.columns.schema import Field
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.carried import CARRIER, carried
from pyflinkx.types.data_type import BYTES, STRING, DataType, Family, Kind
from pyflinkx.types.data_type_info import data_type_of, type_info_of

# The one table of Arrow's formats and what they are; those with parameters are below it.
PLAIN = {
    "n": DataType(Kind.NULL),
    "b": DataType(Kind.BOOLEAN),
    "c": DataType(Kind.TINYINT),
    "s": DataType(Kind.SMALLINT),
    "i": DataType(Kind.INT),
    "l": DataType(Kind.BIGINT),
    "C": DataType(Kind.UNSIGNED_TINYINT),
    "S": DataType(Kind.UNSIGNED_SMALLINT),
    "I": DataType(Kind.UNSIGNED_INT),
    "L": DataType(Kind.UNSIGNED_BIGINT),
    "f": DataType(Kind.FLOAT),
    "g": DataType(Kind.DOUBLE),
    "u": STRING,
    "U": replace(STRING, form="U"),
    "z": BYTES,
    "Z": replace(BYTES, form="Z"),
    "tdD": DataType(Kind.DATE),
    "tdm": DataType(Kind.DATE, form="tdm"),
}
# Digits of the fraction of a second, by the letter of the unit.
FRACTIONS = {"s": 0, "m": 3, "u": 6, "n": 9}
FORMATS = {kind.kind: format for format, kind in PLAIN.items() if kind.form is None}
FORMATS |= {
    Kind.CHAR: "u",
    Kind.ARRAY: "+l",
    Kind.ROW: "+s",
    Kind.MAP: "+m",
    Kind.MULTISET: "+m",
    Kind.INTERVAL_YEAR_MONTH: "i",
    Kind.RAW: CARRIER,
}
TIMES = {Kind.TIME: "tt", Kind.TIMESTAMP: "ts", Kind.TIMESTAMP_LTZ: "ts", Kind.INTERVAL_DAY_TIME: "tD"}
INTEGER_FORMATS = "".join(format for format, kind in PLAIN.items() if kind.family(Family.INTEGER))
NUMBER_FORMATS = "".join(format for format, kind in PLAIN.items() if kind.family(Family.NUMERIC))
# How often an element of a multiset is there.
COUNT = DataType(Kind.INT, nullable=False)
DAY_TIME = "DAY TO SECOND"
# Written before the format of a carried column whose type would have another one.
CARRIED_FORM = "carried:"
# The key of a field's metadata that says of its type what no format does.
DETAILS = b"pyflinkx.type"


@lru_cache(maxsize=1024)
def type_of_format(format: str) -> DataType | None:
    """The type of an Arrow format; None of those with children, and of those that are no column's.

    Example:
        >>> print(type_of_format("tsm:UTC"))
        TIMESTAMP_LTZ(3)
    """
    plain = PLAIN.get(format)
    if plain is not None:
        return plain
    made = None
    prefix, rest = format[:2], format[2:]
    if prefix == "w:":
        made = DataType(Kind.BINARY, int(rest))
    elif prefix == "d:":
        precision, scale = rest.split(",")[:2]
        made = DataType(Kind.DECIMAL, int(precision), int(scale))
    elif prefix == "tt":
        made = DataType(Kind.TIME, FRACTIONS[rest])
    elif prefix == "tD":
        made = DataType(Kind.INTERVAL_DAY_TIME, scale=FRACTIONS[rest], unit=DAY_TIME)
    elif prefix == "ts":
        unit, _, zone = rest.partition(":")
        kind = Kind.TIMESTAMP_LTZ if zone else Kind.TIMESTAMP
        made = (
            DataType(kind, FRACTIONS[unit], zone=zone if zone != "UTC" else None)
            if zone
            else DataType(kind, FRACTIONS[unit])
        )
    if made is None or default_format(made) == format:
        return made
    return replace(made, form=format)


def default_format(kind: DataType) -> str:
    """The Arrow format of a type's column, if it says nothing else.

    Raises:
        TypeInformationError: no column holds such values.
    """
    if is_carried_type(kind):
        return CARRIER
    prefix = TIMES.get(kind.kind)
    if prefix is not None:
        digits = kind.scale if kind.kind is Kind.INTERVAL_DAY_TIME else kind.precision
        unit = next(unit for unit, most in FRACTIONS.items() if (3 if digits is None else digits) <= most)
        zone = (kind.zone or "UTC") if kind.kind is Kind.TIMESTAMP_LTZ else ""
        return f"{prefix}{unit}:{zone}" if prefix == "ts" else f"{prefix}{unit}"
    if kind.kind is Kind.DECIMAL:
        return f"d:{kind.precision},{kind.scale}"
    if kind.kind is Kind.BINARY:
        return f"w:{kind.precision}"
    format = FORMATS.get(kind.kind)
    if format is None:
        raise TypeInformationError(f"there are no columns of {kind}")
    return format


def format_of(kind: DataType) -> str:
    """The Arrow format of a type's column.

    Raises:
        TypeInformationError: no column holds such values.

    Example:
        >>> format_of(STRING), format_of(type_of_format("U"))
        ('u', 'U')
    """
    return default_format(kind) if kind.form is None else kind.form.removeprefix(CARRIED_FORM)


def is_opaque(kind: DataType) -> bool:
    """Whether native operators cannot look into its columns, which carry the values as bytes."""
    if kind.form is None:
        return is_carried_type(kind)
    return kind.form == CARRIED_FORM + CARRIER


def is_carried_type(kind: DataType) -> bool:
    """Whether no column but a carried one gives back such values as they were."""
    if kind.kind is Kind.ARRAY and isinstance(kind.python, type):
        return not kind.children[0].nullable  # of numbers, not a list
    return kind.python is not None


def field_of(name: str, kind: DataType) -> Field:
    """The column of a type.

    Raises:
        TypeInformationError: there is none.

    Example:
        >>> field_of("when", DataType(Kind.TIMESTAMP, 3, nullable=False))
        Field('when', 'tsm:', nullable=False)
    """
    if kind.form is not None and kind.form.startswith(CARRIED_FORM):
        return carried(name, type_info_of(kind), kind.nullable, kind.form.removeprefix(CARRIED_FORM))
    if kind.form is None and is_carried_type(kind):
        return carried(name, type_info_of(kind), kind.nullable)
    format = kind.form or default_format(kind)
    if format == "+m":
        return map_field(name, kind)
    if kind.children:
        children = [field_of(part, child) for part, child in zip(kind.names, kind.children, strict=True)]
        return Field(name, format, kind.nullable, children)
    field = Field(name, format, kind.nullable)
    if type_of_format(format) in (kind, kind.with_nullable(True)):
        return field
    details = f"{kind.kind.name}:{kind.precision}:{kind.scale}:{kind.unit}"
    return Field(name, format, kind.nullable, metadata={DETAILS: details.encode()})


def map_field(name: str, kind: DataType) -> Field:
    """The column of maps, or of multisets: the elements are keys, and how often each is there the values."""
    entries, *names = kind.names
    parts = kind.children if kind.kind is Kind.MAP else (kind.children[0], COUNT)
    fields = [field_of(part, child) for part, child in zip(names, parts, strict=True)]
    metadata = None if kind.kind is Kind.MAP else {DETAILS: Kind.MULTISET.name.encode()}
    return Field(name, "+m", kind.nullable, [Field(entries, "+s", False, fields)], metadata)


def type_of_map(field: Field) -> DataType:
    entries = field.children[0]
    names = (entries.name, *(child.name for child in entries.children))
    key, value = map(type_of_field, entries.children)
    if (field.metadata or {}).get(DETAILS) == Kind.MULTISET.name.encode() and value == COUNT:
        return DataType(Kind.MULTISET, children=(key,), names=names, nullable=field.nullable)
    return DataType(Kind.MAP, children=(key, value), names=names, nullable=field.nullable)


def type_of_field(field: Field) -> DataType:
    """The type of a column's values.

    Example:
        >>> print(type_of_field(Field("tags", "+l", False, [Field("item", "u")])))
        ARRAY<STRING> NOT NULL
    """
    if field.carried is not None:
        kind = data_type_of(field.carried.kind).with_nullable(field.nullable)
        usual = is_carried_type(kind) and field.format == CARRIER
        return kind if usual else replace(kind, form=CARRIED_FORM + field.format)
    if field.format == "+m":
        return type_of_map(field)
    children = tuple(map(type_of_field, field.children))
    names = tuple(child.name for child in field.children)
    if field.format == "+s":
        return DataType(Kind.ROW, children=children, names=names, nullable=field.nullable)
    if field.format in ("+l", "+L"):
        form = None if field.format == "+l" else field.format
        return DataType(Kind.ARRAY, children=children, names=names, nullable=field.nullable, form=form)
    known = detailed(field) or type_of_format(field.format)
    if known is None:
        raise TypeInformationError(f"column {field.name!r}: there is no data type of {field.type_name}")
    return known.with_nullable(field.nullable)


def detailed(field: Field) -> DataType | None:
    """The type that a field's metadata tells of, if that is one which its format holds; it may come from anywhere."""
    details = (field.metadata or {}).get(DETAILS)
    if details is None:
        return None
    try:
        name, *numbers, unit = details.decode().split(":")
        precision, scale = (None if number == "None" else int(number) for number in numbers)
        kind = DataType(Kind[name], precision, scale, None if unit == "None" else unit)
        return kind if default_format(kind) == field.format else None
    except (KeyError, ValueError, TypeInformationError):
        return None

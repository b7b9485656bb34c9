"""A second encoder, written from the wire format in docs/formats/values.md alone: plain and slow, the tests' oracle."""

from __future__ import annotations

import datetime
import math
import struct
from decimal import Decimal
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, TypedDictTypeInfo
from pyflinkx.types.typeinfo import (
    BasicArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    ObjectArrayTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
)


def varint(number: int) -> bytes:
    groups = []
    while number > 127:
        groups.append(number % 128 + 128)
        number //= 128
    return bytes([*groups, number])


def zigzag(number: int) -> bytes:
    return varint(2 * number if number >= 0 else -2 * number - 1)


def sized(data: bytes) -> bytes:
    return varint(len(data)) + data


def big_int(number: int) -> bytes:
    size = 0
    while not (number == 0 if size == 0 else -(2 ** (8 * size - 1)) <= number < 2 ** (8 * size - 1)):
        size += 1
    return sized(number.to_bytes(size, "little", signed=True))


def float_bytes(number: float, form: str) -> bytes:
    if math.isnan(number):
        return {"<f": bytes.fromhex("0000c07f"), "<d": bytes.fromhex("000000000000f87f")}[form]
    return struct.pack(form, number)


def basic(kind: BasicType, value: Any) -> bytes:
    match kind:
        case BasicType.BOOLEAN:
            return b"\1" if value else b"\0"
        case BasicType.BYTE:
            return struct.pack("<b", value)
        case BasicType.SHORT | BasicType.INT | BasicType.LONG:
            return zigzag(value)
        case BasicType.FLOAT:
            return float_bytes(value, "<f")
        case BasicType.DOUBLE:
            return float_bytes(value, "<d")
        case BasicType.STRING:
            return sized(value.encode())
        case BasicType.CHAR:
            return varint(ord(value))
        case BasicType.BIG_INT:
            return big_int(value)
        case BasicType.BIG_DEC:
            return sized(decimal_text(value).encode())
        case BasicType.INSTANT:
            return zigzag(value.seconds) + varint(value.nanos)
    raise AssertionError(kind)


def decimal_text(value: Decimal) -> str:
    """to-scientific-string of the General Decimal Arithmetic specification, from its text."""
    sign, digit_tuple, exponent = value.as_tuple()
    digits = "".join(map(str, digit_tuple))
    if exponent == "F":
        text = "Infinity"
    elif exponent in ("n", "N"):
        text = {"n": "NaN", "N": "sNaN"}[exponent] + digits.lstrip("0")
    else:
        adjusted = exponent + len(digits) - 1
        if exponent <= 0 and adjusted >= -6:
            padded = digits.rjust(1 - exponent, "0")
            text = padded if exponent == 0 else f"{padded[:exponent]}.{padded[exponent:]}"
        else:
            text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"E{adjusted:+d}"
    return "-" * sign + text


ELEMENTS = {
    BasicType.BOOLEAN: "<B",
    BasicType.SHORT: "<h",
    BasicType.INT: "<i",
    BasicType.LONG: "<q",
    BasicType.FLOAT: "<f",
    BasicType.DOUBLE: "<d",
    BasicType.CHAR: "<I",
}


def element(kind: BasicType, value: Any) -> bytes:
    if kind in (BasicType.FLOAT, BasicType.DOUBLE):
        return float_bytes(value, ELEMENTS[kind])
    return struct.pack(ELEMENTS[kind], ord(value) if kind is BasicType.CHAR else value)


def bitmap(flags: list[bool]) -> bytes:
    packed = bytearray((len(flags) + 7) // 8)
    for index, flag in enumerate(flags):
        packed[index // 8] |= flag << index % 8
    return bytes(packed)


def count(values: list[Any]) -> bytes:
    nulls = [value is None for value in values]
    return varint(2 * len(values) + 1) + bitmap(nulls) if any(nulls) else varint(2 * len(values))


def fields(types: tuple[TypeInformation, ...], values: list[Any], kind: list[bool]) -> bytes:
    header = bitmap([*kind, *(value is None for value in values)]) or b"\0"
    return header + b"".join(
        encoded(part, value) for part, value in zip(types, values, strict=True) if value is not None
    )


def row_values(type_info: RowTypeInfo, row: Row) -> list[Any]:
    if type_info.field_names is not None and hasattr(row, "_fields"):
        return [row[name] for name in type_info.field_names]
    return list(row)


def encoded(type_info: TypeInformation, value: Any) -> bytes:
    match type_info:
        case BasicTypeInfo():
            return basic(type_info.basic_type, value)
        case DateTypeInfo():
            return zigzag((value - datetime.date(1970, 1, 1)).days)
        case TimeTypeInfo():
            since = datetime.timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
            )
            return varint(since // datetime.timedelta(microseconds=1))
        case TimestampTypeInfo():
            since = value - datetime.datetime(1970, 1, 1)
            return struct.pack("<q", since // datetime.timedelta(microseconds=1))
        case PrimitiveArrayTypeInfo():
            kind = type_info.element_type.basic_type
            if kind is BasicType.BYTE:
                return sized(value)
            return varint(len(value)) + b"".join(element(kind, item) for item in value)
        case ListTypeInfo() | BasicArrayTypeInfo() | ObjectArrayTypeInfo():
            part = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
            return count(list(value)) + b"".join(encoded(part, item) for item in value if item is not None)
        case MapTypeInfo():
            entries = b""
            for key, item in value.items():
                entries += encoded(type_info.key_type, key)
                if item is not None:
                    entries += encoded(type_info.value_type, item)
            return count(list(value.values())) + entries
        case RowTypeInfo():
            kind = value.get_row_kind().value
            return fields(type_info.field_types, row_values(type_info, value), [bool(kind & 1), bool(kind & 2)])
        case TupleTypeInfo() | NamedTupleTypeInfo():
            return fields(type_info.field_types, list(value), [])
        case TypedDictTypeInfo():
            return fields(type_info.field_types, [value[name] for name in type_info.field_names], [])
        case DataclassTypeInfo():
            return fields(type_info.field_types, [getattr(value, name) for name in type_info.field_names], [])
    raise AssertionError(type_info)


def encoded_batch(type_info: TypeInformation, values: list[Any], fingerprint: int) -> bytes:
    header = b"pfxb" + b"\1" + struct.pack("<Q", fingerprint) + varint(len(values))
    return header + b"".join(encoded(type_info, value) for value in values)

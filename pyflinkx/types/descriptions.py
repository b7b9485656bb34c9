"""Types from what their codecs say of them beside stored values, without the classes that the values had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.codecs.basic import BytesCodec
from pyflinkx._core.codecs.codec import Codec, NullableCodec, read_snapshot
from pyflinkx._core.codecs.collection import ArrayCodec, ListCodec, MapCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.codecs.record import TupleCodec
from pyflinkx._core.codecs.row import RowCodec
from pyflinkx._core.codecs.time import DateCodec, TimeCodec, TimestampCodec
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.codecs import BASIC
from pyflinkx.types.typeinfo import BasicType, TypeInformation, Types

TIMES: dict[str, tuple[Callable[[], Codec], Callable[[], TypeInformation]]] = {
    "SQL_DATE": (DateCodec, Types.SQL_DATE),
    "SQL_TIME": (TimeCodec, Types.SQL_TIME),
    "SQL_TIMESTAMP": (TimestampCodec, Types.SQL_TIMESTAMP),
}
LISTS = ("LIST", "BASIC_ARRAY", "OBJECT_ARRAY")
# Records of classes have the bytes of tuples, so nobody needs the class to read them.
RECORDS = ("TUPLE", "DATACLASS", "NAMED_TUPLE", "TYPED_DICT")


def described_type(snapshot: bytes) -> tuple[Codec, TypeInformation]:
    """What reads the values of a described type, and the type of what it reads: records of classes become tuples.

    Args:
        snapshot: as ``Codec.snapshot`` gave it.

    Raises:
        CorruptDataError: it describes no type that this release knows.

    Example:
        >>> codec, kind = described_type(b'{"codec":{"type":"LONG","version":1},"format":1}')
        >>> codec.decode_one(codec.encode_one(5)), kind == Types.LONG()
        (5, True)
    """
    description = read_snapshot(snapshot)
    try:
        return built(description)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CorruptDataError(f"the description of a stored type cannot be read: {error}") from error


def built(description: dict[str, Any]) -> tuple[Codec, TypeInformation]:
    kind = description["type"]
    if kind in BasicType.__members__:
        basic = BasicType[kind]
        return BASIC[basic](), getattr(Types, kind)()
    if kind in TIMES:
        make_codec, make_info = TIMES[kind]
        return make_codec(), make_info()
    if kind == "PICKLED_BYTE_ARRAY":
        return PickleCodec(), Types.PICKLED_BYTE_ARRAY()
    if kind == "OPTIONAL":
        part, info = built(description["part"])
        return NullableCodec(part), info
    if kind == "MAP":
        key, key_info = built(description["key"])
        value, value_info = built(description["value"])
        return MapCodec(key, value), Types.MAP(key_info, value_info)
    if kind == "PRIMITIVE_ARRAY":
        element, info = built(description["element"])
        return (BytesCodec() if info == Types.BYTE() else ArrayCodec(element)), Types.PRIMITIVE_ARRAY(info)
    if kind in LISTS:
        element, info = built(description["element"])
        return (ListCodec(element) if kind == "LIST" else ListCodec(element, kind)), Types.LIST(info)
    return built_record(kind, description["fields"])


def built_record(kind: str, fields: list[dict[str, Any]]) -> tuple[Codec, TypeInformation]:
    names = [field["name"] for field in fields]
    parts = [built(field["codec"]) for field in fields]
    codecs, infos = [codec for codec, _ in parts], [info for _, info in parts]
    row = Types.ROW_NAMED(names, infos)
    if kind in RECORDS:
        return TupleCodec(codecs), row
    if kind == "ROW_NAMED":
        return RowCodec(codecs, names), row
    if kind == "ROW":
        return RowCodec(codecs, None), row
    raise CorruptDataError(f"a stored type is {kind!r}, which this release of pyflinkx does not know")

"""State that was written with one type and is read with another one: what becomes what, and what is refused.

Types are compared by what their codecs say of them beside the values, so classes may have moved. As in Avro's schema
resolution (https://avro.apache.org/docs/1.11.1/specification/#schema-resolution), fields go by their names, or by what
these were before (aliases), those that are gone are left out, those that are new are None, and numbers become wider
ones; nothing is rounded, cut or guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.codecs.codec import Codec, NullableCodec, read_snapshot
from pyflinkx._core.codecs.collection import ListCodec, MapCodec
from pyflinkx._core.codecs.record import RecordCodec
from pyflinkx._core.records.row import Row
from pyflinkx.errors import WrongStateError
from pyflinkx.types.basic import BasicType
from pyflinkx.types.descriptions import LISTS, RECORDS, described_type

Convert = Callable[[Any], Any]

PICKLED = "PICKLED_BYTE_ARRAY"
# What each type of number may become without being rounded.
WIDER = {
    "BYTE": ("SHORT", "INT", "LONG", "FLOAT", "DOUBLE"),
    "SHORT": ("INT", "LONG", "FLOAT", "DOUBLE"),
    "INT": ("LONG", "DOUBLE"),
    "FLOAT": ("DOUBLE",),
}
WHOLE = ("BYTE", "SHORT", "INT", "LONG")
NAMED = ("ROW_NAMED", "DATACLASS", "NAMED_TUPLE", "TYPED_DICT")


class DifferentType(Exception):
    """One type cannot become the other; says where and why."""


def migrated(stored: bytes, codec: Codec, what: str, fields_may_change: bool) -> Callable[[bytes], Any]:
    """What reads values of a stored type as those of another one.

    Args:
        stored: what the codec that wrote them said of itself.
        codec: of the type that is wanted.
        what: the state and its column, for errors.
        fields_may_change: whether records may have lost fields, or have new ones; of keys, that could make some equal.

    Raises:
        WrongStateError: the one cannot become the other; the message says what differs.
    """
    wanted = codec.snapshot()
    old, new = read_snapshot(stored), with_aliases(read_snapshot(wanted), codec)
    reader = described_type(stored)[0]
    decode = reader.decode_one
    try:
        convert = conversion(old, new, "", fields_may_change)
    except DifferentType as error:
        raise WrongStateError(f"{what} was written with another type: {error}") from None
    # What classes' records are made of is written as tuples, which their own codecs read.
    encode = codec.encode_one if old["type"] == PICKLED else described_type(wanted)[0].encode_one

    def read(data: bytes) -> Any:
        value = convert(decode(data))
        try:
            return codec.decode_one(encode(value))
        except Exception as error:
            raise WrongStateError(f"{what} holds {value!r}, which {codec.name} cannot be: {error}") from error

    return read


def with_aliases(description: dict[str, Any], codec: Codec) -> dict[str, Any]:
    """What a codec says of itself, and what fields of records in it were called before, which it does not store."""
    if isinstance(codec, NullableCodec):
        return {**description, "part": with_aliases(description["part"], codec.part)}
    if isinstance(codec, ListCodec):
        return {**description, "element": with_aliases(description["element"], codec.element)}
    if isinstance(codec, MapCodec):
        key, value = with_aliases(description["key"], codec.key), with_aliases(description["value"], codec.value)
        return {**description, "key": key, "value": value}
    if not isinstance(codec, RecordCodec):
        return description
    aliases = codec.aliases or {}
    fields = []
    for field, part in zip(description["fields"], codec.codecs, strict=True):
        told = {**field, "codec": with_aliases(field["codec"], part)}
        fields.append({**told, "aliases": aliases[field["name"]]} if field["name"] in aliases else told)
    return {**description, "fields": fields}


def same(value: Any) -> Any:
    """A value that stays what it is."""
    return value


def conversion(old: dict[str, Any], new: dict[str, Any], at: str, fields_may_change: bool = True) -> Convert:
    """What makes values of one described type those of another.

    Args:
        old, new: the descriptions.
        at: the place in the value, for errors: "" for all of it, else like "field 'a'".
        fields_may_change: as for ``migrated``.

    Raises:
        DifferentType: that cannot be.
    """
    was, becomes = old["type"], new["type"]
    if old == new or was == PICKLED or (becomes == PICKLED and was in BasicType.__members__):
        return same
    if was == "OPTIONAL" or becomes == "OPTIONAL":
        if becomes != "OPTIONAL":
            raise DifferentType(f"{at or 'it'} could be None, and {becomes} cannot")
        part = conversion(old["part"] if was == "OPTIONAL" else old, new["part"], at, fields_may_change)
        return lambda value: None if value is None else part(value)
    if becomes in WIDER.get(was, ()):
        return float if was in WHOLE and becomes not in WHOLE else same
    if was in LISTS and becomes in LISTS:
        element = conversion(old["element"], new["element"], f"an element of {at or 'the list'}", fields_may_change)
        return same if element is same else lambda values: [element(value) for value in values]
    if was == becomes == "MAP":
        key = conversion(old["key"], new["key"], f"a key of {at or 'the map'}", False)
        value = conversion(old["value"], new["value"], f"a value of {at or 'the map'}", fields_may_change)
        return lambda entries: {key(one): value(other) for one, other in entries.items()}
    if was in NAMED and becomes in NAMED:
        return of_fields(old["fields"], new["fields"], becomes, at, fields_may_change)
    if "fields" in old and "fields" in new:
        return of_places(old["fields"], new["fields"], becomes, at, fields_may_change)
    raise DifferentType(f"{at or 'it'} was {was}, and is to be {becomes}")


def of_fields(
    old: list[dict[str, Any]], new: list[dict[str, Any]], becomes: str, at: str, fields_may_change: bool
) -> Convert:
    """Records by the names of their fields."""
    places = {field["name"]: place for place, field in enumerate(old)}
    parts: list[tuple[int, Convert] | None] = []
    for field in new:
        name = field["name"]
        where = f"field {name!r}" + (f" of {at}" if at else "")
        known = next((known for known in (name, *field.get("aliases", ())) if known in places), name)
        place = places.pop(known, None)
        if place is not None:
            parts.append((place, of_field(old[place], field, where, fields_may_change)))
        elif not fields_may_change:
            raise DifferentType(f"{where} is new, which keys cannot have")
        elif not field.get("optional"):
            raise DifferentType(f"{where} is new and cannot be None")
        else:
            parts.append(None)
    if places and not fields_may_change:
        raise DifferentType(f"field {next(iter(places))!r} is gone, which keys cannot lose")
    names = [field["name"] for field in new]

    def convert(record: Any) -> Any:
        values = tuple(record)
        made = [None if part is None else part[1](values[part[0]]) for part in parts]
        return as_record(made, names, becomes, record)

    return convert


def of_places(
    old: list[dict[str, Any]], new: list[dict[str, Any]], becomes: str, at: str, fields_may_change: bool
) -> Convert:
    """Records whose fields have no names: by their places."""
    if len(old) != len(new):
        counts = f"{len(old)} fields, and is to have {len(new)}"
        raise DifferentType(f"{at or 'it'} had {counts}; without names they cannot be told apart")
    parts = [
        of_field(one, other, f"field {place}" + (f" of {at}" if at else ""), fields_may_change)
        for place, (one, other) in enumerate(zip(old, new, strict=True))
    ]
    names = [field["name"] for field in new]
    return lambda record: as_record(
        [part(value) for part, value in zip(parts, tuple(record), strict=True)], names, becomes, record
    )


def of_field(old: dict[str, Any], new: dict[str, Any], where: str, fields_may_change: bool) -> Convert:
    """A field of a record, which may be None where its type says so."""
    if old.get("optional") and not new.get("optional"):
        raise DifferentType(f"{where} could be None, and no longer can")
    part = conversion(old["codec"], new["codec"], where, fields_may_change)
    return part if part is same else lambda value: None if value is None else part(value)


def as_record(values: list[Any], names: list[str], becomes: str, before: Any) -> Any:
    """A record as the codec of its description takes it."""
    if becomes in RECORDS:
        return tuple(values)
    row = Row(*values)
    if becomes == "ROW_NAMED":
        row.set_field_names(names)
    if isinstance(before, Row):
        row.set_row_kind(before.get_row_kind())
    return row

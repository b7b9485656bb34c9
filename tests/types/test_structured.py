import dataclasses
import pickle
from collections import namedtuple
from typing import NamedTuple, TypedDict

import pytest

from pyflinkx.errors import TypeInformationError
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, TypedDictTypeInfo
from pyflinkx.types.typeinfo import Types, schema_key


@dataclasses.dataclass
class Order:
    id: int
    total: float = dataclasses.field(init=False, default=0.0)
    note: str = dataclasses.field(default="", kw_only=True)


@dataclasses.dataclass
class Other:
    id: int
    total: float
    note: str


class Point(NamedTuple):
    x: float
    y: float


class Stop(TypedDict):
    station: str
    minutes: int


class Loose(TypedDict, total=False):
    station: str


STOP = TypedDictTypeInfo(Stop, [Types.STRING(), Types.LONG()], [True, False])
TYPES = [Types.LONG(), Types.DOUBLE(), Types.STRING()]
Plain = namedtuple("Plain", "a b")


@dataclasses.dataclass
class OnlyInit:
    id: int
    scale: dataclasses.InitVar[int] = 1


@dataclasses.dataclass(init=False)
class OwnInit:
    id: int

    def __init__(self, text):
        self.id = int(text)


def test_a_dataclass():
    info = DataclassTypeInfo(Order, TYPES, [True, True, False])
    assert str(info) == "DataclassTypeInfo<Order>(id: Long, total: Double, note: String)"
    assert info.cls is Order
    assert info.get_field_names() == ["id", "total", "note"]
    assert info.get_field_types() == TYPES
    assert info.required == (True, True, False)
    assert info.arguments == ("id", "note")
    assert info.by_keyword
    assert not DataclassTypeInfo(Other, TYPES).by_keyword
    assert DataclassTypeInfo(Other, TYPES).required == (False, False, False)


def test_a_named_tuple():
    info = NamedTupleTypeInfo(Point, [Types.DOUBLE(), Types.DOUBLE()])
    assert str(info) == "NamedTupleTypeInfo<Point>(x: Double, y: Double)"
    assert NamedTupleTypeInfo(Plain, [Types.LONG()] * 2).get_field_names() == ["a", "b"]


def test_a_typed_dict():
    assert str(STOP) == "TypedDictTypeInfo<Stop>(station: String, minutes: Long)"
    assert STOP.get_field_names() == ["station", "minutes"]
    codec = codec_of(STOP)
    decoded = codec.decode_one(codec.encode_one({"minutes": None, "station": "a"}))
    assert list(decoded.items()) == [("station", "a"), ("minutes", None)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"station": "a"}, r"Stop, got a dict that lacks \['minutes'\]: "),
        ({"station": "a", "minutes": 1, "line": 2}, r"a dict that has unknown keys \['line'\]"),
        ({"station": "a", "line": 2}, r"lacks \['minutes'\] and has unknown keys \['line'\]"),
        ({"station": "a", "minutes": "b"}, "minutes"),
        ({"station": None, "minutes": 1}, "station"),
        (("a", 1), "Stop"),
    ],
)
def test_what_is_no_typed_dict(value, message):
    with pytest.raises(TypeInformationError, match=message):
        codec_of(STOP).encode_one(value)


def test_values_stay_as_they_are():
    info = NamedTupleTypeInfo(Point, [Types.SQL_DATE(), Types.SQL_DATE()])
    point = Point(1, 2)
    assert not info.need_conversion()
    assert info.to_internal_type(point) is info.from_internal_type(point) is point


def test_equality():
    info = DataclassTypeInfo(Order, TYPES)
    again = pickle.loads(pickle.dumps(info))
    assert again == info
    assert hash(again) == hash(info)
    assert schema_key(again) == schema_key(info)
    assert info != DataclassTypeInfo(Other, TYPES)
    assert info != DataclassTypeInfo(Order, [Types.INT(), *TYPES[1:]])
    assert info != DataclassTypeInfo(Order, TYPES, [True, False, False])
    assert info != Types.TUPLE(TYPES)
    assert info != Types.ROW_NAMED(["id", "total", "note"], TYPES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DataclassTypeInfo(Point, []), "takes a dataclass"),
        (lambda: DataclassTypeInfo(Order(1), TYPES), "takes a dataclass"),
        (lambda: DataclassTypeInfo(Order, TYPES[:2]), "3 field names for 2 field types"),
        (lambda: DataclassTypeInfo(Order, [int, *TYPES[1:]]), "field 0 of DataclassTypeInfo"),
        (lambda: DataclassTypeInfo(Order, TYPES, [True]), "1 required flags for 3 field types"),
        (lambda: DataclassTypeInfo(OnlyInit, [Types.LONG()]), "OnlyInit takes arguments that are not its fields"),
        (lambda: DataclassTypeInfo(OwnInit, [Types.LONG()]), "OwnInit takes arguments that are not its fields"),
        (lambda: NamedTupleTypeInfo(tuple, []), "takes a NamedTuple class"),
        (lambda: NamedTupleTypeInfo(Point(1, 2), []), "takes a NamedTuple class"),
        (lambda: NamedTupleTypeInfo(Order, TYPES), "takes a NamedTuple class"),
        (lambda: TypedDictTypeInfo(Order, TYPES), "takes a TypedDict"),
        (lambda: TypedDictTypeInfo(dict, []), "takes a TypedDict"),
        (lambda: TypedDictTypeInfo(Stop, [Types.STRING()]), "2 field names for 1 field types"),
        (lambda: TypedDictTypeInfo(Loose, [Types.STRING()]), "keys of Loose may be left out"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(TypeInformationError, match=message):
        make()

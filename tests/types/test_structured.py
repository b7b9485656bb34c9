import dataclasses
import pickle
from collections import namedtuple
from typing import NamedTuple

import pytest

from pyflinkx.errors import TypeInformationError
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo
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
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(TypeInformationError, match=message):
        make()

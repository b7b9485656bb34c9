import collections
import dataclasses
import datetime
import decimal
import functools
import typing
import uuid
from collections.abc import Generator, Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row
from pyflinkx.types.infer import infer_from_callable, infer_from_value, type_info_from_annotation
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, TypedDictTypeInfo
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types
from tests.ids import plain_repr
from tests.types import postponed

PICKLED = Types.PICKLED_BYTE_ARRAY()
BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
UserId = NewType("UserId", int)
T = TypeVar("T")


@dataclasses.dataclass
class Order:
    id: int
    price: float
    note: str | None = None
    extra: Any = None


ORDER = DataclassTypeInfo(Order, [Types.LONG(), Types.DOUBLE(), Types.STRING(), PICKLED], [True, True, False, False])


class Point(NamedTuple):
    x: float
    y: float
    label: Optional[str] = None  # noqa: UP045


POINT = NamedTupleTypeInfo(Point, [Types.DOUBLE(), Types.DOUBLE(), Types.STRING()], [True, True, False])


class SameValues(TypedDict):
    a: int
    b: int


class OtherValues(TypedDict):
    a: int
    b: str | None


class DerivedDict(SameValues):
    point: Point
    more: Any


class RecursiveDict(TypedDict):
    below: "RecursiveDict"


class NotAllKeys(TypedDict, total=False):
    a: int


@dataclasses.dataclass
class Node:
    value: int
    children: "list[Node]"


@dataclasses.dataclass
class ImplicitlyOptional:
    size: int = None  # type: ignore[assignment]


@dataclasses.dataclass
class Nested:
    order: Order
    points: list[Point]


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlots:
    id: int


@dataclasses.dataclass
class AfterInit:
    id: int

    def __post_init__(self):
        self.other = 1


@dataclasses.dataclass
class OnlyInit:
    id: int
    scale: dataclasses.InitVar[int]


@dataclasses.dataclass
class Reduced:
    id: int

    def __reduce__(self):
        return Reduced, (self.id,)


@dataclasses.dataclass
class Base:
    id: int


@dataclasses.dataclass
class Derived(Base):
    more: str


@dataclasses.dataclass
class NothingKnown:
    anything: Any


@dataclasses.dataclass
class Unresolved:
    id: "int"
    other: "NoSuchName"  # noqa: F821


class WithDict(collections.namedtuple("WithDict", "x")):
    x: int


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (bool, Types.BOOLEAN()),
        (int, Types.LONG()),
        (float, Types.DOUBLE()),
        (str, Types.STRING()),
        (bytes, BYTES),
        (decimal.Decimal, Types.BIG_DEC()),
        (datetime.date, Types.SQL_DATE()),
        (datetime.time, Types.SQL_TIME()),
        (datetime.datetime, Types.SQL_TIMESTAMP()),
        (Instant, Types.INSTANT()),
        (tuple[int, str], Types.TUPLE([Types.LONG(), Types.STRING()])),
        (typing.Tuple[int, str], Types.TUPLE([Types.LONG(), Types.STRING()])),  # noqa: UP006
        (tuple[()], Types.TUPLE([])),
        (tuple[int, Any], Types.TUPLE([Types.LONG(), PICKLED])),
        (tuple[int, float | None], Types.TUPLE([Types.LONG(), Types.DOUBLE()])),
        (list[int], Types.LIST(Types.LONG())),
        (typing.List[Optional[str]], Types.LIST(Types.STRING())),  # noqa: UP006, UP045
        (dict[str, list[bool]], Types.MAP(Types.STRING(), Types.LIST(Types.BOOLEAN()))),
        (typing.Dict[str, int | None], Types.MAP(Types.STRING(), Types.LONG())),  # noqa: UP006
        (UserId, Types.LONG()),
        (Annotated[int, "users"], Types.LONG()),
        (list[Annotated[UserId, 1]], Types.LIST(Types.LONG())),
        (Literal["a", "b"], Types.STRING()),
        (SameValues, TypedDictTypeInfo(SameValues, [Types.LONG(), Types.LONG()], [True, True])),
        (OtherValues, TypedDictTypeInfo(OtherValues, [Types.LONG(), Types.STRING()], [True, False])),
        (
            DerivedDict,
            TypedDictTypeInfo(DerivedDict, [Types.LONG(), Types.LONG(), POINT, PICKLED], [True] * 3 + [False]),
        ),
        (Order, ORDER),
        (Point, POINT),
        (list[Point], Types.LIST(POINT)),
        (Nested, DataclassTypeInfo(Nested, [ORDER, Types.LIST(POINT)], [True, True])),
        (Node, DataclassTypeInfo(Node, [Types.LONG(), PICKLED], [True, False])),
        (ImplicitlyOptional, DataclassTypeInfo(ImplicitlyOptional, [Types.LONG()], [False])),
        (FrozenSlots, DataclassTypeInfo(FrozenSlots, [Types.LONG()], [True])),
        (Derived, DataclassTypeInfo(Derived, [Types.LONG(), Types.STRING()], [True, True])),
        (np.int8, Types.BYTE()),
        (np.int16, Types.SHORT()),
        (np.int32, Types.INT()),
        (np.int64, Types.LONG()),
        (np.uint8, Types.SHORT()),
        (np.uint32, Types.LONG()),
        (np.uint64, Types.BIG_INT()),
        (np.float32, Types.FLOAT()),
        (np.float64, Types.DOUBLE()),
        (np.bool_, Types.BOOLEAN()),
        # what does not say enough
        (None, None),
        (type(None), None),
        (Any, None),
        (object, None),
        (T, None),
        (list[T], None),
        (Row, None),
        (int | None, None),
        (Optional[str], None),  # noqa: UP045
        (int | str, None),
        (list[int | str], None),
        (Union[int, str, None], None),  # noqa: UP007
        (Literal["a", 1], None),
        (list, None),
        (tuple, None),
        (dict, None),
        (tuple[int, ...], None),
        (tuple[Any, Any], None),
        (list[Any], None),
        (dict[str | None, int], None),
        (set[int], None),
        (Iterable[int], None),
        (uuid.UUID, None),
        (bytearray, None),
        (np.datetime64, None),
        (np.ndarray, None),
        (NotAllKeys, None),
        (RecursiveDict, None),
        (AfterInit, None),
        (OnlyInit, None),
        (Reduced, None),
        (Base, None),
        (NothingKnown, None),
        (Unresolved, None),
        (WithDict, None),
        ("int", None),
        (5, None),
        ([int], None),
    ],
    ids=str,
)
def test_annotations(annotation, expected):
    assert type_info_from_annotation(annotation) == expected


def one(x: int) -> str: ...


def many(x: int) -> Iterator[tuple[str, int]]: ...


def lists(x: int) -> "list[Order]": ...


def generator(x: int) -> Generator[float, None, None]: ...


def pairs(x: int) -> tuple[str, str]: ...


def unhinted(x): ...


def unresolved(x: "NoSuchName") -> "int": ...  # noqa: F821


def defaults(*args: int, key: str = "") -> int: ...


class Mapper:
    def map(self, value: Order) -> "Point": ...

    @staticmethod
    def static(value: int) -> float: ...

    @classmethod
    def of_class(cls, value: int) -> float: ...


class Called:
    def __call__(self, value: str) -> bool: ...


def decorated(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)

    return inner


@pytest.mark.parametrize(
    ("function", "argument", "result", "items"),
    [
        (one, Types.LONG(), Types.STRING(), Types.STRING()),
        (many, Types.LONG(), None, Types.TUPLE([Types.STRING(), Types.LONG()])),
        (lists, Types.LONG(), Types.LIST(ORDER), ORDER),
        (generator, Types.LONG(), None, Types.DOUBLE()),
        (pairs, Types.LONG(), Types.TUPLE([Types.STRING()] * 2), Types.STRING()),
        (unhinted, None, None, None),
        (unresolved, None, Types.LONG(), None),
        (defaults, None, Types.LONG(), None),
        (Mapper().map, ORDER, POINT, None),
        (Mapper.map, None, POINT, None),
        (Mapper.static, Types.LONG(), Types.DOUBLE(), None),
        (Mapper.of_class, Types.LONG(), Types.DOUBLE(), None),
        (Called(), Types.STRING(), Types.BOOLEAN(), None),
        (decorated(one), Types.LONG(), Types.STRING(), Types.STRING()),
        (functools.partial(one), Types.LONG(), Types.STRING(), Types.STRING()),
        (functools.partial(one, 5), None, Types.STRING(), Types.STRING()),
        (functools.partial(Mapper().map), ORDER, POINT, None),
        (lambda x: x, None, None, None),
        (int, None, Types.LONG(), None),
        (str, None, Types.STRING(), Types.STRING()),
        (Order, None, ORDER, None),
        (len, None, None, None),
        (str.split, None, None, None),
        (print, None, None, None),
        (5, None, None, None),
        (postponed.make, Types.STRING(), postponed.ITEM, None),
        (postponed.make_many, Types.STRING(), None, postponed.ITEM),
        (postponed.Flat().flat_map, postponed.ITEM, None, Types.STRING()),
        (postponed.only_for_the_type_checker, Types.LONG(), None, None),
        (postponed.local_class(), Types.LONG(), None, None),
    ],
)
def test_callables(function, argument, result, items):
    assert infer_from_callable(function, "first argument") == argument
    assert infer_from_callable(function) == infer_from_callable(function, "return") == result
    assert infer_from_callable(function, "items") == items


def test_a_class_of_a_function_is_found_where_the_function_uses_it():
    result = infer_from_callable(postponed.used_local_class())
    assert result.get_field_names() == ["x"]
    assert result.get_field_types() == [Types.LONG()]


def test_what_else():
    with pytest.raises(ValueError, match="'second'"):
        infer_from_callable(one, "second")


def test_aliases():
    if not hasattr(typing, "TypeAliasType"):
        pytest.skip("type aliases came with Python 3.12")
    assert type_info_from_annotation(typing.TypeAliasType("Ints", list[int])) == Types.LIST(Types.LONG())


class TestValues:
    @pytest.mark.parametrize(
        ("sample", "expected"),
        [
            (True, Types.BOOLEAN()),
            (2**63 - 1, Types.LONG()),
            (2**63, Types.BIG_INT()),
            (-(2**63) - 1, Types.BIG_INT()),
            (0.5, Types.DOUBLE()),
            ("a", Types.STRING()),
            (b"a", BYTES),
            (datetime.date(2020, 1, 1), Types.SQL_DATE()),
            (datetime.datetime(2020, 1, 1), Types.SQL_TIMESTAMP()),
            (datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), None),
            ((1, "a"), Types.TUPLE([Types.LONG(), Types.STRING()])),
            ((1, None), Types.TUPLE([Types.LONG(), PICKLED])),
            ((None,), None),
            ((), None),
            ([1, 2], Types.LIST(Types.LONG())),
            ([1, "a"], None),
            ([1, None], None),
            ([], None),
            ({"a": 1}, Types.MAP(Types.STRING(), Types.LONG())),
            ({}, None),
            (Row(1, "a"), Types.ROW([Types.LONG(), Types.STRING()])),
            (Row(a=1, b=None), Types.ROW_NAMED(["a", "b"], [Types.LONG(), PICKLED])),
            (Order(1, 2.0), ORDER),
            (Point(1.0, 2.0), POINT),
            (np.int32(1), Types.INT()),
            (None, None),
            (object(), None),
            ({1, 2}, None),
        ],
        ids=plain_repr,
    )
    def test_samples(self, sample, expected):
        assert infer_from_value(sample) == expected
        if isinstance(sample, Row):
            assert infer_from_value(sample).schema_equals(expected)


hints = st.recursive(
    st.sampled_from([int, str, Any, None, Order, Point, Node, T, Row, "int", 5, bytes, Literal["a"]]),
    lambda inner: st.one_of(
        inner.map(lambda hint: list[hint]),
        inner.map(lambda hint: Annotated[hint, 1] if isinstance(hint, type) else hint),
        st.tuples(inner, inner).map(lambda pair: dict[pair[0], pair[1]]),
        st.lists(inner, max_size=3).map(lambda parts: tuple[tuple(parts)]),
    ),
    max_leaves=6,
)


@given(hints)
@settings(max_examples=100)
def test_no_hint_is_an_error(hint):
    type_info_from_annotation(hint)

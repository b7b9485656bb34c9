"""The shape that conforming gives is the one that a trip through bytes gives, over random types and unlike values."""

import collections
import collections.abc
import datetime
import decimal
import enum
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.codecs.codec import NullableCodec
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import RowTypeInfo, Types
from tests.core.codec_types import (
    FROZEN,
    LATE,
    LEAVES,
    POINT,
    READING,
    STOP,
    Frozen,
    Point,
    Reading,
    instance_of,
    same,
    types,
    values_of,
)
from tests.core.test_codec_errors import WRONG

LONG, TEXT = Types.LONG(), Types.STRING()
AB = Types.ROW_NAMED(["a", "b"], [LONG, TEXT])


class Whole(int):
    pass


class Text(str):
    pass


class Real(float):
    pass


class Items(list):
    pass


class Fields(tuple):
    pass


class Entries(collections.OrderedDict):
    pass


class SubRow(Row):
    pass


class Number(decimal.Decimal):
    pass


class Day(datetime.date):
    pass


class Moment(datetime.datetime):
    pass


class Thing:
    def __init__(self, **fields):
        self.__dict__.update(fields)


JUNK = [None, True, 7, 2**40, 2**70, 1.5, 1e300, "x", "", "\ud800", b"x", [], (), {}, [1], (1, "a"), {"f0": 1}, Row()]
JUNK += [object, Thing(), Row(1, 2), datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1), decimal.Decimal("NaN")]


@st.composite
def unlike(draw, value, type_info=None) -> Any:
    """A value that means the same in another form, in some place or other, or rarely nothing of the kind."""
    if draw(st.integers(0, 40)) == 0:
        return draw(st.sampled_from(JUNK))
    choice = draw(st.integers(0, 6))
    if isinstance(value, (bool, type(None))):
        return value
    if isinstance(value, int):
        return [value, Whole(value), enum.IntEnum("Chosen", {"it": value})(value)][choice % 3]
    if isinstance(value, float):
        whole = math.isfinite(value) and value == int(value) and math.copysign(1, value) > 0
        return int(value) if whole and choice % 2 else [value, Real(value)][choice % 2]
    if isinstance(value, str):
        return [value, Text(value)][choice % 2]
    if isinstance(value, decimal.Decimal):
        return [value, Number(value)][choice % 2]
    if isinstance(value, bytes):
        return [value, bytearray(value), memoryview(value)][choice % 3]
    if isinstance(value, datetime.datetime):
        return [value, value.replace(fold=1), Moment(*value.timetuple()[:6], value.microsecond)][choice % 3]
    if isinstance(value, datetime.time):
        return [value, value.replace(fold=1)][choice % 2]
    if isinstance(value, datetime.date):
        return [value, Day(value.year, value.month, value.day)][choice % 2]
    if isinstance(value, list):
        items = [draw(unlike(item)) for item in value]
        return [items, tuple(items), Items(items)][choice % 3]
    if isinstance(value, dict):
        keys = [draw(unlike(key)) if choice == 5 and not isinstance(key, (tuple, bytes)) else key for key in value]
        entries = {
            key if isinstance(key, collections.abc.Hashable) else 5: draw(unlike(part))
            for key, part in zip(keys, value.values(), strict=True)
        }
        return [entries, Entries(entries), dict(reversed(entries.items()))][choice % 3]
    if type(value) is tuple:
        fields = tuple(draw(unlike(field)) for field in value)
        return [fields, list(fields), Row(*fields), Fields(fields)][choice % 4]
    if isinstance(value, Row):
        return draw(unlike_row(value, choice))
    return value


@st.composite
def unlike_row(draw, row, choice):
    names, kind = list(row._fields), row.get_row_kind()
    named = {name: draw(unlike(field)) for name, field in zip(names, row, strict=True)}
    values = list(named.values())
    if kind is RowKind.INSERT and choice in (0, 1, 2, 3) and names:
        if choice == 0 and len(names) < 9:
            return collections.namedtuple("Named", draw(st.permutations(names)))(**named)
        return [tuple(values), values, named, Thing(**named)][choice]
    result = SubRow(*values) if choice == 4 else Row(*values)
    if choice == 5 and names:
        order = draw(st.permutations(names))
        result = Row(*(named[name] for name in order))
        result.set_field_names(order)
    elif choice == 6:
        result.set_field_names(names)
    result.set_row_kind(kind)
    return result


def outcome(call, value):
    try:
        return True, call(value)
    except TypeInformationError as error:
        return False, str(error)


def check(type_info, value):
    codec = codec_of(type_info)
    taken, data = outcome(codec.encode_one, value)
    again, shaped = outcome(codec.conform_one, value)
    assert taken is again, (data, shaped)
    if not taken:
        assert shaped == data
        return
    assert same(shaped, codec.decode_one(data))
    assert codec.encode_one(shaped) == data
    assert codec.conform_one(shaped) is shaped


@given(st.data())
@settings(max_examples=300)
def test_conforming_is_a_trip_through_bytes(data):
    type_info = data.draw(types)
    check(type_info, data.draw(unlike(data.draw(values_of(type_info)))))


@pytest.mark.parametrize("type_info", LEAVES, ids=str)
def test_each_type_without_parts(type_info):
    @given(st.data())
    @settings(max_examples=80)
    def run(data):
        check(type_info, data.draw(unlike(data.draw(values_of(type_info)))))

    run()


@pytest.mark.parametrize("type_info", [*LEAVES, AB, Types.ROW([LONG]), Types.TUPLE([LONG]), Types.LIST(LONG)], ids=str)
def test_values_of_other_types_are_refused_alike(type_info):
    for value in JUNK:
        check(type_info, value)
    for _, value, _ in WRONG:
        check(type_info, value)


@given(st.data())
@settings(max_examples=150)
def test_values_that_have_the_shape_stay_the_objects_that_they_are(data):
    type_info = data.draw(types)
    codec = codec_of(type_info)
    # what NaNs of other bits become is another object
    values = codec.decode_batch(codec.encode_batch(data.draw(st.lists(values_of(type_info), max_size=4))))
    assert codec.conform_batch(values) is values


@pytest.mark.parametrize(("type_info", "value", "message"), WRONG, ids=range(len(WRONG)))
def test_messages_are_those_of_encoding(type_info, value, message):
    codec = codec_of(type_info)
    if codec.contains_pickle:
        assert codec.conform_one(value) is value
        return
    with pytest.raises(TypeInformationError) as encoding:
        codec.encode_one(value)
    with pytest.raises(TypeInformationError) as conforming:
        codec.conform_one(value)
    assert str(conforming.value) == str(encoding.value)
    assert message in str(conforming.value)


def test_a_record_of_a_batch_is_named_and_none_is_a_record():
    codec = codec_of(AB)
    batch = [Row(a=1, b="x"), None, (2, "y")]
    assert codec.conform_batch(batch) == [Row(a=1, b="x"), None, Row(a=2, b="y")]
    assert codec.conform_batch(batch)[0] is batch[0]
    assert batch[2] == (2, "y")
    nothing = [None, None]
    assert codec.conform_batch(nothing) is nothing
    with pytest.raises(TypeInformationError, match=r"^record 1: field 'a': expected LONG, got str 'x'$"):
        codec.conform_batch([None, Row(a="x", b="")])


def test_nothing_that_the_caller_holds_is_changed():
    inner = [("a", 1)]
    outer = Row(b=inner, a={"k": (1,)})
    type_info = Types.ROW_NAMED(["a", "b"], [Types.MAP(TEXT, Types.ROW([LONG])), Types.LIST(AB)])
    swapped = Types.ROW_NAMED(["a", "b"], [Types.MAP(TEXT, Types.ROW([LONG])), Types.LIST(Types.ROW([TEXT, LONG]))])
    with pytest.raises(TypeInformationError, match=r"field 'b\[0\].a': expected LONG"):
        codec_of(type_info).conform_one(outer)
    assert codec_of(swapped).conform_one(outer) == Row(a={"k": Row(f0=1)}, b=[Row(f0="a", f1=1)])
    assert outer == Row(b=[("a", 1)], a={"k": (1,)})
    assert inner == [("a", 1)]


def test_parts_that_have_the_shape_are_shared():
    kept = [1, 2]
    shaped = codec_of(Types.ROW_NAMED(["a", "b"], [Types.LIST(LONG), LONG])).conform_one((kept, 1))
    assert shaped.a is kept


class Flipped(NamedTuple):
    b: str
    a: int


@dataclass
class Mutable:
    b: str
    a: int


@dataclass(slots=True)
class Slotted:
    b: str
    a: int


ROWS = [
    (AB, Row(b="x", a=1), Row(a=1, b="x")),
    (AB, Row(1, "x"), Row(a=1, b="x")),
    (AB, (1, "x"), Row(a=1, b="x")),
    (AB, [1, "x"], Row(a=1, b="x")),
    (AB, {"b": "x", "a": 1}, Row(a=1, b="x")),
    (AB, {"b": "x"}, Row(a=None, b="x")),
    (AB, Flipped("x", 1), Row(a=1, b="x")),
    (AB, Mutable("x", 1), Row(a=1, b="x")),
    (AB, Slotted("x", 1), Row(a=1, b="x")),
    (AB, Thing(b="x", a=1, other=3), Row(a=1, b="x")),
    (AB, Thing(b="x"), Row(a=None, b="x")),
    (Types.ROW([LONG, TEXT]), Row(1, "x"), Row(f0=1, f1="x")),
    (Types.ROW([LONG, TEXT]), Row(f1="x", f0=1), Row(f0=1, f1="x")),
    (Types.ROW([LONG, TEXT]), Row(b=1, a="x"), Row(f0=1, f1="x")),
    (Types.ROW([LONG, TEXT]), {"f1": "x", "f0": 1}, Row(f0=1, f1="x")),
    (Types.ROW_NAMED(["r"], [Types.LIST(AB)]), Row([Row(b="x", a=1)]), Row(r=[Row(a=1, b="x")])),
    (Types.TUPLE([LONG, LONG]), Row(f1=1, f0=2), (2, 1)),
    (Types.TUPLE([LONG, LONG]), Row(b=1, a=2), (1, 2)),
    (Types.TUPLE([AB]), ({"b": "x", "a": 1},), (Row(a=1, b="x"),)),
    (Types.ROW([Types.TUPLE([LONG])]), ([1],), Row(f0=(1,))),
    (Types.MAP(TEXT, AB), {"k": {"b": "x", "a": 1}}, {"k": Row(a=1, b="x")}),
]


@pytest.mark.parametrize(("type_info", "value", "expected"), ROWS, ids=range(len(ROWS)))
def test_what_becomes_of_rows(type_info, value, expected):
    codec = codec_of(type_info)
    for shaped in (codec.conform_one(value), codec.decode_one(codec.encode_one(value))):
        assert same(shaped, expected)


def test_row_kinds_are_kept():
    shaped = codec_of(AB).conform_one(Row.of_kind(RowKind.DELETE, b="x", a=1))
    assert shaped.get_row_kind() is RowKind.DELETE
    assert list(shaped) == [1, "x"]


@pytest.mark.parametrize("value", [Thing(), Thing(c=1), Thing, object(), 5, "ab", len, {1, 2}])
def test_objects_without_the_fields_are_no_rows(value):
    with pytest.raises(TypeInformationError, match="expected ROW, got"):
        codec_of(AB).conform_one(value)


def test_records_of_classes_are_built_anew_only_when_a_field_changes():
    point, reading, stop = Point(1, 2.0), Reading("s", 1.0), {"station": "s", "minutes": 1}
    assert codec_of(POINT).conform_one(point) is point
    assert codec_of(READING).conform_one(reading) is reading
    assert codec_of(STOP).conform_one(stop) is stop
    assert same(codec_of(POINT).conform_one(Point(Whole(1), 2)), Point(1, 2.0))
    assert same(codec_of(READING).conform_one(Reading("s", 1)), Reading("s", 1.0))
    assert same(codec_of(FROZEN).conform_one(Frozen(a=1, b=Reading("s", 1))), Frozen(a=1, b=Reading("s", 1.0)))
    assert list(codec_of(STOP).conform_one({"minutes": 1, "station": "s"})) == ["station", "minutes"]
    late = instance_of(LATE, (Whole(5), "e"))
    assert same(codec_of(LATE).conform_one(late), instance_of(LATE, (5, "e")))


@dataclass
class Picky:
    n: int

    def __post_init__(self):
        if type(self.n) is int and self.n > 5:
            raise ValueError("too large")


class PickyTuple(NamedTuple):
    n: int


class Refusing(PickyTuple):
    def __new__(cls, n):
        if type(n) is int:
            raise ValueError("no plain int")
        return super().__new__(cls, n)


def test_a_class_that_refuses_the_shape_of_its_fields():
    codec = codec_of(DataclassTypeInfo(Picky, [LONG], [True]))
    with pytest.raises(TypeInformationError, match=r"Picky\(n=9\); Picky refuses .*: too large"):
        codec.conform_one(Picky(Whole(9)))
    codec = codec_of(NamedTupleTypeInfo(Refusing, [LONG], [True]))
    with pytest.raises(TypeInformationError, match=r"Refusing refuses .*: no plain int"):
        codec.conform_one(Refusing(Whole(9)))


def test_keys_of_a_map_that_become_the_same():
    codec = codec_of(Types.MAP(Types.FLOAT(), LONG))
    assert codec.conform_one({0.1: 1}) == {0.10000000149011612: 1}
    with pytest.raises(TypeInformationError, match="keys that become the same"):
        codec.conform_one({0.1: 1, 0.10000000149011612: 2})


def test_optional_values():
    codec = NullableCodec(codec_of(AB))
    assert codec.conform_one(None) is None
    assert codec.conform_one((1, "x")) == Row(a=1, b="x")


def test_parts_that_are_pickled_stay_the_objects_that_they_are():
    thing = Thing()
    type_info = Types.ROW_NAMED(["a", "b"], [LONG, Types.PICKLED_BYTE_ARRAY()])
    assert codec_of(type_info).conform_one({"b": thing, "a": 1}).b is thing


def test_numpy_and_pandas():
    numpy = pytest.importorskip("numpy")
    for type_info, value in [
        (LONG, numpy.int64(5)),
        (Types.DOUBLE(), numpy.float64(1.5)),
        (Types.FLOAT(), numpy.float32(1.5)),
        (Types.BOOLEAN(), numpy.bool_(True)),
        (TEXT, numpy.str_("a")),
        (Types.PRIMITIVE_ARRAY(LONG), numpy.array([1, 2])),
        (Types.PRIMITIVE_ARRAY(Types.INT()), numpy.array(5)),
    ]:
        check(type_info, value)
    pandas = pytest.importorskip("pandas")
    for value in (pandas.Timestamp("2024-01-01"), pandas.Timestamp("2024-01-01 00:00:00.000000001"), pandas.NaT):
        check(Types.SQL_TIMESTAMP(), value)
        check(Types.SQL_DATE(), value)


def test_an_instant_of_other_numbers():
    check(Types.INSTANT(), Instant(Whole(5), 3))


def test_a_list_that_shrinks_while_it_is_looked_at():
    items = []

    class Shrinking(int):
        def __index__(self):
            items.clear()
            return 1

    class Index:
        def __index__(self):
            items.clear()
            return 1

    items.extend([Index(), 2, 3])
    for type_info in (Types.LIST(LONG), Types.TUPLE([LONG] * 3), Types.PRIMITIVE_ARRAY(LONG), Types.ROW([LONG] * 3)):
        items[:] = [Index(), 2, 3]
        with pytest.raises(RuntimeError, match="changed"):
            codec_of(type_info).conform_one(items)


def test_the_names_of_a_positional_row_do_not_change_its_type():
    assert codec_of(Types.ROW([LONG])).fingerprint == codec_of(Types.ROW([LONG])).fingerprint
    assert codec_of(RowTypeInfo([LONG], ["f0"])).fingerprint != codec_of(Types.ROW([LONG])).fingerprint

"""Type information prints, compares and converts as PyFlink's; the literals were read off PyFlink 2.3."""

import copy
import datetime
import itertools
import pickle
import time

import pytest

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import (
    BasicType,
    BasicTypeInfo,
    ExternalTypeInfo,
    LocalTimeTypeInfo,
    TypeInformation,
    Types,
    schema_key,
)
from tests.ids import plain_repr

PRINTED = [
    (Types.STRING(), "String"),
    (Types.BYTE(), "Byte"),
    (Types.BOOLEAN(), "Boolean"),
    (Types.SHORT(), "Short"),
    (Types.INT(), "Integer"),
    (Types.LONG(), "Long"),
    (Types.FLOAT(), "Float"),
    (Types.DOUBLE(), "Double"),
    (Types.CHAR(), "Char"),
    (Types.BIG_INT(), "BigInteger"),
    (Types.BIG_DEC(), "BigDecimal"),
    (Types.INSTANT(), "Instant"),
    (Types.SQL_DATE(), "DateTypeInfo"),
    (Types.SQL_TIME(), "TimeTypeInfo"),
    (Types.SQL_TIMESTAMP(), "TimestampTypeInfo"),
    (Types.PICKLED_BYTE_ARRAY(), "PickledByteArrayTypeInfo"),
    (Types.ROW([]), "RowTypeInfo()"),
    (Types.ROW([Types.INT(), Types.STRING()]), "RowTypeInfo(Integer, String)"),
    (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.SQL_DATE()]), "RowTypeInfo(a: Long, b: DateTypeInfo)"),
    (Types.TUPLE([Types.INT(), Types.STRING()]), "TupleTypeInfo(Integer, String)"),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), "PrimitiveArrayTypeInfo<Byte>"),
    (Types.BASIC_ARRAY(Types.STRING()), "BasicArrayTypeInfo<String>"),
    (Types.OBJECT_ARRAY(Types.ROW([Types.INT()])), "ObjectArrayTypeInfo<RowTypeInfo(Integer)>"),
    (Types.MAP(Types.STRING(), Types.LONG()), "MapTypeInfo<String, Long>"),
    (Types.LIST(Types.TUPLE([Types.INT()])), "ListTypeInfo<TupleTypeInfo(Integer)>"),
    (LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE), "LocalTimeTypeInfo<LOCAL_DATE>"),
    (ExternalTypeInfo(Types.INT()), "ExternalTypeInfo<Integer>"),
]


@pytest.fixture
def new_york(monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone of a process cannot be changed here")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("type_info", "text"), PRINTED, ids=[text for _, text in PRINTED])
def test_printed(type_info, text):
    assert str(type_info) == repr(type_info) == text


@pytest.mark.parametrize("type_info", [type_info for type_info, _ in PRINTED], ids=str)
def test_copies_are_equal(type_info):
    for again in (pickle.loads(pickle.dumps(type_info)), copy.deepcopy(type_info)):
        assert again == type_info
        assert hash(again) == hash(type_info)
        assert schema_key(again) == schema_key(type_info)
        assert repr(again) == repr(type_info)


def test_different_types_are_not_equal():
    for (one, _), (other, _) in itertools.combinations(PRINTED, 2):
        assert one != other
    assert Types.INT() != "Integer"
    assert Types.INT() != None  # noqa: E711


def test_names_of_fields_count_in_the_schema_only():
    fields = [Types.INT(), Types.ROW_NAMED(["x"], [Types.INT()])]
    other_fields = [Types.INT(), Types.ROW_NAMED(["y"], [Types.INT()])]
    named = Types.ROW_NAMED(["a", "b"], fields)
    assert named == Types.ROW(fields) == Types.ROW_NAMED(["c", "d"], other_fields)
    assert hash(named) == hash(Types.ROW(fields))
    assert named.schema_equals(Types.ROW_NAMED(["a", "b"], list(fields)))
    assert not named.schema_equals(Types.ROW_NAMED(["a", "c"], fields))
    assert not named.schema_equals(Types.ROW_NAMED(["a", "b"], other_fields))
    assert not named.schema_equals(Types.INT())
    assert Types.ROW(fields).schema_equals(Types.ROW_NAMED(["f0", "f1"], fields))
    assert schema_key(Types.LIST(fields[1])) != schema_key(Types.LIST(other_fields[1]))


def test_row_fields():
    unnamed = Types.ROW([Types.INT(), Types.STRING()])
    assert unnamed.get_field_names() == ["f0", "f1"]
    assert unnamed.get_field_index("f1") == -1
    assert unnamed.get_field_types() == [Types.INT(), Types.STRING()]
    assert repr(unnamed) == "RowTypeInfo(Integer, String)"
    named = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.STRING()])
    assert named.get_field_names() == ["a", "b"]
    assert named.get_field_index("b") == 1
    with pytest.raises(ValueError, match="'c'"):
        named.get_field_index("c")
    assert Types.TUPLE([Types.INT()]).get_field_types() == [Types.INT()]


def test_the_lists_given_are_not_kept():
    names, types = ["a"], [Types.INT()]
    row = Types.ROW_NAMED(names, types)
    names.append("b")
    types.append(Types.STRING())
    row.get_field_types().clear()
    row.get_field_names().clear()
    assert str(row) == "RowTypeInfo(a: Integer)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Types.ROW([int]), "field 0 of RowTypeInfo is type information"),
        (lambda: Types.ROW([Types.INT(), Types.STRING]), r"field 1 of RowTypeInfo .* write Types.STRING\(\)"),
        (lambda: Types.ROW(Types.INT()), "a list of field types, not Integer"),
        (lambda: Types.TUPLE(3), "a list of field types, not 3"),
        (lambda: Types.ROW_NAMED(["a"], [Types.INT(), Types.INT()]), "1 field names for 2 field types"),
        (lambda: Types.ROW_NAMED(["a", "a"], [Types.INT()] * 2), "same field name twice: a"),
        (lambda: Types.ROW_NAMED("ab", [Types.INT()] * 2), "a list of field names, not 'ab'"),
        (lambda: Types.ROW_NAMED([1], [Types.INT()]), "a list of field names"),
        (lambda: Types.PRIMITIVE_ARRAY(Types.STRING()), "PrimitiveArrayTypeInfo holds .*, not String"),
        (lambda: Types.PRIMITIVE_ARRAY(Types.INSTANT()), "not Instant"),
        (lambda: Types.BASIC_ARRAY(Types.ROW([])), "not RowTypeInfo"),
        (lambda: Types.OBJECT_ARRAY(str), "the element type of ObjectArrayTypeInfo"),
        (lambda: Types.LIST(None), "the element type of a list"),
        (lambda: Types.MAP(Types.INT(), "x"), "the value type of a map"),
        (lambda: ExternalTypeInfo(1), "the wrapped type"),
        (lambda: BasicTypeInfo("Integer"), "BasicType"),
        (lambda: LocalTimeTypeInfo(0), "TimeType"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(TypeInformationError, match=message) as caught:
        make()
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("element", list(BasicType))
def test_array_elements(element):
    primitive = element not in (BasicType.STRING, BasicType.BIG_INT, BasicType.BIG_DEC, BasicType.INSTANT)
    for make, allowed in [
        (Types.PRIMITIVE_ARRAY, primitive),
        (Types.BASIC_ARRAY, primitive or element is BasicType.STRING),
        (Types.OBJECT_ARRAY, True),
    ]:
        if allowed:
            assert make(BasicTypeInfo(element)).element_type.basic_type is element
        else:
            with pytest.raises(TypeInformationError):
                make(BasicTypeInfo(element))


def test_a_class_of_the_user_is_equal_to_itself_only():
    class Own(TypeInformation):
        pass

    one, other = Own(), Own()
    assert one == one
    assert one != other
    assert not one.need_conversion()
    assert one.to_internal_type(1) == one.from_internal_type(1) == 1


class Point:
    def __init__(self, a, b):
        self.a, self.b = a, b


class TestConversion:
    DATE = datetime.date(1969, 12, 31)
    NAMED = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.SQL_DATE()])

    def test_which_need_it(self):
        needed = {str(type_info) for type_info, _ in PRINTED if type_info.need_conversion()}
        assert needed == {
            "Instant",
            "DateTypeInfo",
            "TimeTypeInfo",
            "TimestampTypeInfo",
            "RowTypeInfo()",
            "RowTypeInfo(Integer, String)",
            "RowTypeInfo(a: Long, b: DateTypeInfo)",
            "TupleTypeInfo(Integer, String)",
        }

    @pytest.mark.parametrize(
        ("value", "internal"),
        [
            (Row(5, DATE), (0, 5, -1)),
            (Row(b=DATE, a=5), (0, 5, -1)),
            (Row.of_kind(RowKind.DELETE, 5, DATE), (3, 5, -1)),
            ({"a": 5}, (0, 5, None)),
            ((5, DATE), (0, 5, -1)),
            ([5, DATE], (0, 5, -1)),
            (Point(5, DATE), (0, 5, -1)),
            (None, None),
        ],
        ids=plain_repr,
    )
    def test_row(self, value, internal):
        assert self.NAMED.to_internal_type(value) == internal

    def test_row_without_conversions(self):
        row = Types.ROW([Types.INT(), Types.STRING()])
        assert row.to_internal_type(Row(1, "a")) == (0, 1, "a")
        assert row.to_internal_type((1, "a")) == (0, 1, "a")

    def test_not_a_row(self):
        with pytest.raises(ValueError, match="5 is not a row of type RowTypeInfo"):
            self.NAMED.to_internal_type(5)
        with pytest.raises(ValueError, match="5 is not a tuple of type TupleTypeInfo"):
            Types.TUPLE([Types.INT()]).to_internal_type(5)

    def test_row_and_back(self):
        assert self.NAMED.from_internal_type(iter((5, -1))) == (5, self.DATE)
        assert self.NAMED.from_internal_type((5, -1)) == (5, -1)
        assert self.NAMED.from_internal_type(None) is None
        assert Types.ROW([Types.INT()]).from_internal_type(iter((5,))) == (5,)

    def test_tuple(self):
        plain = Types.TUPLE([Types.INT(), Types.STRING()])
        dated = Types.TUPLE([Types.INT(), Types.SQL_DATE()])
        assert plain.to_internal_type([1, "a"]) == (1, "a")
        assert dated.to_internal_type(Row(5, self.DATE)) == (5, -1)
        assert dated.to_internal_type(None) is None
        assert dated.from_internal_type(iter((5, -1))) == (5, self.DATE)
        assert dated.from_internal_type((5, -1)) == (5, -1)

    @pytest.mark.parametrize(
        ("type_info", "value", "internal"),
        [
            (Types.INSTANT(), Instant(5, 7_000_000), 5_007_000),
            (Types.INSTANT(), Instant.of_epoch_milli(-1), -1000),
            (Types.SQL_DATE(), datetime.date(2020, 1, 2), 18263),
            (Types.SQL_TIME(), datetime.time(1, 2, 3, 4), 3_723_000_004 + 5 * 3_600_000_000),
            (Types.SQL_TIMESTAMP(), datetime.datetime(2020, 6, 1, 1, 2, 3, 456), 1_590_987_723_000_456),
            (Types.SQL_TIMESTAMP(), datetime.datetime(1950, 1, 1, 0, 0, 0, 7), -631_134_000_000_000 + 7),
        ],
    )
    def test_times_without_a_zone_are_local(self, new_york, type_info, value, internal):
        assert type_info.to_internal_type(value) == internal
        assert type_info.from_internal_type(internal) == value
        assert type_info.to_internal_type(None) is None
        assert type_info.from_internal_type(None) is None

    def test_times_with_a_zone(self, new_york):
        ahead, behind = (datetime.timezone(datetime.timedelta(hours=hours)) for hours in (2, -5))
        assert Types.SQL_TIME().to_internal_type(datetime.time(1, 2, 3, 4, ahead)) == -3_476_999_996
        stamp = datetime.datetime(2020, 6, 1, 1, 2, 3, 456, behind)
        assert Types.SQL_TIMESTAMP().to_internal_type(stamp) == 1_590_991_323_000_456

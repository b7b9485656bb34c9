"""Data types, and the way between them, columns and type information."""

import dataclasses
import pickle
from typing import NamedTuple, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.schema import PLAIN_NAMES, Field
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.basic import ExternalTypeInfo, LocalTimeTypeInfo, TypeInformation
from pyflinkx.types.carried import carried
from pyflinkx.types.data_type import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    MAX_LENGTH,
    NULL,
    SMALLINT,
    STRING,
    TINYINT,
    DataType,
    Family,
    Kind,
    row_type,
)
from pyflinkx.types.data_type_field import PLAIN, field_of, type_of_field
from pyflinkx.types.data_type_info import data_type_of, type_info_of
from pyflinkx.types.data_type_rules import (
    average_type,
    castable,
    common_type,
    decimal_result,
    implicitly_castable,
    sum_type,
)
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, TypedDictTypeInfo
from pyflinkx.types.typeinfo import Types, schema_key

NAMES = st.sampled_from(["a", "b`", "", "item", "\u00e9"])


class Point(NamedTuple):
    x: int
    y: str


@dataclasses.dataclass
class Person:
    name: str
    age: int


class Pair(TypedDict):
    left: int
    right: int


# ---- columns ----

ZONES = st.sampled_from(["", "UTC", "Europe/Berlin", "+02:00"])
LEAF_FORMATS = st.one_of(
    st.sampled_from(sorted(PLAIN_NAMES)),
    st.sampled_from(["tts", "ttm", "ttu", "ttn", "tDs", "tDm", "tDu", "tDn", "w:1", "w:16"]),
    st.builds("ts{}:{}".format, st.sampled_from("smun"), ZONES),
    st.integers(1, 38).flatmap(lambda digits: st.builds("d:{},{}".format, st.just(digits), st.integers(-3, digits))),
    st.just("d:19,10,128"),
)
CARRIED = st.sampled_from(
    [
        Types.BIG_INT(),
        Types.BIG_DEC(),
        Types.INSTANT(),
        Types.PICKLED_BYTE_ARRAY(),
        Types.PRIMITIVE_ARRAY(Types.INT()),
        Types.TUPLE([Types.INT(), Types.ROW_NAMED(["q"], [Types.STRING()])]),
        Types.MAP(Types.STRING(), Types.INT()),
        Types.STRING(),
    ]
)
LEAVES = st.one_of(
    st.builds(Field, NAMES, LEAF_FORMATS, st.booleans()),
    st.builds(carried, NAMES, CARRIED, st.booleans()),
    st.builds(lambda name: carried(name, Types.BIG_INT(), format="d:38,0"), NAMES),
)


def entries(name, nullable, names, key, value):
    parts = [key.renamed(names[1]), value.renamed(names[2])]
    return Field(name, "+m", nullable, [Field(names[0], "+s", False, parts)])


FIELDS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda name, form, nullable, child: Field(name, form, nullable, [child]),
            NAMES,
            st.sampled_from(["+l", "+L"]),
            st.booleans(),
            inner,
        ),
        st.builds(entries, NAMES, st.booleans(), st.tuples(NAMES, NAMES, NAMES), inner, inner),
        st.builds(
            lambda name, nullable, children: Field(name, "+s", nullable, children),
            NAMES,
            st.booleans(),
            st.lists(inner, max_size=3),
        ),
    ),
    max_leaves=6,
)


@given(FIELDS)
def test_columns_there_and_back(field):
    kind = type_of_field(field)
    assert field_of(field.name, kind) == field
    assert pickle.loads(pickle.dumps(kind)) == kind
    assert hash(kind) == hash(type_of_field(field_of("other", kind)))
    assert str(kind)


def test_every_plain_format_is_in_the_table():
    assert set(PLAIN) == set(PLAIN_NAMES)


SQL_LEAVES = st.one_of(
    st.sampled_from([NULL, BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DATE, STRING, BYTES]),
    st.builds(DataType, st.sampled_from([Kind.CHAR, Kind.VARCHAR, Kind.BINARY, Kind.VARBINARY]), st.integers(0, 99)),
    st.builds(DataType, st.sampled_from([Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ]), st.integers(0, 9)),
    st.builds(DataType, st.just(Kind.DECIMAL), st.integers(1, 38), st.integers(0, 38)),
    st.builds(
        DataType,
        st.just(Kind.INTERVAL_DAY_TIME),
        st.integers(1, 6),
        st.integers(0, 9),
        st.sampled_from(["DAY TO SECOND", "HOUR TO MINUTE", "SECOND"]),
    ),
    st.builds(
        DataType,
        st.just(Kind.INTERVAL_YEAR_MONTH),
        st.integers(1, 4),
        st.none(),
        st.sampled_from(["YEAR TO MONTH", "MONTH"]),
    ),
)
NULLABLE = st.booleans()
SQL_TYPES = st.recursive(
    SQL_LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda child: DataType(Kind.ARRAY, children=(child,)), inner),
        st.builds(lambda child: DataType(Kind.MULTISET, children=(child,)), inner),
        st.builds(lambda *children: DataType(Kind.MAP, children=children), inner, inner),
        st.lists(st.tuples(NAMES, inner), max_size=3).map(row_type),
    ).flatmap(lambda kind: NULLABLE.map(kind.with_nullable)),
    max_leaves=5,
).flatmap(lambda kind: NULLABLE.map(kind.with_nullable))


@given(SQL_TYPES)
def test_types_of_sql_become_columns_and_come_back(kind):
    assert type_of_field(field_of("column", kind)) == kind


@pytest.mark.parametrize(
    "details",
    [
        b"",
        b"CHAR",
        b"CHAR:x:None:None",
        b"CHAR:-1:None:None",
        b"BIGINT:None:None:None",
        b"NONE:1:2:3",
        b"\xff",
        b"ROW:1:2:3",
        b"CHAR:1:2:3:4",
        b"MAP:None:None:None",
    ],
)
def test_metadata_that_tells_of_no_such_type_is_passed_over(details):
    assert type_of_field(Field("a", "u", metadata={b"pyflinkx.type": details})) == STRING


# ---- type information ----

INFOS = st.recursive(
    st.sampled_from(
        [
            make()
            for make in (
                Types.STRING,
                Types.BYTE,
                Types.BOOLEAN,
                Types.SHORT,
                Types.INT,
                Types.LONG,
                Types.FLOAT,
                Types.DOUBLE,
                Types.CHAR,
                Types.BIG_INT,
                Types.BIG_DEC,
                Types.INSTANT,
                Types.SQL_DATE,
                Types.SQL_TIME,
                Types.SQL_TIMESTAMP,
                Types.PICKLED_BYTE_ARRAY,
            )
        ]
        + [Types.PRIMITIVE_ARRAY(element()) for element in (Types.BYTE, Types.INT, Types.DOUBLE, Types.CHAR)]
        + [Types.BASIC_ARRAY(Types.STRING())]
        + [LocalTimeTypeInfo(kind) for kind in LocalTimeTypeInfo.TimeType]
    ),
    lambda inner: st.one_of(
        st.builds(Types.LIST, inner),
        st.builds(Types.OBJECT_ARRAY, inner),
        st.builds(Types.MAP, inner, inner),
        st.builds(ExternalTypeInfo, inner),
        st.lists(inner, max_size=3).map(Types.ROW),
        st.lists(inner, max_size=3).map(Types.TUPLE),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda d: Types.ROW_NAMED(list(d), list(d.values()))
        ),
        st.builds(lambda *a: NamedTupleTypeInfo(Point, a[:2], a[2:]), inner, inner, NULLABLE, NULLABLE),
        st.builds(lambda *a: DataclassTypeInfo(Person, a[:2], a[2:]), inner, inner, NULLABLE, NULLABLE),
        st.builds(lambda *a: TypedDictTypeInfo(Pair, a[:2], a[2:]), inner, inner, NULLABLE, NULLABLE),
    ),
    max_leaves=6,
)


@given(INFOS)
def test_type_information_there_and_back(info):
    kind = data_type_of(info)
    back = type_info_of(kind)
    assert schema_key(back) == schema_key(info)
    assert str(back) == str(info)
    assert pickle.loads(pickle.dumps(kind)) == kind
    field = field_of("column", kind)
    assert field_of("column", type_of_field(field)) == field


@given(INFOS, INFOS)
def test_equal_types_are_equal_data_types(first, second):
    assert (schema_key(first) == schema_key(second)) == (data_type_of(first) == data_type_of(second))


def test_type_information_of_the_users_own():
    class Mine(TypeInformation):
        pass

    mine = Mine()
    assert type_info_of(data_type_of(mine)) is mine
    assert data_type_of(mine).kind is Kind.RAW


# ---- the types themselves ----


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (INT.not_null(), "INT NOT NULL"),
        (STRING, "STRING"),
        (DataType(Kind.VARCHAR, 5), "VARCHAR(5)"),
        (BYTES, "BYTES"),
        (DataType(Kind.DECIMAL, 10, 2), "DECIMAL(10, 2)"),
        (DataType(Kind.TIMESTAMP_LTZ, 3, zone="Asia/Tokyo"), "TIMESTAMP_LTZ(3)"),
        (DataType(Kind.INTERVAL_DAY_TIME, 2, 3, "DAY TO SECOND"), "INTERVAL DAY(2) TO SECOND(3)"),
        (DataType(Kind.INTERVAL_YEAR_MONTH), "INTERVAL YEAR TO MONTH"),
        (
            DataType(Kind.MAP, children=(STRING.not_null(), DataType(Kind.ARRAY, children=(INT,)))),
            "MAP<STRING NOT NULL, ARRAY<INT>>",
        ),
        (DataType(Kind.MULTISET, children=(INT,)), "MULTISET<INT>"),
        (row_type([("a`b", INT), ("c", DATE.not_null())]), "ROW<`a``b` INT, `c` DATE NOT NULL>"),
        (type_of_field(Field("a", "L")), "BIGINT UNSIGNED"),
        (data_type_of(Types.PICKLED_BYTE_ARRAY()), "RAW(PickledByteArrayTypeInfo)"),
    ],
)
def test_text(kind, text):
    assert str(kind) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Kind.DECIMAL, 39, 0), "DECIMAL.*1 to 38"),
        ((Kind.DECIMAL, 10), "after the point"),
        ((Kind.CHAR,), "CHAR"),
        ((Kind.TIMESTAMP, 10), "0 to 9"),
        ((Kind.ARRAY,), "1 parts, not 0"),
        ((Kind.ROW, None, None, None, None, (INT,)), "0 parts, not 1"),
    ],
)
def test_what_is_no_type(arguments, message):
    with pytest.raises(TypeInformationError, match=message):
        DataType(*arguments)


def decimal(precision, scale):
    return DataType(Kind.DECIMAL, precision, scale)


# As Flink 2's LogicalTypeMerging has it.
@pytest.mark.parametrize(
    ("types", "common"),
    [
        ([TINYINT, INT], INT),
        ([INT, BIGINT.not_null()], BIGINT),
        ([INT.not_null(), BIGINT.not_null()], BIGINT.not_null()),
        ([INT.not_null(), NULL], INT),
        ([NULL, NULL], NULL),
        ([INT, FLOAT], FLOAT),
        ([decimal(5, 2), FLOAT], DOUBLE),
        ([BIGINT, DOUBLE], DOUBLE),
        ([decimal(5, 2), decimal(10, 4)], decimal(10, 4)),
        ([decimal(10, 2), decimal(5, 4)], decimal(12, 4)),
        ([INT, decimal(5, 2)], decimal(12, 2)),
        ([decimal(38, 0), decimal(38, 10)], decimal(38, 10)),
        ([STRING, DataType(Kind.CHAR, 3)], STRING),
        ([DataType(Kind.CHAR, 3), DataType(Kind.CHAR, 3)], DataType(Kind.CHAR, 3)),
        ([DataType(Kind.CHAR, 3), DataType(Kind.CHAR, 5)], DataType(Kind.VARCHAR, 5)),
        ([DATE, DataType(Kind.TIMESTAMP, 3)], DataType(Kind.TIMESTAMP, 3)),
        ([DataType(Kind.TIMESTAMP, 3), DataType(Kind.TIMESTAMP_LTZ, 6)], DataType(Kind.TIMESTAMP_LTZ, 6)),
        ([DataType(Kind.TIME, 0), DataType(Kind.TIME, 3)], DataType(Kind.TIME, 3)),
        ([DataType(Kind.TIME, 0), DATE], None),
        ([INT, STRING], None),
        ([BOOLEAN, INT], None),
        ([row_type([("a", INT)]), row_type([("b", BIGINT)])], row_type([("a", BIGINT)])),
        ([row_type([("a", INT)]), row_type([])], None),
        ([type_of_field(Field("", "C")), TINYINT], SMALLINT),
        ([type_of_field(Field("", "L")), BIGINT], decimal(20, 0)),
        ([type_of_field(Field("", "U")), STRING], STRING),
    ],
)
def test_common_types(types, common):
    assert common_type(types) == common
    if common is not None and common.kind is not Kind.ROW:
        assert common_type(types[::-1]) == common


@given(SQL_TYPES, SQL_TYPES)
def test_what_two_have_in_common_holds_both(first, second):
    common = common_type([first, second])
    reverse = common_type([second, first])
    assert (common is None) == (reverse is None)
    if common is not None:
        assert common_type([common, first]) == common.logical() or common == first
        assert castable(first, common)
        assert castable(second, common)
    if implicitly_castable(first, second):
        assert castable(first, second)
    assert implicitly_castable(first.not_null(), first.not_null()) or first.kind is Kind.NULL
    assert castable(first, STRING)


@pytest.mark.parametrize(
    ("source", "target", "explicit", "implicit"),
    [
        (INT, BIGINT, True, True),
        (BIGINT, INT, True, False),
        (INT, INT.not_null(), True, False),
        (INT, FLOAT, True, True),
        (DOUBLE, FLOAT, True, False),
        (INT, decimal(5, 0), True, False),
        (INT, decimal(10, 0), True, True),
        (STRING, INT, True, False),
        (INT, STRING, True, False),
        (DATE, INT, False, False),
        (DATE, DataType(Kind.TIMESTAMP, 3), True, False),
        (DataType(Kind.TIMESTAMP, 3), DataType(Kind.TIMESTAMP_LTZ, 3), True, True),
        (DataType(Kind.TIMESTAMP, 3), DataType(Kind.TIMESTAMP, 0), True, False),
        (BOOLEAN, INT, True, False),
        (INT, BOOLEAN, True, False),
        (DOUBLE, BOOLEAN, False, False),
        (BYTES, INT, False, False),
        (BYTES, STRING, True, False),
        (DataType(Kind.CHAR, 2), DataType(Kind.VARCHAR, 3), True, True),
        (DataType(Kind.VARCHAR, 3), DataType(Kind.VARCHAR, 2), True, False),
        (DataType(Kind.INTERVAL_YEAR_MONTH), INT, True, False),
        (DataType(Kind.INTERVAL_YEAR_MONTH), DataType(Kind.INTERVAL_DAY_TIME), False, False),
        (NULL, INT, True, True),
        (INT, NULL, False, False),
        (DataType(Kind.ARRAY, children=(INT,)), DataType(Kind.ARRAY, children=(STRING,)), True, False),
        (DataType(Kind.ARRAY, children=(INT,)), INT, False, False),
        (data_type_of(Types.PICKLED_BYTE_ARRAY()), INT, False, False),
    ],
)
def test_casts(source, target, explicit, implicit):
    assert (castable(source, target), implicitly_castable(source, target)) == (explicit, implicit)


# As Flink 2's LogicalTypeMerging has it.
@pytest.mark.parametrize(
    ("operation", "first", "second", "result"),
    [
        ("+", decimal(10, 2), decimal(5, 4), decimal(13, 4)),
        ("-", decimal(10, 2), INT, decimal(13, 2)),
        ("*", decimal(10, 2), decimal(5, 4), decimal(16, 6)),
        ("*", decimal(38, 10), decimal(38, 10), decimal(38, 6)),
        ("/", decimal(10, 2), decimal(5, 4), decimal(20, 8)),
        ("%", decimal(10, 2), decimal(5, 4), decimal(5, 4)),
        ("+", decimal(38, 10), decimal(38, 10), decimal(38, 9)),
    ],
)
def test_results_of_decimals(operation, first, second, result):
    assert decimal_result(operation, first, second) == result
    assert decimal_result(operation, first.not_null(), second.not_null()) == result.not_null()


def test_sums_and_averages():
    assert sum_type(decimal(10, 2)) == decimal(38, 2)
    assert average_type(decimal(10, 2)) == decimal(38, 6)
    assert (sum_type(INT), average_type(INT)) == (INT, INT)


def test_families():
    assert BIGINT.family(Family.NUMERIC)
    assert not BIGINT.family(Family.APPROXIMATE_NUMERIC)
    assert decimal(3, 1).family(Family.EXACT_NUMERIC)
    assert not decimal(3, 1).family(Family.INTEGER)
    assert DataType(Kind.VARCHAR, MAX_LENGTH) is not STRING
    assert DataType(Kind.VARCHAR, MAX_LENGTH) == STRING

"""PyFlink's DataTypes: how they look, what they refuse, and the way to the engine's types and back."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import TypeInformationError
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.sql.parser import parse_type
from pyflinkx.table import DataTypes, Row, RowKind, types
from pyflinkx.table.data_types import logical_of, types_of
from pyflinkx.types import data_type as logical
from pyflinkx.types.data_type import Kind

INTERVAL = DataTypes.INTERVAL
ROW = DataTypes.ROW([DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b c", DataTypes.STRING(), "why")])


@pytest.mark.parametrize(
    ("made", "shown", "sql"),
    [
        (DataTypes.NULL(), "NullType(true)", "NULL"),
        (DataTypes.CHAR(3), "CharType(3, true)", "CHAR(3)"),
        (DataTypes.VARCHAR(10, False), "VarCharType(10, false)", "VARCHAR(10) NOT NULL"),
        (DataTypes.STRING(), "VarCharType(2147483647, true)", "STRING"),
        (DataTypes.BOOLEAN(), "BooleanType(true)", "BOOLEAN"),
        (DataTypes.BINARY(2), "BinaryType(2, true)", "BINARY(2)"),
        (DataTypes.VARBINARY(5), "VarBinaryType(5, true)", "VARBINARY(5)"),
        (DataTypes.BYTES(), "VarBinaryType(2147483647, true)", "BYTES"),
        (DataTypes.DECIMAL(10, 2), "DecimalType(10, 2, true)", "DECIMAL(10, 2)"),
        (DataTypes.TINYINT(), "TinyIntType(true)", "TINYINT"),
        (DataTypes.SMALLINT(), "SmallIntType(true)", "SMALLINT"),
        (DataTypes.INT().not_null(), "IntType(false)", "INT NOT NULL"),
        (DataTypes.BIGINT(False).nullable(), "BigIntType(true)", "BIGINT"),
        (DataTypes.FLOAT(), "FloatType(true)", "FLOAT"),
        (DataTypes.DOUBLE(), "DoubleType(true)", "DOUBLE"),
        (DataTypes.DATE(), "DateType(true)", "DATE"),
        (DataTypes.TIME(), "TimeType(0, true)", "TIME(0)"),
        (DataTypes.TIMESTAMP(), "TimestampType(6, true)", "TIMESTAMP(6)"),
        (DataTypes.TIMESTAMP_LTZ(3), "LocalZonedTimestampType(3, true)", "TIMESTAMP_LTZ(3)"),
        (DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(), "LocalZonedTimestampType(6, true)", "TIMESTAMP_LTZ(6)"),
        (DataTypes.ARRAY(DataTypes.INT(False)), "ArrayType(IntType(false), true)", "ARRAY<INT NOT NULL>"),
        (DataTypes.MULTISET(DataTypes.DATE()), "MultisetType(DateType(true), true)", "MULTISET<DATE>"),
        (
            DataTypes.MAP(DataTypes.STRING(), DataTypes.INT(), False),
            "MapType(VarCharType(2147483647, true), IntType(true), false)",
            "MAP<STRING, INT> NOT NULL",
        ),
        (
            ROW,
            "RowType(RowField(a, IntType(true), ...),RowField(b c, VarCharType(2147483647, true), why), true)",
            "ROW<`a` INT, `b c` STRING>",
        ),
        (DataTypes.ROW([DataTypes.INT()]), "RowType(RowField(f0, IntType(true), ...), true)", "ROW<`f0` INT>"),
        (DataTypes.INTERVAL(DataTypes.SECOND(3)), "DayTimeIntervalType(true)", "INTERVAL SECOND(3)"),
        (
            DataTypes.INTERVAL(DataTypes.DAY(3), DataTypes.HOUR()),
            "DayTimeIntervalType(true)",
            "INTERVAL DAY(3) TO HOUR",
        ),
        (
            DataTypes.INTERVAL(DataTypes.DAY(), DataTypes.SECOND(9)),
            "DayTimeIntervalType(true)",
            "INTERVAL DAY(2) TO SECOND(9)",
        ),
        (DataTypes.INTERVAL(DataTypes.MONTH()), "YearMonthIntervalType(true)", "INTERVAL MONTH"),
        (
            DataTypes.INTERVAL(DataTypes.YEAR(4), DataTypes.MONTH()),
            "YearMonthIntervalType(true)",
            "INTERVAL YEAR(4) TO MONTH",
        ),
    ],
)
def test_types_look_as_pyflinks_and_mean_what_sql_says(made, shown, sql):
    assert repr(made) == shown
    assert str(logical_of(made)) == sql
    back = types_of(logical_of(made))
    assert back == made or made is ROW  # descriptions are for people
    assert str(logical_of(back)) == sql
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
    assert hash(copy.deepcopy(made)) == hash(made)
    assert str(made) == type(made).__name__[:-4].upper()


@pytest.mark.parametrize(
    "text",
    ["INTERVAL SECOND(3)", "INTERVAL DAY(3) TO SECOND(2)", "INTERVAL MINUTE", "INTERVAL YEAR(3)", "DECIMAL(38, 38)"],
)
def test_types_of_sql_become_pyflinks_and_come_back(text):
    kind = data_type_of(parse_type(text), text)
    assert str(kind) == text
    assert str(logical_of(types_of(kind))) == text


def day_time(precision, scale):
    return logical.DataType(Kind.INTERVAL_DAY_TIME, precision, scale, "DAY TO SECOND")


def kinds():
    """Logical types of every kind that PyFlink has."""
    digits = st.integers(0, 9)
    atoms = st.one_of(
        st.sampled_from([k for k in Kind if not k.family and k.sql in ("BOOLEAN", "NULL")]).map(logical.DataType),
        st.sampled_from([Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT, Kind.FLOAT, Kind.DOUBLE, Kind.DATE]).map(
            logical.DataType
        ),
        st.builds(
            logical.DataType,
            st.sampled_from([Kind.CHAR, Kind.VARCHAR, Kind.BINARY, Kind.VARBINARY]),
            st.integers(1, logical.MAX_LENGTH),
        ),
        st.builds(logical.DataType, st.sampled_from([Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ]), digits),
        st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: logical.DataType(Kind.DECIMAL, p, s))),
        st.builds(
            lambda p, s: logical.DataType(Kind.INTERVAL_DAY_TIME, p, s, "DAY TO SECOND"), st.integers(1, 6), digits
        ),
    )

    def nested(inner):
        element = inner.map(lambda kind: (kind,))
        return st.one_of(
            st.builds(lambda c: logical.DataType(Kind.ARRAY, children=c), element),
            st.builds(lambda c: logical.DataType(Kind.MULTISET, children=c), element),
            st.builds(lambda a, b: logical.DataType(Kind.MAP, children=(a, b)), inner, inner),
            st.lists(st.tuples(st.text(), inner), max_size=3).map(logical.row_type),
        )

    nullable = st.recursive(atoms, nested, max_leaves=5)
    return st.builds(lambda kind, null: kind.with_nullable(null), nullable, st.booleans())


@given(kinds())
def test_every_logical_type_survives_the_way_there_and_back(kind):
    assert logical_of(types_of(kind)) == kind


def test_what_is_wrong_is_refused_when_the_type_is_made():
    for make, said in [
        (lambda: DataTypes.DECIMAL(39, 0), "from 1 to 38"),
        (lambda: DataTypes.DECIMAL(5, 6), "scale of DECIMAL"),
        (lambda: DataTypes.CHAR(-1), "CHAR"),
        (lambda: DataTypes.TIMESTAMP(10), "from 0 to 9"),
        (lambda: DataTypes.INTERVAL(DataTypes.DAY(), DataTypes.MONTH()), "no INTERVAL DAY TO MONTH"),
        (lambda: DataTypes.INTERVAL(DataTypes.YEAR(5)), "from 1 to 4, not 5"),
        (lambda: DataTypes.INTERVAL(DataTypes.DAY(7)), "from 1 to 6, not 7"),
        (lambda: types_of(logical.DataType(Kind.UNSIGNED_INT)), "none for INT UNSIGNED"),
        (lambda: logical_of(DataTypes.LIST_VIEW(DataTypes.INT())), "no type of a column"),
    ]:
        with pytest.raises(TypeInformationError, match=said):
            make()
    for make, said in [
        (lambda: DataTypes.ARRAY("INT"), "element of an array is a type of DataTypes, not 'INT'"),
        (lambda: DataTypes.FIELD("a", int), "the type of field 'a'"),
        (lambda: DataTypes.FIELD(1, DataTypes.INT()), "the name of a field is a str"),
        (lambda: types.RowType([DataTypes.INT()]), r"made by DataTypes.FIELD\(\)"),
    ]:
        with pytest.raises(TypeError, match=said):
            make()


def test_rows_give_their_fields():
    row = types.RowType().add("a", DataTypes.INT()).add(DataTypes.FIELD("b", DataTypes.DATE()))
    assert (len(row), row.field_names(), row.field_types()) == (2, ["a", "b"], [DataTypes.INT(), DataTypes.DATE()])
    assert row["b"] is row[1]
    assert row[:1] == DataTypes.ROW([DataTypes.FIELD("a", DataTypes.INT())])
    assert row.not_null() != row
    assert row.not_null().nullable() == row
    with pytest.raises(KeyError, match="No RowField named c"):
        row["c"]
    with pytest.raises(ValueError, match="a name needs a type"):
        row.add("c")


def test_views_and_rows_have_pyflinks_names():
    assert repr(DataTypes.LIST_VIEW(DataTypes.INT())) == "ListViewType(IntType(true))"
    assert repr(DataTypes.MAP_VIEW(DataTypes.INT(), DataTypes.DATE())) == "MapViewType(IntType(true), DateType(true))"
    assert Row(1).get_row_kind() is RowKind.INSERT

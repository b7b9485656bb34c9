"""Types as they are written, and the data types that they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.sql.parser import parse_type
from pyflinkx.types.data_type import MAX_LENGTH, DataType, Kind, row_type


def read(text):
    return data_type_of(parse_type(text), text)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("INTEGER", "INT"),
        ("CHAR", "CHAR(1)"),
        ("VARCHAR", "STRING"),
        ("VARCHAR(2147483647)", "STRING"),
        ("VARCHAR(10) NOT NULL", "VARCHAR(10) NOT NULL"),
        ("VARBINARY", "BYTES"),
        ("BINARY", "BINARY(1)"),
        ("DECIMAL", "DECIMAL(10, 0)"),
        ("NUMERIC(5)", "DECIMAL(5, 0)"),
        ("DEC(38, 38)", "DECIMAL(38, 38)"),
        ("REAL", "FLOAT"),
        ("DOUBLE PRECISION", "DOUBLE"),
        ("TIME", "TIME(0)"),
        ("TIMESTAMP", "TIMESTAMP(6)"),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("INTERVAL DAY(2) TO SECOND(3)", "INTERVAL DAY(2) TO SECOND(3)"),
        ("INTERVAL MONTH", "INTERVAL MONTH"),
        ("INT ARRAY", "ARRAY<INT>"),
        ("INT NOT NULL ARRAY NOT NULL", "ARRAY<INT NOT NULL> NOT NULL"),
        ("MULTISET<STRING>", "MULTISET<STRING>"),
        ("MAP<STRING NOT NULL, ROW(a INT)>", "MAP<STRING NOT NULL, ROW<`a` INT>>"),
        ("ROW<a INT NOT NULL 'comment', `b c` ARRAY<DATE>>", "ROW<`a` INT NOT NULL, `b c` ARRAY<DATE>>"),
        ("INT UNSIGNED", "INT UNSIGNED"),
        ("NULL", "NULL"),
    ],
)
def test_types(text, sql):
    assert str(read(text)) == sql
    assert read(sql) == read(text)


PLAIN = st.sampled_from([Kind.BOOLEAN, Kind.TINYINT, Kind.INT, Kind.UNSIGNED_BIGINT, Kind.FLOAT, Kind.DATE, Kind.NULL])
LEAF = (
    st.builds(DataType, PLAIN, nullable=st.booleans())
    | st.builds(
        DataType,
        st.sampled_from([Kind.CHAR, Kind.VARCHAR, Kind.BINARY, Kind.VARBINARY]),
        st.sampled_from([1, 7, MAX_LENGTH]),
        nullable=st.booleans(),
    )
    | st.builds(
        DataType,
        st.sampled_from([Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ]),
        st.integers(0, 9),
        nullable=st.booleans(),
    )
    | st.integers(1, 38).flatmap(lambda precision: st.builds(
        DataType, st.just(Kind.DECIMAL), st.just(precision), st.integers(0, precision), nullable=st.booleans()))
)  # fmt: skip
NAME = st.text(st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), min_size=1, max_size=4)
TYPE = st.recursive(
    LEAF,
    lambda inner: (
        st.builds(
            lambda kind, child, nullable: DataType(kind, children=(child,), nullable=nullable),
            st.sampled_from([Kind.ARRAY, Kind.MULTISET]),
            inner,
            st.booleans(),
        )
        | st.builds(lambda key, value: DataType(Kind.MAP, children=(key, value)), inner, inner)
        | st.builds(row_type, st.lists(st.tuples(NAME, inner), max_size=3, unique_by=lambda pair: pair[0]))
    ),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(TYPE)
def test_the_text_of_a_data_type_is_read_as_it(data_type):
    assert read(str(data_type)) == data_type


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("VARCHAR(0)", "the length of VARCHAR is from 1 to 2147483647, not 0"),
        ("CHAR(2147483648)", "the length of CHAR is"),
        ("DECIMAL(39, 2)", "the precision of DECIMAL is from 1 to 38, not 39"),
        ("DECIMAL(5, 6)", "the scale of DECIMAL(5, ...) is from 0 to 5, not 6"),
        ("DECIMAL(5, -1)", "not -1"),
        ("TIMESTAMP(10)", "the precision of TIMESTAMP is from 0 to 9, not 10"),
        ("ROW<a INT, a STRING>", "a second field has the name a"),
        ("STRNG", "there is no type STRNG; did you mean STRING?"),
        ("my.Type", "there is no type my.Type"),
        ("TIMESTAMP WITH TIME ZONE", "the type TIMESTAMP WITH TIME ZONE is not supported"),
        ("VARIANT", "the type VARIANT is not supported"),
        ("ARRAY<MAP<INT, DECIMAL(99)>>", "the precision of DECIMAL"),
    ],
)
def test_faults_are_said_where_they_are(text, said):
    with pytest.raises(SqlError) as caught:
        read(text)
    assert said in str(caught.value)
    assert "^" in str(caught.value)


def test_the_mark_is_below_the_part_that_is_wrong():
    with pytest.raises(SqlError) as caught:
        read("ARRAY<MAP<INT, DECIMAL(99)>>")
    assert caught.value.column == 16

"""Types as they are written."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_type
from pyflinkx.sql.tree.types import IntervalUnit, TypeField, TypeName
from pyflinkx.sql.unparser import unparse

INT, STRING = TypeName("INT"), TypeName("STRING")


def of(name, *arguments, **more):
    return TypeName(name, arguments, **more)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        *((name, of(name)) for name in ("BOOLEAN", "TINYINT", "SMALLINT", "BIGINT", "FLOAT", "DATE", "BYTES", "NULL")),
        ("int", INT),
        ("INTEGER", INT),
        ("INT UNSIGNED", of("INT UNSIGNED")),
        ("REAL", of("FLOAT")),
        ("DOUBLE", of("DOUBLE")),
        ("DOUBLE PRECISION", of("DOUBLE")),
        ("DECIMAL", of("DECIMAL")),
        ("DEC(10)", of("DECIMAL", 10)),
        ("NUMERIC(10, -2)", of("DECIMAL", 10, -2)),
        ("CHAR", of("CHAR")),
        ("CHARACTER(3)", of("CHAR", 3)),
        ("CHAR VARYING(3)", of("VARCHAR", 3)),
        ("VARCHAR(2147483647)", of("VARCHAR", 2147483647)),
        ("BINARY(3)", of("BINARY", 3)),
        ("BINARY VARYING(3)", of("VARBINARY", 3)),
        ("VARBINARY", of("VARBINARY")),
        ("TIME(3)", of("TIME", 3)),
        ("TIME WITHOUT TIME ZONE", of("TIME")),
        ("TIMESTAMP", of("TIMESTAMP")),
        ("TIMESTAMP(9) WITHOUT TIME ZONE", of("TIMESTAMP", 9)),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", of("TIMESTAMP_LTZ", 3)),
        ("TIMESTAMP_LTZ(3)", of("TIMESTAMP_LTZ", 3)),
        ("TIMESTAMP(3) WITH TIME ZONE", of("TIMESTAMP WITH TIME ZONE", 3)),
        ("INTERVAL YEAR TO MONTH", of("INTERVAL", unit=IntervalUnit("YEAR", end="MONTH"))),
        ("INTERVAL DAY(2) TO SECOND(3)", of("INTERVAL", unit=IntervalUnit("DAY", 2, "SECOND", 3))),
        ("ARRAY<INT>", of("ARRAY", children=(INT,))),
        ("ARRAY<ARRAY<INT NOT NULL>>", of("ARRAY", children=(of("ARRAY", children=(of("INT", nullable=False),)),))),
        ("INT ARRAY", of("ARRAY", children=(INT,))),
        ("INT NOT NULL ARRAY NOT NULL", of("ARRAY", children=(of("INT", nullable=False),), nullable=False)),
        ("INT ARRAY MULTISET", of("MULTISET", children=(of("ARRAY", children=(INT,)),))),
        ("MULTISET<STRING>", of("MULTISET", children=(STRING,))),
        ("MAP<STRING, INT NOT NULL>", of("MAP", children=(STRING, of("INT", nullable=False)))),
        ("ROW<a INT, `b c` STRING 'about b'>", of(
            "ROW", fields=(TypeField("a", INT), TypeField("b c", STRING, "about b")))),
        ("ROW(a INT NOT NULL)", of("ROW", fields=(TypeField("a", of("INT", nullable=False)),))),
        ("ROW<>", of("ROW")),
        ("ROW()", of("ROW")),
        ("RAW('java.lang.Object', 'AB==')", of("RAW", texts=("java.lang.Object", "AB=="))),
        ("STRUCTURED<'com.User', name STRING>", of(
            "STRUCTURED", texts=("com.User",), fields=(TypeField("name", STRING),))),
        ("STRUCTURED<'com.User'>", of("STRUCTURED", texts=("com.User",))),
        ("VARIANT", of("VARIANT")),
        ("BITMAP", of("BITMAP")),
        ("cat.db.MyType", of("", path=("cat", "db", "MyType"))),
        ("STRING NOT NULL", of("STRING", nullable=False)),
        ("STRING NULL", of("STRING", nullable=True)),
    ],
    ids=str,
)  # fmt: skip
def test_types(text, tree):
    found = parse_type(text)
    assert found == tree
    assert found.span == (0, len(text))
    assert parse_type(unparse(found)) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ARRAY", "expected '<'"),
        ("ARRAY<INT", "expected"),
        ("MAP<INT>", "found '>', expected"),
        ("DECIMAL(a)", "expected a whole number"),
        ("VARCHAR(1.5)", "expected a whole number"),
        ("ROW<INT>", "expected"),
        ("SELECT", "expected a data type"),
        ("INT INT", "expected"),
        ("INTERVAL", "expected a unit of time"),
        ("ARRAY<" * 300 + "INT" + ">" * 300, "nested too deeply"),
    ],
)
def test_faults_are_said(text, said):
    with pytest.raises(SqlError) as caught:
        parse_type(text)
    assert said in str(caught.value)

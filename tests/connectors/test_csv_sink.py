import csv
import datetime
import pickle
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import Writing, read_all


class Point(NamedTuple):
    x: int
    y: float | None


@dataclass
class Place:
    x: int
    y: float | None


def written(tmp_path, *batches, **options):
    path = tmp_path / "out.csv"
    writing = Writing(CsvSink(path, **options))
    try:
        for batch in batches:
            writing.write(batch)
    except BaseException:
        writing.fail()
        raise
    writing.finish()
    return path.read_bytes().decode(options.get("charset", "utf-8"))


@pytest.mark.parametrize(
    ("record", "header"),
    [
        (Point(1, 2.5), "x,y"),
        (Place(1, 2.5), "x,y"),
        (Row(a=1, b=2.5), "a,b"),
        (Row(1, 2.5), "f0,f1"),
        ((1, 2.5), "f0,f1"),
        ([1, 2.5], "f0,f1"),
    ],
)
def test_records_and_the_names_that_they_give(tmp_path, record, header):
    assert written(tmp_path, [record], [record]) == f"{header}\n1,2.5\n1,2.5\n"
    assert written(tmp_path, [record], field_names=["p", "q"]) == "p,q\n1,2.5\n"
    assert written(tmp_path, [record], header=False) == "1,2.5\n"


def test_values(tmp_path):
    day = datetime.date(2013, 1, 31)
    record = (
        None, True, False, -1, 1e300, float("nan"), "a", "", Decimal("1.50"), day, datetime.time(10, 5),
        datetime.datetime(2013, 1, 31, 10, 5), Instant(0, 5), np.float64(1.5), np.int32(7),
    )  # fmt: skip
    assert written(tmp_path, [record], header=False) == (
        ",true,false,-1,1e+300,nan,a,,1.50,2013-01-31,10:05:00,2013-01-31 10:05:00,"
        "1970-01-01T00:00:00.000000005Z,1.5,7\n"
    )


def test_quotes_delimiters_and_line_ends(tmp_path):
    records = [("a;b", 'q"q'), ("n\nn", "c\rc")]
    assert written(tmp_path, records, delimiter=";", header=False, line_separator="\r\n") == (
        '"a;b";"q""q"\r\n"n\nn";"c\rc"\r\n'
    )
    assert written(tmp_path, records[:1], header=False, quote="'") == 'a;b,q"q\n'
    assert written(tmp_path, [("",), (None,)], header=False) == '""\n""\n'
    assert written(tmp_path, [(None, "")], header=False, null_value="NULL") == "NULL,\n"


def test_rows_whose_names_come_in_another_order(tmp_path):
    assert written(tmp_path, [Row(a=1, b=2), Row(b=4, a=3)]) == "a,b\n1,2\n3,4\n"
    assert written(tmp_path, [Row(b=2, a=1)], field_names=["a", "b"]) == "a,b\n1,2\n"
    assert written(tmp_path, [Row(b=2, a=1)], [Row(a=3, b=4)], field_names=["p", "q"]) == "p,q\n2,1\n4,3\n"
    assert written(tmp_path, [Row(1, 2), Row(b=4, a=3), Row(a=5, b=6)], header=False) == "1,2\n4,3\n6,5\n"
    with pytest.raises(SinkError, match=r"out.csv: the fields of a record are b, c, those of the ones before it a, b"):
        written(tmp_path, [Row(a=1, b=2), Row(b=4, c=3)])
    with pytest.raises(SinkError, match=r"out.csv: the fields of a record are b, a, c, those of the ones before it a"):
        written(tmp_path, [Row(a=1, b=2), Row(b=4, a=3, c=5)])


def test_records_of_several_kinds_are_written_by_their_names(tmp_path):
    class Swapped(NamedTuple):
        y: float
        x: int

    records = [Point(1, 2.5), Swapped(2.5, 1), Row(y=2.5, x=1), Place(1, 2.5), (1, 2.5)]
    assert written(tmp_path, records) == "x,y\n" + "1,2.5\n" * 5
    assert written(tmp_path, records[:-1], field_names=["y", "x"]) == "y,x\n" + "2.5,1\n" * 4


def test_without_records(tmp_path):
    assert written(tmp_path) == ""
    assert written(tmp_path, []) == ""
    assert written(tmp_path, field_names=["a", "b"]) == "a,b\n"


def test_charsets(tmp_path):
    assert written(tmp_path, [("é",)], [("€",)], header=False, charset="utf-16") == "é\n€\n"
    with pytest.raises(SinkError, match=r"out.csv: a record cannot be written in this charset: 'latin-1' codec can't"):
        written(tmp_path, [("€",)], charset="latin-1")
    with pytest.raises(SinkError, match=r"out.csv: a record cannot be written in this charset: .*surrogates"):
        written(tmp_path, [("\ud800",)])


def clean(text):
    """Without what cannot be read back: NUL, and what stands for None."""
    return text.replace("\0", "?").replace("NULL", "?")


@given(
    st.lists(
        st.tuples(
            st.text(), st.none() | st.text(min_size=1), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)
        )
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 4),
)
def test_what_is_written_is_read_back(tmp_path_factory, records, line_separator, batch):
    records = [(clean(text), other and clean(other), n, x) for text, other, n, x in records]
    path = tmp_path_factory.getbasetemp() / "back.csv"
    writing = Writing(CsvSink(path, line_separator=line_separator, null_value="NULL", field_names=["a", "b", "c", "d"]))
    for start in range(0, len(records), batch):
        writing.write(records[start : start + batch])
    writing.finish()
    types = [Types.STRING(), Types.STRING(), Types.LONG(), Types.DOUBLE()]
    back = read_all(CsvSource(path, Types.ROW_NAMED(["a", "b", "c", "d"], types), null_values=["NULL"]))
    assert [tuple(row) for row in back] == records
    with path.open(newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["a", *(record[0] for record in records)]


def test_duckdb_reads_it(tmp_path):
    records = [(n, n / 3, f'x"{n},\n', n % 2 == 0, datetime.datetime(2013, 1, 1, n % 24)) for n in range(100)]
    written(tmp_path, records, field_names=["n", "x", "s", "b", "t"])
    assert duckdb.execute(f"from '{tmp_path}/out.csv'").fetchall() == records


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (
            [1],
            "a CSV file takes Row, tuple, list, NamedTuple or dataclass records, not int: 1; map it to a tuple first",
        ),
        (["ab"], "not str: 'ab'"),
        ([{"a": 1}], "not dict: {'a': 1}"),
        ([None], "not NoneType"),
        ([Point], "not type"),
        ([(1, 2), (1,)], "a record has 1 fields, but the file 2 columns (f0, f1): (1,)"),
        ([(1, b"x")], "field 'f1' is bytes, which a CSV field cannot hold: b'x'"),
        ([(1, [1])], "field 'f1' is list, which a CSV field cannot hold: [1]"),
        ([(1, Place(1, 2))], "field 'f1' is Place, which a CSV field cannot hold"),
    ],
)
def test_records_that_are_no_rows(tmp_path, batch, message):
    with pytest.raises(SinkError) as caught:
        written(tmp_path, batch)
    assert message in str(caught.value)
    assert "out.csv: " in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"write_mode": "append"}, ConfigurationError),
        ({"line_separator": "\r"}, ConfigurationError),
        ({"delimiter": '"'}, ConfigurationError),
        ({"delimiter": ""}, ConfigurationError),
        ({"charset": "x"}, ConfigurationError),
        ({"field_names": []}, ConfigurationError),
        ({"field_names": "ab"}, TypeError),
        ({"field_names": [1]}, TypeError),
        ({"null_value": None}, TypeError),
        ({"quote": None}, TypeError),
        ({"header": "yes"}, TypeError),
    ],
)
def test_options_that_cannot_be(options, error):
    with pytest.raises(error):
        CsvSink("x", **options)


def test_a_sink_travels(tmp_path):
    sink = pickle.loads(pickle.dumps(CsvSink(tmp_path / "a.csv", field_names=("a",))))
    Writing(sink).write([(1,)]).finish()
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"

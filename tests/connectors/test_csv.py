import contextlib
import csv
import io
import math
import pickle
from dataclasses import dataclass, field
from typing import NamedTuple

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.source import BAD_RECORDS_TAG, BadRecord
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats import decoding
from pyflinkx.formats.decoding import ChunkReader
from pyflinkx.types.infer import type_info_from_annotation
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import read_all

PAIR = Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])


@pytest.fixture
def file(tmp_path):
    def write(data, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(ChunkReader.__init__, "__defaults__", (5, decoding.MAX_LINE_BYTES))


def rows(source, **options):
    return [list(row) for row in read_all(source, **options)]


def failure(source):
    with pytest.raises(SourceError) as caught:
        read_all(source)
    return str(caught.value).split(".csv:", 1)[1]


def skipped(source):
    side, counters = {}, {}
    records = read_all(source, side=side, counters=counters)
    bad = side.get(BAD_RECORDS_TAG, [])
    assert counters.get("numBadRecords", 0) == len(bad)
    return records, [(record.line, record.text, record.error) for record in bad]


class Flight(NamedTuple):
    carrier: str
    number: int
    delay: float | None


@dataclass
class Person:
    name: str
    age: int

    def __post_init__(self):
        if self.age < 0:
            raise ValueError("too young")


@dataclass(kw_only=True)
class Keywords:
    a: list[int]
    b: str = ""
    c: int = field(default=0, init=False)


# ---- what good files give ----


def test_rows_by_the_names_of_the_header(file):
    path = file("name,extra,id\nAlice,x,1\nBob,,2")
    assert read_all(CsvSource(path, PAIR)) == [Row(id=1, name="Alice"), Row(id=2, name="Bob")]


def test_without_a_schema_all_fields_are_strings(file):
    source = CsvSource(file("\xef\xbb\xbfid,name\n1,\n".encode("latin-1")))
    assert source.output_type == Types.ROW_NAMED(["id", "name"], [Types.STRING(), Types.STRING()])
    assert source.output_type.get_field_names() == ["id", "name"]
    assert read_all(source) == [Row(id="1", name=None)]


def test_without_schema_and_header(file):
    assert read_all(CsvSource(file("1,a\n2,b"), header=False)) == [Row(f0="1", f1="a"), Row(f0="2", f1="b")]


def test_positions_instead_of_names(file):
    path = file("a,b\n1,2\n")
    assert read_all(CsvSource(path, Types.ROW([Types.INT(), Types.INT()]))) == [Row(f0=1, f1=2)]
    assert read_all(CsvSource(path, Types.TUPLE([Types.STRING(), Types.STRING()]), header=False)) == [
        ("a", "b"),
        ("1", "2"),
    ]
    assert read_all(CsvSource(path, PAIR, header="skip")) == [Row(id=1, name="2")]


def test_classes_as_schema(file):
    path = file("number,delay,carrier\n1545,2.0,UA\n1714,,UA\n")
    assert read_all(CsvSource(path, Flight)) == [Flight("UA", 1545, 2.0), Flight("UA", 1714, None)]
    assert read_all(CsvSource(file("age,name\n7,Ann\n"), Person)) == [Person("Ann", 7)]
    assert read_all(CsvSource(file("b,a\n7,1;2\n"), Keywords)) == [Keywords(a=[1, 2], b="7")]


def test_types_of_classes():
    described = type_info_from_annotation(Flight)
    assert CsvSource("x", Flight).output_type == described
    assert CsvSource("x", described).output_type == described
    assert CsvSource("x", Person).output_type is None  # its __post_init__ makes it a class to be pickled


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_fields_of_several_lines(file, end):
    text = end.join(["id,name", "", '1,"a', 'b"', "", '2,"c ""d"""', "", ""])
    assert rows(CsvSource(file(text), PAIR)) == [[1, f"a{end}b"], [2, 'c "d"']]


def test_other_characters(file):
    path = file("1|it\\|s|'a|b'\n")
    assert rows(CsvSource(path, header=False, delimiter="|", quote="'", escape="\\")) == [["1", "it|s", "a|b"]]
    assert rows(CsvSource(file('1,"a"\n'), header=False, quote=None)) == [["1", '"a"']]


def test_null_values(file):
    path = file('id,name\nNA,NA\n,""\n')
    assert rows(CsvSource(path, PAIR, null_values=["NA", ""])) == [[None, None], [None, None]]
    assert rows(CsvSource(path, null_values=[])) == [["NA", "NA"], ["", ""]]


def test_folders_and_empty_files(file, tmp_path):
    file("id,name\n1,a\n", "b.csv")
    file("name,id\nb,2\n", "a.csv")
    file("", "empty.csv")
    assert rows(CsvSource(tmp_path, PAIR)) == [[2, "b"], [1, "a"]]


def test_records_after_the_header_can_be_passed_over(file):
    path = file("id,name\n\nx\ny,z\n1,a\n")
    assert rows(CsvSource(path, PAIR, skip_records=2)) == [[1, "a"]]
    assert rows(CsvSource(path, PAIR, skip_records=20)) == []


def test_other_charsets(file):
    assert rows(CsvSource(file("id,name\n1,é\n".encode("utf-16")), PAIR, charset="utf-16")) == [[1, "é"]]


def test_a_source_travels(file):
    source = pickle.loads(pickle.dumps(CsvSource(file("number,delay,carrier\n1,2,UA\n"), Flight)))
    assert read_all(source) == [Flight("UA", 1, 2.0)]


# ---- oracles ----

FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5) | st.sampled_from(
    ["", '"', '""', "\n", "\r\n", "\r", ",", "\u2028", " a ", "\\", "'"]
)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(FIELD, min_size=width, max_size=width), min_size=1, max_size=12))


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.integers(1, 40), st.integers(1, 5))
def test_tables_come_back_as_they_were_written(tmp_path_factory, table, end, chunk_bytes, limit):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        out.write("\ufeff")
        # With another line terminator it leaves a lone \r unquoted.
        quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
        csv.writer(out, lineterminator=end, quoting=quoting).writerows(table)
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    try:
        assert rows(CsvSource(path, header=False, null_values=[]), limit=limit) == table
    finally:
        ChunkReader.__init__.__defaults__ = original


COMMENTS = ["#\n", '  # a, "b\n', '#,""\n', "\n"]


@given(tables(), st.data(), st.integers(1, 40), st.integers(1, 5))
def test_comments_between_records_change_nothing(tmp_path_factory, table, data, chunk_bytes, limit):
    path = tmp_path_factory.getbasetemp() / "comments.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        for row in table:
            out.writelines(data.draw(st.lists(st.sampled_from(COMMENTS), max_size=2)))
            csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(row)
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    try:
        assert rows(CsvSource(path, header=False, null_values=[], comments=True), limit=limit) == table
    finally:
        ChunkReader.__init__.__defaults__ = original


@given(tables(), st.data(), st.integers(1, 40), st.booleans())
def test_an_error_names_the_line_on_which_its_record_starts(tmp_path_factory, table, data, chunk_bytes, skip):
    path = tmp_path_factory.getbasetemp() / "line.csv"
    place = data.draw(st.integers(0, len(table)))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table[:place])
    line = out.getvalue().count("\n") + out.getvalue().replace("\r\n", "").count("\r") + 1
    out.write("x" * 70 + "," * 10 + "\n")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table[place:])
    path.write_text(out.getvalue(), newline="")
    schema = Types.ROW([Types.STRING()] * len(table[0]))
    source = CsvSource(path, schema, header=False, null_values=[], on_error="skip" if skip else "fail")
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    records = []
    try:
        if skip:
            side = {}
            assert rows(source, side=side) == table
            assert [(bad.line, bad.text) for bad in side[BAD_RECORDS_TAG]] == [(line, "x" * 70 + "," * 10)]
        else:
            with pytest.raises(SourceError, match=rf"line.csv:{line}: expected {len(table[0])} columns, got 11: 'xxx"):
                read_all(source, records=records)
            assert [list(row) for row in records] == table[:place]
    finally:
        ChunkReader.__init__.__defaults__ = original


def test_typed_columns_equal_duckdb_s(file):
    lines = ["i,d,b,s,day,t,dec"]
    for n in range(500):
        day = f"20{n % 40 + 10}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        lines.append(
            f"{n * 7919 - 10**6},{n / 7 - 3}e{n % 30 - 15},{'true' if n % 3 else 'false'},s{n},{day},"
            f"{day} {n % 24:02d}:{n % 60:02d}:00.{n % 1000:03d},{n}.{n % 100:02d}"
        )
    path = file("\n".join(lines))
    types = [
        Types.LONG(), Types.DOUBLE(), Types.BOOLEAN(), Types.STRING(), Types.SQL_DATE(), Types.SQL_TIMESTAMP(),
        Types.BIG_DEC(),
    ]  # fmt: skip
    expected = duckdb.execute(
        f"from read_csv('{path}', header = true, columns = {{'i': 'BIGINT', 'd': 'DOUBLE', 'b': 'BOOLEAN',"
        " 's': 'VARCHAR', 'day': 'DATE', 't': 'TIMESTAMP', 'dec': 'DECIMAL(18, 2)'})"
    ).fetchall()
    assert [tuple(row) for row in read_all(CsvSource(path, Types.ROW_NAMED(lines[0].split(","), types)))] == expected


@given(st.binary(max_size=200) | st.text(st.sampled_from('1a,"\n\r \0é')).map(str.encode), st.integers(1, 50))
def test_garbage_raises_nothing_but_source_errors(tmp_path_factory, data, chunk_bytes):
    path = tmp_path_factory.getbasetemp() / "garbage.csv"
    path.write_bytes(data)
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    try:
        for schema in (None, PAIR, Flight):
            for header in (True, False):
                for on_error in ("fail", "skip"):
                    with contextlib.suppress(SourceError):
                        read_all(CsvSource(path, schema, header=header, on_error=on_error), limit=3)
    finally:
        ChunkReader.__init__.__defaults__ = original


LINE = st.sampled_from(
    [
        b"1,a",
        b"2,b",
        b'3,"c"',
        b"x,y",
        b"1",
        b"1,2,3",
        b"\xff,a",
        b"1,\xc3",
        b"9223372036854775808,a",
        b'4,"d"e',
        b"5,f\0",
    ]
)


@given(st.lists(LINE), st.integers(1, 60), st.integers(1, 4))
def test_good_and_bad_rows_together_are_all_rows(tmp_path_factory, lines, chunk_bytes, limit):
    path = tmp_path_factory.getbasetemp() / "mixed.csv"
    path.write_bytes(b"id,name\n" + b"\n".join(lines))
    good = {b"1,a": Row(id=1, name="a"), b"2,b": Row(id=2, name="b"), b'3,"c"': Row(id=3, name="c")}
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    side = {}
    try:
        records = read_all(CsvSource(path, PAIR, on_error="skip"), limit=limit, side=side)
    finally:
        ChunkReader.__init__.__defaults__ = original
    assert records == [good[line] for line in lines if line in good]
    texts = [line.decode(errors="backslashreplace").replace("\0", r"\x00") for line in lines if line not in good]
    bad = side.get(BAD_RECORDS_TAG, [])
    assert [record.text for record in bad] == texts
    assert [record.line for record in bad] == [number for number, line in enumerate(lines, 2) if line not in good]


# ---- what bad files give ----


@pytest.mark.parametrize(
    ("type_info", "text", "message"),
    [
        (Types.LONG(), "abc", "expected LONG, got 'abc'"),
        (Types.LONG(), "1.0", "expected LONG, got '1.0'"),
        (Types.LONG(), "1_000", "expected LONG, got '1_000'"),
        (Types.LONG(), "\u0661", "expected LONG, got '\u0661'"),
        (
            Types.LONG(),
            "9223372036854775808",
            "expected LONG, got '9223372036854775808', which lies outside -9223372036854775808 to 9223372036854775807",
        ),
        (Types.INT(), "-2147483649", "expected INT, got '-2147483649', which lies outside -2147483648 to 2147483647"),
        (Types.BYTE(), "128", "expected BYTE, got '128', which lies outside -128 to 127"),
        (Types.BIG_INT(), "9" * 5000, "expected BIG_INT, got '" + "9" * 100 + "...'"),
        (Types.DOUBLE(), "1,5", "expected DOUBLE, got '1,5'"),
        (Types.DOUBLE(), "1_0.0", "expected DOUBLE, got '1_0.0'"),
        (Types.FLOAT(), "x", "expected FLOAT, got 'x'"),
        (Types.BOOLEAN(), "yes", "expected BOOLEAN, got 'yes'"),
        (Types.CHAR(), "ab", "expected CHAR, got 'ab'"),
        (Types.BIG_DEC(), "NaN", "expected BIG_DEC, got 'NaN'"),
        (Types.BIG_DEC(), "1_0", "expected BIG_DEC, got '1_0'"),
        (Types.SQL_DATE(), "2013-02-30", "expected SQL_DATE, got '2013-02-30'"),
        (Types.SQL_DATE(), "2013-W01-1", "expected SQL_DATE, got '2013-W01-1'"),
        (Types.SQL_TIME(), "24:00", "expected SQL_TIME, got '24:00'"),
        (Types.SQL_TIMESTAMP(), "2013-01-01", "expected SQL_TIMESTAMP, got '2013-01-01'"),
        (
            Types.SQL_TIMESTAMP(),
            "2013-01-01 00:00:00.1234567",
            "expected SQL_TIMESTAMP, got '2013-01-01 00:00:00.1234567', which is finer than a microsecond",
        ),
        (
            Types.INSTANT(),
            "2013-01-01T00:00:00",
            "expected INSTANT, got '2013-01-01T00:00:00', which has neither Z nor an offset such as +02:00",
        ),
        (Types.LIST(Types.INT()), "1;x", "expected array of INT, got '1;x'"),
    ],
)
def test_fields_that_do_not_fit(file, type_info, text, message):
    path = file(f'n,value\n1,\n2,"{text}"\n')
    assert failure(CsvSource(path, Types.ROW_NAMED(["value"], [type_info]))) == f"3: column 'value' (2): {message}"
    with pytest.raises(SourceError, match=r":1: column \(1\): expected ") as caught:
        read_all(CsvSource(file(f'"{text}"'), Types.ROW([type_info]), header=False))
    assert isinstance(caught.value.__cause__, ValueError)


def test_records_before_the_bad_one_come_first(file):
    records = []
    with pytest.raises(SourceError):
        read_all(CsvSource(file("id,name\n1,a\n2,b\nx,c\n3,d\n"), PAIR), records=records)
    assert records == [Row(id=1, name="a"), Row(id=2, name="b")]


def test_none_where_a_class_allows_none(file):
    path = file("number,delay,carrier\n1,,UA\n,1,UA\n")
    assert failure(CsvSource(path, Flight)) == "3: column 'number' (1): expected LONG, got '', which stands for None"


def test_a_class_that_refuses_a_record(file):
    path = file("name,age\nAnn,7\nBob,-1\n")
    assert failure(CsvSource(path, Person)) == "3: Person refused ['Bob', -1]: ValueError: too young"
    assert skipped(CsvSource(path, Person, on_error="skip")) == (
        [Person("Ann", 7)],
        [(3, "Bob,-1", "Person refused ['Bob', -1]: ValueError: too young")],
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,name\n1\n", "2: expected 2 columns, got 1: '1'"),
        (b"id,name\n1,a,b\n", "2: expected 2 columns, got 3: '1,a,b'"),
        (b'id,name\n1,"a"b\n', "2: ',' expected after '\"': '1,\"a\"b'"),
        (
            b'id,name\n1,a\n2,"b\n3,c\n',
            "3: a quoted or escaped field does not end before the end of the file: '2,\"b'",
        ),
        (b"id,name\n1,a\xff\n", "2: invalid utf-8 at byte 11: invalid start byte: '1,a\\\\xff'"),
        (b'id,name\n1,"a\n\xff"\n', "2: invalid utf-8 at byte 13: invalid start byte: '1,\"a\\n\\\\xff\"'"),
        (b"id,name\n1,a\0b\n", "2: line contains NUL: '1,a\\\\x00b'"),
        (
            b"id,name\n1," + b"a" * 140_000 + b"\n",
            "2: field larger than field limit (131072); csv.field_size_limit() of the standard library raises the limit"
            f": '1,{'a' * 198}...'",
        ),
        (b'"id,name\n1,a\n', "1: a quoted or escaped field does not end before the end of the file: '\"id,name'"),
        (b"id\0,name\n\xff\n", "1: line contains NUL: 'id\\\\x00,name'"),
        (b"\xff\n", "1: invalid utf-8 at byte 0: invalid start byte: '\\\\xff'"),
        (b"id\0,name\n", "1: line contains NUL: 'id\\\\x00,name'"),
    ],
)
def test_files_that_are_no_csv(file, data, message):
    assert failure(CsvSource(file(data), PAIR)) == message


def test_bad_records_can_be_skipped(file):
    path = file(b'id,name\n1,a\nx,b\n3\n4,"d\n5,e\xff\n6,f\n' + b"y" * 2000)
    assert skipped(CsvSource(path, PAIR, on_error="skip")) == (
        [Row(id=1, name="a"), Row(id=6, name="f")],
        [
            (3, "x,b", "column 'id' (1): expected LONG, got 'x'"),
            (4, "3", "expected 2 columns, got 1"),
            (5, '4,"d', "a quoted or escaped field does not end before the end of the file"),
            (6, r"5,e\xff", "invalid utf-8 at byte 26: invalid start byte"),
            (8, "y" * 1000, "expected 2 columns, got 1"),
        ],
    )
    assert BadRecord("p", 1, "t", "e") == pickle.loads(pickle.dumps(BadRecord("p", 1, "t", "e")))


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    "bad", [b'1,"\xff\nbbbbbbbb\nc"', b'1,"bbbbbbbb\n\xff\nc"', b'1,"\0\nbbbbbbbb\nc"', b'1,"b\nc\0"']
)
def test_a_fault_in_any_line_of_a_record_is_the_record_s(file, bad):
    records, skips = skipped(CsvSource(file(b"id,name\n0,a\n" + bad + b"\n2,b\n"), PAIR, on_error="skip"))
    assert [row.id for row in records] == [0, 2]
    assert [line for line, _, _ in skips] == [3]


@pytest.mark.usefixtures("small_chunks")
def test_an_unclosed_quote_costs_its_line_only(file):
    text = (
        "id,name\n"
        + "".join(f"{n},n{n}\n" for n in range(50))
        + '50,"oh\n'
        + "".join(f"{n},n\n" for n in range(51, 90))
    )
    records, bad = skipped(CsvSource(file(text), PAIR, on_error="skip"))
    assert [row.id for row in records] == [*range(50), *range(51, 90)]
    assert [line for line, _, _ in bad] == [52]


def test_a_record_that_never_ends_does_not_fill_the_memory(file):
    many = file("id,name\n" + '1,"' + "\n" * 30_000 + '",' + '"\n",' * 150_000 + "\n2,b\n")
    source = CsvSource(many, PAIR, on_error="skip", max_record_bytes=1000)
    reason = skipped(source)[1][0]
    assert reason == (2, '1,"', "a quoted or escaped field does not end within 1000 bytes")


def test_a_line_that_never_ends_stops_the_job(file):
    path = file("id,name\n1," + "a" * 600_000)
    assert failure(CsvSource(path, PAIR, max_record_bytes=1000)) == "2: the line is longer than 1000 bytes"


# ---- what is found before the job starts ----


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("id", {}, "1: the header lacks 'name' of the schema; it has 'id'"),
        ("ID,Name", {}, "1: the header lacks 'id', 'name' of the schema; it has 'ID', 'Name'"),
        ("id,name,id", {}, "1: the header names 'id' more than once"),
        ("id,name,x,y", {"extra_columns": "error"}, "1: the header has columns beyond the schema: 'x', 'y'"),
        ("name,id", {"header": "strict"}, "1: the header must be id, name, but it is name, id"),
    ],
)
def test_headers_that_do_not_fit(file, header, options, message):
    source = CsvSource(file(f"{header}\n1,2\n"), PAIR, **options)
    with pytest.raises(SourceError) as caught:
        source.check()
    assert str(caught.value).split(".csv:", 1)[1] == message


def test_files_without_known_columns(file, tmp_path):
    with pytest.raises(SourceError, match=r"empty.csv: is empty, so the columns are unknown; give a schema"):
        CsvSource(file("\n\n", "empty.csv")).check()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match=r"folder: holds no files, so the columns are unknown; give a schema"):
        CsvSource(tmp_path / "folder").output_type  # noqa: B018
    with pytest.raises(SourceError, match=r"1: the header names 'a' more than once"):
        CsvSource(file("a,b,a\n")).check()


def test_missing_files(tmp_path):
    with pytest.raises(SourceError, match=r"none.csv: cannot be read: No such file or directory"):
        CsvSource(tmp_path / "none.csv", PAIR).check()
    with pytest.raises(SourceError, match=r"none.csv: cannot be read: No such file or directory"):
        CsvSource(tmp_path / "none.csv").output_type  # noqa: B018


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ",,"}, "delimiter is one character and no line end, not ',,'"),
        ({"delimiter": "\n"}, "delimiter is one character and no line end"),
        ({"quote": ","}, "quote and delimiter are the same character: ','"),
        ({"escape": '"'}, "escape and quote are the same character"),
        ({"header": 1}, "header is one of True, False, 'strict', 'skip', not 1"),
        ({"on_error": None}, "on_error is one of"),
        ({"extra_columns": "x"}, "extra_columns is one of 'ignore', 'error', not 'x'"),
        ({"charset": "x"}, "charset 'x' is not one that text can be read in"),
        ({"skip_records": -1}, "skip_records is 0 or more, not -1"),
        ({"max_record_bytes": 0}, "max_record_bytes is 1 or more, not 0"),
        ({"array_separator": ""}, "array_separator is at least one character"),
        ({"schema": int}, "a schema is a row type such as Types.ROW_NAMED(...), a dataclass or a NamedTuple class"),
        ({"schema": Types.INT()}, "a schema is a row type"),
        ({"schema": Types.ROW([])}, "a schema has at least one field"),
        ({"schema": Types.ROW([PAIR])}, "a CSV field cannot hold a value of type RowTypeInfo"),
        ({"schema": Types.ROW([Types.LIST(PAIR)])}, "a CSV field cannot hold a value of type ListTypeInfo"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ConfigurationError) as caught:
        CsvSource("x", **{"schema": PAIR, **options})
    assert message in str(caught.value)


@pytest.mark.parametrize("options", [{"delimiter": None}, {"null_values": ""}, {"null_values": [1]}, {"charset": 1}])
def test_options_of_another_type(options):
    with pytest.raises(TypeError):
        CsvSource("x", PAIR, **options)


def test_hints_that_no_field_can_hold():
    class Odd(NamedTuple):
        a: dict

    with pytest.raises(ConfigurationError, match=r"Odd\.a: the type hint dict does not say what it holds"):
        CsvSource("x", Odd)

    class Unknown(NamedTuple):
        a: "Missing"  # noqa: F821

    with pytest.raises(ConfigurationError, match=r"a type hint of Unknown cannot be evaluated: name 'Missing'"):
        CsvSource("x", Unknown)

    class Nested(NamedTuple):
        a: Flight

    with pytest.raises(ConfigurationError, match=r"a CSV field cannot hold a value of type NamedTupleTypeInfo<Flight>"):
        CsvSource("x", Nested)


def test_nan_and_infinity_are_numbers(file):
    path = file("d\nnan\nNaN\ninf\n-Infinity\n+INF\n1e400\n")
    values = [row.d for row in read_all(CsvSource(path, Types.ROW_NAMED(["d"], [Types.DOUBLE()])))]
    assert math.isnan(values[0])
    assert math.isnan(values[1])
    assert values[2:] == [math.inf, -math.inf, math.inf, math.inf]

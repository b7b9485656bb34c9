"""The compiled decoder of CSV against the one in Python: same records, bad records, errors, positions."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.files import csv as csv_files
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_blocks import CsvBlocks
from pyflinkx.connectors.source import BAD_RECORDS_TAG
from pyflinkx.errors import SourceError
from pyflinkx.formats.decoding import MAX_LINE_BYTES, ChunkReader
from pyflinkx.types.typeinfo import Types
from tests.connectors.positions import check_positions, new_reader, rest
from tests.connectors.reading import read_all


class Measure(NamedTuple):
    """A record whose class has a field that is never None, and one whose text becomes a value in Python."""

    name: str | None
    count: int
    share: float | None


TYPES = {
    "byte": Types.BYTE(),
    "short": Types.SHORT(),
    "int": Types.INT(),
    "long": Types.LONG(),
    "float": Types.FLOAT(),
    "double": Types.DOUBLE(),
    "bool": Types.BOOLEAN(),
    "text": Types.STRING(),
    "char": Types.CHAR(),
    "date": Types.SQL_DATE(),
    "time": Types.SQL_TIME(),
    "timestamp": Types.SQL_TIMESTAMP(),
    "whole": Types.BIG_INT(),
    "decimal": Types.BIG_DEC(),
    "instant": Types.INSTANT(),
    "list": Types.LIST(Types.INT()),
}
VALUES = {
    "byte": ["0", "-128", "127", "128", "+5", " 7\t", "07", "-0", "1_0", "٣", "1.0", ""],
    "short": ["32767", "-32768", "32768", "0x1", "--1"],
    "int": ["2147483647", "-2147483648", "2147483648", "12345", "1e3"],
    "long": ["9223372036854775807", "-9223372036854775808", "9223372036854775808", "0" * 30 + "1", "9" * 25, "-", "+"],
    "float": ["0.1", "16777217", "1e39", "nan", "3.4028236e38"],
    "double": ["0.1", "-2.5e-3", "1e400", ".5", "5.", "NaN", "-inf", "+Infinity", "9007199254740993", "1e", "."],
    "bool": ["true", "F", "1", "0", "tRuE", "yes", " t ", "truE"],
    "text": ["", "a", "b c", "naïve", "\U0001f600", "NA", "x" * 20, "it's", "# no", "longer than sixteen bytes"],
    "char": ["a", "é", "\U0001f600", "ab", ""],
    "date": [
        "2013-01-31",
        "2013-02-29",
        "2012-02-29",
        "0000-01-01",
        "9999-12-31",
        "1900-02-29",
        "2013-1-1",
        " 1970-01-01 ",
    ],
    "time": [
        "10:05",
        "10:05:00",
        "23:59:59.999999",
        "24:00",
        "10:05:00.123456789",
        "10:05:00.1234560",
        "1:05",
        "10:05:00.",
    ],
    "timestamp": [
        "2013-01-31T10:05:00",
        "2013-01-31 10:05",
        "1969-12-31 23:59:59.5",
        "2013-01-31",
        "2013-01-31T 10:05",
    ],
    "whole": ["9" * 30, "-1", "x"],
    "decimal": ["1.50", "1E+3", "NaN", "-0", "1" * 40],
    "instant": ["2013-01-31T10:05:00Z", "2013-01-31 10:05:00+02:00", "2013-01-31T10:05:00"],
    "list": ["1;2;3", "", "1; 2", "x", "1;"],
}
LINE_ENDS = ["\n", "\r\n", "\r"]
ODD = [
    '"',
    '""',
    '"a"b',
    'a"b',
    '"a\nb"',
    '"a\r\nb"',
    '"open',
    "\\",
    '\\"',
    "a\\,b",
    "\\\n",
    "\0",
    "\x1c5",
    "#",
    " #c",
    "\ufeff",
]


@st.composite
def files(draw):
    """Columns, options and the text of a file."""
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=4, unique=True))
    delimiter = draw(st.sampled_from([",", ",", ";", "\t", " ", "|"]))
    quote = draw(st.sampled_from(['"', '"', "'", None]))
    escape = draw(st.sampled_from([None, None, "\\"]))
    parts = []
    for _ in range(draw(st.integers(0, 12))):
        row = []
        for name in names:
            text = draw(st.sampled_from([*VALUES[name][:3], *VALUES[name], *draw(st.sampled_from([[], [], [], ODD]))]))
            if quote is not None and draw(st.integers(0, 4)) == 0:
                text = f"{quote}{text.replace(quote, quote * 2)}{quote}"
            row.append(text)
        if draw(st.integers(0, 15)) == 0:
            row = draw(st.sampled_from([[], row[1:], [*row, "more"], ["#", *row]]))
        parts.append(delimiter.join(row) + draw(st.sampled_from(LINE_ENDS)))
    text = "".join(parts)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    data = text.encode(errors="surrogateescape")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = (
            data[:at] + draw(st.sampled_from([b"\xff", b"\xe2\x82", b"\0", b'"', b"\n", b"\xed\xa0\x80"])) + data[at:]
        )
    options = {
        "delimiter": delimiter,
        "quote": quote,
        "escape": escape,
        "comments": draw(st.booleans()),
        "extra_fields": draw(st.sampled_from(["error", "ignore"])),
        "null_values": draw(st.sampled_from([("",), (), ("NA", ""), ("0", "a", "1.50")])),
    }
    return names, options, data


def read(path, limit, compiled, **options):
    """What comes of a file: records, bad records and the error."""
    before = csv_files.can_be_compiled
    csv_files.can_be_compiled = before if compiled else lambda *_: False
    records, side, error = [], {}, None
    try:
        read_all(CsvSource(path, **options), limit=limit, records=records, side=side)
    except SourceError as failure:
        error = str(failure)
    finally:
        csv_files.can_be_compiled = before
    return list(map(repr, records)), side.get(BAD_RECORDS_TAG, []), error


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled") / "file.csv"


@pytest.fixture(autouse=True, scope="module")
def chunk_bytes():
    """Sets how much is read at once."""
    before = ChunkReader.__init__.__defaults__

    def set_to(size):
        ChunkReader.__init__.__defaults__ = (size, MAX_LINE_BYTES)

    yield set_to
    ChunkReader.__init__.__defaults__ = before


@given(files(), st.sampled_from([3, 17, 1 << 18]), st.integers(1, 9), st.sampled_from(["row", "tuple"]))
def test_files_of_all_kinds(path, chunk_bytes, file, size, limit, kind):
    names, options, data = file
    path.write_bytes(data)
    types = [TYPES[name] for name in names]
    options["schema"] = Types.ROW_NAMED(names, types) if kind == "row" else Types.TUPLE(types)
    options["header"] = False
    for on_error in ("skip", "fail"):
        chunk_bytes(1 << 18)
        expected = read(path, 1024, False, on_error=on_error, **options)
        chunk_bytes(size)
        assert read(path, limit, True, on_error=on_error, **options) == expected


@given(files(), st.lists(st.integers(0, 4), max_size=4), st.integers(1, 9))
def test_positions(path, chunk_bytes, file, stops, limit):
    names, options, data = file
    path.write_bytes(data)
    chunk_bytes(11)
    source = CsvSource(
        path,
        Types.TUPLE([Types.STRING()] * len(names)),
        header=False,
        on_error="skip",
        **{**options, "null_values": ()},
    )
    side = []
    expected = rest(new_reader(source, source.splits(1)), 1000, side)
    check_positions(source, source.splits(1), stops, limit, expected, side)


@pytest.mark.parametrize("header", ["count,name,share", "share,more,name,count"])
def test_fields_by_name_for_a_class(path, header):
    lines = {"name": ["a", "", "c,d"], "count": ["1", "2", ""], "share": ["0.5", "", "1"], "more": ["x"] * 3}
    rows = [",".join(f'"{lines[name][i]}"' for name in header.split(",")) for i in range(3)]
    path.write_text("\n".join([header, *rows]))
    found = read(path, 10, True, schema=Measure, on_error="skip")
    assert found == read(path, 10, False, schema=Measure, on_error="skip")
    assert found[0] == [repr(Measure("a", 1, 0.5)), repr(Measure(None, 2, None))]
    assert found[1][0].error == "column 'count' ({}): expected LONG, got '', which stands for None".format(
        header.split(",").index("count") + 1
    )


@pytest.mark.parametrize("chunk_bytes", [7, 1 << 18])
def test_a_column_without_a_name(path, chunk_bytes):
    path.write_text('carrier,\n"U,A",0\r\n"two\r\nlines",1e3\r\n"q""q",\n')
    found = read(path, chunk_bytes, True, schema=None)
    assert found[0] == [
        "Row(carrier='U,A', ='0')",
        "Row(carrier='two\\r\\nlines', ='1e3')",
        "Row(carrier='q\"q', =None)",
    ]
    assert found == read(path, chunk_bytes, False, schema=None)


def test_it_is_the_compiled_decoder_that_reads(path):
    path.write_text("a\n1\n")
    source = csv_files.CsvSource(path, Types.ROW_NAMED(["a"], [Types.INT()]))
    reader = source.open_records(csv_files.FileSplit(str(path)))
    assert isinstance(reader, CsvBlocks)
    reader.close()


@pytest.mark.parametrize("share", [1, 3, 100])
def test_what_is_rare_is_not_read_with_much_around_it(path, share, chunk_bytes, monkeypatch):
    """Lines that the other decoder gets: one for each that is rare, where these are rare."""
    lines = [f" {number}" if number % share else f"\x0b{number}" for number in range(20_000)]
    path.write_text("\n".join(lines))
    chunk_bytes(1 << 18)
    handed = []
    decode = ChunkReader.decode

    def counted(reader, piece, start):
        handed.append(len(piece))
        return decode(reader, piece, start)

    monkeypatch.setattr(ChunkReader, "decode", counted)
    source = CsvSource(path, Types.TUPLE([Types.INT()]), header=False)
    assert read_all(source) == [(number,) for number in range(20_000)]
    if share == 100:
        assert sum(handed) < 20_000
    elif share == 1:
        assert len(handed) < 1000  # more and more at once

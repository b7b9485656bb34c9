"""CSV files that are made to take much time or memory; what is counted is work, not seconds."""

import csv
import tracemalloc
import types

import pytest

from pyflinkx._core.records.row import Row
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.source import BAD_RECORDS_TAG
from pyflinkx.datastream.formats.csv import CsvSchema
from pyflinkx.errors import SourceError
from pyflinkx.formats import csv_records
from pyflinkx.types.repeated import repeated
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import read_all

PAIR = Types.ROW_NAMED(["a", "b"], [Types.STRING(), Types.STRING()])


class Parsed:
    """How many characters the parser of the standard library was given."""

    def __init__(self):
        self.characters = 0

    def reader(self, lines, **options):
        return Reader(self, csv.reader(self.counted(lines), **options))

    def counted(self, lines):
        for line in lines:
            self.characters += len(line)
            yield line


class Reader:
    """``csv.reader`` with the number of its lines, which stays when it raises."""

    def __init__(self, parsed, reader):
        self.parsed, self.reader = parsed, reader

    def __iter__(self):
        return self.reader

    def __next__(self):
        return next(self.reader)

    @property
    def line_num(self):
        return self.reader.line_num


@pytest.fixture
def parsed(monkeypatch):
    counted = Parsed()
    attributes = {**vars(csv), "reader": counted.reader}
    monkeypatch.setattr(csv_records, "csv", types.SimpleNamespace(**attributes))
    return counted


def write(tmp_path, text):
    path = tmp_path / "file.csv"
    path.write_text(text)
    return path


LINES = 20_000


@pytest.mark.parametrize(
    "line",
    [
        'x","',  # ends one quoted field and begins another: each attempt goes on to the end of the file
        '"x"y',  # text after a closing quote
        "x",  # another number of columns
        'a,"b\nc"\n"x"y',
        'x"",y\nx","',
    ],
)
def test_bad_records_cost_what_they_are_long(tmp_path, parsed, line):
    path = write(tmp_path, "a,b\n" + (line + "\n") * LINES + "last,1\n")
    records = read_all(CsvSource(path, PAIR, on_error="skip", max_record_bytes=50_000))
    # An account of so much, four times the file, and once for what is read in the end; a last overdraft of a piece.
    size = path.stat().st_size
    assert parsed.characters <= 50_000 + 6 * size + 2 * (1 << 18)
    assert records[-1] == Row(a="last", b="1")


def test_records_of_several_lines_are_read_again_after_many_bad_ones(tmp_path):
    bad = 'x","\n' * LINES
    good = 'a,"b\nc"\n' * 100_000
    path = write(tmp_path, "a,b\n" + bad + '"\n' + good)
    records = read_all(CsvSource(path, PAIR, on_error="skip", max_record_bytes=50_000))
    assert records[-50_000:] == [Row(a="a", b="b\nc")] * 50_000


def test_an_open_record_of_short_lines_does_not_fill_the_memory(tmp_path):
    path = write(tmp_path, 'a,b\n1,"\n' + 'x","\n' * 400_000)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"file\.csv:2: a quoted or escaped field does not end within 4000000"):
            read_all(CsvSource(path, PAIR, max_record_bytes=4_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 2 MB of the file, but 400,000 lines of 54 bytes, and their fields.
    assert peak < 24_000_000


def test_an_open_record_that_begins_with_short_lines_reads_no_more_than_as_much_again(tmp_path, monkeypatch):
    path = write(tmp_path, 'a,b\n1,"\n' + 'x","\n' * 3000 + ("y" * 100_000 + "\n") * 300)
    read = 0
    read_chunk = csv_records.ChunkReader.read

    def counted(chunks):
        nonlocal read
        chunk = read_chunk(chunks)
        read += len(chunk.text) if chunk else 0
        return chunk

    monkeypatch.setattr(csv_records.ChunkReader, "read", counted)
    with pytest.raises(SourceError, match=r"file\.csv:2: "):
        read_all(CsvSource(path, PAIR, max_record_bytes=1_000_000))
    assert read < 3_000_000


# ---- many columns ----


class Name(str):
    """Counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_repeated_names_are_found_without_comparing_all_with_all():
    Name.compared = 0
    names = [Name(f"c{number}") for number in range(5000)]
    assert repeated([*names, Name("c7"), Name("c70"), Name("c7")]) == ["c7", "c70"]
    assert Name.compared < 50_000


@pytest.mark.parametrize("columns", [10_000, 60_000])
def test_files_of_many_columns(tmp_path, columns):
    names = [f"c{number}" for number in range(columns)]
    header = ",".join(reversed(names))
    path = write(tmp_path, f"{header}\n{','.join(map(str, range(columns)))}\n")
    row = [str(number) for number in range(columns)]
    assert [list(record) for record in read_all(CsvSource(path))] == [row]
    typed = CsvSource(path, Types.ROW_NAMED(names, [Types.INT()] * columns))
    assert [list(record) for record in read_all(typed)] == [list(range(columns))[::-1]]
    builder = CsvSchema.builder()
    for name in names:
        builder.add_string_column(name)
    assert len(builder.build()) == columns


def test_messages_do_not_list_thousands_of_columns(tmp_path):
    names = [f"c{number}" for number in range(5000)]
    path = write(tmp_path, ",".join(names) + "\n")
    wanted = [f"d{number}" for number in range(5000)]
    few = Types.ROW_NAMED(["c1"], [Types.INT()])
    all_others = Types.ROW_NAMED(wanted, [Types.INT()] * 5000)
    for source in (
        CsvSource(path, all_others),
        CsvSource(path, all_others, header="strict"),
        CsvSource(path, few, extra_columns="error"),
    ):
        with pytest.raises(SourceError, match=r"and 49[45]\d more") as caught:
            read_all(source)
        assert len(str(caught.value)) < 2000
    path = write(tmp_path, ",".join(names * 2) + "\n")
    with pytest.raises(SourceError, match=r"and 4950 more more than once"):
        read_all(CsvSource(path))


def test_a_line_of_very_many_fields(tmp_path):
    path = write(tmp_path, "a,b\n" + "," * 1_000_000 + "\n1,2\n")
    side = {}
    assert read_all(CsvSource(path, PAIR, on_error="skip"), side=side) == [Row(a="1", b="2")]
    assert side[BAD_RECORDS_TAG][0].error == "expected 2 columns, got 1000001"

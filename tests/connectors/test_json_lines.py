"""Files of JSON lines: every line is what its decoder makes of it, wherever the reader stops and goes on."""

import bz2
import gzip
import json
import re

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.files.json_lines import JsonLinesSource
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.source import BAD_RECORDS_TAG, END, BadRecord, ReaderContext
from pyflinkx.errors import ConfigurationError, CorruptDataError, SourceError
from pyflinkx.formats import compression, decoding, json_forms
from pyflinkx.formats.decoding import ChunkReader
from pyflinkx.formats.json_messages import JsonMessages
from pyflinkx.formats.json_values import Reading
from pyflinkx.types.typeinfo import Types
from tests.connectors.positions import check_positions, values_of
from tests.connectors.reading import FixedClock

TYPE = Types.ROW_NAMED(
    ["id", "name", "price", "tags"], [Types.LONG(), Types.STRING(), Types.BIG_DEC(), Types.LIST(Types.STRING())]
)
ENDINGS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstandard.ZstdCompressor().compress}
LINES = [
    b'{"id": 1, "name": "a", "price": 1.50, "tags": ["x", null]}',
    b' {"name":"\xc3\xa9\\n","id":2}\t',
    b'{"id": "3", "name": 4}',
    b'{"id": 9223372036854775807, "other": {"deep": [1, 2, {"a": "}"}]}}',
    b'{"price": 1e5}',
    b"{}",
    b"null",
    b"",
    b" \t ",
]
BAD = [
    b"{",
    b'{"id": "x"}',
    b'{"name": "\xff"}',
    b"[1]",
    b'{"id": 1} {"id": 2}',
    b'{"id": 1,',
    b"\0",
    b'{"name": "\x01"}',
]
ENDS = [b"\n", b"\r\n", b"\r"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


def lines_of(data):
    return re.split(rb"\r\n|\r|\n", data)


def naive(data, path, reading=None):
    """Rows and bad records, line by line."""
    decode = JsonMessages(TYPE, reading or Reading()).decode
    rows, bad = [], []
    for number, line in enumerate(lines_of(data.removeprefix(b"\xef\xbb\xbf")), 1):
        if not line.strip(b" \t"):
            continue
        try:
            row = decode(line)
        except CorruptDataError as error:
            text = line.decode("utf-8", "backslashreplace")
            bad.append(BadRecord(str(path), number, text, error.reason))
        else:
            rows += [] if row is None else [list(row)]
    return rows, bad


def read(source, limit=1000):
    """Rows and bad records."""
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    rows, bad = [], []
    try:
        while (batch := reader.poll(limit)) is not END:
            assert batch.schema == source.schema
            assert len(batch) <= limit
            batch.validate(full=True)
            rows += values_of(batch)
            bad += reader.take_side_records().get(BAD_RECORDS_TAG, [])
    finally:
        reader.close()
    return rows, bad


TEXT = st.lists(st.tuples(st.sampled_from(LINES + BAD), st.sampled_from(ENDS)), max_size=12)


@given(
    TEXT,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.sampled_from(LINES + BAD),
    st.sampled_from(sorted(ENDINGS)),
    st.sampled_from([7, 60, 1 << 18]),
    st.integers(1, 5),
    st.lists(st.integers(0, 4), max_size=3),
)
def test_every_line_is_a_row_or_a_bad_record(folder, lines, mark, last, ending, piece, limit, stops):
    data = mark + b"".join(line + end for line, end in lines) + last
    path = folder / f"lines.jsonl{ending}"
    path.write_bytes(ENDINGS[ending](data))
    rows, bad = naive(data, path)
    source = JsonLinesSource(path, TYPE, on_error="skip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChunkReader.__init__, "__defaults__", (piece, decoding.MAX_LINE_BYTES))
        patch.setattr(compression, "CHUNK_BYTES", piece)
        assert read(source, limit) == (rows, bad)
        check_positions(source, [FileSplit(str(path))], stops, limit, rows, bad)


@given(TEXT, st.integers(1, 5))
def test_types_that_no_compiled_code_knows(folder, lines, limit):
    data = b"".join(line + end for line, end in lines)
    path = folder / "plain.jsonl"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_forms, "MAX_DEPTH", -1)
        source = JsonLinesSource(path, TYPE, on_error="skip")
        assert source.messages.decoder.nodes is None
        assert read(source, limit) == naive(data, path)


@given(TEXT)
def test_errors_that_are_ignored(folder, lines):
    data = b"".join(line + end for line, end in lines)
    path = folder / "ignored.jsonl"
    path.write_bytes(data)
    assert read(JsonLinesSource(path, TYPE, ignore_parse_errors=True)) == naive(data, path, Reading(lenient=True))


@given(TEXT.filter(lambda lines: any(line in BAD for line, _ in lines)), st.integers(1, 5))
def test_a_bad_line_stops_the_job_behind_what_comes_before(folder, lines, limit):
    data = b"".join(line + end for line, end in lines)
    path = folder / "bad.jsonl"
    path.write_bytes(data)
    source = JsonLinesSource(path, TYPE)
    first = naive(data, path)[1][0]
    before = naive(b"\n".join(lines_of(data)[: first.line - 1]), path)[0]
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    rows = []

    def read_on():
        while (batch := reader.poll(limit)) is not END:
            rows.extend(values_of(batch))

    with pytest.raises(SourceError) as raised:
        read_on()
    reader.close()
    assert rows == before
    shown = decoding.readable(first.text.encode("utf-8", "surrogatepass").decode())
    assert str(raised.value) == f"{path}:{first.line}: {first.error}: {shown}"


def test_missing_fields_can_be_refused(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": 1, "name": null, "price": 1, "tags": []}\n{"id": 2}\n')
    with pytest.raises(SourceError, match=r"in.jsonl:2: \$\.name: the field is missing: \{\"id\": 2\}$"):
        read(JsonLinesSource(path, TYPE, fail_on_missing_field=True))
    assert len(read(JsonLinesSource(path, TYPE))[0]) == 2


def test_large_files_make_large_batches(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(
        "".join(json.dumps({"id": number, "name": "x" * (number % 50)}) + "\n" for number in range(100_000))
    )
    source = JsonLinesSource(path, TYPE)
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    sizes, total = [], 0
    while (batch := reader.poll(131_072)) is not END:
        sizes.append(len(batch))
        total += sum(batch.to_rows("tuple")[row][0] for row in (0, -1))
    reader.close()
    assert sum(sizes) == 100_000
    assert len(sizes) < 6


def test_a_line_that_is_too_long(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"name": "' + b"x" * 400_000 + b'"}')
    assert len(read(JsonLinesSource(path, TYPE))[0]) == 1
    with pytest.raises(SourceError, match=r"in.jsonl:1: the line is longer than 1000 bytes"):
        read(JsonLinesSource(path, TYPE, max_line_bytes=1000))


def test_what_cannot_be(tmp_path):
    with pytest.raises(TypeError, match="a row type"):
        JsonLinesSource(tmp_path, Types.INT())
    with pytest.raises(ConfigurationError, match="exclude each other"):
        JsonLinesSource(tmp_path, TYPE, ignore_parse_errors=True, fail_on_missing_field=True)
    with pytest.raises(ConfigurationError, match="on_error"):
        JsonLinesSource(tmp_path, TYPE, on_error="never")
    with pytest.raises(ConfigurationError, match="JSON has no form"):
        JsonLinesSource(tmp_path, Types.ROW([Types.PICKLED_BYTE_ARRAY()]))
    with pytest.raises(SourceError, match="cannot be read"):
        read(JsonLinesSource(tmp_path / "none", TYPE))

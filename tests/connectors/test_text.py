import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.source import BAD_RECORDS_TAG, BadRecord, ReaderContext
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.formats import decoding
from pyflinkx.formats.decoding import ChunkReader
from tests.connectors.reading import FixedClock, read_all


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(ChunkReader.__init__, "__defaults__", (7, decoding.MAX_LINE_BYTES))


# Some hold the bytes of line ends in their UTF-16 form.
CHARACTERS = st.sampled_from("ab\xe9\u20ac\U0001f600\u0a0d\u0d0a")


def lines_of(tmp_path, data, charset="utf-8", **options):
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    return read_all(TextFileSource(path, charset, **options))


# As Flink 2.3 reads the same bytes, but for the byte-order mark, which it leaves in the first line.
def test_all_line_ends_and_a_last_line_without_one(tmp_path):
    data = b"\xef\xbb\xbfone\ntwo\r\nthree\rfour\n\nlast"
    assert lines_of(tmp_path, data) == ["one", "two", "three", "four", "", "last"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"\r", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"\n\n", ["", ""]),
        (b"\xef\xbb\xbf", []),
        (b"a\x0bb\x0cc\x1cd\xe2\x80\xa8e\n", ["a\x0bb\x0cc\x1cd\u2028e"]),
        (b"a\0b\n", ["a\0b"]),
    ],
)
def test_small_files(tmp_path, data, lines):
    assert lines_of(tmp_path, data) == lines


@given(
    st.lists(st.tuples(st.text(CHARACTERS), st.sampled_from(["\n", "\r\n", "\r"]))),
    st.text(CHARACTERS, max_size=3),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]),
    st.integers(1, 20),
    st.integers(1, 10),
)
def test_lines_equal_those_of_io_whatever_the_chunks(tmp_path_factory, parts, last, charset, chunk_bytes, limit):
    path = tmp_path_factory.getbasetemp() / "random.txt"
    text = "".join(line + end for line, end in parts) + last
    path.write_bytes(text.encode(charset))
    with open(path, encoding=charset) as file:
        expected = [line.removesuffix("\n") for line in file]
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    try:
        assert read_all(TextFileSource(path, charset), limit) == expected
    finally:
        ChunkReader.__init__.__defaults__ = original


def test_utf_16_without_a_mark_is_big_endian(tmp_path):
    assert lines_of(tmp_path, "a\nb".encode("utf-16-be"), "UTF-16") == ["a", "b"]


def test_other_charsets(tmp_path):
    assert lines_of(tmp_path, "é\nü".encode("latin-1"), "ISO-8859-1") == ["é", "ü"]
    assert lines_of(tmp_path, "日本\n語".encode("shift_jis"), "Shift_JIS") == ["日本", "語"]


@pytest.mark.usefixtures("small_chunks")
def test_invalid_bytes_stop_the_job_after_the_lines_before_them(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo\nf\xffve\nsix\n")
    records = []
    with pytest.raises(SourceError) as caught:
        read_all(TextFileSource(path), records=records)
    assert records == ["one", "two"]
    assert str(caught.value) == rf"{path}:3: invalid utf-8 at byte 12: invalid start byte: f\xffve"


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_invalid_lines_can_be_skipped_and_counted(tmp_path, monkeypatch, chunk_bytes):
    monkeypatch.setattr(ChunkReader.__init__, "__defaults__", (chunk_bytes, decoding.MAX_LINE_BYTES))
    path = tmp_path / "file.txt"
    path.write_bytes(b"a\n\xc3\n\xe2\x82\xac\n" + b"x" * 2000 + b"\xfe\r\xffz\rb")
    side, counters = {}, {}
    assert read_all(TextFileSource(path, on_error="skip"), side=side, counters=counters) == ["a", "€", "b"]
    assert counters == {"numBadRecords": 3}
    assert side == {
        BAD_RECORDS_TAG: [
            BadRecord(str(path), 2, r"\xc3", "invalid utf-8 at byte 2: invalid continuation byte"),
            BadRecord(str(path), 4, "x" * 1000, "invalid utf-8 at byte 2008: invalid start byte"),
            BadRecord(str(path), 5, r"\xffz", "invalid utf-8 at byte 2010: invalid start byte"),
        ]
    }


@pytest.mark.usefixtures("small_chunks")
def test_lines_are_counted_across_pieces(tmp_path):
    with pytest.raises(SourceError, match=r":7: invalid utf-8 at byte 15: "):
        lines_of(tmp_path, b"a\r\nb\r\nc\r\nd\re\nf\n\xff\n")


def test_half_a_utf_16_character_is_an_error(tmp_path):
    with pytest.raises(SourceError, match=r":2: invalid utf-16-le at byte 6: truncated data"):
        lines_of(tmp_path, "a\n".encode("utf-16") + b"x", "utf-16")


def test_a_file_of_bad_lines_only_ends(tmp_path):
    side = {}
    path = tmp_path / "file.txt"
    path.write_bytes(b"\xff\n" * 5)
    assert read_all(TextFileSource(path, on_error="skip"), side=side) == []
    assert [bad.line for bad in side[BAD_RECORDS_TAG]] == [1, 2, 3, 4, 5]


@given(st.binary(max_size=60), st.integers(1, 9), st.sampled_from(["utf-8", "utf-16", "shift_jis", "utf-7", "gb18030"]))
def test_garbage_is_lines_and_bad_records_together(tmp_path_factory, data, chunk_bytes, charset):
    path = tmp_path_factory.getbasetemp() / "garbage.txt"
    path.write_bytes(data)
    side = {}
    original = ChunkReader.__init__.__defaults__
    ChunkReader.__init__.__defaults__ = (chunk_bytes, original[1])
    try:
        records = read_all(TextFileSource(path, charset, on_error="skip"), side=side)
    finally:
        ChunkReader.__init__.__defaults__ = original
    if charset == "utf-8":
        lines = data.removeprefix(b"\xef\xbb\xbf").splitlines()
        good = [line for line in lines if line == line.decode(errors="ignore").encode()]
        assert records == [line.decode() for line in good]
        assert len(side.get(BAD_RECORDS_TAG, [])) == len(lines) - len(good)


def test_a_line_that_never_ends_is_an_error_not_a_full_memory(tmp_path):
    with pytest.raises(SourceError, match=r"file.txt:2: the line is longer than 100 bytes"):
        lines_of(tmp_path, b"a\n" + b"x" * 600_000, max_line_bytes=100)


def test_a_folder_is_its_files_in_order_without_hidden_ones(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden", "_temporary", "sub/c.txt", "sub/_x", ".git/d", "_d/e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert read_all(TextFileSource(tmp_path)) == ["a.txt", "b.txt", "sub/c.txt"]


def test_several_paths_in_the_order_given(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(name)
    assert read_all(TextFileSource([tmp_path / "c", str(tmp_path / "a")])) == ["c", "a"]
    assert read_all(TextFileSource(f"file://{tmp_path}/b")) == ["b"]


def test_missing_file_is_found_before_the_job_starts(tmp_path):
    with pytest.raises(SourceError, match=r"nothing.txt: cannot be read: No such file or directory") as caught:
        TextFileSource(tmp_path / "nothing.txt").check()
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_link_to_itself_is_found_before_the_job_starts(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SourceError, match=r"loop: cannot be read: Too many levels of symbolic links"):
        TextFileSource(tmp_path / "loop").check()


def test_broken_link_in_a_folder_is_found_before_the_job_starts(tmp_path):
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"gone: cannot be read: No such file"):
        TextFileSource(tmp_path).check()


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=r"pipe: is neither a file nor a folder"):
        TextFileSource(tmp_path / "pipe").check()
    with pytest.raises(SourceError, match=r"pipe: is not a regular file"):
        TextFileSource(tmp_path).check()


def test_file_deleted_before_it_is_opened(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("a")
    source = TextFileSource(path)
    source.check()
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    path.unlink()
    with pytest.raises(SourceError, match=r"file.txt: cannot be read: No such file"):
        reader.poll(1)


def test_file_cut_off_while_it_is_read(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"line\n" * 200_000)
    source = TextFileSource(path)
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    reader.poll(1)
    os.truncate(path, 500_000)
    with pytest.raises(SourceError, match=r"the file was cut off while it was read: it had 1000000 bytes and ended"):
        list(iter(lambda: reader.poll(100_000), None))
    reader.close()


def test_error_of_the_system_while_reading(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    path.write_bytes(b"a\n")
    monkeypatch.setattr("pyflinkx.formats.compression.open_file", lambda name: BrokenFile(path))
    with pytest.raises(SourceError, match=r"file.txt:1: cannot be read on: Input/output error") as caught:
        read_all(TextFileSource(path))
    assert isinstance(caught.value.__cause__, OSError)


class BrokenFile:
    def __init__(self, path):
        self.file = path.open("rb")

    def fileno(self):
        return self.file.fileno()

    def read(self, count):
        raise OSError(5, "Input/output error")

    def close(self):
        self.file.close()


def test_nothing_is_left_open(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"a\n" * 10)
    source = TextFileSource(path)
    reader = source.create_reader(ReaderContext(FixedClock()))
    reader.add_splits(source.splits(1))
    reader.poll(1)
    file = reader.current.chunks.file
    reader.close()
    assert file.closed


def test_a_source_travels(tmp_path):
    (tmp_path / "f").write_text("a\nb")
    assert read_all(pickle.loads(pickle.dumps(TextFileSource(tmp_path / "f")))) == ["a", "b"]


@pytest.mark.parametrize("path", ["", [], "a\0b", [""]])
def test_paths_that_cannot_be(path):
    with pytest.raises(ConfigurationError):
        TextFileSource(path)


@pytest.mark.parametrize("path", [None, 1, b"bytes", [None]])
def test_things_that_are_no_paths(path):
    with pytest.raises(TypeError, match=r"a path is a str or os\.PathLike"):
        TextFileSource(path)


@pytest.mark.parametrize("charset", ["utf-99", "", "rot13", "base64", "idna", "punycode", "unicode_escape", "a\0b"])
def test_charsets_that_cannot_be(charset):
    with pytest.raises(ConfigurationError, match="charset"):
        TextFileSource("x", charset)


def test_options_that_cannot_be():
    with pytest.raises(ConfigurationError, match="on_error is one of 'fail', 'skip', not 'ignore'"):
        TextFileSource("x", on_error="ignore")
    with pytest.raises(ConfigurationError, match="max_line_bytes is 1 or more, not 0"):
        TextFileSource("x", max_line_bytes=0)
    with pytest.raises(TypeError, match="max_line_bytes is a whole number"):
        TextFileSource("x", max_line_bytes=1.5)
    with pytest.raises(TypeError, match="a charset is a str"):
        TextFileSource("x", None)

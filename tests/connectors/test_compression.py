"""Compressed files."""

import bz2
import gzip
import lzma
import os
import re
import sys
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.errors import MissingExtraError, SourceError
from pyflinkx.formats.compression import FIRST_BYTES, CompressedDataError, open_data
from tests.connectors.reading import read_all

TEXT = "".join(f"line {number} \u00e9\r\n" for number in range(30_000))
LINES = TEXT.split("\r\n")[:-1]
COMPRESS = {
    "gz": gzip.compress,
    "gzip": gzip.compress,
    "GZ": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("ending", COMPRESS)
def test_files_are_decompressed_by_their_ending(tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    path.write_bytes(COMPRESS[ending](TEXT.encode()))
    assert read_all(TextFileSource(path)) == LINES


@pytest.mark.parametrize("ending", COMPRESS)
def test_several_frames_in_a_file(tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    path.write_bytes(COMPRESS[ending](b"a\nb") + COMPRESS[ending](b"c\n") + COMPRESS[ending](b""))
    assert read_all(TextFileSource(path)) == ["a", "bc"]


@pytest.mark.parametrize("ending", COMPRESS)
def test_what_is_cut_off_or_damaged(tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    whole = COMPRESS[ending](os.urandom(50_000).hex().encode())
    for bad in (whole[: len(whole) // 2], b"no such data at all", whole[:2000] + b"\0" * 5000 + whole[7000:]):
        path.write_bytes(bad)
        with pytest.raises(SourceError, match=rf"log\.{ending}:1: cannot be read on: "):
            read_all(TextFileSource(path))


def test_an_empty_file_of_zlib_is_empty(tmp_path):
    (tmp_path / "log.deflate").write_bytes(b"")
    assert read_all(TextFileSource(tmp_path)) == []


def test_csv_in_a_folder_with_plain_files(tmp_path):
    (tmp_path / "a.csv").write_text("name\nx\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"name\ny\n"))
    assert [row[0] for row in read_all(CsvSource(tmp_path))] == ["x", "y"]


def test_zstandard(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "log.zst"
    compress = zstandard.ZstdCompressor().compress
    path.write_bytes(compress(TEXT.encode()) + compress(b"more\n"))
    assert read_all(TextFileSource(path)) == [*LINES, "more"]
    for bad in (path.read_bytes()[:-20], b"no such data"):
        path.write_bytes(bad)
        with pytest.raises(SourceError, match="cannot be read on"):
            read_all(TextFileSource(path))


def test_zstandard_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "log.zst").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"pip install 'pyflinkx\[zstd\]'"):
        TextFileSource(tmp_path).check()


# ---- little input that stands for much, and input in many parts ----

ZEROS = bytes(1 << 20)
COUNT = 1 << 18


def compressor(ending):
    if ending == "zst":
        zstandard = pytest.importorskip("zstandard")
        return zstandard.ZstdCompressor(level=1, write_content_size=True, write_checksum=True).compress
    return COMPRESS[ending]


def pieces(path, count=COUNT):
    reader, _ = open_data(str(path))
    try:
        while data := reader.read(count):
            assert len(data) <= count
            yield data
    finally:
        reader.close()


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "deflate", "zst"])
def test_a_small_file_that_stands_for_much_is_read_in_pieces(tmp_path, ending):
    path = tmp_path / f"bomb.{ending}"
    path.write_bytes(compressor(ending)(ZEROS * 24))
    assert path.stat().st_size < 30_000
    tracemalloc.start()
    try:
        total = sum(map(len, pieces(path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 24 << 20
    # Without bounds it is all 24 MiB at once. liblzma keeps a window of 8 MiB.
    assert peak < (12 << 20 if ending == "xz" else 3 << 20)


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "deflate", "zst"])
def test_a_bomb_of_lines_comes_as_lines(tmp_path, ending):
    path = tmp_path / f"bomb.{ending}"
    path.write_bytes(compressor(ending)((b"x" * 99 + b"\n") * 20_000))
    assert read_all(TextFileSource(path)) == ["x" * 99] * 20_000


@pytest.mark.parametrize("ending", ["gz", "deflate", "bz2", "xz", "zst"])
def test_many_small_frames_are_not_copied_again_and_again(tmp_path, ending):
    path = tmp_path / f"frames.{ending}"
    compress = compressor(ending)
    path.write_bytes(compress(b"a\n") * 3000 + compress(b""))
    reader, _ = open_data(str(path))
    copied, made = 0, reader.make

    class Counted:
        def __init__(self):
            self.frame = made()

        @property
        def unused_data(self):
            nonlocal copied
            data = self.frame.unused_data
            copied += len(data)
            return data

        def __getattr__(self, name):
            return getattr(self.frame, name)

    reader.make = Counted
    assert reader.read(COUNT) == b"a\n"
    read = 2
    while data := reader.read(COUNT):
        read += len(data)
    reader.close()
    assert read == 6000
    assert copied <= 3001 * FIRST_BYTES


@pytest.mark.parametrize("ending", ["gz", "deflate", "bz2", "xz", "zst"])
def test_each_place_where_a_file_may_be_cut_off(tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    frames = [compressor(ending)(text) for text in (b"first\n", b"", b"second\n" * 50)]
    whole = b"".join(frames)
    ends = {0, len(frames[0]), len(frames[0] + frames[1]), len(whole)}
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        if cut in ends:
            assert b"".join(pieces(path)) == (b"first\n" if cut else b"")
        else:
            with pytest.raises(CompressedDataError, match=rf"ends in the middle, at byte {cut},"):
                list(pieces(path))
    path.write_bytes(whole)
    assert b"".join(pieces(path)) == b"first\n" + b"second\n" * 50


@pytest.mark.parametrize("ending", ["gz", "deflate", "bz2", "xz", "zst"])
@given(data=st.data())
def test_damage_is_an_error_that_says_where(tmp_path_factory, ending, data):
    path = tmp_path_factory.mktemp("damaged") / f"log.{ending}"
    content = bytes(range(256)) * 20
    compress = compressor(ending)
    damaged = bytearray(compress(content) + compress(content))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    read, failure = None, ""
    try:
        read = b"".join(pieces(path))
    except CompressedDataError as error:
        failure = str(error)
    # Or it was in what means nothing, such as the time in a header of gzip.
    assert read == content * 2 or re.search(r"(at|before|begins at) byte \d+", failure)


def test_where_the_damage_is_told_to_the_user(tmp_path):
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"aaaaaa\n", mtime=0) + b"no such data")
    with pytest.raises(SourceError, match=r"log\.gz:2: cannot be read on: .*damaged at or before byte \d+: .*header"):
        read_all(TextFileSource(path))


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_zeros_after_a_frame_are_padding(tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    compress = COMPRESS[ending]
    path.write_bytes(compress(b"a\n") + bytes(1 << 17) + compress(b"b\n") + bytes(8))
    assert read_all(TextFileSource(path)) == ["a", "b"]


def test_windows_that_are_too_large_are_refused(tmp_path):
    pytest.importorskip("zstandard")
    lzma_alone = bytearray(lzma.compress(b"a\n", lzma.FORMAT_ALONE))
    lzma_alone[1:5] = (1 << 30).to_bytes(4, "little")
    (tmp_path / "a.xz").write_bytes(lzma_alone)
    # By its window descriptor (2 GiB), and by its content size where it is one segment (4 GiB).
    (tmp_path / "b.zst").write_bytes(bytes.fromhex("28b52ffd 00 a8 010000"))
    (tmp_path / "c.zst").write_bytes(bytes.fromhex("28b52ffd a0 ffffffff 010000"))
    for name in ("a.xz", "b.zst", "c.zst"):
        with pytest.raises(
            SourceError, match=rf"{name[0]}\.{name[2:]}:1: .*window of more than 128 MiB.*decompress the"
        ):
            read_all(TextFileSource(tmp_path / name))


def test_a_window_of_128_mib_is_read(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    (tmp_path / "a.zst").write_bytes(compressor.compress(b"a\n" * 9) + compressor.flush())
    assert read_all(TextFileSource(tmp_path)) == ["a"] * 9


def test_frames_of_zstandard_that_hold_no_data_are_skipped(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    skippable = bytes.fromhex("5a2a4d18") + (200_000).to_bytes(4, "little") + bytes(200_000)
    path = tmp_path / "a.zst"
    path.write_bytes(skippable + zstandard.compress(b"a\n") + bytes.fromhex("502a4d1800000000"))
    assert read_all(TextFileSource(path)) == ["a"]
    path.write_bytes(skippable[:-1])
    with pytest.raises(SourceError, match="ends in the middle, at byte 200007"):
        read_all(TextFileSource(path))

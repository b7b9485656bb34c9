"""Compressed files."""

import bz2
import gzip
import lzma
import os
import sys
import zlib

import pytest

from pyflinkx.connectors.csv import CsvSource
from pyflinkx.connectors.text import TextFileSource
from pyflinkx.errors import MissingExtraError, SourceError
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

"""Small archives that become very much, and what else would take a worker's disk, memory or time."""

import bz2
import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
from dataclasses import replace

import pytest

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import DEFAULT_LIMITS, PythonDependencies
from pyflinkx.errors import DependencyError
from pyflinkx.formats.compression import FramesReader
from pyflinkx.runtime.control.archives import MAX_HEADERS, SMALL_CONTENT, extract
from pyflinkx.runtime.control.dependencies import prepare

MEBIBYTE = 1 << 20
ZEROS = bytes(MEBIBYTE)


class Zeros(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, buffer):
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def tar_of_zeros(path, size, compression="gz", kind=tarfile.REGTYPE):
    """Not kept in memory while it is made."""
    with tarfile.open(path, f"w:{compression}") as archive:
        info = tarfile.TarInfo("zeros")
        info.size, info.type = size, kind
        archive.addfile(info, Zeros())
    return str(path)


def zip_of_zeros(path, mebibytes, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive, archive.open("zeros", "w") as member:
        for _ in range(mebibytes):
            member.write(ZEROS)
    return str(path)


@pytest.fixture
def refused(tmp_path):
    def check(path, reason, limits=None):
        target = tmp_path / "refused/place"
        tracemalloc.start()
        try:
            with pytest.raises(DependencyError, match=reason) as caught:
                extract(str(path), str(target), *([] if limits is None else [limits]))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert os.path.basename(path) in str(caught.value)
        assert not target.exists()
        return peak

    return check


@pytest.mark.parametrize(
    "make", [lambda path: tar_of_zeros(path, 2 * SMALL_CONTENT), lambda path: zip_of_zeros(path, 128)]
)
def test_more_than_so_many_times_its_size(tmp_path, refused, make):
    path = make(tmp_path / "bomb")
    assert os.path.getsize(path) < 200_000
    peak = refused(path, r"more than 200 times its own size; pyflinkx\.archives\.max-ratio sets the limit")
    assert peak < 8 * MEBIBYTE
    extract(path, str(tmp_path / "out"), replace(DEFAULT_LIMITS, ratio=2000))
    assert os.path.getsize(tmp_path / "out/zeros") == 2 * SMALL_CONTENT


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_more_bytes_than_allowed(tmp_path, refused, compression):
    path = tar_of_zeros(tmp_path / "bomb.tar", 3 * MEBIBYTE, compression)
    refused(
        path, r"more than 3145727 bytes; pyflinkx\.archives\.max-size", replace(DEFAULT_LIMITS, size=3 * MEBIBYTE - 1)
    )
    extract(path, str(tmp_path / "out"), replace(DEFAULT_LIMITS, size=3 * MEBIBYTE))


def test_a_zip_that_says_itself_how_large_it_is_is_not_even_begun(tmp_path, refused, monkeypatch):
    path = zip_of_zeros(tmp_path / "bomb.zip", 3)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    refused(path, r"more than 3145727 bytes", replace(DEFAULT_LIMITS, size=3 * MEBIBYTE - 1))


def test_members_that_share_their_bytes_count_each(tmp_path, refused):
    """A zip bomb whose members overlap: a kilobyte of content that a thousand names stand for."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", ZEROS)
    data = inner.getvalue()
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x05\x06")]
    central = entry * 500
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, len(central), start, 0)
    (tmp_path / "bomb.zip").write_bytes(data[:start] + central + end)
    refused(tmp_path / "bomb.zip", r"max-ratio|Overlapped")


def test_a_zip_that_lies_about_its_size(tmp_path):
    data = bytearray()
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", ZEROS * 80)
    data += (tmp_path / "bomb.zip").read_bytes()
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<L", 100)
    (tmp_path / "bomb.zip").write_bytes(data)
    with pytest.raises(DependencyError, match="CRC"):
        extract(str(tmp_path / "bomb.zip"), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_of_a_zip_that_have_no_bound(tmp_path, refused, compression):
    path = zip_of_zeros(tmp_path / "bomb.zip", 4, compression)
    assert refused(path, "is compressed by method .* make the archive with deflate") < MEBIBYTE


def test_more_files_than_allowed(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(50):
            archive.writestr(f"f{number}", b"")
    with tarfile.open(tmp_path / "many.tar", "w") as archive:
        for number in range(50):
            archive.addfile(tarfile.TarInfo(f"f{number}"))
    for name in ("many.zip", "many.tar"):
        refused(
            tmp_path / name,
            r"more than 49 files and folders; pyflinkx\.archives\.max-files",
            replace(DEFAULT_LIMITS, files=49),
        )
        extract(str(tmp_path / name), str(tmp_path / f"out of {name}"), replace(DEFAULT_LIMITS, files=50))


def test_folders_that_only_names_imply_count(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "deep.zip", "w") as archive:
        for number in range(10):
            archive.writestr(f"{number}/" + "a/" * 200 + "f", b"")
    refused(tmp_path / "deep.zip", "more than 1000 files and folders", replace(DEFAULT_LIMITS, files=1000))
    extract(str(tmp_path / "deep.zip"), str(tmp_path / "out"))


def test_links_and_hard_links_count(tmp_path, refused):
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        info = tarfile.TarInfo("file")
        info.size = MEBIBYTE
        archive.addfile(info, io.BytesIO(ZEROS))
        for number in range(100):
            info = tarfile.TarInfo(f"hard{number}")
            info.type, info.linkname = tarfile.LNKTYPE, "file"
            archive.addfile(info)
            info = tarfile.TarInfo(f"soft{number}")
            info.type, info.linkname = tarfile.SYMTYPE, "file"
            archive.addfile(info)
    refused(tmp_path / "links.tar", "more than 50000000 bytes", replace(DEFAULT_LIMITS, size=50_000_000))
    refused(tmp_path / "links.tar", "more than 150 files", replace(DEFAULT_LIMITS, files=150))


def test_hard_links_do_not_read_the_archive_again(tmp_path, monkeypatch):
    path = tmp_path / "links.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("file")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
        info = tarfile.TarInfo("random")
        info.size = MEBIBYTE
        archive.addfile(info, io.BytesIO(os.urandom(MEBIBYTE)))
        for number in range(50):
            info = tarfile.TarInfo(f"hard{number}")
            info.type, info.linkname = tarfile.LNKTYPE, "file"
            archive.addfile(info)
    read, read_frames = 0, FramesReader.read

    def counted(reader, count):
        nonlocal read
        data = read_frames(reader, count)
        read += len(data)
        return data

    monkeypatch.setattr(FramesReader, "read", counted)
    extract(str(path), str(tmp_path / "out"))
    assert (tmp_path / "out/hard49").read_bytes() == b"text"
    assert read < 2 * MEBIBYTE  # once would be all of it for each link


def test_a_hard_link_to_a_link_is_that_link(tmp_path):
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        info = tarfile.TarInfo("a/file")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
        for name, kind, target in (("a/soft", tarfile.SYMTYPE, "file"), ("a/hard", tarfile.LNKTYPE, "a/soft")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    extract(str(tmp_path / "links.tar"), str(tmp_path / "out"))
    assert os.readlink(tmp_path / "out/a/hard") == "file"
    assert (tmp_path / "out/a/hard").read_bytes() == b"text"


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_headers_are_not_taken_into_memory_whatever_their_length(tmp_path, refused, kind):
    """64 MiB of header, from 64 KiB of the file."""
    path = tar_of_zeros(tmp_path / "bomb.tar.gz", 64 * MEBIBYTE, kind=kind)
    peak = refused(path, "neither a tar nor a zip archive|bytes of headers")
    assert peak < 3 * MAX_HEADERS


def test_headers_behind_other_members_too(tmp_path, refused):
    path = tmp_path / "bomb.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        archive.addfile(tarfile.TarInfo("first"))
        info = tarfile.TarInfo("long")
        info.size, info.type = 64 * MEBIBYTE, tarfile.XHDTYPE
        archive.addfile(info, Zeros())
    assert refused(path, "bytes of headers before a member") < 3 * MAX_HEADERS


def test_a_sparse_file_of_a_terabyte(tmp_path, refused):
    """A tar of a kilobyte can say that a file is a terabyte of holes."""
    info = tarfile.TarInfo("hole")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": "hole",
        "GNU.sparse.size": str(1 << 40),
        "GNU.sparse.map": f"{(1 << 40) - 1},1",
    }
    info.size = 1
    with tarfile.open(tmp_path / "sparse.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"x"))
    refused(tmp_path / "sparse.tar", "max-ratio")


def test_a_file_that_only_looks_like_a_compressed_tar(tmp_path, refused):
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"no tar" * 1000))
    (tmp_path / "zeros.bz2").write_bytes(bz2.compress(b"x" * 5000))
    for name in ("text.gz", "zeros.bz2"):
        refused(tmp_path / name, "neither a tar nor a zip archive")


def test_the_limits_are_options(tmp_path):
    bomb = zip_of_zeros(tmp_path / "bomb.zip", 3)
    for key, value in (("max-size", "1mb"), ("max-files", "1")):
        for option in ("python.archives", "python.files"):
            configuration = Configuration.from_dict({option: bomb, f"pyflinkx.archives.{key}": value})
            with zipfile.ZipFile(bomb, "a") as archive:
                archive.writestr(f"{key}{option}", b"")
            settings = PythonDependencies.from_configuration(configuration)
            folder = tmp_path / f"{key}{option}"
            with pytest.raises(DependencyError, match=rf"pyflinkx\.archives\.{key} sets the limit"):
                prepare(settings, str(folder))
            assert not [name for _, _, names in os.walk(folder) for name in names]
    configuration = Configuration.from_dict({"python.archives": bomb, "pyflinkx.archives.max-ratio": "7"})
    assert PythonDependencies.from_configuration(configuration).limits == replace(DEFAULT_LIMITS, ratio=7)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_members_that_lie_too_deep_for_what_walks_through_folders(tmp_path, refused, kind):
    name = "a/" * 1500 + "f"
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "deep.zip", "w") as archive:
            archive.writestr(name, b"")
    else:
        with tarfile.open(tmp_path / "deep.tar", "w") as archive:
            archive.addfile(tarfile.TarInfo(name))
    refused(tmp_path / f"deep.{kind}", r"member 'a/a/.*\.\.\.' has a path of 1501 parts, more than 255$")


def test_links_that_make_a_member_lie_deeper_than_its_name(tmp_path, refused):
    deep = "a/" * 200
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo(deep + "f"))
        for link, target in (("short", deep), ("short/" + "b/" * 100 + "link", ".")):
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    refused(tmp_path / "links.tar", r"member 'short/b/.*\.\.\.' has a path of 300 parts")

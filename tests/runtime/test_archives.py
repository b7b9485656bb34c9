"""Real archives, honest and hostile."""

import io
import os
import stat
import tarfile
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import DependencyError
from pyflinkx.runtime.control.archives import extract, is_archive


def zip_of(path, members):
    """A zip archive of (name, content, mode); a link has S_IFLNK in its mode and its target as content."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may come twice
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return str(path)


def tar_of(path, members, compression="gz"):
    """A tar archive of (name, content, mode, type, link)."""
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, content, mode, kind, link in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.type, info.linkname = len(content), mode, kind, link
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def tree(folder):
    """relative path -> content, or (link,)"""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            relative = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[relative] = (os.readlink(path),)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[relative] = file.read()
    return found


def executable(path):
    return bool(path.stat().st_mode & stat.S_IXUSR)


LINK = stat.S_IFLNK | 0o777


def test_zip_with_folders_links_and_executables(tmp_path):
    archive = zip_of(
        tmp_path / "a.zip",
        [
            ("./", b"", 0o40755),
            ("env/", b"", 0o40755),
            ("env/bin/python", b"#!", 0o100755),
            ("env/bin/python3", b"python", LINK),
            ("env/data.txt", b"text", 0),
            ("lib", b"env/bin", LINK),
        ],
    )
    out = tmp_path / "out/deep"
    extract(archive, str(out))
    assert tree(out) == {
        "env/bin/python": b"#!",
        "env/bin/python3": ("python",),
        "env/data.txt": b"text",
        "lib": ("env/bin",),
    }
    assert executable(out / "env/bin/python")
    assert executable(out / "lib/python3")
    assert not executable(out / "env/data.txt")


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_tar_with_links(tmp_path, compression):
    archive = tar_of(
        tmp_path / "a.whatever",
        [
            ("env", b"", 0o755, tarfile.DIRTYPE, ""),
            ("env/run", b"#!", 0o4755, tarfile.REGTYPE, ""),
            ("env/soft", b"", 0o777, tarfile.SYMTYPE, "run"),
            ("env/hard", b"", 0o755, tarfile.LNKTYPE, "env/run"),
            ("inner/up", b"", 0o777, tarfile.SYMTYPE, "../env/run"),
        ],
        compression,
    )
    out = tmp_path / "out"
    extract(archive, str(out))
    assert tree(out) == {
        "env/run": b"#!",
        "env/soft": ("run",),
        "env/hard": b"#!",
        "inner/up": ("../env/run",),
    }
    assert stat.S_IMODE((out / "env/run").stat().st_mode) == 0o755


def hostile_zips():
    outside = (
        "../outside",
        "/tmp/pyflinkx-outside",
        "a/../../outside",
        "..\\outside",
        "a/..",
        "C:\\x\\..\\..\\outside",
    )
    for name in outside:
        yield f"path {name}", [(name, b"x", 0o644)]
    yield "absolute link", [("a", b"/etc", LINK)]
    yield "link outside", [("a", b"..", LINK)]
    yield "deep link outside", [("a/b/c", b"../../../x", LINK)]
    yield "file through link", [("a", b"..", LINK), ("a/outside", b"x", 0o644)]
    yield "chain of links", [("d", b".", LINK), ("a", b"d/../outside", LINK), ("a", b"x", 0o644)]
    yield "links that change each other", [("a", b"d/../outside", LINK), ("d", b".", LINK)]
    yield "link into a linked folder", [("d", b"..", LINK), ("d/e", b"x", LINK)]
    yield "long link", [("a", b"x" * 5000, LINK)]


@pytest.mark.parametrize("what", dict(hostile_zips()))
def test_hostile_zips_are_refused_and_leave_nothing(tmp_path, what):
    members = dict(hostile_zips())[what]
    archive = zip_of(tmp_path / "bad.zip", [("first", b"1", 0o644), *members])
    with pytest.raises(DependencyError, match=r"bad\.zip cannot be extracted"):
        extract(archive, str(tmp_path / "out/place"))
    assert tree(tmp_path).keys() == {"bad.zip"}
    assert not os.path.exists("/tmp/pyflinkx-outside")


def hostile_tars():
    link, hard, file = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE
    yield "path", [("../outside", b"x", 0o644, file, "")]
    yield "absolute path", [("/tmp/pyflinkx-outside", b"x", 0o644, file, "")]
    yield "link", [("a", b"", 0o777, link, "..")]
    yield "absolute link", [("a", b"", 0o777, link, "/etc")]
    yield "file through link", [("a", b"", 0o777, link, ".."), ("a/outside", b"x", 0o644, file, "")]
    yield "hard link outside", [("a", b"", 0o644, hard, "../bad.tar")]
    yield "hard link to nothing", [("a", b"", 0o644, hard, "nothing")]
    yield "links that change each other", [("a", b"", 0o777, link, "d/../outside"), ("d", b"", 0o777, link, ".")]
    yield "device", [("a", b"", 0o644, tarfile.CHRTYPE, "")]
    yield "pipe", [("a", b"", 0o644, tarfile.FIFOTYPE, "")]


@pytest.mark.parametrize("own_filter", [True, False])
@pytest.mark.parametrize("what", dict(hostile_tars()))
def test_hostile_tars_are_refused_and_leave_nothing(tmp_path, monkeypatch, what, own_filter):
    if not own_filter:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    members = dict(hostile_tars())[what]
    archive = tar_of(tmp_path / "bad.tar", [("first", b"1", 0o644, tarfile.REGTYPE, ""), *members])
    with pytest.raises(DependencyError, match=r"bad\.tar cannot be extracted"):
        extract(archive, str(tmp_path / "out/place"))
    assert tree(tmp_path).keys() == {"bad.tar"}
    assert not os.path.exists("/tmp/pyflinkx-outside")


@pytest.mark.parametrize("make", [zip_of, tar_of])
@given(data=st.data())
def test_damaged_archives_are_errors_or_harmless(tmp_path_factory, make, data):
    folder = tmp_path_factory.mktemp("damaged")
    content = bytes(range(256)) * 8
    members = [("a/b", content, 0o644), ("c", b"text", 0o755)]
    if make is tar_of:
        members = [(*member, tarfile.REGTYPE, "") for member in members]
    path = folder / "archive"
    make(path, members)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.sampled_from([len(damaged), len(damaged) // 2, 10]))])
    try:
        extract(str(path), str(folder / "out"))
    except DependencyError:
        assert not (folder / "out").exists()
    assert set(os.listdir(folder)) <= {"archive", "out"}


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "text.zip").write_text("no archive")
    assert not is_archive(str(tmp_path / "text.zip"))
    with pytest.raises(DependencyError, match=r"text\.zip cannot be extracted: .*neither a tar nor a zip archive"):
        extract(str(tmp_path / "text.zip"), str(tmp_path / "out"))
    with pytest.raises(DependencyError, match=r"missing\.zip cannot be extracted"):
        extract(str(tmp_path / "missing.zip"), str(tmp_path / "out"))


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    inner = zip_of(tmp_path / "inner.zip", [("x", b"x", 0o644)])
    with open(inner, "rb") as file:
        content = file.read()
    path = tar_of(tmp_path / "outer.tar", [("inner.zip", content, 0o644, tarfile.REGTYPE, "")], "")
    assert is_archive(path)
    extract(path, str(tmp_path / "out"))
    assert tree(tmp_path / "out") == {"inner.zip": content}


def test_an_existing_folder_is_not_written_to(tmp_path):
    archive = zip_of(tmp_path / "a.zip", [("x", b"x", 0o644)])
    (tmp_path / "out").mkdir()
    with pytest.raises(DependencyError, match=r"a\.zip cannot be extracted: .*out exists"):
        extract(archive, str(tmp_path / "out"))
    assert tree(tmp_path / "out") == {}

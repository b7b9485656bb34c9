"""Extracts archives whose makers are not trusted to stay within the target folder."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from pyflinkx.errors import DependencyError

MAX_LINK = 4096


class Entry(NamedTuple):
    """One member of an archive: a folder, a file (``open`` gives its bytes) or a link (``link`` is its target)."""

    name: str
    mode: int
    open: Callable[[], IO[bytes]] | None = None
    link: str | None = None


def is_archive(path: str) -> bool:
    """Whether a file is a tar (plain or compressed) or zip archive, by its content."""
    return tarfile.is_tarfile(path) or zipfile.is_zipfile(path)


def extract(path: str, target: str) -> None:
    """Extract a tar or zip archive into a folder, which is made.

    Files keep their executable bits. Nothing is written outside of the folder: links are made last, so that no file
    goes through one, and none may lead outside. An archive that does not keep to that is refused, and nothing is left.

    Args:
        path: of the archive.
        target: the folder; must not exist.

    Raises:
        DependencyError: the archive is damaged, of another format, or has a member that it should not have.
    """
    try:
        os.makedirs(target)
    except FileExistsError:
        raise DependencyError(f"{path} cannot be extracted: {target} exists") from None
    root = os.path.realpath(target)
    try:
        with entries_of(path, root) as entries:
            links = [entry for entry in entries if not write(entry, root)]
        for entry in links:
            make_link(entry, root)
        check_links(root)
    except Exception as error:  # damaged bytes make the decompressors raise what they like
        shutil.rmtree(root, ignore_errors=True)
        raise DependencyError(f"{path} cannot be extracted: {type(error).__name__}: {error}") from error


@contextmanager
def entries_of(path: str, root: str) -> Iterator[Iterator[Entry]]:
    """The members of an archive, while it is open."""
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            yield tar_entries(tar, root)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield zip_entries(archive)
    else:
        raise ValueError("it is neither a tar nor a zip archive")


def tar_entries(tar: tarfile.TarFile, root: str) -> Iterator[Entry]:
    """The members of a tar archive; Python's own filter judges them too where it has one."""
    for member in tar:
        if hasattr(tarfile, "data_filter"):
            tarfile.data_filter(member, root)
        if member.isdir():
            yield Entry(member.name, member.mode)
        elif member.issym():
            yield Entry(member.name, member.mode, link=member.linkname)
        elif member.isfile() or member.islnk():  # a hard link becomes a copy
            yield Entry(member.name, member.mode, open=lambda member=member: opened(tar, member))  # type: ignore[misc]
        else:
            raise ValueError(f"member {member.name!r} is a device or pipe")


def opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """The bytes of a file or of what a hard link names."""
    try:
        source = tar.extractfile(member)
    except KeyError:
        source = None
    if source is None:
        raise ValueError(f"member {member.name!r} links to {member.linkname!r}, which is no file of the archive")
    return source


def zip_entries(archive: zipfile.ZipFile) -> Iterator[Entry]:
    """The members of a zip archive."""
    for member in archive.infolist():
        mode = member.external_attr >> 16
        if member.is_dir():
            yield Entry(member.filename, mode)
        elif stat.S_ISLNK(mode):
            if member.file_size > MAX_LINK:
                raise ValueError(f"member {member.filename!r} is a link of {member.file_size} bytes")
            yield Entry(member.filename, mode, link=os.fsdecode(archive.read(member)))
        else:
            yield Entry(member.filename, mode, open=lambda member=member: archive.open(member))  # type: ignore[misc]


def write(entry: Entry, root: str) -> bool:
    """Make a folder or file; False for a link, whose turn comes later."""
    path = inner_path(entry.name, root)
    if entry.link is not None:
        return False
    os.makedirs(path if entry.open is None else os.path.dirname(path), exist_ok=True)
    if entry.open is not None:
        with entry.open() as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target)
        os.chmod(path, 0o755 if entry.mode & 0o111 else 0o644)
    return True


def make_link(entry: Entry, root: str) -> None:
    """Make a symbolic link, in place of a file of that name."""
    assert entry.link is not None
    path = inner_path(entry.name, root)
    # The folder may itself lie behind a link made before.
    if not within(os.path.realpath(os.path.dirname(path)), root) or os.path.isabs(entry.link):
        raise ValueError(f"link {entry.name!r} leads outside of the archive")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(entry.link, path)


def check_links(root: str) -> None:
    """Refuse links that lead outside, now that all of them are there."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if os.path.islink(path) and not within(os.path.realpath(path), root):
                raise ValueError(f"link {os.path.relpath(path, root)!r} leads outside of the archive")


def inner_path(name: str, root: str) -> str:
    """Where a member goes."""
    names = name.replace("\\", "/").split("/")
    if os.path.isabs(name) or ".." in names or "\0" in name or os.path.splitdrive(name)[0] or not name.strip("/."):
        if name.strip("/") in (".", ""):
            return root
        raise ValueError(f"member {name!r} lies outside of the archive")
    return os.path.join(root, *names)


def within(path: str, root: str) -> bool:
    """Whether an absolute path is the folder or in it."""
    return path == root or path.startswith(root + os.sep)

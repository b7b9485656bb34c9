"""Extracts archives whose makers are not trusted to stay within the target folder, nor within its limits."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import IO, Any, NamedTuple

from pyflinkx.config import options
from pyflinkx.config.dependencies import DEFAULT_LIMITS, ArchiveLimits
from pyflinkx.errors import DependencyError
from pyflinkx.formats.compression import READERS

MAX_LINK = 4096
# How deep a member may lie: what walks through folders, and removes them, goes down one call for each.
MAX_DEPTH = 255
COPIED_BYTES = 1 << 16
# However small an archive is, it may hold so much.
SMALL_CONTENT = 64 << 20
# What may stand in a tar archive between two members: tarfile keeps long names and the like in memory.
MAX_HEADERS = 16 << 20
# How a compressed tar archive begins, and the file ending of what reads it.
TAR_COMPRESSIONS = ((b"\x1f\x8b", ".gz"), (b"BZh", ".bz2"), (b"\xfd7zXZ\0", ".xz"), (b"\x5d\0\0", ".xz"))
# The others have no bound of what a few bytes become; Python imports from no such archives either.
ZIP_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Entry(NamedTuple):
    """One member of an archive.

    A folder, a file (``open`` gives its bytes, ``copy_of`` the name of a file before it that it is the same as) or a
    link (``link`` is its target).
    """

    name: str
    mode: int
    open: Callable[[], IO[bytes]] | None = None
    link: str | None = None
    copy_of: str | None = None


def is_archive(path: str) -> bool:
    """Whether a file is a tar (plain or compressed) or zip archive, by its content."""
    return is_tar(path) or zipfile.is_zipfile(path)


def is_tar(path: str) -> bool:
    """Whether a file is a tar archive, plain or compressed."""
    try:
        with opened_tar(path):
            return True
    except FileNotFoundError:
        raise
    except Exception:  # damaged bytes make the decompressors raise what they like
        return False


def extract(path: str, target: str, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
    """Extract a tar or zip archive into a folder, which is made.

    Files keep their executable bits. Nothing is written outside of the folder: links are made last, so that no file
    goes through one, and none may lead outside. An archive that does not keep to that, or holds more than it may, is
    refused, and nothing is left.

    Args:
        path: of the archive.
        target: the folder; must not exist.
        limits: of what it holds.

    Raises:
        DependencyError: the archive is damaged, of another format, too large, or has a member that it should not have.
    """
    try:
        os.makedirs(target)
    except FileExistsError:
        raise DependencyError(f"{path} cannot be extracted: {target} exists") from None
    root = os.path.realpath(target)
    try:
        with entries_of(path, root, limits) as entries:
            Extraction(root, limits, os.path.getsize(path)).extract(entries)
    except BaseException as error:
        shutil.rmtree(root, ignore_errors=True)
        if not isinstance(error, Exception):  # damaged bytes make the decompressors raise what they like
            raise
        raise DependencyError(f"{path} cannot be extracted: {type(error).__name__}: {error}") from error


@contextmanager
def entries_of(path: str, root: str, limits: ArchiveLimits) -> Iterator[Iterator[Entry]]:
    """The members of an archive, while it is open; to be used up in order."""
    if is_tar(path):
        with opened_tar(path) as (tar, stream):
            yield tar_entries(tar, stream, root)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield zip_entries(archive, limits)
    else:
        raise ValueError("it is neither a tar nor a zip archive")


# ---- tar ----


class TarStream:
    """The bytes of a tar archive, read forward only; ends the reading where a header is too long.

    Args:
        reader: has ``read(count)``.
    """

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.count = 0
        self.allowed = MAX_HEADERS

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes."""
        data: bytes = self.reader.read(count)
        self.count += len(data)
        if self.count > self.allowed:
            raise ValueError(f"there are more than {MAX_HEADERS} bytes of headers before a member")
        return data

    def allow(self, size: int) -> None:
        """A member of that size comes next."""
        self.allowed = self.count + size + MAX_HEADERS


@contextmanager
def opened_tar(path: str) -> Iterator[tuple[tarfile.TarFile, TarStream]]:
    """A tar archive, plain or compressed."""
    with open(path, "rb") as file:
        start = file.read(max(len(magic) for magic, _ in TAR_COMPRESSIONS))
        file.seek(0)
        ending = next((ending for magic, ending in TAR_COMPRESSIONS if start.startswith(magic)), None)
        stream: Any = TarStream(file if ending is None else READERS[ending](file))
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            yield tar, stream


def tar_entries(tar: Any, stream: TarStream, root: str) -> Iterator[Entry]:
    """The members of a tar archive; Python's own filter judges them too where it has one."""
    while (member := tar.next()) is not None:
        tar.members.clear()  # it keeps them, for looking back
        stream.allow(member.size)
        if hasattr(tarfile, "data_filter"):
            tarfile.data_filter(member, root)
        if member.isdir():
            yield Entry(member.name, member.mode)
        elif member.issym():
            yield Entry(member.name, member.mode, link=member.linkname)
        elif member.islnk():  # a hard link becomes a copy
            yield Entry(member.name, member.mode, copy_of=member.linkname)
        elif member.isfile():
            yield Entry(member.name, member.mode, open=partial(tar.extractfile, member))
        else:
            raise ValueError(f"member {member.name!r} is a device or pipe")


# ---- zip ----


def zip_entries(archive: zipfile.ZipFile, limits: ArchiveLimits) -> Iterator[Entry]:
    """The members of a zip archive."""
    members = archive.infolist()
    # Nothing is written of what says itself that it is too large; what lies is found out later.
    if sum(member.file_size for member in members) > limits.size:
        raise too_large(limits)
    for member in members:
        mode = member.external_attr >> 16
        if member.compress_type not in ZIP_COMPRESSIONS:
            raise ValueError(
                f"member {member.filename!r} is compressed by method {member.compress_type}; make the archive with "
                "deflate, as Python needs it for imports"
            )
        if member.is_dir():
            yield Entry(member.filename, mode)
        elif stat.S_ISLNK(mode):
            if member.file_size > MAX_LINK:
                raise ValueError(f"member {member.filename!r} is a link of {member.file_size} bytes")
            yield Entry(member.filename, mode, link=os.fsdecode(archive.read(member)))
        else:
            yield Entry(member.filename, mode, open=partial(archive.open, member))


def too_large(limits: ArchiveLimits) -> ValueError:
    """What is raised where an archive holds too much."""
    return ValueError(f"it holds more than {limits.size} bytes; {options.ARCHIVE_SIZE.key} sets the limit")


# ---- writing ----


class Extraction:
    """Writes the members of one archive, as long as they keep to its limits.

    Args:
        root: the folder, a real path.
        limits: of what is written.
        size: of the archive, in bytes.
    """

    def __init__(self, root: str, limits: ArchiveLimits, size: int) -> None:
        self.root = root
        self.limits = limits
        self.by_ratio = max(SMALL_CONTENT, limits.ratio * size)
        self.bytes = 0
        self.files = 0
        self.folders = {root}

    def extract(self, entries: Iterator[Entry]) -> None:
        """Write all members."""
        links: dict[str, Entry] = {}
        for entry in entries:
            self.count()
            path = inner_path(entry.name, self.root)
            if entry.copy_of is not None:
                same = links.get(inner_path(entry.copy_of, self.root))
                if same is not None:
                    entry = entry._replace(link=same.link)
            if entry.link is not None:
                links[path] = entry
            else:
                self.write(entry, path)
        for entry in links.values():
            self.make_link(entry)
        check_links(self.root)

    def count(self) -> None:
        """One more file, folder or link."""
        self.files += 1
        if self.files > self.limits.files:
            raise ValueError(
                f"it holds more than {self.limits.files} files and folders; {options.ARCHIVE_FILES.key} sets the limit"
            )

    def write(self, entry: Entry, path: str) -> None:
        """Make a folder or file."""
        if entry.open is None and entry.copy_of is None:
            self.make_folder(path)
            return
        self.make_folder(os.path.dirname(path))
        with self.source(entry) as source, open(path, "wb") as target:
            while data := source.read(COPIED_BYTES):
                self.bytes += len(data)
                if self.bytes > self.limits.size:
                    raise too_large(self.limits)
                if self.bytes > self.by_ratio:
                    raise ValueError(
                        f"it holds more than {self.limits.ratio} times its own size; {options.ARCHIVE_RATIO.key} sets "
                        "the limit"
                    )
                target.write(data)
        os.chmod(path, 0o755 if entry.mode & 0o111 else 0o644)

    def source(self, entry: Entry) -> Any:
        """The bytes of a file, of itself or of the one before it that it is the same as."""
        if entry.open is not None:
            return closing(entry.open())
        assert entry.copy_of is not None
        original = inner_path(entry.copy_of, self.root)
        # Links are made last: what is there is a file of this archive.
        if not os.path.isfile(original) or original == inner_path(entry.name, self.root):
            raise ValueError(f"member {entry.name!r} links to {entry.copy_of!r}, which is no file before it")
        return open(original, "rb")

    def make_folder(self, path: str) -> None:
        """Make a folder and those that it lies in; each counts."""
        missing = []
        while path not in self.folders:
            missing.append(path)
            path = os.path.dirname(path)
        for folder in reversed(missing):
            self.count()
            if not os.path.isdir(folder):  # behind a link, it may be there
                os.mkdir(folder)
            self.folders.add(folder)

    def make_link(self, entry: Entry) -> None:
        """Make a symbolic link, in place of a file of that name."""
        assert entry.link is not None
        path = inner_path(entry.name, self.root)
        # The folder may itself lie behind a link made before.
        folder = os.path.realpath(os.path.dirname(path))
        if not within(folder, self.root) or os.path.isabs(entry.link):
            raise ValueError(f"link {entry.name!r} leads outside of the archive")
        check_depth(os.path.relpath(folder, self.root).split(os.sep), entry.name)
        if not os.path.isdir(os.path.dirname(path)):
            self.make_folder(os.path.dirname(path))
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
    check_depth(names, name)
    return os.path.normpath(os.path.join(root, *names))


def check_depth(names: list[str], name: str) -> None:
    """Refuse a member whose path has too many parts."""
    if len(names) > MAX_DEPTH:
        shown = name if len(name) <= 100 else f"{name[:100]}..."
        raise ValueError(f"member {shown!r} has a path of {len(names)} parts, more than {MAX_DEPTH}")


def within(path: str, root: str) -> bool:
    """Whether an absolute path is the folder or in it."""
    return path == root or path.startswith(root + os.sep)

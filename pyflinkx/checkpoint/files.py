"""Files of checkpoints: on this machine's disks, or wherever fsspec goes.

A file appears under its name when all of it is durable, and not before. What the system refuses is a StorageError that
names the file.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyflinkx.errors import MissingExtraError, StorageError

# Bytes that wait to be written with those behind them.
GATHERED = 1 << 20
# A name of a file that is being written: nobody reads it.
HIDDEN, UNFINISHED = ".", ".part"
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# A folder that is gone while it is listed, or a file while it is removed, is what was wanted.
GONE = (errno.ENOENT, errno.ENOTDIR)


class SystemCalls:
    """The calls of the operating system that local files are made of, one by one; tests hand in ones that fail."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    write = staticmethod(os.write)
    preadv = staticmethod(os.preadv)
    fsync = staticmethod(os.fsync)
    fstat = staticmethod(os.fstat)
    replace = staticmethod(os.replace)
    unlink = staticmethod(os.unlink)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    listdir = staticmethod(os.listdir)
    stat = staticmethod(os.stat)


class Output:
    """A file that is being written. Small pieces are gathered; ``finish`` makes it durable and gives it its name.

    Args:
        path: its name at last.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self._gathered = bytearray()

    def write(self, data: Any) -> None:
        """Append the bytes of a contiguous buffer.

        Raises:
            StorageError: they cannot be written; the file is to be aborted.
        """
        with memoryview(data) as view, view.cast("B") as piece:
            self.size += piece.nbytes
            if piece.nbytes < GATHERED // 8:
                self._gathered += piece
                if len(self._gathered) >= GATHERED:
                    self._flush()
            else:
                self._flush()
                self._write(piece)

    def _flush(self) -> None:
        if self._gathered:
            gathered, self._gathered = self._gathered, bytearray()
            self._write(memoryview(gathered))

    def _write(self, data: memoryview) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """All is written: make it durable under its name.

        Raises:
            StorageError: that cannot be done; the file is to be aborted.
        """
        raise NotImplementedError

    def abort(self) -> None:
        """Leave nothing of it, if that can be done; also after ``finish``."""
        raise NotImplementedError


class Input:
    """A file that is being read.

    Args:
        path: its name.
        size: how many bytes it has.
    """

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size

    def read(self, offset: int, size: int) -> bytes | bytearray:
        """So many bytes from there on.

        Raises:
            StorageError: they are not there, or cannot be read.
        """
        if offset < 0 or size < 0 or offset > self.size or size > self.size - offset:
            raise StorageError(
                f"{self.path} has {self.size} bytes, so none of the {size} bytes at {offset} can be trusted: it was cut"
            )
        try:
            return self._read(offset, size)
        except MemoryError:
            raise StorageError(f"{self.path}: there is no memory for the {size} bytes at {offset}") from None

    def _read(self, offset: int, size: int) -> bytes | bytearray:
        raise NotImplementedError

    def close(self) -> None:
        """The file is not needed any more."""


class FileSystem:
    """What checkpoints need of a file system. Paths are whole, and those that ``join`` made.

    All methods raise StorageError where the system refuses.
    """

    def join(self, folder: str, *names: str) -> str:
        """The path of what lies in a folder."""
        return "/".join([folder.rstrip("/") or folder, *names])

    def make_folder(self, folder: str) -> None:
        """Make a folder, and those that it lies in, unless they are there."""
        raise NotImplementedError

    def create(self, path: str) -> Output:
        """A new file; its folder is there."""
        raise NotImplementedError

    def open(self, path: str) -> Input:
        """A file that is there."""
        raise NotImplementedError

    def list(self, folder: str) -> list[str]:
        """The names of what lies in a folder, sorted; none if it is not there."""
        raise NotImplementedError

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        raise NotImplementedError

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        raise NotImplementedError

    def remove_folder(self, folder: str) -> bool:
        """Remove an empty folder; False if there is something in it."""
        raise NotImplementedError

    def make_durable(self, folder: str) -> None:
        """What a folder has inside is durable from now on, by name."""

    def read_all(self, path: str) -> bytes | bytearray:
        """All bytes of a file."""
        source = self.open(path)
        try:
            return source.read(0, source.size)
        finally:
            source.close()


@contextmanager
def refused(action: str, path: str, *others: type[Exception]) -> Iterator[None]:
    """Turns what a system raises into an error that names the file."""
    kinds: tuple[type[Exception], ...] = (OSError, *others)
    try:
        yield
    except kinds as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path} cannot be {action}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Why a system refuses, in its words."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


class LocalFiles(FileSystem):
    """The files of this machine.

    Args:
        system: its calls.
    """

    def __init__(self, system: SystemCalls | None = None) -> None:
        self.system = SystemCalls() if system is None else system

    def make_folder(self, folder: str) -> None:
        missing = []
        with refused("made", folder):
            while not self._is_folder(folder):
                missing.append(folder)
                folder = os.path.dirname(folder)
        for path in reversed(missing):
            with refused("made", path):
                try:
                    self.system.mkdir(path)
                except FileExistsError:  # another process was faster
                    if not self._is_folder(path):
                        raise
            self.make_durable(os.path.dirname(path))

    def _is_folder(self, path: str) -> bool:
        try:
            mode = self.system.stat(path).st_mode
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(mode):
            raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder")
        return True

    def create(self, path: str) -> Output:
        return LocalOutput(self, path)

    def open(self, path: str) -> Input:
        return LocalInput(self.system, path)

    def list(self, folder: str) -> list[str]:
        with refused("listed", folder):
            try:
                return sorted(self.system.listdir(folder))
            except OSError as error:
                if error.errno in GONE:
                    return []
                raise

    def exists(self, path: str) -> bool:
        with refused("looked for", path):
            try:
                self.system.stat(path)
            except OSError as error:
                if error.errno in GONE:
                    return False
                raise
            return True

    def remove(self, path: str) -> None:
        with refused("removed", path):
            try:
                self.system.unlink(path)
            except OSError as error:
                if error.errno not in GONE:
                    raise

    def remove_folder(self, folder: str) -> bool:
        with refused("removed", folder):
            try:
                self.system.rmdir(folder)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    return False
                if error.errno not in GONE:
                    raise
            return True

    def make_durable(self, folder: str) -> None:
        with refused("made durable", folder):
            try:
                number = self.system.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except PermissionError:  # a folder above ours that we may go through, but not read; it was there before
                return
            try:
                self.system.fsync(number)
            finally:
                self.system.close(number)


class LocalOutput(Output):
    """Is written under a hidden name beside its own, which it gets when its bytes are durable."""

    def __init__(self, files: LocalFiles, path: str) -> None:
        super().__init__(path)
        self.files = files
        self.system = files.system
        folder, name = os.path.split(path)
        self.folder = folder
        self.hidden = os.path.join(folder, f"{HIDDEN}{name}.{secrets.token_hex(6)}{UNFINISHED}")
        self.renamed = False
        self.number = -1
        with refused("made", path):
            self.number = self.system.open(self.hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def _write(self, data: memoryview) -> None:
        with refused("written", self.path):
            while data:
                written = self.system.write(self.number, data)
                if written <= 0:
                    raise OSError(errno.EIO, f"the system took none of {len(data)} bytes")
                data = data[written:]

    def finish(self) -> None:
        self._flush()
        with refused("written", self.path):
            self.system.fsync(self.number)
            self._close()
            self.system.replace(self.hidden, self.path)
            self.renamed = True
        self.files.make_durable(self.folder)

    def _close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            self.system.close(number)

    def abort(self) -> None:
        for step in (self._close, lambda: self.system.unlink(self.path if self.renamed else self.hidden)):
            try:
                step()
            except OSError:  # what made the caller abort has been said
                continue


class LocalInput(Input):
    def __init__(self, system: SystemCalls, path: str) -> None:
        self.system = system
        with refused("opened", path):
            self.number = system.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with refused("opened", path):
                about = system.fstat(self.number)
                if not stat.S_ISREG(about.st_mode):
                    raise OSError(errno.EINVAL, "it is no file")
        except StorageError:
            self.close()
            raise
        super().__init__(path, about.st_size)

    def _read(self, offset: int, size: int) -> bytearray:
        result = bytearray(size)
        with refused("read", self.path), memoryview(result) as rest:
            at = 0
            while at < size:
                count = self.system.preadv(self.number, [rest[at:]], offset + at)
                if count <= 0:
                    raise OSError(errno.EIO, f"it ends at {offset + at}, where {size - at} bytes more should be")
                at += count
        return result

    def close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            with suppress(OSError):  # all was read; the descriptor is gone in any case
                self.system.close(number)


class RemoteFiles(FileSystem):
    """Files behind a URL, by fsspec. Object stores show a file when all of it is there; what others show of one that is
    not finished has no manifest yet, or one whose digest says so.

    Args:
        url: any of the file system.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError(
                f"checkpoints at {url} need fsspec: pip install 'pyflinkx[fsspec]', and the package for this protocol"
            ) from error
        try:
            with refused("reached", url, ValueError):
                self.fs, _ = fsspec.core.url_to_fs(url)
        except ImportError as error:  # fsspec's words name the package
            raise MissingExtraError(f"checkpoints at {url} need another package: {error}") from error

    def make_folder(self, folder: str) -> None:
        with self._refused("made", folder):
            self.fs.makedirs(self._inner(folder), exist_ok=True)

    def create(self, path: str) -> Output:
        return RemoteOutput(self, path)

    def open(self, path: str) -> Input:
        return RemoteInput(self, path)

    def list(self, folder: str) -> list[str]:
        with self._refused("listed", folder):
            self.fs.invalidate_cache()
            try:
                found = self.fs.ls(self._inner(folder), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
            own = self._inner(folder).rstrip("/")
            paths = {str(path).rstrip("/") for path in found} - {own}
            return sorted(path.rpartition("/")[2] for path in paths)

    def exists(self, path: str) -> bool:
        with self._refused("looked for", path):
            self.fs.invalidate_cache()
            return bool(self.fs.exists(self._inner(path)))

    def remove(self, path: str) -> None:
        with self._refused("removed", path), suppress(FileNotFoundError, NotADirectoryError):
            self.fs.rm_file(self._inner(path))

    def remove_folder(self, folder: str) -> bool:
        if self.list(folder):
            return False
        with self._refused("removed", folder):
            # A folder of an object store is no more than the names of its objects.
            with suppress(FileNotFoundError, NotADirectoryError):
                self.fs.rmdir(self._inner(folder))
            return True

    def _inner(self, path: str) -> str:
        return str(self.fs._strip_protocol(path))

    @staticmethod
    def _refused(action: str, path: str) -> Any:
        # Each file system raises what its library does.
        return refused(action, path, Exception)


class RemoteOutput(Output):
    def __init__(self, files: RemoteFiles, path: str) -> None:
        super().__init__(path)
        self.files = files
        self.done = False
        with files._refused("made", path):
            self.file = files.fs.open(files._inner(path), "wb")

    def _write(self, data: memoryview) -> None:
        with self.files._refused("written", self.path):
            while data:
                written = self.file.write(data)
                data = data[len(data) if written is None else written :]

    def finish(self) -> None:
        self._flush()
        with self.files._refused("written", self.path):
            self.file.close()
            self.done = True

    def abort(self) -> None:
        steps: list[Callable[[], Any]] = []
        if not self.done:
            # What is closed becomes visible, so whoever can throw it away does.
            steps.append(getattr(self.file, "discard", lambda: None))
            steps.append(getattr(self.file, "close", lambda: None))
        steps.append(lambda: self.files.remove(self.path))
        for step in steps:
            try:
                step()
            except Exception:  # what made the caller abort has been said
                continue


class RemoteInput(Input):
    def __init__(self, files: RemoteFiles, path: str) -> None:
        self.files = files
        with files._refused("opened", path):
            files.fs.invalidate_cache()
            size = files.fs.size(files._inner(path))
            if size is None:
                raise OSError(errno.EINVAL, "its size is unknown")
        super().__init__(path, size)

    def _read(self, offset: int, size: int) -> bytes:
        if size == 0:
            return b""
        with self.files._refused("read", self.path):
            data: bytes = self.files.fs.cat_file(self.files._inner(self.path), offset, offset + size)
            if len(data) != size:
                raise OSError(errno.EIO, f"{len(data)} bytes came from {offset}, where {size} should be")
            return data


def is_url(path: str) -> bool:
    """Whether a path names a protocol."""
    return URL.match(path) is not None


def normal_path(path: str) -> str:
    """A path or URL in the form that ``FileSystem`` takes: absolute, and without a protocol if it is local.

    Example:
        >>> normal_path("file:///tmp/checkpoints/")
        '/tmp/checkpoints'
    """
    if path.startswith("file:"):
        path = path.removeprefix("file://") if path.startswith("file://") else path.removeprefix("file:")
        path = "/" + path.lstrip("/")
    if is_url(path):
        return path.rstrip("/")
    return os.path.abspath(os.path.expanduser(path))


def file_system(path: str, system: SystemCalls | None = None) -> FileSystem:
    """The file system of a path or URL.

    Args:
        path: as ``normal_path`` gives it.
        system: the calls of the operating system, for local files.

    Raises:
        MissingExtraError: its protocol needs a package that is not installed.
        StorageError: there is no such protocol.
    """
    return RemoteFiles(path) if is_url(path) else LocalFiles(system)

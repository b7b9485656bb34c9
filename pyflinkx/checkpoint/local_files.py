"""Files on the disks of this machine."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress

from pyflinkx import faults
from pyflinkx.checkpoint.files import HIDDEN, FileSystem, Input, Output, refused
from pyflinkx.errors import StorageError

# Of a folder that is gone while it is listed, or a file while it is removed: it is what was wanted.
GONE = (errno.ENOENT, errno.ENOTDIR)


class SystemCalls:
    """The calls of the operating system that local files are made of, one by one; tests hand in ones that fail."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    write = staticmethod(os.write)
    preadv = staticmethod(os.preadv)
    fsync = staticmethod(os.fsync)
    fstat = staticmethod(os.fstat)
    link = staticmethod(os.link)
    replace = staticmethod(os.replace)
    unlink = staticmethod(os.unlink)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    listdir = staticmethod(os.listdir)
    stat = staticmethod(os.stat)


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

    def linked(self, path: str, source: str) -> Output | None:
        try:
            return LinkedOutput(self, path, source)
        except OSError:  # another disk, or one without links
            return None

    def link(self, path: str, target: str) -> bool:
        try:
            self.system.link(path, target)
        except OSError:
            return False
        return True

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
        self.hidden = os.path.join(folder, f"{HIDDEN}{name}.{secrets.token_hex(6)}.part")
        self.renamed = False
        self.number = -1
        self._make()

    def _make(self) -> None:
        with refused("made", self.path):
            self.number = self.system.open(self.hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def _write(self, data: memoryview) -> None:
        with refused("written", self.path):
            faults.point("checkpoint-file.begun")
            while data:
                written = self.system.write(self.number, data)
                if written <= 0:
                    raise OSError(errno.EIO, f"the system took none of {len(data)} bytes")
                data = data[written:]

    def finish(self) -> None:
        self._flush()
        with refused("written", self.path):
            self.system.fsync(self.number)
            faults.point("checkpoint-file.synced")
            self._close()
            self.system.replace(self.hidden, self.path)
            self.renamed = True
            faults.point("checkpoint-file.renamed")
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


class LinkedOutput(LocalOutput):
    """Is a hard link to a file that is there, whose bytes it shares; none are written.

    Raises:
        OSError: there can be no link.
    """

    def __init__(self, files: LocalFiles, path: str, source: str) -> None:
        self.source = source
        super().__init__(files, path)

    def _make(self) -> None:
        self.system.link(self.source, self.hidden)
        try:
            self.number = self.system.open(self.hidden, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self.abort()
            raise


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

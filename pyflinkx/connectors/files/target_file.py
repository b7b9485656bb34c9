"""Files that appear whole or not at all: written under a hidden name, and given their own by a committer."""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
from dataclasses import dataclass
from typing import Any

from pyflinkx import faults
from pyflinkx.connectors.files.hidden_names import new_token, temporary_name
from pyflinkx.connectors.sink import Committer
from pyflinkx.errors import SinkError, WrongStateError
from pyflinkx.formats.opening import os_error_text

WRITE_MODES = ("overwrite", "no_overwrite")
COPIED = 1 << 20
REPLACING = "write_mode 'overwrite' (WriteMode.OVERWRITE) replaces it"


def check_target(path: str, write_mode: str) -> None:
    """See whether a file can be written.

    Args:
        path: of the file.
        write_mode: ``"overwrite"``, or ``"no_overwrite"`` when it must not exist.

    Raises:
        SinkError: its folder is missing or not writable, it exists and must not, or is no regular file.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    try:
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            raise SinkError(f"{path}: cannot be written: {folder} is not a folder")
        try:
            mode = os.stat(target).st_mode
        except FileNotFoundError:
            mode = None
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {os_error_text(error)}: {error.filename}") from error
    if mode is not None and not stat.S_ISREG(mode):
        raise SinkError(f"{path}: cannot be written: it is {'a folder' if stat.S_ISDIR(mode) else 'no regular file'}")
    if mode is not None and write_mode == "no_overwrite":
        raise SinkError(f"{path}: exists already, and write_mode is 'no_overwrite'; {REPLACING}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SinkError(f"{path}: cannot be written: no permission to make files in {folder}")


@dataclass(frozen=True)
class TargetState:
    """How far a file is written.

    Args:
        hidden: its name for now.
        size: so many of its bytes belong to the checkpoint.
        encoding: state of the encoder.
    """

    hidden: str
    size: int
    encoding: int


class TargetFile:
    """Text on its way to a file: written to a hidden file beside it, which a FileCommitter gives the target's name.

    The hidden file is removed by ``discard`` until ``finish`` has handed it out or a checkpoint names it; a process
    that is killed leaves it behind.

    Args:
        path: of the target; of a link, what it leads to is replaced.
        write_mode: as for ``check_target``.
        charset: of the file.
        token: of hidden names.
        restored: where an earlier attempt was, to go on from there.

    Raises:
        SinkError: it cannot be written.
    """

    def __init__(
        self, path: str, write_mode: str, charset: str, token: str = "", restored: TargetState | None = None
    ) -> None:
        if restored is None:
            check_target(path, write_mode)
        self.path = path
        self.write_mode = write_mode
        self.encoder = codecs.getincrementalencoder(charset)()
        self.target = os.path.realpath(path)
        self.folder, name = os.path.split(self.target)
        self.hidden = os.path.join(self.folder, temporary_name(name, token or new_token()))
        self.kept = False
        self.size = 0
        with self._errors():
            self.file: Any = new_file(self.hidden)
        if restored is not None:
            try:
                copy_start(restored.hidden, restored.size, self.file, path)
            except BaseException:
                self.discard()
                raise
            self.size = restored.size
            self.encoder.setstate(restored.encoding)

    @contextlib.contextmanager
    def _errors(self) -> Any:
        try:
            yield
        except OSError as error:
            raise SinkError(f"{self.path}: cannot be written: {os_error_text(error)}") from error

    def write(self, text: str) -> None:
        """Append text.

        Raises:
            SinkError: the disk is full or fails, or the charset lacks a character.
            WrongStateError: the file was finished or discarded.
        """
        if self.file is None:
            raise WrongStateError(f"{self.path} was written to its end already")
        try:
            data = self.encoder.encode(text)
        except UnicodeError as error:
            raise SinkError(f"{self.path}: a record cannot be written in this charset: {error}") from error
        self._append(data)

    def write_bytes(self, data: bytes) -> None:
        """Append bytes of text in a charset without shift states and marks.

        Raises:
            SinkError: the disk is full or fails.
            WrongStateError: the file was finished or discarded.
        """
        if self.file is None:
            raise WrongStateError(f"{self.path} was written to its end already")
        self._append(data)

    def _append(self, data: bytes) -> None:
        with self._errors():
            write_all(self.file, data)
        self.size += len(data)

    def sync(self) -> None:
        """Bring what was written to the disk, for a checkpoint; from now on ``discard`` leaves the file there.

        Raises:
            SinkError: the disk is full or fails.
        """
        with self._errors():
            faults.point("target-file.written")
            os.fsync(self.file.fileno())
            if not self.kept:
                sync_folder(self.folder)
            faults.point("target-file.synced")
        self.kept = True

    @property
    def state(self) -> TargetState:
        """How far it is written."""
        return TargetState(self.hidden, self.size, int(self.encoder.getstate()))

    def finish(self) -> HiddenFile:
        """Bring all of it to the disk; what is left is to give it its name.

        Raises:
            SinkError: the disk is full or fails.
        """
        with self._errors():
            if os.path.exists(self.target):
                os.chmod(self.hidden, stat.S_IMODE(os.stat(self.target).st_mode))
            os.fsync(self.file.fileno())
            finished = HiddenFile(self.path, self.target, self.hidden, identity(self.file.fileno()), self.write_mode)
            faults.point("target-file.finished")
            self.file.close()
            self.file = None
        return finished

    def discard(self) -> None:
        """Remove what is not finished, unless a checkpoint names it; after ``finish`` this does nothing."""
        if self.file is not None:
            with contextlib.suppress(OSError):
                self.file.close()
            self.file = None
            if not self.kept:
                with contextlib.suppress(OSError):
                    os.unlink(self.hidden)


def new_file(path: str) -> Any:
    """A new file that is written without a buffer, so that a full disk shows at once."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)


def write_all(file: Any, data: bytes) -> None:
    """Write to an unbuffered file, which may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def copy_start(source: str, size: int, file: Any, path: str) -> None:
    """Write what a checkpoint has of a file to another, as somebody of an earlier attempt may still write to the first.

    Args:
        source: the first one.
        size: so many bytes of it.
        file: the other.
        path: of the target, for errors.

    Raises:
        SinkError: the first is gone or too short, or the other cannot be written.
    """
    try:
        with open(source, "rb", buffering=0) as before:
            left = size
            while left:
                data = before.read(min(left, COPIED))
                if not data:
                    raise SinkError(
                        f"{path}: cannot go on from the checkpoint: {source} has {size - left} bytes, but {size} in "
                        "the checkpoint"
                    )
                write_all(file, data)
                left -= len(data)
    except FileNotFoundError as error:
        raise SinkError(
            f"{path}: cannot go on from the checkpoint: {source} is gone; it was removed, or a later checkpoint has "
            "committed it: go on from that one"
        ) from error
    except OSError as error:
        raise SinkError(f"{path}: cannot go on from the checkpoint: {source}: {os_error_text(error)}") from error


@dataclass(frozen=True)
class HiddenFile:
    """A whole file that still has a hidden name.

    Args:
        path: its own, as the user wrote it.
        target: what that leads to.
        hidden: its name for now.
        identity: of the file, by whatever name.
        write_mode: as for ``check_target``.
    """

    path: str
    target: str
    hidden: str
    identity: tuple[int, int]
    write_mode: str = "overwrite"


def identity(file: str | int) -> tuple[int, int]:
    """By what a file is known that gets another name: its number, and when it was last written to (ns)."""
    status = os.stat(file)
    return status.st_ino, status.st_mtime_ns


class FileCommitter(Committer):
    """Gives hidden files their names; when ``commit`` returns, these are on the disk."""

    def commit(self, committables: list[HiddenFile]) -> None:
        for file in committables:
            # Before the first of several gets its name.
            if file.write_mode == "no_overwrite" and os.path.exists(file.hidden) and os.path.lexists(file.target):
                refuse_existing(file)
        folders: dict[str, HiddenFile] = {}
        for file in committables:
            with committing(file):
                if self._is_shown(file):
                    continue  # by an earlier call
                if file.write_mode == "overwrite":
                    os.replace(file.hidden, file.target)
                else:
                    rename_to_new(file)
                faults.point("file-commit.renamed")
            folders.setdefault(os.path.dirname(file.target), file)
            folders.setdefault(os.path.dirname(file.hidden), file)
        for folder, file in folders.items():
            with committing(file):
                sync_folder(folder)
                faults.point("file-commit.synced")

    def commit_again(self, committables: list[HiddenFile]) -> None:
        # What has no hidden name any more had got its own, and whoever reads the files may have moved it since.
        self.commit([file for file in committables if os.path.exists(file.hidden)])
        for folder in {os.path.dirname(file.target) for file in committables}:
            with contextlib.suppress(OSError):
                sync_folder(folder)

    def _is_shown(self, file: HiddenFile) -> bool:
        return (
            not os.path.exists(file.hidden) and os.path.exists(file.target) and identity(file.target) == file.identity
        )

    def abort(self, committables: list[HiddenFile]) -> None:
        for file in committables:
            with contextlib.suppress(OSError):
                os.unlink(file.hidden)


@contextlib.contextmanager
def committing(file: HiddenFile) -> Any:
    """Failures within the block are those of a file.

    Raises:
        SinkError: for an OSError.
    """
    try:
        yield
    except OSError as error:
        raise SinkError(f"{file.path}: cannot be written: {os_error_text(error)}") from error


def refuse_existing(file: HiddenFile) -> None:
    """Refuse a target that has come to be, unless it is the file itself: an earlier call came no further then."""
    if os.path.exists(file.target) and os.path.samefile(file.hidden, file.target):
        return
    raise SinkError(f"{file.path}: exists already, and write_mode is 'no_overwrite'; {REPLACING}")


def rename_to_new(file: HiddenFile) -> None:
    """Rename a file that must not take another's place."""
    try:
        # Unlike a rename, this fails when the target has come to be meanwhile.
        os.link(file.hidden, file.target)
    except FileExistsError:
        refuse_existing(file)
    except OSError:
        # A file system without hard links.
        check_target(file.path, file.write_mode)
        os.rename(file.hidden, file.target)
        return
    faults.point("file-commit.linked")
    os.unlink(file.hidden)


def sync_folder(folder: str) -> None:
    """Bring the names in a folder to the disk."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Operating systems for tests: one whose calls fail, and a disk in memory that loses what was not synced."""

import errno
import os
import random
import stat
from dataclasses import dataclass, field
from types import SimpleNamespace

from pyflinkx.checkpoint.local_files import SystemCalls

CALLS = [name for name in vars(SystemCalls) if not name.startswith("_")]


class CountedCalls(SystemCalls):
    """Real calls, counted; ``before`` and what it returns decide about each.

    Args:
        before: ``before(number, name, arguments)`` may raise, or return other arguments.
    """

    def __init__(self, before=lambda number, name, arguments: arguments):
        self.count = 0
        self.open_files = set()
        self.before = before
        for name in CALLS:
            setattr(self, name, self._through(name, getattr(os, name)))

    def _through(self, name, real):
        def call(*arguments):
            number, self.count = self.count, self.count + 1
            if name == "close":  # the descriptor is gone, whatever the call says
                self.open_files.discard(arguments[0])
                real(*arguments)
                self.before(number, name, arguments)
                return None
            result = real(*self.before(number, name, arguments))
            if name == "open":
                self.open_files.add(result)
            return result

        return call


def failing_at(place, code):
    """Calls of which that one fails."""

    def before(number, name, arguments):
        if number == place:
            raise OSError(code, os.strerror(code))
        return arguments

    return CountedCalls(before)


def full_from(place):
    """From that call on the disk is full: nothing can be made or written, but things can be removed."""

    def before(number, name, arguments):
        creates = name in ("mkdir", "write") or (name == "open" and arguments[1] & os.O_CREAT)
        if number >= place and creates:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return arguments

    return CountedCalls(before)


def short_writes(rng, then_full_at=None):
    """Writes take a part of what they are given, until the disk is full."""

    def before(number, name, arguments):
        if name == "write":
            if then_full_at is not None and number >= then_full_at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            file, data = arguments
            return file, data[: rng.randint(1, len(data))]
        return arguments

    return CountedCalls(before)


class Crash(BaseException):
    """The machine has lost its power."""


@dataclass
class Inode:
    """A file or a folder, as the processes see it, and what has been done since it was synced last."""

    folder: bool
    data: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    names: dict = field(default_factory=dict)
    durable_names: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)


class SimulatedDisk(SystemCalls):
    """A disk in memory. ``crash`` gives what may be on it after a loss of power: of what was not synced anything,
    nothing, and everything between.

    Args:
        root: of the files that are there.
        crash_at: the number of the call before which the power goes; None for never.
    """

    def __init__(self, root=None, crash_at=None):
        self.root = Inode(True) if root is None else root
        self.files = {}
        self.count = 0
        self.crash_at = crash_at
        for name in CALLS:
            setattr(self, name, self._through(getattr(self, f"_{name}")))

    def _through(self, call):
        def through(*arguments):
            if self.count == self.crash_at:
                raise Crash
            self.count += 1
            return call(*arguments)

        return through

    def _find(self, path):
        inode = self.root
        for name in [name for name in path.split("/") if name]:
            if not inode.folder:
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", path)
            if name not in inode.names:
                raise FileNotFoundError(errno.ENOENT, "not there", path)
            inode = inode.names[name]
        return inode

    def _parent(self, path):
        folder, _, name = path.rpartition("/")
        return self._find(folder), name

    def _change(self, folder, **names):
        """Entries appear (an inode) or go (None), all or none of them."""
        folder.changes.append(names)
        apply(folder.names, names)

    def _open(self, path, flags, mode=0o777):
        if flags & os.O_CREAT:
            folder, name = self._parent(path)
            if name in folder.names:
                raise FileExistsError(errno.EEXIST, "there already", path)
            self._change(folder, **{name: Inode(False)})
        number = self.count
        self.files[number] = self._find(path)
        return number

    def _close(self, number):
        del self.files[number]

    def _write(self, number, data):
        inode = self.files[number]
        inode.data += data
        return len(data)

    def _preadv(self, number, buffers, offset):
        piece = self.files[number].data[offset : offset + len(buffers[0])]
        buffers[0][: len(piece)] = piece
        return len(piece)

    def _fsync(self, number):
        inode = self.files[number]
        inode.durable = bytes(inode.data)
        inode.durable_names = dict(inode.names)
        inode.changes.clear()

    def _about(self, inode):
        return SimpleNamespace(st_mode=stat.S_IFDIR if inode.folder else stat.S_IFREG, st_size=len(inode.data))

    def _fstat(self, number):
        return self._about(self.files[number])

    def _stat(self, path):
        return self._about(self._find(path))

    def _link(self, source, target):
        raise OSError(errno.EXDEV, "another disk", source)

    def _replace(self, old, new):
        folder, name = self._parent(old)
        target, new_name = self._parent(new)
        assert folder is target
        self._change(folder, **{name: None, new_name: folder.names[name]})

    def _unlink(self, path):
        folder, name = self._parent(path)
        self._find(path)
        self._change(folder, **{name: None})

    def _mkdir(self, path):
        folder, name = self._parent(path)
        if name in folder.names:
            raise FileExistsError(errno.EEXIST, "there already", path)
        self._change(folder, **{name: Inode(True)})

    def _rmdir(self, path):
        if self._find(path).names:
            raise OSError(errno.ENOTEMPTY, "not empty", path)
        folder, name = self._parent(path)
        self._change(folder, **{name: None})

    def _listdir(self, path):
        return list(self._find(path).names)

    def crash(self, rng: random.Random):
        """A disk with what is left."""
        return SimulatedDisk(survivor(self.root, rng))


def apply(names, change):
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def survivor(inode, rng):
    """What is left of a file or folder."""
    if not inode.folder:
        data = surviving_bytes(inode, rng)
        return Inode(False, bytearray(data), data)
    names = dict(inode.durable_names)
    keep = rng.choice([0, len(inode.changes), rng.randint(0, len(inode.changes)), None, None])
    for place, change in enumerate(inode.changes):
        # A file system may write its changes in order, or as it likes.
        if rng.random() < 0.5 if keep is None else place < keep:
            apply(names, change)
    left = {name: survivor(child, rng) for name, child in names.items()}
    return Inode(True, names=left, durable_names=dict(left))


def surviving_bytes(inode, rng):
    """What was synced, and of what was written since some, perhaps with holes."""
    more = bytes(inode.data[len(inode.durable) :])
    more = more[: rng.choice([0, len(more), rng.randint(0, len(more))])]
    if more and rng.random() < 0.3:
        start = rng.randrange(len(more))
        more = more[:start] + bytes(len(more) - start)
    return inode.durable + more

"""Working folders: each has a lock that its process holds, so that another one finds out what a killed one has left."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from itertools import count
from threading import Lock

from pyflinkx.errors import StateBackendError

PREFIX = "pyflinkx-rocksdb-"
LOCK = "lock"
# A folder without a lock is being made, unless it is older (s).
MADE_WITHIN = 60

numbers = count()


class WorkingFolder:
    """A folder of this process, removed at its end; when it is made, what killed processes have left is removed.

    Args:
        bases: folders, of which one is taken, in turn, and made if it is not there; none for the temporary folder.

    Attributes:
        path: of the folder.

    Raises:
        StateBackendError: none can be made there.
    """

    def __init__(self, bases: tuple[str, ...] = ()) -> None:
        base = bases[next(numbers) % len(bases)] if bases else tempfile.gettempdir()
        try:
            os.makedirs(base, exist_ok=True)
            remove_leftovers(base)
            self.path = tempfile.mkdtemp(prefix=PREFIX, dir=base)
            self._lock = os.open(os.path.join(self.path, LOCK), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise StateBackendError(
                f"the state backend rocksdb cannot work in {base}: {error}; set state.backend.rocksdb.localdir to a "
                "folder that can be written"
            ) from error

        self._held: set[str] = set()
        self._over = False
        self._changing = Lock()

    def hold(self, name: str) -> str:
        """The path of a folder inside, to be made by the caller, that stays until it is dropped; from any thread."""
        with self._changing:
            self._held.add(name)
        return os.path.join(self.path, name)

    def drop(self, name: str) -> None:
        """Nobody needs a folder inside any more; from any thread, and more than once."""
        with self._changing:
            if name not in self._held:
                return
            self._held.discard(name)
            last = self._over and not self._held
        if last:
            self._remove()
        else:
            shutil.rmtree(os.path.join(self.path, name), ignore_errors=True)

    def remove(self) -> None:
        """Remove it with all that is in it; while somebody holds something inside, that stays."""
        with self._changing:
            held, self._over = set(self._held), True
        if not held:
            self._remove()
            return
        for entry in os.scandir(self.path):
            if entry.is_dir(follow_symlinks=False) and entry.name not in held:
                shutil.rmtree(entry.path, ignore_errors=True)

    def _remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with self._changing:
            lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def remove_leftovers(base: str) -> None:
    """Remove the folders of processes that are no more."""
    for entry in os.scandir(base):
        if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
            remove_if_left(entry.path)


def remove_if_left(path: str) -> None:
    """Remove a folder unless a process holds its lock; one that is not ours to remove stays."""
    try:
        lock = os.open(os.path.join(path, LOCK), os.O_RDWR)
    except FileNotFoundError:
        try:
            if time.time() - os.stat(path).st_mtime > MADE_WITHIN:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass
        return
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass
    finally:
        os.close(lock)

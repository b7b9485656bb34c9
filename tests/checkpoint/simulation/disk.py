"""A disk on which only what was synced is sure to outlive a loss of power."""

from dataclasses import dataclass, field
from random import Random


@dataclass
class File:
    """Bytes, and how many of them are sure to be there."""

    data: bytes = b""
    synced: bool = False


@dataclass
class Disk:
    """Files by path. Names are sure to be there, or not to be, once their folder has been synced.

    Args:
        random: decides what a loss of power leaves.
    """

    random: Random
    names: dict[str, File] = field(default_factory=dict)
    sure: dict[str, File] = field(default_factory=dict)
    changes: list[tuple[str, File | None]] = field(default_factory=list)  # of names, since the folder was synced

    def write(self, path: str, data: bytes) -> None:
        self._name(path, File(data))

    def sync(self, path: str) -> None:
        self.names[path].synced = True

    def rename(self, old: str, new: str) -> None:
        file = self.names[old]
        self._name(new, file)
        self._name(old, None)

    def remove(self, path: str) -> None:
        if path in self.names:
            self._name(path, None)

    def sync_names(self, folder: str) -> None:
        """Changes of other folders' names may come to be sure, too, but nobody may count on that."""
        left = []
        for path, file in self.changes:
            if path.startswith(folder):
                self._apply(self.sure, path, file)
            else:
                left.append((path, file))
        self.changes = left

    def lose_power(self) -> None:
        """Any of the changes of names that were not synced are gone, and any part of files that were not."""
        for path, file in self.changes:
            if self.random.random() < 0.5:
                self._apply(self.sure, path, file)
        for file in self.sure.values():
            if not file.synced:
                kept = self.random.randint(0, len(file.data))
                file.data = file.data[:kept] + bytes(self.random.randint(0, 3))
                file.synced = True
        self.names = dict(self.sure)
        self.changes = []

    def read(self, path: str) -> bytes | None:
        file = self.names.get(path)
        return None if file is None else file.data

    def under(self, folder: str) -> list[str]:
        return [path for path in self.names if path.startswith(folder)]

    def _name(self, path: str, file: File | None) -> None:
        self._apply(self.names, path, file)
        self.changes.append((path, file))

    @staticmethod
    def _apply(names: dict[str, File], path: str, file: File | None) -> None:
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file

"""One RocksDB database, as the tables of an operator use it."""

from __future__ import annotations

from collections.abc import Iterator

from pyflinkx.errors import StateBackendError
from pyflinkx.state.rocksdb.settings import SharedMemory, rocksdict

Change = tuple[bytes, "bytes | None"]


class Reading:
    """Reads rows in their order.

    Args:
        name: what errors call the database.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def _items(self, begin: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Rows in their order, at least those from ``begin`` on."""
        raise NotImplementedError

    def rows(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The rows from ``begin`` on whose keys are less than ``end``, as they are when the first is asked for."""
        try:
            for row, value in self._items(begin):
                if row >= end:
                    return
                if row >= begin:
                    yield row, value
        except Exception as error:
            raise self.fault("read", error) from error

    def fault(self, what: str, error: Exception) -> StateBackendError:
        """An error that says which database cannot be read or written."""
        return StateBackendError(f"{self._name} cannot be {what}: {error}")

    def __str__(self) -> str:
        return self._name


class Snapshot(Reading):
    """Reads rows as they were when it was made, once, in whatever thread.

    An iterator of RocksDB sees what was there when it was made. Those of rocksdict's snapshots are made of the database
    itself, so they see what has been written since the snapshot.

    Args:
        items: an iterator of rocksdict's.
        name: what errors call the database.
    """

    def __init__(self, items: Iterator[tuple[bytes, bytes]], name: str) -> None:
        super().__init__(name)
        self._made = items

    def _items(self, begin: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._made


class Database(Reading):
    """A database without a log: what is in it matters to the process that has it, and to checkpoints.

    Args:
        folder: of its files.
        owner: the operator, as errors name it.
        memory: shared by all databases of the slot.
        next_number: of the numbers that it hands out, the first.
        create: whether it is made if it is not there.

    Raises:
        StateBackendError: the files are damaged, or cannot be written.
    """

    def __init__(
        self, folder: str, owner: str, memory: SharedMemory, next_number: int = 0, create: bool = False
    ) -> None:
        rocks = rocksdict()
        self.folder = folder
        self._batch = rocks.WriteBatch
        name = f"the RocksDB database of {owner} in {folder}"
        try:
            self._rocks = rocks.Rdict(folder, memory.options(create))
            unlogged = rocks.WriteOptions()
            unlogged.disable_wal = True
            self._rocks.set_write_options(unlogged)
        except Exception as error:
            raise StateBackendError(f"{name} cannot be opened: {error}") from error
        super().__init__(name)
        self._number = next_number
        self._closed = False

    def _items(self, begin: bytes) -> Iterator[tuple[bytes, bytes]]:
        items: Iterator[tuple[bytes, bytes]] = self._rocks.items(from_key=begin)
        return items

    def get(self, row: bytes) -> bytes | None:
        """The value of a row."""
        try:
            value: bytes | None = self._rocks.get(row)
            return value
        except Exception as error:
            raise self.fault("read", error) from error

    def get_many(self, rows: list[bytes]) -> list[bytes | None]:
        """The values of rows."""
        try:
            values: list[bytes | None] = self._rocks.get(rows)
            return values
        except Exception as error:
            raise self.fault("read", error) from error

    def write(self, changes: list[Change]) -> None:
        """Set rows, and delete those that have no value."""
        batch = self._batch(raw_mode=True)
        for row, value in changes:
            if value is None:
                batch.delete(row)
            else:
                batch.put(row, value)
        try:
            self._rocks.write(batch)
        except Exception as error:
            raise self.fault("written", error) from error

    def delete(self, begin: bytes, end: bytes) -> None:
        """Delete the rows from ``begin`` on whose keys are less than ``end``."""
        try:
            self._rocks.delete_range(begin, end)
        except Exception as error:
            raise self.fault("written", error) from error

    def rows_of(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """The rows whose keys begin so."""
        found = []
        try:
            for row, value in self._items(prefix):
                if not row.startswith(prefix):
                    break
                found.append((row, value))
        except Exception as error:
            raise self.fault("read", error) from error
        return found

    def snapshot(self, begin: bytes) -> Snapshot:
        """The rows from ``begin`` on as they are now, whatever is written from now on."""
        return Snapshot(self._items(begin), self._name)

    def next_number(self) -> int:
        """A number greater than all before."""
        self._number += 1
        return self._number - 1

    def raise_number(self, number: int) -> None:
        """Hand out no number less than this one."""
        self._number = max(self._number, number)

    @property
    def number(self) -> int:
        """The number that comes next."""
        return self._number

    def link(self, folder: str) -> None:
        """Make ``folder`` with all that is there now, of hard links where files do not change; does not hold the
        interpreter's lock."""
        try:
            rocksdict().Checkpoint(self._rocks).create_checkpoint(folder)
        except Exception as error:
            raise self.fault("snapshotted", error) from error

    def compact(self) -> None:
        """Merge all files, which otherwise happens in the background, bit by bit."""
        try:
            self._rocks.compact_range(None, None)
        except Exception as error:
            raise self.fault("compacted", error) from error

    def close(self) -> None:
        """Let go of the files; may be called again."""
        if not self._closed:
            self._closed = True
            self._rocks.close()

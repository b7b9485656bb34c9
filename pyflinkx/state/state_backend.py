"""Where operators keep their state: the one place that is asked for tables and timers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.errors import WrongStateError
from pyflinkx.types.typeinfo import TypeInformation


@dataclass(frozen=True)
class StoredRows:
    """What a table in a database holds.

    Args:
        name: of the state.
        kind: of the state.
        codec: of the values; only what it says of itself is asked for.
        rows: (key group, key, namespace, bytes of the value).
    """

    name: str
    kind: str
    codec: Any
    rows: Iterable[tuple[int, Any, Any, bytes]]


class StateBackend:
    """Makes what operators keep their state in. This one keeps it in memory, as Python objects.

    A backend that keeps it elsewhere derives from this class and hands out a StateTable of its own.
    """

    def for_operator(
        self, name: str, key_type: TypeInformation | None, max_parallelism: int, groups: range
    ) -> StateBackend:
        """What makes the tables of one operator's subtask.

        Args:
            name: of the operator, for errors.
            key_type: of its keys; None when nothing is known of it.
            max_parallelism: the number of key groups.
            groups: those of the subtask.
        """
        return self

    def table(
        self,
        name: str,
        kind: str,
        context: KeyContext,
        value_type: TypeInformation | None = None,
        by_entry: bool = False,
    ) -> StateTable:
        """A table for a keyed state.

        Args:
            name: of the state, unique in its operator.
            kind: of state ("ValueState", ...).
            context: where the current key is read from.
            value_type: of what it stores; None when nothing is known of it.
            by_entry: whether a map is mostly asked for entries, rather than as a whole.
        """
        return StateTable(name, kind, context)

    def timers(self, name: str) -> TimerQueue:
        """A queue for the timers of an operator."""
        return TimerQueue()

    def snapshot(self) -> Iterator[StoredRows] | None:
        """What the tables hold as they are now, whatever happens to them; None where they are in memory."""
        return None

    def files_snapshot(self, number: int, batches: Sequence[ColumnBatch]) -> Any:
        """What the tables hold as files; None where they are no files, or there are no tables.

        Args:
            number: of the checkpoint.
            batches: what the operator holds elsewhere.
        """
        return None

    def restore_files(self, files: Sequence[Any]) -> None:
        """Begin with what the files of snapshots hold of the subtask's key groups; called before any table is made.

        Raises:
            WrongStateError: this backend cannot read them.
        """
        raise WrongStateError(
            "this state was written as files of RocksDB: set state.backend.type to rocksdb, or start from a savepoint, "
            "which every state backend reads"
        )

    def close(self) -> None:
        """Give up what the operator's tables use; nobody asks them any more."""

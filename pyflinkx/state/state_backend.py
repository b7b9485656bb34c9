"""Where operators keep their state: the one place that is asked for tables and timers."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.types.typeinfo import TypeInformation


class StateBackend:
    """Makes what operators keep their state in. This one keeps it in memory, as Python objects.

    A backend that keeps it elsewhere derives from this class and hands out a StateTable of its own.
    """

    def for_operator(self, name: str, key_type: TypeInformation | None, max_parallelism: int) -> StateBackend:
        """What makes the tables of one operator's subtask.

        Args:
            name: of the operator, for errors.
            key_type: of its keys; None when nothing is known of it.
            max_parallelism: the number of key groups.
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

    def snapshot(self) -> Any:
        """What ``StoredTable.stored`` reads, as it is now; None where tables are in memory."""
        return None

    def close(self) -> None:
        """Give up what the operator's tables use; nobody asks them any more."""

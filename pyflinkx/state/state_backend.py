"""Where operators keep their state: the one place that is asked for tables and timers."""

from __future__ import annotations

from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx._core.state.timers import TimerQueue


class StateBackend:
    """Makes what operators keep their state in. This one keeps it in memory, as Python objects.

    A backend that keeps it elsewhere derives from this class and hands out a StateTable of its own.
    """

    def table(self, name: str, kind: str, context: KeyContext) -> StateTable:
        """A table for a keyed state.

        Args:
            name: of the state, unique in its operator.
            kind: of state ("ValueState", ...).
            context: where the current key is read from.
        """
        return StateTable(name, kind, context)

    def timers(self, name: str) -> TimerQueue:
        """A queue for the timers of an operator."""
        return TimerQueue()

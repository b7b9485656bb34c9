"""Which messages a job has had that the server may give again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.enumerator import ReaderRegistered, SourceEvent


@dataclass(frozen=True)
class Begin:
    """To readers: begin.

    Args:
        known: ids of messages that the job has had, and that the server may give again.
        at_once: whether messages are acknowledged as they are read: the job takes no checkpoints.
    """

    known: frozenset[str]
    at_once: bool


@dataclass(frozen=True)
class Had:
    """From a reader: the ids of what it has had before a checkpoint, and that the server may give again."""

    checkpoint_id: int
    ids: frozenset[str]


class AcknowledgingCoordinator(Coordinator):
    """Knows for all readers what was had before a checkpoint: any of them may be given it again.

    Args:
        context: of the source.
    """

    snapshot_last = True

    def __init__(self, context: CoordinatorContext) -> None:
        self.context = context
        self.known: frozenset[str] = frozenset()
        self.had: dict[int, list[frozenset[str]]] = {}

    def handle_event(self, subtask: int, event: Any) -> None:
        if isinstance(event, ReaderRegistered):
            at_once = self.context.checkpoint_interval is None
            self.context.send(subtask, SourceEvent(Begin(self.known, at_once)))
        elif isinstance(event, Had):
            self.had.setdefault(event.checkpoint_id, []).append(event.ids)

    def snapshot_state(self, checkpoint_id: int) -> Any:
        ids = frozenset().union(*self.had.get(checkpoint_id, []))
        self.had = {number: parts for number, parts in self.had.items() if number > checkpoint_id}
        return ids or None

    def restore(self, checkpoint_id: int, states: Any) -> None:
        self.known = states

"""Sources of servers that say a thing once: nothing of it can be read again."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.acknowledged.coordinator import Begin
from pyflinkx.connectors.acknowledged.messages import Connection
from pyflinkx.connectors.acknowledged.reader import AcknowledgingReader
from pyflinkx.connectors.acknowledged.source import AcknowledgedSource


class BestEffortReader(AcknowledgingReader):
    """Reads what comes while it is there."""

    unreplayable = "the server says a thing once"
    stays = False

    def handle_event(self, event: Begin) -> None:
        super().handle_event(Begin(frozenset(), at_once=True))

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return []

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        pass


class BestEffortSource(AcknowledgedSource):
    """Reads by one subtask what a server says while the job runs. A job that fails goes on with what comes then."""

    reader_class = BestEffortReader
    parallelism = 1


class BestEffortConnection(Connection):
    """A connection of such a source: nothing is acknowledged."""

    def acknowledge(self, tokens: list[Any]) -> None:
        pass

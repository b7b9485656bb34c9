"""What comes from a server that waits for acknowledgements, and the connection that it comes by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.errors import PyflinkxError


class ConnectionLostError(PyflinkxError):
    """The server cannot be reached now; it may be later."""


@dataclass(frozen=True)
class Message:
    """What a server has sent.

    Args:
        payload: its bytes.
        origin: the stream, queue, topic or subject that it comes from.
        id: by which it is known when it comes again; None where there is nothing of that kind.
        timestamp: milliseconds since the epoch, as the server has it; None for none.
        fields: what else it has, such as headers.
    """

    payload: bytes
    origin: str
    id: str | None = None
    timestamp: int | None = None
    fields: Mapping[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BadMessage:
    """A message that cannot be read, as it goes to the side output ``bad-records``."""

    message: Message
    error: str


class Connection(ABC):
    """A connection of one reader; one thread uses it.

    ``confirms`` says that the server has an acknowledgement for sure when ``acknowledge`` returns.
    """

    confirms = False

    @abstractmethod
    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        """Messages that have come, each with what acknowledges it; waits so long for the first.

        Raises:
            ConnectionLostError: the connection broke.
        """

    @abstractmethod
    def acknowledge(self, tokens: list[Any]) -> None:
        """The server need not keep these any more.

        Args:
            tokens: what came with the messages, in the order in which these were read.

        Raises:
            ConnectionLostError: the connection broke.
        """

    def idle(self, seconds: float) -> None:  # noqa: B027
        """Nothing is to be received for so long: do what keeps the connection alive, without waiting longer."""

    @abstractmethod
    def close(self) -> None:
        """End it."""

"""Transactions of Kafka as seen from outside of their producers: what state they are in, and how they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pyflinkx.connectors.kafka.connection import Connection
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.security import Security
from pyflinkx.connectors.kafka.wire import (
    DESCRIBE_CLUSTER,
    DESCRIBE_TRANSACTIONS,
    END_TRANSACTION,
    FIND_COORDINATOR,
    INIT_PRODUCER_ID,
    LIST_TRANSACTIONS,
    Packed,
    Unpacked,
)
from pyflinkx.errors import SinkError

T = TypeVar("T")

OF_TRANSACTIONS = 1  # a kind of coordinator
PAUSE_SECONDS = 0.1
ASK_SECONDS = 10.0

# Codes of errors with which another try, perhaps elsewhere, may go better: coordinators that load or have moved, a
# transaction whose end is under way, requests that took too long.
REQUEST_TIMED_OUT, LOADING, NOT_AVAILABLE, NOT_COORDINATOR, CONCURRENT, NETWORK = 7, 14, 15, 16, 51, 13
PASSING = {REQUEST_TIMED_OUT, LOADING, NOT_AVAILABLE, NOT_COORDINATOR, CONCURRENT, NETWORK}

# And of those that say that a producer's transaction is not open any more: it has ended, or others have its id now.
WRONG_EPOCH, WRONG_STATE, WRONG_PRODUCER, FENCED, UNKNOWN_ID = 47, 48, 49, 90, 105
GONE = {WRONG_EPOCH, WRONG_STATE, WRONG_PRODUCER, FENCED, UNKNOWN_ID}


@dataclass(frozen=True)
class TransactionState:
    """What a broker knows of a transactional id: ``state`` is Empty, Ongoing, PrepareCommit, CompleteAbort, ..."""

    state: str
    producer: int
    epoch: int


class CodeError(Exception):
    """A broker has answered with an error.

    Args:
        code: Kafka's number of it.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return str(client_library().KafkaError(self.code).str())


class TransactionClient:
    """Asks the brokers about transactions, and tries again while they cannot be reached. From one thread at a time.

    Args:
        servers: as in ``bootstrap.servers``.
        security: of connections.
        timeout: how long (s) to try.
    """

    def __init__(self, servers: str, security: Security, timeout: float) -> None:
        self.servers = servers
        self.security = security
        self.timeout = timeout
        self.connections: dict[tuple[str, int], Connection] = {}
        self.coordinators: dict[str, tuple[str, int]] = {}
        self.stopped = threading.Event()

    def end(self, name: str, producer: int, epoch: int, commit: bool) -> bool:
        """End a transaction.

        Args:
            name: its transactional id.
            producer, epoch: of the producer that wrote in it.
            commit: whether its messages are to be seen.

        Returns:
            Whether it has ended so, now or before; False where it is not open any more, and nobody knows how it ended.

        Raises:
            SinkError: that cannot be done.
        """
        body = Packed().compact(name).number("q", producer).number("h", epoch).number("?", commit).tags()

        def call(connection: Connection) -> bool:
            answer = connection.ask(END_TRANSACTION, body)
            answer.number("i")
            code = answer.number("h")
            if code in GONE:
                return False
            return checked(code)

        return self._of(name, f"{'commit' if commit else 'abort'} transaction {name}", call)

    def state(self, name: str) -> TransactionState | None:
        """What is known of a transactional id; None for nothing."""
        body = Packed().length(2).compact(name).tags()

        def call(connection: Connection) -> TransactionState | None:
            answer = connection.ask(DESCRIBE_TRANSACTIONS, body)
            answer.number("i")
            if answer.length() != 2:
                return None
            code = answer.number("h")
            answer.compact()
            state = answer.compact()
            answer.number("i")
            answer.number("q")
            found = TransactionState(state, answer.number("q"), answer.number("h"))
            if code == UNKNOWN_ID:
                return None
            checked(code)
            return found

        return self._of(name, f"look at transaction {name}", call)

    def take_over(self, name: str) -> None:
        """Have a transactional id for oneself: what is open is aborted, and its producer can write no more."""
        body = Packed().compact(name).number("i", 60_000).number("q", -1).number("h", -1).tags()

        def call(connection: Connection) -> bool:
            answer = connection.ask(INIT_PRODUCER_ID, body)
            answer.number("i")
            return checked(answer.number("h"))

        self._of(name, f"abort transaction {name}", call)

    def names(self, chosen: Callable[[str], bool]) -> list[str]:
        """The transactional ids that the brokers know, of those chosen.

        Raises:
            SinkError: they cannot be asked.
        """

        def call() -> list[str]:
            found: list[str] = []
            for place in self._brokers():
                answer = self._connection(place).ask(LIST_TRANSACTIONS, Packed().length(1).length(1).tags())
                answer.number("i")
                checked(answer.number("h"))
                for _ in range(answer.length() - 1):
                    answer.compact()  # a filter that is not understood
                for _ in range(answer.length() - 1):
                    found.append(answer.compact())
                    answer.number("q")
                    answer.compact()
                    answer.tags()
            return sorted(name for name in set(found) if chosen(name))

        return self._tried("list the transactions", call)

    # ---- brokers ----

    def _of(self, name: str, what: str, call: Callable[[Connection], T]) -> T:
        """What the coordinator of a transactional id says."""

        def ask() -> T:
            place = self.coordinators.get(name)
            if place is None:
                place = self.coordinators[name] = self._coordinator(name)
            return call(self._connection(place))

        return self._tried(what, ask)

    def _tried(self, what: str, call: Callable[[], T]) -> T:
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                return call()
            except OSError as error:
                failure: Exception = error
            except CodeError as error:
                if error.code not in PASSING:
                    raise SinkError(f"cannot {what} of Kafka at {self.servers}: {error}") from None
                failure = error
            if not isinstance(failure, CodeError) or failure.code != CONCURRENT:
                self._forget()
            if self.stopped.is_set() or time.monotonic() + PAUSE_SECONDS >= deadline:
                raise SinkError(
                    f"cannot {what} of Kafka at {self.servers} within {self.timeout:g} s "
                    f"(default.api.timeout.ms): {failure}"
                ) from None
            self.stopped.wait(PAUSE_SECONDS)

    def _coordinator(self, name: str) -> tuple[str, int]:
        answer = self._any().ask(FIND_COORDINATOR, Packed().compact(name).number("b", OF_TRANSACTIONS).tags())
        answer.number("i")
        checked(answer.number("h"))
        answer.compact()
        answer.number("i")
        return answer.compact(), answer.number("i")

    def _brokers(self) -> list[tuple[str, int]]:
        answer = self._any().ask(DESCRIBE_CLUSTER, Packed().number("?", False).tags())
        answer.number("i")
        checked(answer.number("h"))
        answer.compact()
        answer.compact()
        answer.number("i")
        return [broker_place(answer) for _ in range(answer.length() - 1)]

    def _any(self) -> Connection:
        """A connection to one of the brokers that were named."""
        failure: OSError | None = None
        for server in self.servers.split(","):
            host, _, port = server.strip().rpartition("//")[2].rpartition(":")
            try:
                return self._connection((host.strip("[]"), int(port)))
            except OSError as error:
                failure = error
        raise failure or ConnectionError("no brokers were named")

    def _connection(self, place: tuple[str, int]) -> Connection:
        connection = self.connections.get(place)
        if connection is None:
            connection = self.connections[place] = Connection(*place, self.security, min(self.timeout, ASK_SECONDS))
        return connection

    def _forget(self) -> None:
        """Connections may have broken, and coordinators moved."""
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()
        self.coordinators.clear()

    def stop(self) -> None:
        """Try nothing again; from any thread."""
        self.stopped.set()

    def close(self) -> None:
        """Close the connections."""
        self.stop()
        self._forget()


def broker_place(answer: Unpacked) -> tuple[str, int]:
    """Host and port of a broker in a description of the cluster."""
    answer.number("i")
    place = answer.compact(), answer.number("i")
    answer.compact()
    answer.tags()
    return place


def checked(code: int) -> bool:
    """True, unless it is the code of an error.

    Raises:
        CodeError: it is.
    """
    if code:
        raise CodeError(code)
    return True

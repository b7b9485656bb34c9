"""Commits the transactions that a Kafka sink's writers have prepared; lives in the client."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.kafka.transactional_writer import Committed, Transaction
from pyflinkx.connectors.kafka.transactions import TransactionClient
from pyflinkx.connectors.sink import Committer, CommitterCoordinator
from pyflinkx.errors import ConfigurationError, SinkError

log = logging.getLogger("pyflinkx.connectors.kafka")

ABORT_SECONDS = 5.0


@dataclass(frozen=True)
class Committing:
    """How transactions are committed.

    Args:
        connect: makes a client that ends them.
        markers: gives the newest marker that a consumer group has; None for none.
        fails_if_lost: whether a transaction that cannot be committed any more fails the job.
        timeout_of: gives the time (ms) after which brokers abort a transaction.
    """

    connect: Callable[[], TransactionClient]
    markers: Callable[[str], int | None]
    fails_if_lost: bool
    timeout_of: Callable[[], int]


class TransactionCommitter(Committer):
    """Ends transactions by the producer's id and epoch, whether their producers still run or not.

    Args:
        committing: how.
    """

    def __init__(self, committing: Committing) -> None:
        self.committing = committing
        self._client: TransactionClient | None = None

    @property
    def client(self) -> TransactionClient:
        """Made when it is needed."""
        if self._client is None:
            self._client = self.committing.connect()
        return self._client

    def commit(self, committables: list[Transaction]) -> None:
        # In their order: that a group's marker is above a number says that all before it are committed.
        for transaction in sorted(committables, key=lambda one: (one.group, one.number)):
            if not self.client.end(transaction.name, transaction.producer, transaction.epoch, True):
                self._look_for_marker(transaction)

    def _look_for_marker(self, transaction: Transaction) -> None:
        """A transaction is not open any more: it has been committed, and its id has been used since, or it is lost."""
        marker = self.committing.markers(transaction.group)
        if marker is not None and marker >= transaction.number:
            return
        text = (
            f"transaction {transaction.name} (producer {transaction.producer}, epoch {transaction.epoch}) was not "
            "committed and cannot be any more: its messages are lost. Brokers abort a transaction after "
            "transaction.timeout.ms, which has to be longer than a checkpoint and a restart may take"
        )
        if self.committing.fails_if_lost:
            raise SinkError(f"{text}. To go on without them, set the sink's property lost.transactions to warn")
        log.error("%s", text)

    def abort(self, committables: list[Transaction]) -> None:
        if not committables:
            return
        self.client.timeout = ABORT_SECONDS
        for transaction in committables:
            with contextlib.suppress(SinkError):  # the brokers see to it in the end
                self.client.end(transaction.name, transaction.producer, transaction.epoch, False)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class TransactionCoordinator(CommitterCoordinator):
    """Tells writers which of their transactions are committed, so that they use the transactional ids again.

    Args:
        committing: how.
        context: of the job.
    """

    def __init__(self, committing: Committing, context: CoordinatorContext) -> None:
        super().__init__(TransactionCommitter(committing))
        self.committing = committing
        self.context = context

    def start(self) -> None:
        interval = self.context.checkpoint_interval
        if interval is None:
            return
        timeout = self.committing.timeout_of()
        if interval >= timeout:
            raise ConfigurationError(
                f"checkpoints are taken each {interval} ms (execution.checkpointing.interval), but brokers abort "
                f"transactions after {timeout} ms (transaction.timeout.ms): set the one lower or the other higher"
            )
        if interval + self.context.checkpoint_timeout > timeout:
            log.warning(
                "a checkpoint may take %d ms (execution.checkpointing.timeout) after an interval of %d ms, but brokers "
                "abort transactions after %d ms (transaction.timeout.ms): then their messages would be lost",
                self.context.checkpoint_timeout,
                interval,
                timeout,
            )

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        done: dict[int, list[int]] = {}
        for transaction in self._until(checkpoint_id):
            done.setdefault(transaction.subtask, []).append(transaction.slot)
        super().checkpoint_completed(checkpoint_id)
        for subtask, slots in done.items():
            self.context.send(subtask, Committed(tuple(slots)))

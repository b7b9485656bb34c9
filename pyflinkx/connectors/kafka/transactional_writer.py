"""Writes messages in transactions, one from each checkpoint to the next; each has a producer of its own."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx import faults
from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.cluster import is_of_connections
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.transactions import TransactionClient
from pyflinkx.connectors.kafka.writer import Deliveries, MessageWriter, Writing
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.errors import SinkError

log = logging.getLogger("pyflinkx.connectors.kafka")

ONGOING = "Ongoing"
LEAVE_SECONDS = 5.0  # how long the end of a writer may be held up by a transaction that is to be aborted
TRY_SECONDS = 10.0


@dataclass(frozen=True)
class Transaction:
    """A transaction that only waits to be committed.

    Args:
        name: its transactional id.
        producer, epoch: of the producer that wrote in it; who has them can end it.
        group: the consumer group that has a marker of it.
        number: which of the group's it is; the marker is the offset that the group has when it is committed.
        subtask, slot: of the writer that wrote in it.
        prepared: when it was (ms since the epoch).
    """

    name: str
    producer: int
    epoch: int
    group: str
    number: int
    subtask: int
    slot: int
    prepared: int


@dataclass(frozen=True)
class Committed:
    """To a writer: these of its slots are free again."""

    slots: tuple[int, ...]


class Made(threading.Thread):
    """Something that is made in the background.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(name="kafka producer", daemon=True)
        self.make = make
        self.made: Any = None
        self.failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Make it."""
        try:
            self.made = self.make()
        except BaseException as error:
            self.failure = error

    def result(self) -> Any:
        """It, once it is made.

        Raises:
            BaseException: what making it raised.
        """
        self.join()
        if self.failure is not None:
            raise self.failure
        return self.made


class TransactionalWriter(MessageWriter):
    """The writer of one subtask.

    Its transactional ids are ``prefix-subtask-slot``. A slot is in use from the making of its producer until the
    coordinator says that its transaction is committed.

    Args:
        writing: how.
        prefix: of transactional ids.
        timeout: after which brokers abort a transaction (ms).
        client: to ask about transactions.
        context: of the task.
    """

    def __init__(
        self, writing: Writing, prefix: str, timeout: int, client: TransactionClient, context: WriterContext
    ) -> None:
        super().__init__(writing)
        self.prefix = prefix
        self.timeout = timeout
        self.client = client
        self.subtask = context.subtask_index
        self.parallelism = context.parallelism
        self.clock = context.clock
        self.group = f"{prefix}-{self.subtask}-{uuid.uuid4().hex[:16]}"
        self.number = 0
        self.used: set[int] = set()
        self.ready: list[Transaction] = []
        self.slot = -1
        try:
            self._abort_lingering()
            self.metadata = self._group_metadata()
            self.next = self._make_next()
            self._begin()
        except BaseException:
            self.client.close()
            raise

    def _abort_lingering(self) -> None:
        """Abort what writers of earlier attempts have left open: those of this subtask, and of its share of subtasks
        that there are no more. What a checkpoint lists has been committed before any writer was made."""
        pattern = re.compile(re.escape(self.prefix) + r"-(\d+)-(\d+)")

        def is_own(name: str) -> bool:
            found = pattern.fullmatch(name)
            return found is not None and int(found[1]) % self.parallelism == self.subtask

        for name in self.client.names(is_own):
            self.client.take_over(name)

    def _group_metadata(self) -> Any:
        properties = {name: value for name, value in self.writing.properties.items() if is_of_connections(name)}
        consumer = made_client(client_library().Consumer, {**properties, "group.id": self.group})
        try:
            return consumer.consumer_group_metadata()
        finally:
            consumer.close()

    # ---- producers ----

    def _make_next(self) -> Made:
        slot = next(slot for slot in range(len(self.used) + 1) if slot not in self.used)
        self.used.add(slot)
        return Made(lambda: self._made(slot))

    def _made(self, slot: int) -> tuple[int, Any, Deliveries]:
        """A producer with a transaction begun; the epoch of its transactional id is a new one."""
        name = self.name_of(slot)
        producer, deliveries = self.new_producer(
            {"transactional.id": name, "transaction.timeout.ms": str(self.timeout)}
        )
        self._tried(deliveries, f"begin transaction {name}", lambda: producer.init_transactions(TRY_SECONDS))
        producer.begin_transaction()
        return slot, producer, deliveries

    def name_of(self, slot: int) -> str:
        """The transactional id of a slot."""
        return f"{self.prefix}-{self.subtask}-{slot}"

    def _begin(self) -> None:
        """Go on with the next transaction."""
        self.slot, self.producer, self.deliveries = self.next.result()
        self.next = self._make_next()

    def _tried(self, deliveries: Deliveries, what: str, call: Callable[[], Any]) -> None:
        """Call something that may go better the next time."""
        deadline = time.monotonic() + self.writing.timeout
        while True:
            try:
                call()
                return
            except self.errors as error:
                failure = error.args[0]
            deliveries.check()
            if not failure.retriable() or time.monotonic() >= deadline:
                raise SinkError(f"cannot {what} of Kafka at {self.servers}: {failure.str()}") from None

    # ---- records ----

    def flush(self, end_of_input: bool) -> None:
        if self.topic is not None:
            self._prepare(self.topic)
            if not end_of_input:
                self._begin()

    def _prepare(self, topic: str) -> None:
        """Do all that can fail, so that the transaction only waits for its end."""
        self.deliver()
        self.number += 1
        name = self.name_of(self.slot)
        marker = client_library().TopicPartition(topic, 0, self.number)
        self._tried(
            self.deliveries,
            f"mark transaction {name}",
            lambda: self.producer.send_offsets_to_transaction([marker], self.metadata, TRY_SECONDS),
        )
        self.deliveries.check()
        found = self.client.state(name)
        if found is None or found.state != ONGOING:
            raise SinkError(
                f"transaction {name} of Kafka at {self.servers} is not open any more, but "
                f"{'unknown' if found is None else found.state}: its messages are lost. It may have taken longer than "
                f"transaction.timeout.ms ({self.timeout}), or another job has the same prefix of transactional ids"
            )
        prepared = self.clock.now() if self.clock is not None else int(time.time() * 1000)
        self.ready.append(
            Transaction(name, found.producer, found.epoch, self.group, self.number, self.subtask, self.slot, prepared)
        )
        self.topic = None
        faults.point("kafka-sink.prepared")  # the transaction is ready, and no checkpoint has it

    def prepare_commit(self) -> list[Any]:
        ready, self.ready = self.ready, []
        return ready

    def handle_event(self, event: Committed) -> None:
        """The coordinator has committed transactions."""
        self.used.difference_update(event.slots)

    def close(self) -> None:
        self.client.timeout = LEAVE_SECONDS
        try:
            for transaction in self.ready:
                with contextlib.suppress(SinkError):
                    self.client.end(transaction.name, transaction.producer, transaction.epoch, False)
            if self.topic is not None:
                self.producer.purge()
                with contextlib.suppress(self.errors):
                    self.producer.abort_transaction(LEAVE_SECONDS)
        finally:
            self.client.close()

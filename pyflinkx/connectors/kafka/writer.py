"""Writes messages to Kafka: none is lost after a flush, but some may be there twice."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.cluster import REFUSED
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.serialization import BuiltSchema, KafkaRecordSerializationSchema
from pyflinkx.connectors.sink import NO_RECORD, SinkWriter
from pyflinkx.errors import SinkError

log = logging.getLogger("pyflinkx.connectors.kafka")

# How long (s) a wait for the producer goes on before it is seen whether something has failed.
WAIT_SECONDS = 0.2
ANY_PARTITION = -1
# What stands for no timestamp, so that the producer gives the message its own time; and what is written instead of 0,
# which would be the same.
NOW, EARLIEST = 0, 1


@dataclass(frozen=True)
class Writing:
    """How a sink writes.

    Args:
        properties: of the producer.
        schema: makes messages of records.
        block: how long (s) a record may wait for room.
        timeout: how long (s) what is asked of the brokers once may take.
    """

    properties: dict[str, Any]
    schema: KafkaRecordSerializationSchema
    block: float
    timeout: float


class Deliveries:
    """What became of the messages of a producer; its methods are called from within the producer's ``poll``."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self.failure: SinkError | None = None

    def delivered(self, error: Any, message: Any) -> None:
        """A message has been delivered, or never will be."""
        if error is not None and self.failure is None:
            self.failure = SinkError(
                f"a message to topic '{message.topic()}' of Kafka at {self.servers} was not delivered: {error.str()}"
            )

    def noted(self, error: Any) -> None:
        """Something is wrong with a connection, or with the producer as a whole."""
        if self.failure is None and (error.fatal() or error.name() in REFUSED):
            self.failure = SinkError(f"Kafka at {self.servers}: {error.str()}")

    def check(self) -> None:
        """Raise what has gone wrong."""
        if self.failure is not None:
            raise self.failure


class MessageWriter(SinkWriter):
    """Makes messages of records and hands them to a producer, which sends them when it sees fit.

    Args:
        writing: how.

    Attributes:
        topic: one to which something was written; None where nothing was.
    """

    producer: Any
    deliveries: Deliveries

    def __init__(self, writing: Writing) -> None:
        self.writing = writing
        self.schema = writing.schema
        self.topic: str | None = None
        self.servers = str(writing.properties["bootstrap.servers"])
        self.errors = client_library().KafkaException

    def new_producer(self, more: dict[str, Any]) -> tuple[Any, Deliveries]:
        """A producer, and what becomes of its messages."""
        deliveries = Deliveries(self.servers)
        properties = {
            **self.writing.properties,
            **more,
            "delivery.report.only.error": True,
            "on_delivery": deliveries.delivered,
            "error_cb": deliveries.noted,
        }
        return made_client(client_library().Producer, properties), deliveries

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError("the stream holds updates or deletions, and messages cannot tell them")
        times = batch.timestamps
        if isinstance(self.schema, BuiltSchema) and self.schema.values_only:
            self._write_values(self.schema, batch.values, times if self.schema.timestamps else None)
        else:
            self._write_messages(batch.values, times)
        self.record = NO_RECORD
        self.producer.poll(0)
        self.deliveries.check()

    def _write_values(self, schema: BuiltSchema, values: Any, times: Any) -> None:
        topic, serialize, produce = schema.topic, schema.value.serialize, self.producer.produce
        time = NOW
        self.topic = topic
        for index, element in enumerate(values):
            self.record = element
            if times is not None:
                time = times[index]
                if time <= 0:
                    time = NOW if time else EARLIEST
            value = serialize(element)
            try:
                produce(topic, value, None, ANY_PARTITION, None, None, time)
            except (BufferError, self.errors) as error:
                self._produce_late(error, (topic, value, None, ANY_PARTITION, None, None, time))

    def _write_messages(self, values: Any, times: Any) -> None:
        serialize, produce = self.schema.serialize, self.producer.produce
        for index, element in enumerate(values):
            self.record = element
            time = None if times is None or times[index] < 0 else times[index]
            message = serialize(element, time)
            if message is None:
                continue
            topic, value, key, partition, _, time, headers = message
            self.topic = topic
            arguments = (
                topic,
                value,
                key,
                ANY_PARTITION if partition is None else partition,
                None,
                None,
                NOW if time is None else time or EARLIEST,
                *([list(headers)] if headers else ()),
            )
            try:
                produce(*arguments)
            except (BufferError, self.errors) as error:
                self._produce_late(error, arguments)

    def _produce_late(self, error: Exception, arguments: tuple[Any, ...]) -> None:
        """Hand over a message for which there was no room."""
        deadline = time.monotonic() + self.writing.block
        while isinstance(error, BufferError):
            self.deliveries.check()
            if time.monotonic() >= deadline:
                raise SinkError(
                    f"Kafka at {self.servers} took no messages for {self.writing.block:g} s (max.block.ms): the "
                    "producer's buffer is full"
                ) from None
            self.producer.poll(WAIT_SECONDS)
            try:
                self.producer.produce(*arguments)
                return
            except (BufferError, self.errors) as again:
                error = again
        self.deliveries.check()
        raise SinkError(f"a message to topic '{arguments[0]}' cannot be written: {error.args[0].str()}") from error

    def deliver(self) -> None:
        """Wait until all messages are with the brokers.

        Raises:
            SinkError: one of them is not.
        """
        try:
            while self.producer.flush(WAIT_SECONDS):  # ends: a message that takes too long fails
                self.deliveries.check()
        except self.errors as error:
            raise SinkError(f"messages to Kafka at {self.servers} were not delivered: {error.args[0].str()}") from None
        self.deliveries.check()


class PlainWriter(MessageWriter):
    """Writes messages that can be read at once.

    Args:
        writing: how.
        waits: whether all are with the brokers before a checkpoint.
    """

    def __init__(self, writing: Writing, waits: bool) -> None:
        super().__init__(writing)
        self.waits = waits
        self.producer, self.deliveries = self.new_producer({})

    def flush(self, end_of_input: bool) -> None:
        if self.waits or end_of_input:
            self.deliver()

    def close(self) -> None:
        self.producer.purge()  # after a failure; otherwise nothing is left

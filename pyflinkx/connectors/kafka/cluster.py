"""What is asked of the brokers once: which partitions there are, and which offsets. All calls block."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.library import admin_library, client_library
from pyflinkx.connectors.kafka.offsets import (
    KafkaOffsetResetStrategy,
    KafkaOffsetsInitializer,
    KafkaTopicPartition,
    Place,
)
from pyflinkx.errors import ConfigurationError, SourceError

log = logging.getLogger("pyflinkx.connectors.kafka")

T = TypeVar("T")

# How long one try may take, and how long (s) it is until the next.
TRY_SECONDS = 10.0
PAUSE_SECONDS = 0.5
LISTED = 20

# Names of errors with which another try may go better.
PASSING = frozenset(
    """
    _TRANSPORT _TIMED_OUT _TIMED_OUT_QUEUE _WAIT_COORD _ALL_BROKERS_DOWN _RESOLVE REQUEST_TIMED_OUT
    COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR LEADER_NOT_AVAILABLE
    NOT_LEADER_FOR_PARTITION BROKER_NOT_AVAILABLE NETWORK_EXCEPTION KAFKA_STORAGE_ERROR OFFSET_NOT_AVAILABLE
    UNKNOWN_LEADER_EPOCH FENCED_LEADER_EPOCH UNSTABLE_OFFSET_COMMIT
    """.split()  # noqa: SIM905 # a list would take a line for each
)

# Names of errors of a connection that no other try mends.
REFUSED = ("_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM")


def passes(error: Any) -> bool:
    """Whether a KafkaError may go away by itself."""
    return error.retriable() or error.name() in PASSING


def refusal(error: Any, servers: str) -> SourceError | None:
    """What a connection's error means if no other try mends it: the credentials or certificates are wrong."""
    if error.name() in REFUSED:
        return SourceError(f"Kafka at {servers} refuses the connection: {error.str()}")
    return None


@dataclass
class Topics:
    """Which partitions a source reads: of named topics, of those that match a pattern, or these partitions."""

    names: tuple[str, ...] = ()
    pattern: str | None = None
    partitions: frozenset[KafkaTopicPartition] = frozenset()

    def __str__(self) -> str:
        if self.pattern is not None:
            return f"topics that match {self.pattern!r}"
        if self.partitions:
            return listed(self.partitions)
        return ("topic " if len(self.names) == 1 else "topics ") + ", ".join(map(repr, self.names))

    def covers(self, partition: KafkaTopicPartition) -> bool:
        """Whether a partition is among them."""
        if self.partitions:
            return partition in self.partitions
        if self.pattern is not None:
            return re.fullmatch(self.pattern, partition.topic) is not None
        return partition.topic in self.names


def listed(partitions: Iterable[KafkaTopicPartition]) -> str:
    """Partitions in words."""
    names = [str(partition) for partition in sorted(partitions)]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


class Cluster:
    """A Kafka cluster as an administrator sees it.

    Args:
        properties: of a client of librdkafka; those of consumers and producers are left out.
        timeout: how long (s) to try.
        group: whose committed offsets are meant; None for no group.
    """

    def __init__(self, properties: Mapping[str, Any], timeout: float, group: str | None = None) -> None:
        self.servers = str(properties["bootstrap.servers"])
        self.timeout = timeout
        self.group = group
        self.isolation = str(properties.get("isolation.level", "read_uncommitted"))
        self.refused: SourceError | None = None
        self.latest = ""
        self.stopped = threading.Event()
        connection = {name: value for name, value in properties.items() if is_of_connections(name)}
        connection["error_cb"] = self._note
        self.admin = made_client(admin_library().AdminClient, connection)

    def _note(self, error: Any) -> None:
        self.refused = self.refused or refusal(error, self.servers)
        self.latest = error.str()

    def close(self) -> None:
        """Try nothing any more; from any thread."""
        self.stopped.set()

    def ask(self, what: str, call: Callable[[float], T]) -> T:
        """What a call gives, which is made again while brokers cannot be reached.

        Args:
            what: says in errors what was to be done.
            call: gets the seconds that it may take.

        Raises:
            SourceError: it has not come within the time, or can never come.
        """
        exception = client_library().KafkaException
        deadline = time.monotonic() + self.timeout
        while True:
            left = deadline - time.monotonic()
            try:
                return call(max(0.1, min(left, TRY_SECONDS)))
            except exception as error:
                failure = error.args[0]
            self.admin.poll(0)
            if self.refused is not None:
                raise self.refused
            if not passes(failure):
                raise SourceError(f"cannot {what} of Kafka at {self.servers}: {failure.str()}") from None
            if time.monotonic() + PAUSE_SECONDS >= deadline or self.stopped.is_set():
                more = f" ({self.latest})" if self.latest else ""
                raise SourceError(
                    f"cannot {what} of Kafka at {self.servers} within {self.timeout:g} s (default.api.timeout.ms): "
                    f"{failure.str()}{more}"
                )
            self.stopped.wait(PAUSE_SECONDS)

    # ---- partitions ----

    def partitions(self, topics: Topics, some: bool = False) -> set[KafkaTopicPartition]:
        """The partitions that there are.

        Args:
            topics: which are meant.
            some: whether those that are not there are left out.

        Raises:
            SourceError: a topic or partition that was named is not there, or the brokers cannot be asked.
        """
        if topics.pattern is not None:
            return self._matching(topics)
        names = sorted({partition.topic for partition in topics.partitions} | set(topics.names))
        found = self.ask("find the partitions", lambda seconds: self._described(names, some, seconds))
        absent = topics.partitions - found
        if absent and not some:
            raise SourceError(f"there is no {listed(absent)} at {self.servers}")
        return found.intersection(topics.partitions) if topics.partitions else found

    def _described(self, names: list[str], some: bool, seconds: float) -> set[KafkaTopicPartition]:
        library = client_library()
        futures = self.admin.describe_topics(library.TopicCollection(names), request_timeout=seconds)
        found: set[KafkaTopicPartition] = set()
        for name, future in futures.items():
            try:
                described = future.result()
            except library.KafkaException as error:
                if error.args[0].code() == library.KafkaError.UNKNOWN_TOPIC_OR_PART and some:
                    continue
                if error.args[0].code() == library.KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise SourceError(f"topic '{name}' does not exist at {self.servers}") from None
                if not passes(error.args[0]):
                    raise SourceError(f"topic '{name}' at {self.servers}: {error.args[0].str()}") from None
                raise
            found.update(KafkaTopicPartition(name, partition.id) for partition in described.partitions)
        return found

    def _matching(self, topics: Topics) -> set[KafkaTopicPartition]:
        known = self.ask("list the topics", lambda seconds: self.admin.list_topics(timeout=seconds).topics)
        matching = {name: topic for name, topic in known.items() if re.fullmatch(str(topics.pattern), name)}
        return {KafkaTopicPartition(name, number) for name, topic in matching.items() for number in topic.partitions}

    # ---- offsets ----

    def offsets(
        self, initializer: KafkaOffsetsInitializer, partitions: Collection[KafkaTopicPartition]
    ) -> dict[KafkaTopicPartition, int]:
        """The offset that is meant for each partition.

        Raises:
            SourceError: a partition has none, or the brokers cannot be asked.
        """
        if not partitions:
            return {}
        if initializer.place is Place.EARLIEST:
            return self.earliest(partitions)
        if initializer.place is Place.LATEST:
            return self.latest_offsets(partitions)
        if initializer.place is Place.TIMESTAMP:
            found = self._listed(partitions, lambda spec: spec.for_timestamp(initializer.time))
            late = [partition for partition, offset in found.items() if offset < 0]
            return {**found, **self.latest_offsets(late)}
        found = {partition: initializer.given[partition] for partition in partitions if partition in initializer.given}
        found.update(self.committed([partition for partition in partitions if partition not in found]))
        absent = [partition for partition in partitions if partition not in found]
        if absent and initializer.reset is KafkaOffsetResetStrategy.EARLIEST:
            found.update(self.earliest(absent))
        elif absent and initializer.reset is KafkaOffsetResetStrategy.LATEST:
            found.update(self.latest_offsets(absent))
        elif absent:
            group = "no group.id is set" if self.group is None else f"group '{self.group}' has committed none"
            raise SourceError(
                f"no offset is known of {listed(absent)}, as {group}: commit one, or give a reset strategy to the "
                "offsets initializer"
            )
        return found

    def earliest(self, partitions: Collection[KafkaTopicPartition]) -> dict[KafkaTopicPartition, int]:
        """The offset of the oldest record that is kept."""
        return self._listed(partitions, lambda spec: spec.earliest())

    def latest_offsets(self, partitions: Collection[KafkaTopicPartition]) -> dict[KafkaTopicPartition, int]:
        """The offset behind the newest record; with read_committed, of those that can be read."""
        return self._listed(partitions, lambda spec: spec.latest())

    def _listed(
        self, partitions: Collection[KafkaTopicPartition], spec_of: Callable[[Any], Any]
    ) -> dict[KafkaTopicPartition, int]:
        if not partitions:
            return {}
        library, admin = client_library(), admin_library()
        committed = self.isolation == "read_committed"
        isolation = library.IsolationLevel.READ_COMMITTED if committed else library.IsolationLevel.READ_UNCOMMITTED

        def call(seconds: float) -> dict[KafkaTopicPartition, int]:
            asked = {native(partition): spec_of(admin.OffsetSpec) for partition in partitions}
            futures = self.admin.list_offsets(asked, isolation_level=isolation, request_timeout=seconds)
            return {own(place): future.result().offset for place, future in futures.items()}

        return self.ask("list the offsets", call)

    def committed(self, partitions: Collection[KafkaTopicPartition]) -> dict[KafkaTopicPartition, int]:
        """What the group has committed, of the partitions of which it has."""
        group = self.group
        if not partitions or group is None:
            return {}
        library = client_library()

        def call(seconds: float) -> dict[KafkaTopicPartition, int]:
            request = library.ConsumerGroupTopicPartitions(group, [native(partition) for partition in partitions])
            future = self.admin.list_consumer_group_offsets([request], request_timeout=seconds)[group]
            return {own(place): place.offset for place in future.result().topic_partitions if place.offset >= 0}

        return self.ask(f"find the committed offsets of group '{group}'", call)

    def markers(self, group: str) -> int | None:
        """The highest offset that a group has committed anywhere; None for none."""
        library = client_library()

        def call(seconds: float) -> int | None:
            request = library.ConsumerGroupTopicPartitions(group)
            future = self.admin.list_consumer_group_offsets([request], request_timeout=seconds)[group]
            return max((place.offset for place in future.result().topic_partitions if place.offset >= 0), default=None)

        return self.ask(f"find the markers of group '{group}'", call)

    def longest_transaction(self) -> int | None:
        """The most (ms) that the brokers allow a transaction to last; None where they do not tell."""
        admin = admin_library()

        def call(seconds: float) -> int | None:
            nodes = self.admin.describe_cluster(request_timeout=seconds).result().nodes
            resource = admin.ConfigResource(admin.ConfigResource.Type.BROKER, str(nodes[0].id))
            future = self.admin.describe_configs([resource], request_timeout=seconds)[resource]
            entry = future.result().get("transaction.max.timeout.ms")
            return None if entry is None or entry.value is None else int(entry.value)

        try:
            return self.ask("find the limit of transactions", call)
        except SourceError as error:
            log.info("it is not known how long transactions may last: %s", error)
            return None


def native(partition: KafkaTopicPartition, offset: int | None = None) -> Any:
    """A partition as the library has it."""
    make = client_library().TopicPartition
    return (
        make(partition.topic, partition.partition)
        if offset is None
        else make(partition.topic, partition.partition, offset)
    )


def own(place: Any) -> KafkaTopicPartition:
    """A partition of the library's as ours."""
    return KafkaTopicPartition(place.topic, place.partition)


def is_of_connections(name: str) -> bool:
    """Whether a property is of the connection to the brokers, and so of every kind of client."""
    return name.startswith(
        (
            "bootstrap.",
            "security.",
            "sasl.",
            "ssl.",
            "socket.",
            "broker.",
            "client.",
            "reconnect.",
            "enable.ssl.",
            "enable.sasl.",
        )
    )


def checked_pattern(pattern: Any) -> str:
    """It, if it is a regular expression.

    Raises:
        ConfigurationError: it is none.
    """
    if not isinstance(pattern, str):
        raise TypeError(f"a topic pattern is a str, not {pattern!r}")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigurationError(f"the topic pattern {pattern!r} is no regular expression: {error}") from None
    return pattern

"""Kafka as a sink, with the names of PyFlink's builder."""

from __future__ import annotations

from dataclasses import replace

from pyflinkx.config.arguments import check_text
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.kafka import options
from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.cluster import Cluster
from pyflinkx.connectors.kafka.committer import Committing, TransactionCoordinator
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.properties import checked_property, client_properties, option_of
from pyflinkx.connectors.kafka.security import security_of
from pyflinkx.connectors.kafka.serialization import KafkaRecordSerializationSchema
from pyflinkx.connectors.kafka.transactional_writer import TransactionalWriter
from pyflinkx.connectors.kafka.transactions import TransactionClient
from pyflinkx.connectors.kafka.writer import PlainWriter, Writing
from pyflinkx.connectors.record_sink import DeliveryGuarantee
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError

# Java's defaults, which Flink keeps, where librdkafka's differ: a key goes to the same partition by either.
DEFAULTS = {"partitioner": "murmur2_random", "delivery.timeout.ms": "120000"}
ALL_ACKS = ("all", "-1")
DEFAULT_TRANSACTION_TIMEOUT = 900_000  # what brokers allow unless they are told otherwise (ms)


class KafkaSink(Sink):
    """Writes records to topics of Kafka. Made by ``builder()``.

    Example:
        >>> from pyflinkx.common.serialization import SimpleStringSchema
        >>> schema = KafkaRecordSerializationSchema.builder().set_topic("orders")
        >>> schema = schema.set_value_serialization_schema(SimpleStringSchema()).build()
        >>> KafkaSink.builder().set_bootstrap_servers("localhost:9092").set_record_serializer(schema).build()
        KafkaSink(localhost:9092, at-least-once)
    """

    def __init__(self, builder: KafkaSinkBuilder) -> None:
        assert builder._serializer is not None
        self._properties = dict(builder._properties)
        self._guarantee = builder._guarantee
        self._prefix = builder._prefix
        self._serializer = builder._serializer

    def __repr__(self) -> str:
        return f"KafkaSink({self._properties['bootstrap.servers']}, {self._guarantee.value})"

    @staticmethod
    def builder() -> KafkaSinkBuilder:
        """A builder without brokers."""
        return KafkaSinkBuilder()

    def check(self) -> None:
        """Raise ConfigurationError if the client does not understand the properties."""
        made_client(client_library().Producer, self._writing().properties)

    def _writing(self) -> Writing:
        given = client_properties(self._properties, options.SINK_OPTIONS)
        idempotent = given.get("acks", given.get("request.required.acks", "all")) in ALL_ACKS
        return Writing(
            properties={**DEFAULTS, "enable.idempotence": str(idempotent).lower(), **given},
            schema=self._serializer,
            block=option_of(self._properties, options.BLOCK_TIMEOUT) / 1000,
            timeout=option_of(self._properties, options.LOOK_UP_TIMEOUT) / 1000,
        )

    # ---- exactly once ----

    def _connect(self) -> TransactionClient:
        writing = self._writing()
        return TransactionClient(
            str(writing.properties["bootstrap.servers"]), security_of(writing.properties), writing.timeout
        )

    def _cluster(self) -> Cluster:
        writing = self._writing()
        return Cluster(writing.properties, writing.timeout)

    def _transaction_timeout(self) -> int:
        """After how long (ms) brokers abort a transaction."""
        given = option_of(self._properties, options.TRANSACTION_TIMEOUT)
        return int(given or self._cluster().longest_transaction() or DEFAULT_TRANSACTION_TIMEOUT)

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator | None:
        if self._guarantee is not DeliveryGuarantee.EXACTLY_ONCE:
            return None
        fails = option_of(self._properties, options.LOST_TRANSACTIONS) == "fail"
        committing = Committing(
            self._connect, lambda group: self._cluster().markers(group), fails, self._transaction_timeout
        )
        return TransactionCoordinator(committing, context)

    def create_writer(self, context: WriterContext) -> SinkWriter:
        writing = self._writing()
        if self._guarantee is not DeliveryGuarantee.EXACTLY_ONCE:
            return PlainWriter(writing, self._guarantee is DeliveryGuarantee.AT_LEAST_ONCE)
        timeout = self._transaction_timeout()
        properties = dict(writing.properties)
        properties["delivery.timeout.ms"] = str(min(int(properties["delivery.timeout.ms"]), timeout))
        return TransactionalWriter(
            replace(writing, properties=properties), self._prefix, timeout, self._connect(), context
        )


class KafkaSinkBuilder:
    """Builds a KafkaSink; every method but ``build`` returns the builder."""

    def __init__(self) -> None:
        self._properties: dict[str, str] = {}
        self._guarantee = DeliveryGuarantee.AT_LEAST_ONCE
        self._prefix = ""
        self._serializer: KafkaRecordSerializationSchema | None = None

    def set_bootstrap_servers(self, bootstrap_servers: str) -> KafkaSinkBuilder:
        """Begin with these brokers.

        Args:
            bootstrap_servers: host:port of one or several, with commas between them.
        """
        return self.set_property("bootstrap.servers", check_text(bootstrap_servers, "bootstrap_servers"))

    def set_delivery_guarantee(self, delivery_guarantee: DeliveryGuarantee) -> KafkaSinkBuilder:
        """How often a record is in the topic of a job that fails and goes on; at least once by default.

        Args:
            delivery_guarantee: EXACTLY_ONCE needs a prefix of transactional ids, and readers with
                ``isolation.level`` read_committed, who see the records with each checkpoint.
        """
        if not isinstance(delivery_guarantee, DeliveryGuarantee):
            raise TypeError(f"a delivery guarantee is a DeliveryGuarantee, not {delivery_guarantee!r}")
        self._guarantee = delivery_guarantee
        return self

    def set_transactional_id_prefix(self, transactional_id_prefix: str) -> KafkaSinkBuilder:
        """What the ids of transactions begin with: of this sink alone among all that use the brokers, and the same each
        time that the job goes on."""
        self._prefix = check_text(transactional_id_prefix, "transactional_id_prefix")
        return self

    def set_record_serializer(self, record_serializer: KafkaRecordSerializationSchema) -> KafkaSinkBuilder:
        """Make messages of records by this schema."""
        if not isinstance(record_serializer, KafkaRecordSerializationSchema):
            raise TypeError(f"a record serializer is a KafkaRecordSerializationSchema, not {record_serializer!r}")
        self._serializer = record_serializer
        return self

    def set_property(self, key: str, value: str) -> KafkaSinkBuilder:
        """Set a property: of docs/connectors.md, of librdkafka, or of the Java producer if there is the like."""
        name, text = checked_property(key, value)
        self._properties[name] = text
        return self

    def build(self) -> KafkaSink:
        """The sink.

        Raises:
            ConfigurationError: brokers, the serializer or the prefix are missing, or a property cannot be.
        """
        if not self._properties.get("bootstrap.servers", "").strip():
            raise ConfigurationError("set_bootstrap_servers() must be called first")
        if self._serializer is None:
            raise ConfigurationError("set_record_serializer() must be called first")
        exactly_once = self._guarantee is DeliveryGuarantee.EXACTLY_ONCE
        if exactly_once and not self._prefix:
            raise ConfigurationError("EXACTLY_ONCE needs set_transactional_id_prefix()")
        if "transactional.id" in self._properties:
            raise ConfigurationError("transactional.id is the sink's own: call set_transactional_id_prefix()")
        for option in options.SINK_OPTIONS:
            option_of(self._properties, option)
        properties = client_properties(self._properties, options.SINK_OPTIONS)
        if exactly_once:
            security_of(properties)
        return KafkaSink(self)

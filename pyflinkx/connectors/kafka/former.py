"""Kafka's source and sink as functions, by the names that PyFlink had before ``KafkaSource`` and ``KafkaSink``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from pyflinkx.config.arguments import check_count
from pyflinkx.connectors.kafka.offsets import KafkaOffsetResetStrategy, KafkaOffsetsInitializer
from pyflinkx.connectors.kafka.serialization import KafkaRecordSerializationSchema
from pyflinkx.connectors.kafka.sink import KafkaSink
from pyflinkx.connectors.kafka.source import KafkaSource, reset_of
from pyflinkx.connectors.record_sink import DeliveryGuarantee
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.serialization import DeserializationSchema, SerializationSchema
from pyflinkx.types.typeinfo import TypeInformation


class Semantic(Enum):
    """How often a record is in the topic of a job that fails and goes on."""

    EXACTLY_ONCE = DeliveryGuarantee.EXACTLY_ONCE
    AT_LEAST_ONCE = DeliveryGuarantee.AT_LEAST_ONCE
    NONE = DeliveryGuarantee.NONE


class FlinkKafkaConsumerBase:
    """What a consumer of Kafka can be told; each method returns it."""

    _schema: DeserializationSchema

    def as_source(self) -> KafkaSource:
        """The source that reads so."""
        raise NotImplementedError

    def __init__(self) -> None:
        self._commits = True
        self._starting = KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.LATEST)

    def set_commit_offsets_on_checkpoints(self, commit_on_checkpoints: bool) -> FlinkKafkaConsumerBase:
        """Whether positions are committed to the group with each completed checkpoint, as they are by default."""
        self._commits = bool(commit_on_checkpoints)
        return self

    def set_start_from_earliest(self) -> FlinkKafkaConsumerBase:
        """Begin with the oldest messages."""
        self._starting = KafkaOffsetsInitializer.earliest()
        return self

    def set_start_from_latest(self) -> FlinkKafkaConsumerBase:
        """Begin with what comes from now on."""
        self._starting = KafkaOffsetsInitializer.latest()
        return self

    def set_start_from_timestamp(self, startup_offsets_timestamp: int) -> FlinkKafkaConsumerBase:
        """Begin with the first message of at least this timestamp (ms)."""
        self._starting = KafkaOffsetsInitializer.timestamp(startup_offsets_timestamp)
        return self

    def set_start_from_group_offsets(self) -> FlinkKafkaConsumerBase:
        """Begin where the group has committed, as by default; else where ``auto.offset.reset`` says."""
        self._starting = KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.LATEST)
        return self

    def disable_filter_restored_partitions_with_subscribed_topics(self) -> FlinkKafkaConsumerBase:
        """Not here: restored partitions of topics that are not named any more are left out.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            "restored partitions of topics that are not named any more are left out: name the topics to read them on"
        )

    def get_produced_type(self) -> TypeInformation | None:
        """Type of the records."""
        return self._schema.get_produced_type()


class FlinkKafkaConsumer(FlinkKafkaConsumerBase):
    """Reads topics of Kafka, for ``env.add_source``; ``KafkaSource`` is what Flink has now.

    Args:
        topics: one name, or several.
        deserialization_schema: makes records of values.
        properties: with ``bootstrap.servers`` and, as a rule, ``group.id``.
    """

    def __init__(
        self,
        topics: str | Sequence[str],
        deserialization_schema: DeserializationSchema,
        properties: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._topics = [topics] if isinstance(topics, str) else list(topics)
        self._schema = deserialization_schema
        self._properties = dict(properties)

    def as_source(self) -> KafkaSource:
        """The source that reads so."""
        starting = self._starting
        if starting == KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.LATEST):
            reset = reset_of(self._properties.get("auto.offset.reset", "latest"))
            starting = KafkaOffsetsInitializer.committed_offsets(reset)
        builder = KafkaSource.builder().set_properties(self._properties).set_topics(*self._topics)
        builder.set_value_only_deserializer(self._schema).set_starting_offsets(starting)
        if not self._commits:
            builder.set_property("commit.offsets.on.checkpoint", "false")
        return builder.build()


class FlinkKafkaProducerBase:
    """What a producer of Kafka can be told; each method returns it."""

    def as_sink(self) -> KafkaSink:
        """The sink that writes so."""
        raise NotImplementedError

    def __init__(self) -> None:
        self._flushes = True
        self._with_timestamps = False

    def set_log_failures_only(self, log_failures_only: bool) -> FlinkKafkaProducerBase:
        """Messages that are not delivered fail the job here, always.

        Raises:
            ConfigurationError: they are only to be logged.
        """
        if log_failures_only:
            raise ConfigurationError("a message that is not delivered fails the job: set_log_failures_only(False)")
        return self

    def set_flush_on_checkpoint(self, flush_on_checkpoint: bool) -> FlinkKafkaProducerBase:
        """Whether all messages are with the brokers before a checkpoint is taken, as they are by default."""
        self._flushes = bool(flush_on_checkpoint)
        return self

    def set_write_timestamp_to_kafka(self, write_timestamp_to_kafka: bool) -> FlinkKafkaProducerBase:
        """Whether messages get the event time of their records; by default they get the time of their writing."""
        self._with_timestamps = bool(write_timestamp_to_kafka)
        return self


class FlinkKafkaProducer(FlinkKafkaProducerBase):
    """Writes records to a topic of Kafka, for ``add_sink``; ``KafkaSink`` is what Flink has now.

    Args:
        topic: its name.
        serialization_schema: makes values of records.
        producer_config: with ``bootstrap.servers``; with EXACTLY_ONCE also ``transactional.id``, which their ids begin
            with: by default ``pyflinkx-`` and the topic.
        kafka_producer_pool_size: accepted; there are as many producers as checkpoints need.
        semantic: how often a record is in the topic.
    """

    def __init__(
        self,
        topic: str,
        serialization_schema: SerializationSchema,
        producer_config: Mapping[str, str],
        kafka_producer_pool_size: int = 5,
        semantic: Semantic = Semantic.AT_LEAST_ONCE,
    ) -> None:
        super().__init__()
        check_count(kafka_producer_pool_size, "kafka_producer_pool_size")
        if not isinstance(semantic, Semantic):
            raise TypeError(f"a semantic is a Semantic, not {semantic!r}")
        self._topic = topic
        self._schema = serialization_schema
        self._properties = dict(producer_config)
        self._semantic = semantic

    def ignore_failures_after_transaction_timeout(self) -> FlinkKafkaProducer:
        """Go on, with an error in the log, where a transaction cannot be committed any more."""
        self._properties["lost.transactions"] = "warn"
        return self

    def as_sink(self) -> KafkaSink:
        """The sink that writes so."""
        properties: dict[str, Any] = dict(self._properties)
        prefix = properties.pop("transactional.id", f"pyflinkx-{self._topic}")
        schema = KafkaRecordSerializationSchema.builder().set_topic(self._topic)
        schema.set_value_serialization_schema(self._schema)
        schema._timestamps = self._with_timestamps
        guarantee = self._semantic.value
        if guarantee is DeliveryGuarantee.AT_LEAST_ONCE and not self._flushes:
            guarantee = DeliveryGuarantee.NONE
        builder = KafkaSink.builder().set_record_serializer(schema.build()).set_delivery_guarantee(guarantee)
        builder.set_transactional_id_prefix(prefix)
        for key, value in properties.items():
            builder.set_property(key, value)
        return builder.build()

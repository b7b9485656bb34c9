"""Kafka as a source, with the names of PyFlink's builder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyflinkx.config.arguments import check_count, check_on_error, check_text
from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.kafka import options
from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.cluster import Cluster, Topics, checked_pattern
from pyflinkx.connectors.kafka.enumerator import KafkaEnumerator, KafkaEnumeratorState, Plan
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.offsets import KafkaOffsetResetStrategy, KafkaOffsetsInitializer, KafkaTopicPartition
from pyflinkx.connectors.kafka.properties import checked_property, client_properties, option_of
from pyflinkx.connectors.kafka.reader import KafkaReader, Reading
from pyflinkx.connectors.kafka.records import KafkaRecordDeserializationSchema
from pyflinkx.connectors.source import Boundedness, ReaderContext, Source
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.serialization import DeserializationSchema

MOST_AT_ONCE = 500

# What ``auto.offset.reset`` may say, in Java's words and librdkafka's.
RESETS = {
    **dict.fromkeys(("earliest", "smallest", "beginning"), KafkaOffsetResetStrategy.EARLIEST),
    **dict.fromkeys(("latest", "largest", "end"), KafkaOffsetResetStrategy.LATEST),
    **dict.fromkeys(("none", "error"), KafkaOffsetResetStrategy.NONE),
}


class KafkaSource(Source):
    """Reads topics of Kafka. Made by ``builder()``.

    Each message comes with Kafka's timestamp. Partitions are splits: each has its own watermark, and its position is
    in the checkpoints.

    Example:
        >>> from pyflinkx.common.serialization import SimpleStringSchema
        >>> builder = KafkaSource.builder().set_bootstrap_servers("localhost:9092").set_topics("orders")
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        KafkaSource(topic 'orders' at localhost:9092)
    """

    changes = INSERT_ONLY

    def __init__(self, builder: KafkaSourceBuilder) -> None:
        assert builder._schema is not None
        self._topics = builder._topics
        self._starting = builder._starting
        self._stopping = builder._stopping
        self.boundedness = builder._boundedness
        self._properties = dict(builder._properties)
        self._schema = builder._schema
        self._skips = builder._on_error == "skip"
        self._servers = self._properties["bootstrap.servers"]
        self.output_type = self._schema.get_produced_type()

    def __repr__(self) -> str:
        return f"KafkaSource({self._topics} at {self._servers})"

    @staticmethod
    def builder() -> KafkaSourceBuilder:
        """A builder without topics."""
        return KafkaSourceBuilder()

    def check(self) -> None:
        """Raise ConfigurationError if the client does not understand the properties."""
        made_client(client_library().Consumer, self._consumer_properties()).close()

    def _option(self, option: Any) -> Any:
        return option_of(self._properties, option)

    def _consumer_properties(self) -> dict[str, Any]:
        given = {name: value for name, value in self._properties.items() if name != "max.poll.records"}
        properties = {
            # Java's default, which Flink keeps; librdkafka's is read_committed.
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": "false",
            "group.id": "pyflinkx",  # which librdkafka wants, and nothing is committed to
            **client_properties(given, tuple(one for one in options.SOURCE_OPTIONS if one != options.GROUP_ID)),
            "enable.partition.eof": "true",
            "auto.offset.reset": "error",
        }
        prefix = self._option(options.CLIENT_ID_PREFIX)
        if prefix is not None:
            properties["client.id"] = prefix
        return properties

    def _cluster(self) -> Cluster:
        timeout = self._option(options.LOOK_UP_TIMEOUT) / 1000
        return Cluster(self._consumer_properties(), timeout, self._properties.get("group.id"))

    def _plan(self) -> Plan:
        bounded = self.boundedness is Boundedness.BOUNDED
        interval = self._option(options.DISCOVERY_INTERVAL)
        looks_once = bounded or interval <= 0 or bool(self._topics.partitions)
        return Plan(self._topics, self._starting, self._stopping, bounded, None if looks_once else interval)

    def create_enumerator(self, enum_context: SplitEnumeratorContext) -> SplitEnumerator:
        return KafkaEnumerator(enum_context, self._plan(), self._cluster)

    def restore_enumerator(
        self, enum_context: SplitEnumeratorContext, checkpoint: KafkaEnumeratorState
    ) -> SplitEnumerator:
        return KafkaEnumerator(enum_context, self._plan(), self._cluster, checkpoint)

    def create_reader(self, context: ReaderContext) -> KafkaReader:
        first, later = self._starting.reset, self._starting.chosen_reset
        if later is KafkaOffsetResetStrategy.NONE:
            later = reset_of(self._properties.get("auto.offset.reset", "none"))
        if first is KafkaOffsetResetStrategy.NONE:
            first = later
        reading = Reading(
            properties=self._consumer_properties(),
            schema=self._schema,
            skips=self._skips,
            most=check_count(int(self._properties.get("max.poll.records", MOST_AT_ONCE)), "max.poll.records"),
            commits="group.id" in self._properties and self._option(options.COMMIT_OFFSETS),
            first_reset=first,
            later_reset=later,
            patience=self._option(options.BROKERS_DOWN_TIMEOUT) / 1000,
            covers=self._topics.covers,
        )
        return KafkaReader(reading, context)


def reset_of(text: str) -> KafkaOffsetResetStrategy:
    """What ``auto.offset.reset`` says.

    Raises:
        ConfigurationError: it is none of its values.
    """
    try:
        return RESETS[text.strip().lower()]
    except KeyError:
        raise ConfigurationError(f"auto.offset.reset is earliest, latest or none, not {text!r}") from None


class KafkaSourceBuilder:
    """Builds a KafkaSource; every method but ``build`` returns the builder."""

    def __init__(self) -> None:
        self._topics = Topics()
        self._starting = KafkaOffsetsInitializer.earliest()
        self._stopping: KafkaOffsetsInitializer | None = None
        self._boundedness = Boundedness.CONTINUOUS_UNBOUNDED
        self._properties: dict[str, str] = {}
        self._schema: KafkaRecordDeserializationSchema | None = None
        self._on_error = "fail"

    def set_bootstrap_servers(self, bootstrap_servers: str) -> KafkaSourceBuilder:
        """Begin with these brokers.

        Args:
            bootstrap_servers: host:port of one or several, with commas between them.
        """
        return self.set_property("bootstrap.servers", check_text(bootstrap_servers, "bootstrap_servers"))

    def set_group_id(self, group_id: str) -> KafkaSourceBuilder:
        """Commit positions to this group, with each checkpoint, and begin with its offsets where those are meant."""
        return self.set_property("group.id", check_text(group_id, "group_id"))

    def _set_topics(self, topics: Topics) -> KafkaSourceBuilder:
        if self._topics != Topics():
            raise ConfigurationError(f"{self._topics} were set, and a source has one such set, not also {topics}")
        self._topics = topics
        return self

    def set_topics(self, *topics: str) -> KafkaSourceBuilder:
        """Read all partitions of these topics."""
        names = tuple(dict.fromkeys(check_text(topic, "a topic") for topic in topics))
        if not names or "" in names:
            raise ConfigurationError("set_topics() takes the name of one topic or more")
        return self._set_topics(Topics(names=names))

    def set_topic_pattern(self, topic_pattern: str) -> KafkaSourceBuilder:
        """Read all topics whose whole name matches a regular expression, also those that come later.

        Args:
            topic_pattern: a regular expression of Python's.
        """
        return self._set_topics(Topics(pattern=checked_pattern(topic_pattern)))

    def set_partitions(self, partitions: Iterable[KafkaTopicPartition]) -> KafkaSourceBuilder:
        """Read these partitions."""
        wanted = frozenset(partitions)
        for partition in wanted:
            if not isinstance(partition, KafkaTopicPartition):
                raise TypeError(f"a partition is a KafkaTopicPartition, not {partition!r}")
        if not wanted:
            raise ConfigurationError("set_partitions() takes one partition or more")
        return self._set_topics(Topics(partitions=wanted))

    def set_starting_offsets(self, starting_offsets_initializer: KafkaOffsetsInitializer) -> KafkaSourceBuilder:
        """Begin there, in a job that does not go on from a checkpoint; by default with the oldest messages."""
        self._starting = checked_initializer(starting_offsets_initializer)
        return self

    def set_unbounded(self, stopping_offsets_initializer: KafkaOffsetsInitializer) -> KafkaSourceBuilder:
        """End each partition there, which may still have to be written; the job goes on."""
        self._boundedness = Boundedness.CONTINUOUS_UNBOUNDED
        self._stopping = checked_initializer(stopping_offsets_initializer)
        return self

    def set_bounded(self, stopping_offsets_initializer: KafkaOffsetsInitializer) -> KafkaSourceBuilder:
        """End each partition there, and then the stream: the source is bounded, for batch jobs too.

        Args:
            stopping_offsets_initializer: the end of each partition, found when the job starts. An end that is not
                there then is an error.
        """
        self._boundedness = Boundedness.BOUNDED
        self._stopping = checked_initializer(stopping_offsets_initializer)
        return self

    def set_value_only_deserializer(self, deserialization_schema: DeserializationSchema) -> KafkaSourceBuilder:
        """Make records of the values of messages."""
        return self.set_deserializer(KafkaRecordDeserializationSchema.value_only(deserialization_schema))

    def set_deserializer(self, record_deserializer: KafkaRecordDeserializationSchema) -> KafkaSourceBuilder:
        """Make records of messages with their keys, headers, timestamps and places."""
        if not isinstance(record_deserializer, KafkaRecordDeserializationSchema):
            raise TypeError(f"a record deserializer is a KafkaRecordDeserializationSchema, not {record_deserializer!r}")
        self._schema = record_deserializer
        return self

    def set_on_error(self, on_error: str) -> KafkaSourceBuilder:
        """What is done with a message of which no record can be made.

        Args:
            on_error: "fail", or "skip": it is counted as numBadRecords and goes to the side output ``bad-records``, as
                a KafkaBadRecord.
        """
        self._on_error = check_on_error(on_error)
        return self

    def set_client_id_prefix(self, prefix: str) -> KafkaSourceBuilder:
        """What the client.id of each reader begins with."""
        return self.set_property("client.id.prefix", check_text(prefix, "prefix"))

    def set_property(self, key: str, value: str) -> KafkaSourceBuilder:
        """Set a property: of docs/connectors.md, of librdkafka, or of the Java consumer if there is the like."""
        name, text = checked_property(key, value)
        self._properties[name] = text
        return self

    def set_properties(self, props: Mapping[str, str]) -> KafkaSourceBuilder:
        """Set properties."""
        for key, value in props.items():
            self.set_property(key, value)
        return self

    def build(self) -> KafkaSource:
        """The source.

        Raises:
            ConfigurationError: brokers, topics or the deserializer are missing, or a property cannot be.
        """
        if not self._properties.get("bootstrap.servers", "").strip():
            raise ConfigurationError("set_bootstrap_servers() must be called first")
        if self._topics == Topics():
            raise ConfigurationError("set_topics(), set_topic_pattern() or set_partitions() must be called first")
        if self._schema is None:
            raise ConfigurationError("set_value_only_deserializer() or set_deserializer() must be called first")
        for option in options.SOURCE_OPTIONS:
            option_of(self._properties, option)
        reset_of(self._properties.get("auto.offset.reset", "none"))
        client_properties(self._properties, options.SOURCE_OPTIONS)
        return KafkaSource(self)


def checked_initializer(initializer: Any) -> KafkaOffsetsInitializer:
    """It, if it is one."""
    if not isinstance(initializer, KafkaOffsetsInitializer):
        raise TypeError(f"offsets are given by a KafkaOffsetsInitializer, not {initializer!r}")
    return initializer

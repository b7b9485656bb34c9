"""Tables in topics of Kafka: 'kafka', whose messages are inserts, 'upsert-kafka', where they replace others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyflinkx.config.values import DURATION, INT, LIST, LONG, STRING
from pyflinkx.connectors.kafka.offsets import KafkaOffsetResetStrategy, KafkaOffsetsInitializer, KafkaTopicPartition
from pyflinkx.connectors.kafka.sink import KafkaSink
from pyflinkx.connectors.kafka.source import KafkaSource
from pyflinkx.connectors.record_sink import DeliveryGuarantee
from pyflinkx.errors import ConfigurationError
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.definition import MetadataColumn
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.kafka_records import METADATA, READ, WRITABLE, MessageReader, MessageWriter
from pyflinkx.relational.tables.options import TableOption, suggestion
from pyflinkx.relational.tables.stream_columns import external
from pyflinkx.relational.tables.wire import Wire, table_columns, wire_columns
from pyflinkx.types.arrow import field_type
from pyflinkx.types.changes import INSERT_ONLY, Changes, upsert
from pyflinkx.types.data_type import DataType
from pyflinkx.types.typeinfo import Types

SERVERS = "properties.bootstrap.servers"
ENDS = ("unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets")

SHARED = (
    TableOption("topic", LIST, None, "the topic, or topics to read with semicolons between them"),
    TableOption(SERVERS, STRING, None, "host:port of brokers, with commas between them", required=True),
    TableOption("properties.*", STRING, None, "a property of the client"),
    TableOption("key.format", STRING, None, "how keys of messages are written"),
    TableOption("key.fields-prefix", STRING, "", "what the names of the key's columns begin with, in the table alone"),
    TableOption("value.format", STRING, None, "how values of messages are written"),
    TableOption(
        "value.fields-include", STRING, "ALL", "whether values have the columns of keys", choices=("ALL", "EXCEPT_KEY")
    ),
    TableOption("scan.bounded.mode", STRING, "unbounded", "where the table ends", choices=ENDS),
    TableOption("scan.bounded.specific-offsets", STRING, None, "partition:0,offset:42;partition:1,offset:300"),
    TableOption("scan.bounded.timestamp-millis", LONG, None, "the end of mode 'timestamp'"),
    TableOption("scan.topic-partition-discovery.interval", DURATION, 300_000, "how often to look for partitions"),
    TableOption(
        "sink.delivery-guarantee",
        STRING,
        "at-least-once",
        "how often a row is written by a job that fails and goes on",
        choices=("exactly-once", "at-least-once", "none"),
        others=("sink.semantic",),
    ),
    TableOption("sink.transactional-id-prefix", STRING, None, "of exactly-once: what ids of transactions begin with"),
)
OPTIONS = (
    *SHARED,
    TableOption("topic-pattern", STRING, None, "a regular expression of the topics to read"),
    TableOption("format", STRING, None, "how values of messages are written"),
    TableOption("key.fields", LIST, None, "the columns that are in keys, with semicolons between them"),
    TableOption(
        "scan.startup.mode",
        STRING,
        "group-offsets",
        "where reading begins",
        choices=("earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"),
    ),
    TableOption("scan.startup.specific-offsets", STRING, None, "partition:0,offset:42;partition:1,offset:300"),
    TableOption("scan.startup.timestamp-millis", LONG, None, "the beginning of mode 'timestamp'"),
    TableOption("sink.partitioner", STRING, "default", "not looked at but for its name: Kafka's own is used"),
)
UPSERT_OPTIONS = (
    *SHARED,
    TableOption("sink.buffer-flush.max-rows", INT, 0, "not looked at: the client gathers messages by itself"),
    TableOption("sink.buffer-flush.interval", DURATION, 0, "not looked at: the client gathers messages by itself"),
)


class KafkaTable:
    """One table in topics.

    Args:
        context: of the table.
        upserts: whether messages replace one another by their keys.
    """

    metadata: Mapping[str, DataType] = METADATA

    def __init__(self, context: TableContext, upserts: bool) -> None:
        self.context = context
        self.settings = context.settings
        self.upserts = upserts
        self.where = self.settings.where
        self.columns = context.columns()
        self.bounded = self.settings["scan.bounded.mode"] != "unbounded"
        names = [name for name, _ in self.columns]
        self.key_places = self._keys(names)
        value = "value.format" if upserts or self.settings.has("value.format") else "format"
        if value not in context.formats:
            raise ConfigurationError(f"{self.where}: option '{value}' is missing: how values of messages are written")
        except_key = self.settings["value.fields-include"] == "EXCEPT_KEY"
        self.value_places = [place for place in range(len(names)) if not (except_key and place in self.key_places)]
        prefix = self.settings["key.fields-prefix"]
        if prefix and not except_key:
            raise ConfigurationError(
                f"{self.where}: 'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY', as values have the "
                "names without it"
            )
        keyed = [self.columns[place] for place in self.key_places]
        for name, _ in keyed:
            if not name.startswith(prefix):
                raise ConfigurationError(f"{self.where}: column '{name}' of the key does not begin with '{prefix}'")
        self.key_format = None
        if self.key_places:
            self.key_format = context.format("key.format", [(name.removeprefix(prefix), kind) for name, kind in keyed])
        self.value_format = context.format(value, [self.columns[place] for place in self.value_places])

    @property
    def changes(self) -> Changes:
        """The kinds of rows that messages are."""
        key = self.context.definition.primary_key
        return upsert(*key.columns) if self.upserts and key is not None else INSERT_ONLY

    @property
    def takes(self) -> Changes:
        """The kinds of rows that can be messages."""
        return self.changes

    def _keys(self, names: list[str]) -> list[int]:
        """The positions of the columns that are in keys."""
        if self.upserts:
            key = self.context.definition.primary_key
            if key is None:
                raise ConfigurationError(
                    f"{self.where}: 'upsert-kafka' needs a PRIMARY KEY (...) NOT ENFORCED: the keys of its messages"
                )
            if "key.format" not in self.context.formats:
                raise ConfigurationError(
                    f"{self.where}: option 'key.format' is missing: how keys of messages are written"
                )
            return [names.index(name) for name in key.columns]
        given = self.settings["key.fields"] or []
        if bool(given) != ("key.format" in self.context.formats):
            raise ConfigurationError(f"{self.where}: 'key.fields' and 'key.format' are given together")
        for name in given:
            if name not in names:
                raise ConfigurationError(
                    f"{self.where}: 'key.fields': there is no column '{name}'{suggestion(name, names)}"
                )
        return [names.index(name) for name in given]

    def _properties(self) -> dict[str, str]:
        return self.settings.below("properties.")

    # ---- reading ----

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The rows of messages."""
        reading = self.value_format.reading()
        wires: list[Any] = [None] * len(self.columns)
        for place, wire in zip(self.value_places, reading, strict=True):
            wires[place] = wire
        key = None
        if self.key_format is not None:
            for place, wire in zip(self.key_places, self.key_format.reading(), strict=True):
                wires[place] = wire
            key = self.key_format.decoder(), self.key_places
        known = [(name, METADATA[kind]) for name, kind in metadata.items()]
        wires += [Wire(READ[kind][0], external(METADATA[kind])) for kind in metadata.values()]
        columns = [*self.columns, *known]
        info = Types.ROW_NAMED([name for name, _ in columns], [wire.info for wire in wires])
        value = self.value_format.decoder(), self.value_places
        reader = MessageReader(info, value, key, list(metadata.values()), self.upserts)
        builder = KafkaSource.builder().set_bootstrap_servers(self.settings[SERVERS]).set_deserializer(reader)
        builder.set_properties(self._properties())
        interval = self.settings["scan.topic-partition-discovery.interval"]
        builder.set_property("partition.discovery.interval.ms", str(interval or -1))
        topics = self.settings["topic"]
        pattern = self.settings.get("topic-pattern")
        if bool(topics) == bool(pattern):
            raise ConfigurationError(f"{self.where}: one of 'topic' and 'topic-pattern' says what is read")
        builder = builder.set_topics(*topics) if topics else builder.set_topic_pattern(pattern)
        builder.set_starting_offsets(self._offsets("scan.startup", self._startup(), topics))
        if self.bounded:
            builder.set_bounded(self._offsets("scan.bounded", self.settings["scan.bounded.mode"], topics))
        source = builder.build()
        source.changes = self.changes
        made = building.source(source, self.context.name, self.settings["scan.parallelism"])
        return table_columns(made, columns, wires, self.context.name)

    def _startup(self) -> str:
        return "earliest-offset" if self.upserts else str(self.settings["scan.startup.mode"])

    def _offsets(self, option: str, mode: str, topics: list[str]) -> KafkaOffsetsInitializer:
        if mode == "earliest-offset":
            return KafkaOffsetsInitializer.earliest()
        if mode == "latest-offset":
            return KafkaOffsetsInitializer.latest()
        if mode == "group-offsets":
            if "group.id" not in self._properties():
                raise ConfigurationError(
                    f"{self.where}: '{option}.mode' = 'group-offsets' needs 'properties.group.id'; 'earliest-offset' "
                    "and 'latest-offset' need no group"
                )
            reset = self._properties().get("auto.offset.reset", "none").lower()
            strategies = {"earliest": "EARLIEST", "latest": "LATEST", "none": "NONE"}
            if reset not in strategies:
                raise ConfigurationError(f"{self.where}: 'properties.auto.offset.reset' is not {reset!r}")
            return KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy[strategies[reset]])
        if mode == "timestamp":
            time = self.settings[f"{option}.timestamp-millis"]
            if time is None:
                raise ConfigurationError(f"{self.where}: option '{option}.timestamp-millis' is missing")
            return KafkaOffsetsInitializer.timestamp(time)
        text = self.settings[f"{option}.specific-offsets"]
        if text is None or not topics or len(topics) != 1:
            raise ConfigurationError(
                f"{self.where}: '{option}.mode' = 'specific-offsets' needs one topic, and '{option}.specific-offsets'"
            )
        return KafkaOffsetsInitializer.offsets(self._specific(text, topics[0], f"{option}.specific-offsets"))

    def _specific(self, text: str, topic: str, option: str) -> dict[KafkaTopicPartition, int]:
        found = {}
        for part in text.split(";"):
            try:
                pairs = dict(pair.split(":") for pair in part.strip().split(","))
                found[KafkaTopicPartition(topic, int(pairs["partition"]))] = int(pairs["offset"])
            except (ValueError, KeyError):
                raise ConfigurationError(
                    f"{self.where}: '{option}' is like 'partition:0,offset:42;partition:1,offset:300', not {text!r}"
                ) from None
        return found

    # ---- writing ----

    def end(self, stream: Stream, building: Building) -> None:
        """Write rows as messages."""
        topics = self.settings["topic"]
        if not topics or len(topics) != 1:
            raise ConfigurationError(f"{self.where}: one 'topic' is written to")
        written = [(column.name, column.type) for column in self.context.definition.written if column.type]
        by_name = {name: place for place, (name, _) in enumerate(written)}
        wires: list[Any] = [None] * len(written)
        metadata = {}
        for column in self.context.definition.written:
            if isinstance(column, MetadataColumn):
                known = column.key or column.name
                if known not in WRITABLE:
                    raise ConfigurationError(
                        f"{self.where}: column {column.name} is METADATA FROM '{known}', which cannot be written: "
                        f"VIRTUAL leaves it out of INSERT; {', '.join(WRITABLE)} can"
                    )
                metadata[known] = by_name[column.name]
                wires[by_name[column.name]] = Wire(field_type(stream.columns[column.name]))
        value_places = [by_name[self.columns[place][0]] for place in self.value_places]
        for place, wire in zip(value_places, self.value_format.writing(), strict=True):
            wires[place] = wire
        key = None
        if self.key_format is not None:
            places = [by_name[self.columns[place][0]] for place in self.key_places]
            for place, wire in zip(places, self.key_format.writing(), strict=True):
                wires[place] = wires[place] or wire
            key = self.key_format.encoder(), places
        stream = wire_columns(stream, written, wires, self.context.name)
        writer = MessageWriter(topics[0], (self.value_format.encoder(), value_places), key, metadata, self.upserts)
        guarantee = DeliveryGuarantee(self.settings["sink.delivery-guarantee"])
        builder = KafkaSink.builder().set_bootstrap_servers(self.settings[SERVERS]).set_record_serializer(writer)
        builder.set_delivery_guarantee(guarantee)
        for name, text in self._properties().items():
            if name not in ("group.id", "auto.offset.reset"):
                builder.set_property(name, text)
        prefix = self.settings["sink.transactional-id-prefix"]
        if prefix is not None:
            builder.set_transactional_id_prefix(prefix)
        elif guarantee is DeliveryGuarantee.EXACTLY_ONCE:
            raise ConfigurationError(
                f"{self.where}: 'sink.delivery-guarantee' = 'exactly-once' needs 'sink.transactional-id-prefix'"
            )
        building.sink(stream, builder.build(), f"Sink: {self.context.name}", self.settings["sink.parallelism"])


class KafkaFactory(TableFactory):
    """The connector 'kafka'."""

    name = "kafka"
    options: tuple[TableOption, ...] = OPTIONS
    format_options: tuple[str, ...] = ("format", "key.format", "value.format")
    upserts = False

    def source(self, context: TableContext) -> Any:
        return KafkaTable(context, self.upserts)

    def sink(self, context: TableContext) -> Any:
        return KafkaTable(context, self.upserts)


class UpsertKafkaFactory(KafkaFactory):
    """The connector 'upsert-kafka'."""

    name = "upsert-kafka"
    options = UPSERT_OPTIONS
    format_options = ("key.format", "value.format")
    upserts = True


register_table_factory(KafkaFactory())
register_table_factory(UpsertKafkaFactory())

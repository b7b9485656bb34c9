"""Small jobs that read from Kafka or write to it."""

from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordDeserializationSchema,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)


class Everything(KafkaRecordDeserializationSchema):
    """Records with all that is known of them."""

    def deserialize(self, record):
        return record


def new_env(parallelism=1, **options):
    configuration = Configuration()
    for key, value in options.items():
        configuration.set_string(key, value)
    return StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)


def source_of(servers, topic, schema=None, bounded=True, **properties):
    """A builder of a source that reads strings, up to the end of now if it is bounded."""
    builder = KafkaSource.builder().set_bootstrap_servers(servers)
    if bounded:
        builder.set_bounded(KafkaOffsetsInitializer.latest())
    builder.set_value_only_deserializer(schema or SimpleStringSchema())
    for key, value in properties.items():
        builder.set_property(key.replace("_", "."), str(value))
    return builder if topic is None else builder.set_topics(topic)


def collected(source, parallelism=1, strategy=None, **options):
    """All records that a job reads."""
    env = new_env(parallelism, **options)
    strategy = strategy or WatermarkStrategy.no_watermarks()
    return list(env.from_source(source, strategy, "kafka").execute_and_collect())


def sink_of(servers, topic, **properties):
    """A builder of a sink that writes strings."""
    schema = KafkaRecordSerializationSchema.builder().set_topic(topic)
    schema.set_value_serialization_schema(SimpleStringSchema())
    builder = KafkaSink.builder().set_bootstrap_servers(servers).set_record_serializer(schema.build())
    for key, value in properties.items():
        builder.set_property(key.replace("_", "."), str(value))
    return builder

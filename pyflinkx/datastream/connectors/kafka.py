"""Kafka as a source and as a sink, with PyFlink's names."""

from pyflinkx.connectors.kafka.former import (
    FlinkKafkaConsumer,
    FlinkKafkaConsumerBase,
    FlinkKafkaProducer,
    FlinkKafkaProducerBase,
    Semantic,
)
from pyflinkx.connectors.kafka.offsets import KafkaOffsetResetStrategy, KafkaOffsetsInitializer, KafkaTopicPartition
from pyflinkx.connectors.kafka.records import KafkaBadRecord, KafkaRecord, KafkaRecordDeserializationSchema
from pyflinkx.connectors.kafka.serialization import (
    KafkaRecordSerializationSchema,
    KafkaRecordSerializationSchemaBuilder,
    KafkaTopicSelector,
)
from pyflinkx.connectors.kafka.sink import KafkaSink, KafkaSinkBuilder
from pyflinkx.connectors.kafka.source import KafkaSource, KafkaSourceBuilder
from pyflinkx.connectors.record_sink import DeliveryGuarantee
from pyflinkx.names.asking import answers

__all__ = [
    "DeliveryGuarantee",
    "FlinkKafkaConsumer",
    "FlinkKafkaConsumerBase",
    "FlinkKafkaProducer",
    "FlinkKafkaProducerBase",
    "KafkaBadRecord",
    "KafkaOffsetResetStrategy",
    "KafkaOffsetsInitializer",
    "KafkaRecord",
    "KafkaRecordDeserializationSchema",
    "KafkaRecordSerializationSchema",
    "KafkaRecordSerializationSchemaBuilder",
    "KafkaSink",
    "KafkaSinkBuilder",
    "KafkaSource",
    "KafkaSourceBuilder",
    "KafkaTopicPartition",
    "KafkaTopicSelector",
    "Semantic",
]

answers("datastream.connectors.kafka.KafkaSink")(KafkaSink)

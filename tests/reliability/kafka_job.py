"""A job from Kafka to Kafka, for tests that kill it: each number once, exactly."""

import time
from functools import partial

from pyflinkx.common import WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream.connectors.kafka import (
    DeliveryGuarantee,
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)


def paced(value):
    """Take ten milliseconds for some, so that there is time for faults."""
    if int(value) % 16 == 0:
        time.sleep(0.01)
    return value


def program(env, folder, servers, origin, target, prefix):
    """Build the job."""
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(servers)
        .set_topics(origin)
        .set_group_id(prefix)
        .set_bounded(KafkaOffsetsInitializer.latest())
        .set_value_only_deserializer(SimpleStringSchema())
        .set_property("max.poll.records", "50")
        .build()
    )
    schema = KafkaRecordSerializationSchema.builder().set_topic(target)
    schema.set_value_serialization_schema(SimpleStringSchema())
    sink = (
        KafkaSink.builder()
        .set_bootstrap_servers(servers)
        .set_record_serializer(schema.build())
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(prefix)
        .build()
    )
    env.from_source(source, WatermarkStrategy.no_watermarks(), "kafka").map(paced).sink_to(sink)


def results(folder, broker, target):
    """What readers of committed messages see."""
    return [int(value) for value in broker.values(target)]


def prepared(broker, count, partitions=4):
    """Topics for one run: the program, and what reads its results."""
    origin, target = broker.new_topic(partitions), broker.new_topic(2)
    for partition in range(partitions):
        broker.produce(origin, [b"%d" % number for number in range(partition, count, partitions)], partition)
    return (
        partial(program, servers=broker.servers, origin=origin, target=target, prefix=f"{target}-tx"),
        partial(results, broker=broker, target=target),
    )

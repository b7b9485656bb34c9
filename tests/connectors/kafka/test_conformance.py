"""Partitions as splits, under the conformance kit."""

import pytest

from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflinkx.testing.conformance import check_source


@pytest.mark.parametrize("seed", range(3))
def test_partitions(broker, seed):
    topic = broker.new_topic(3)
    values = [f"{number}" for number in range(90)]
    for partition in range(3):
        broker.produce(topic, values[partition::3], partition)
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(broker.servers)
        .set_topics(topic)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_bounded(KafkaOffsetsInitializer.latest())
        .set_value_only_deserializer(SimpleStringSchema())
        .build()
    )
    check_source(lambda: source, values, seed, crashes=2, most=40)

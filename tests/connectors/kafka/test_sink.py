"""What a Kafka sink writes that gives no record exactly once."""

import pytest

from pyflinkx.common.serialization import SerializationSchema, SimpleStringSchema
from pyflinkx.datastream.connectors.kafka import (
    DeliveryGuarantee,
    KafkaRecord,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaTopicSelector,
)
from pyflinkx.errors import ConfigurationError, JobExecutionError, SinkError
from tests.connectors.kafka.jobs import new_env, sink_of


def write(values, sink, parallelism=1, timestamps=None, **options):
    env = new_env(parallelism, **options)
    stream = env.from_collection(list(values))
    if timestamps is not None:
        from pyflinkx.common import WatermarkStrategy
        from pyflinkx.common.watermark_strategy import TimestampAssigner

        class Assigned(TimestampAssigner):
            def extract_timestamp(self, value, record_timestamp):
                return timestamps[value]

        strategy = WatermarkStrategy.no_watermarks().with_timestamp_assigner(Assigned())
        stream = stream.assign_timestamps_and_watermarks(strategy)
    stream.sink_to(sink)
    env.execute()


@pytest.mark.parametrize("guarantee", [DeliveryGuarantee.NONE, DeliveryGuarantee.AT_LEAST_ONCE])
def test_all_records_are_written(broker, guarantee):
    topic = broker.new_topic(2)
    write(map(str, range(3000)), sink_of(broker.servers, topic).set_delivery_guarantee(guarantee).build())
    assert sorted(map(int, broker.values(topic))) == list(range(3000))


def test_several_writers(broker):
    topic = broker.new_topic(2)
    options = {"execution.checkpointing.interval": "100 ms"}
    write(map(str, range(1000)), sink_of(broker.servers, topic).build(), 2, **options)
    assert sorted(map(int, broker.values(topic))) == list(range(1000))


def test_timestamps(broker):
    topic = broker.new_topic()
    write(["a", "b"], sink_of(broker.servers, topic).build(), timestamps={"a": 1000, "b": 5})
    assert [(one.value(), one.timestamp()[1]) for one in broker.read(topic)] == [(b"a", 1000), (b"b", 5)]


class Text(SerializationSchema):
    """``str()`` of a field."""

    def __init__(self, field):
        self.field = field

    def serialize(self, value):
        return None if value[self.field] is None else str(value[self.field]).encode()


class ByParity(KafkaTopicSelector):
    """Even and odd numbers apart."""

    def __init__(self, topics):
        self.topics = topics

    def apply(self, data):
        return self.topics[data[1] % 2]


def test_keys_headers_partitions_and_topics(broker):
    topics = [broker.new_topic(3), broker.new_topic(3)]
    schema = (
        KafkaRecordSerializationSchema.builder()
        .set_topic_selector(ByParity(topics))
        .set_key_serialization_schema(Text(0))
        .set_value_serialization_schema(Text(1))
        .set_header_provider(lambda value: [("n", str(value[1]).encode()), ("none", None)])
        .set_partitioner(lambda value: value[1] % 3)
        .build()
    )
    sink = KafkaSink.builder().set_bootstrap_servers(broker.servers).set_record_serializer(schema).build()
    write([(f"k{number % 4}" if number else None, number) for number in range(30)], sink)
    for parity in range(2):
        messages = broker.read(topics[parity])
        assert sorted(int(one.value()) for one in messages) == list(range(parity, 30, 2))
        for one in messages:
            number = int(one.value())
            assert one.partition() == number % 3
            assert one.key() == (f"k{number % 4}".encode() if number else None)
            assert one.headers() == [("n", one.value()), ("none", None)]


def test_keys_go_where_java_sends_them(broker):
    """The partitions that Java's murmur2 gives these keys, of 10."""
    topic = broker.new_topic(10)
    schema = KafkaRecordSerializationSchema.builder().set_topic(topic)
    schema.set_key_serialization_schema(Text(0)).set_value_serialization_schema(Text(0))
    sink = KafkaSink.builder().set_bootstrap_servers(broker.servers).set_record_serializer(schema.build()).build()
    keys = ["kafka", "giberish123456789", "1234"]
    write([(key,) for key in keys], sink)

    def murmur2(data):
        """Of org.apache.kafka.common.utils.Utils, written from its description."""
        mask, m = 0xFFFFFFFF, 0x5BD1E995
        h = (0x9747B28C ^ len(data)) & mask
        whole = len(data) // 4 * 4
        for start in range(0, whole, 4):
            k = int.from_bytes(data[start : start + 4], "little") * m & mask
            k = (k ^ (k >> 24)) * m & mask
            h = (h * m & mask) ^ k
        if data[whole:]:
            h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
        h = (h ^ (h >> 13)) * m & mask
        return h ^ (h >> 15)

    found = {one.key().decode(): one.partition() for one in broker.read(topic)}
    assert found == {key: (murmur2(key.encode()) & 0x7FFFFFFF) % 10 for key in keys}


class Own(KafkaRecordSerializationSchema):
    """Messages of one's own; none of empty strings."""

    def __init__(self, topic):
        self.topic = topic

    def serialize(self, element, timestamp):
        if not element:
            return None
        return KafkaRecord(self.topic, element.encode(), key=b"k", timestamp=7, headers=(("h", b"v"),))


def test_a_schema_of_ones_own(broker):
    topic = broker.new_topic()
    sink = KafkaSink.builder().set_bootstrap_servers(broker.servers).set_record_serializer(Own(topic)).build()
    write(["a", "", "b"], sink)
    found = [(one.value(), one.key(), one.timestamp()[1], one.headers()) for one in broker.read(topic)]
    assert found == [(b"a", b"k", 7, [("h", b"v")]), (b"b", b"k", 7, [("h", b"v")])]


def test_tombstones(broker):
    topic = broker.new_topic()
    schema = KafkaRecordSerializationSchema.builder().set_topic(topic)
    schema.set_key_serialization_schema(Text(0)).set_value_serialization_schema(Text(1))
    sink = KafkaSink.builder().set_bootstrap_servers(broker.servers).set_record_serializer(schema.build()).build()
    write([("a", 1), ("a", None)], sink)
    assert [(one.key(), one.value()) for one in broker.read(topic)] == [(b"a", b"1"), (b"a", None)]


def test_a_message_that_is_too_large(broker):
    topic = broker.new_topic(max_message_bytes=1000)
    with pytest.raises(SinkError, match=rf"a message to topic '{topic}' .* was not delivered: .*too large"):
        write(["x" * 5000], sink_of(broker.servers, topic).build())
    with pytest.raises(SinkError, match=r"cannot be written: .*[Mm]essage size too large"):
        write(["x" * 5000], sink_of(broker.servers, topic, message_max_bytes=2000).build())


def test_a_small_buffer_is_waited_for(broker):
    topic = broker.new_topic()
    write(map(str, range(5000)), sink_of(broker.servers, topic, queue_buffering_max_messages=100).build())
    assert sorted(map(int, broker.values(topic))) == list(range(5000))


def test_a_record_that_is_no_message_is_named(broker):
    with pytest.raises(JobExecutionError, match=r"on record 5.*SimpleStringSchema writes str, not 5"):
        write(["a", 5], sink_of(broker.servers, broker.new_topic()).build())


def test_a_topic_that_is_not_there(broker):
    properties = {"topic_metadata_propagation_max_ms": 1000}
    with pytest.raises(SinkError, match=r"topic 'nowhere' .* was not delivered"):
        write(["a"], sink_of(broker.servers, "nowhere", **properties).build())


def test_what_a_builder_wants():
    builder = KafkaSink.builder()
    with pytest.raises(ConfigurationError, match=r"set_bootstrap_servers\(\)"):
        builder.build()
    builder.set_bootstrap_servers("a:1")
    with pytest.raises(ConfigurationError, match=r"set_record_serializer\(\)"):
        builder.build()
    builder = sink_of("a:1", "t").set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
    with pytest.raises(ConfigurationError, match=r"set_transactional_id_prefix\(\)"):
        builder.build()
    with pytest.raises(ConfigurationError, match=r"transactional.id is the sink's own"):
        sink_of("a:1", "t", transactional_id="x").build()
    schema = KafkaRecordSerializationSchema.builder()
    with pytest.raises(ConfigurationError, match=r"set_topic\(\)"):
        schema.build()
    with pytest.raises(ConfigurationError, match=r"set_value_serialization_schema\(\)"):
        schema.set_topic("t").build()
    with pytest.raises(TypeError, match="SerializationSchema"):
        schema.set_key_serialization_schema(SimpleStringSchema)


def test_by_the_names_of_before(broker):
    from pyflinkx.datastream.connectors.kafka import FlinkKafkaConsumer, FlinkKafkaProducer, Semantic

    topic = broker.new_topic()
    properties = {"bootstrap.servers": broker.servers, "group.id": topic}
    env = new_env(1)
    producer = FlinkKafkaProducer(topic, SimpleStringSchema(), properties, semantic=Semantic.EXACTLY_ONCE)
    env.from_collection(["a", "b"]).add_sink(producer)
    env.execute()
    assert broker.values(topic) == [b"a", b"b"]

    class UntilB(SimpleStringSchema):
        def is_end_of_stream(self, next_element):
            return next_element == "b"

    consumer = FlinkKafkaConsumer(topic, UntilB(), properties).set_start_from_earliest()
    consumer.set_commit_offsets_on_checkpoints(False)
    env = new_env(1)
    seen = env.add_source(consumer).execute_and_collect()
    assert next(iter(seen)) == "a"
    seen.close()


def test_a_forked_process_ends_no_client_of_the_one_before(broker):
    """Their ends would wait for threads that are not there."""
    import gc
    import os
    import signal

    from confluent_kafka import Producer

    from pyflinkx.connectors.kafka.clients import made_client

    held = [made_client(Producer, {"bootstrap.servers": broker.servers})]
    held[0].list_topics(timeout=30)
    child = os.fork()
    if not child:
        signal.alarm(30)
        held.clear()
        gc.collect()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

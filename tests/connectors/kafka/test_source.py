"""What a Kafka source reads, where it begins and where it ends."""

import re

import pytest

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.serialization import DeserializationSchema, SimpleStringSchema
from pyflinkx.connectors.source import Boundedness
from pyflinkx.datastream import OutputTag
from pyflinkx.datastream.connectors.kafka import (
    KafkaBadRecord,
    KafkaOffsetResetStrategy,
    KafkaOffsetsInitializer,
    KafkaRecord,
    KafkaSource,
    KafkaTopicPartition,
)
from pyflinkx.errors import ConfigurationError, SourceError
from tests.connectors.kafka.jobs import Everything, collected, new_env, source_of

INITIAL = KafkaOffsetsInitializer


def numbers(*spans):
    return [str(number) for span in spans for number in (span if isinstance(span, range) else [span])]


def encoded(values):
    return [value.encode() for value in values]


def test_several_topics_and_partitions(broker):
    first, second = broker.new_topic(3), broker.new_topic(2)
    broker.produce(first, encoded(numbers(range(5000))))
    broker.produce(second, encoded(numbers(range(5000, 6000))))
    source = source_of(broker.servers, None).set_topics(first, second).build()
    assert sorted(map(int, collected(source))) == list(range(6000))


def test_several_readers(broker):
    topic = broker.new_topic(5)
    broker.produce(topic, encoded(numbers(range(1000))))
    assert sorted(map(int, collected(source_of(broker.servers, topic).build(), parallelism=2))) == list(range(1000))


def test_order_within_a_partition(broker):
    topic = broker.new_topic(3)
    keys = [str(number % 7).encode() for number in range(7000)]
    broker.produce(topic, encoded(numbers(range(7000))), keys=keys)
    by_key = {}
    for value in collected(source_of(broker.servers, topic, max_poll_records=97).build()):
        by_key.setdefault(int(value) % 7, []).append(int(value))
    assert by_key == {key: list(range(key, 7000, 7)) for key in range(7)}


def test_keys_headers_timestamps_and_places(broker):
    topic = broker.new_topic(1)
    headers = [[("a", b"1"), ("a", None)], [], [("b", b"")]]
    broker.produce(topic, [b"x", None, b""], 0, keys=[b"k", b"", None], timestamps=[1000, 2000, 3000], headers=headers)
    source = source_of(broker.servers, topic).set_deserializer(Everything()).build()
    assert collected(source) == [
        KafkaRecord(topic, b"x", b"k", 0, 0, 1000, (("a", b"1"), ("a", None))),
        KafkaRecord(topic, None, b"", 0, 1, 2000),
        KafkaRecord(topic, b"", None, 0, 2, 3000, (("b", b""),)),
    ]


def test_topic_pattern_matches_whole_names(broker):
    name = broker.new_topic()
    more = broker.new_topic(name=f"{name}-more")
    broker.produce(name, [b"a"])
    broker.produce(more, [b"b"])
    pattern = re.escape(name)
    assert collected(source_of(broker.servers, None).set_topic_pattern(pattern).build()) == ["a"]
    assert sorted(collected(source_of(broker.servers, None).set_topic_pattern(f"{pattern}.*").build())) == ["a", "b"]


def test_chosen_partitions(broker):
    topic = broker.new_topic(3)
    for partition in range(3):
        broker.produce(topic, [str(partition).encode()], partition)
    chosen = {KafkaTopicPartition(topic, 2), KafkaTopicPartition(topic, 0)}
    assert sorted(collected(source_of(broker.servers, None).set_partitions(chosen).build())) == ["0", "2"]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (INITIAL.earliest(), 0),
        (INITIAL.timestamp(1500), 14),
        (INITIAL.timestamp(0), 0),
        (INITIAL.timestamp(10**12), 100),
        (INITIAL.latest(), 100),
    ],
)
def test_starting_offsets(broker, start, first):
    topic = broker.new_topic()
    broker.produce(topic, encoded(numbers(range(100))), timestamps=[100 * number for number in range(1, 101)])
    source = source_of(broker.servers, topic).set_starting_offsets(start).build()
    assert collected(source) == numbers(range(first, 100))


def test_explicit_offsets_and_ends(broker):
    topic = broker.new_topic(2)
    for partition in range(2):
        broker.produce(topic, encoded(numbers(range(100 * partition, 100 * partition + 50))), partition)
    places = [KafkaTopicPartition(topic, partition) for partition in range(2)]
    builder = source_of(broker.servers, topic).set_starting_offsets(INITIAL.offsets({places[0]: 10}))
    builder.set_bounded(INITIAL.offsets({places[0]: 20, places[1]: 1}))
    assert sorted(map(int, collected(builder.build()))) == [*range(10, 20), 100]


def test_committed_offsets(broker):
    from confluent_kafka import Consumer, TopicPartition

    topic = broker.new_topic(2)
    for partition in range(2):
        broker.produce(topic, encoded(numbers(range(100 * partition, 100 * partition + 5))), partition)
    committer = Consumer({"bootstrap.servers": broker.servers, "group.id": topic})
    committer.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=False)
    committer.close()

    def read(strategy):
        start = INITIAL.committed_offsets(strategy)
        return sorted(collected(source_of(broker.servers, topic, group_id=topic).set_starting_offsets(start).build()))

    assert read(KafkaOffsetResetStrategy.EARLIEST) == numbers(range(100, 105), range(3, 5))
    assert read(KafkaOffsetResetStrategy.LATEST) == numbers(range(3, 5))
    with pytest.raises(SourceError, match=rf"no offset is known of partition 1 of topic '{topic}'.*has committed none"):
        read(KafkaOffsetResetStrategy.NONE)


def test_offsets_of_the_group_where_none_are_given(broker):
    topic = broker.new_topic(2)
    broker.produce(topic, [b"a"], 0)
    broker.produce(topic, [b"b", b"c"], 1)
    given = INITIAL.offsets({KafkaTopicPartition(topic, 1): 1}, KafkaOffsetResetStrategy.LATEST)
    assert collected(source_of(broker.servers, topic).set_starting_offsets(given).build()) == ["c"]


def test_an_empty_topic_ends(broker):
    assert collected(source_of(broker.servers, broker.new_topic(2)).build()) == []


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_the_end_of_a_transaction_is_an_end(broker, isolation):
    """The last offsets of a partition have no message: a marker, or what was aborted."""
    topic = broker.new_topic(2)
    broker.produce(topic, [b"a", b"b"], 0, transaction="commit")
    broker.produce(topic, [b"c"], 0, transaction="abort")
    broker.produce(topic, [b"d"], 1, transaction="abort")
    read = sorted(collected(source_of(broker.servers, topic, isolation_level=isolation).build()))
    assert read == ["a", "b"] if isolation == "read_committed" else ["a", "b", "c", "d"]


def test_an_open_transaction_is_not_waited_for(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"a"])
    open_one = broker.produce(topic, [b"b"], transaction="open")
    broker.produce(topic, [b"c"])
    assert collected(source_of(broker.servers, topic, isolation_level="read_committed").build()) == ["a"]
    open_one.abort_transaction(60)


def test_an_end_that_is_not_there(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"a"])
    end = INITIAL.offsets({KafkaTopicPartition(topic, 0): 2})
    with pytest.raises(
        SourceError, match=f"partition 0 of topic '{topic}' is to be read up to offset 2, but ends at 1"
    ):
        collected(source_of(broker.servers, topic).set_bounded(end).build())


def test_a_start_that_is_not_kept(broker):
    topic = broker.new_topic()
    broker.produce(topic, encoded(numbers(range(10))))
    broker.delete_before(topic, 0, 4)
    place = KafkaTopicPartition(topic, 0)

    def read(strategy):
        start = INITIAL.offsets({place: 2}, strategy)
        return collected(source_of(broker.servers, topic).set_starting_offsets(start).build())

    assert read(KafkaOffsetResetStrategy.EARLIEST) == numbers(range(4, 10))
    assert read(KafkaOffsetResetStrategy.LATEST) == []
    with pytest.raises(SourceError, match=rf"partition 0 of topic '{topic}' .* from offset 2, but only 4 to 10"):
        read(KafkaOffsetResetStrategy.NONE)


def test_a_topic_that_is_not_there(broker):
    with pytest.raises(SourceError, match="topic 'nowhere' does not exist at"):
        collected(source_of(broker.servers, "nowhere").build())
    with pytest.raises(SourceError, match=r"there are no topics that match 'nowhere\.\*'"):
        collected(source_of(broker.servers, None).set_topic_pattern("nowhere.*").build())
    topic = broker.new_topic(1)
    with pytest.raises(SourceError, match=f"there is no partition 7 of topic '{topic}'"):
        collected(source_of(broker.servers, None).set_partitions({KafkaTopicPartition(topic, 7)}).build())


class Numbers(DeserializationSchema):
    """Whole numbers; nothing of empty messages."""

    def deserialize(self, message):
        return int(message) if message else None


def test_messages_that_are_passed_over(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"1", b"", None, b"4"])
    assert collected(source_of(broker.servers, topic, Numbers()).build()) == [1, 4]


def test_a_bad_message_fails_the_job_behind_those_before_it(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"1", b"2", b"x", b"4"])
    seen = []
    env = new_env()
    stream = env.from_source(
        source_of(broker.servers, topic, Numbers()).build(), WatermarkStrategy.no_watermarks(), "k"
    )
    stream.map(lambda value: seen.append(value)).print()
    with pytest.raises(SourceError, match=rf"message at offset 2 of partition 0 of topic '{topic}' .* b'x'"):
        env.execute()
    assert seen == [1, 2]


def test_bad_messages_go_to_the_side_output(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"1", b"x", b"3", b"y"], keys=[b"a", b"b", b"c", None])
    env = new_env()
    source = source_of(broker.servers, topic, Numbers()).set_on_error("skip").build()
    stream = env.from_source(source, WatermarkStrategy.no_watermarks(), "kafka")
    bad = stream.get_side_output(OutputTag("bad-records"))
    found = list(stream.map(lambda value: ("good", value)).union(bad.map(lambda r: ("bad", r))).execute_and_collect())
    assert [value for kind, value in found if kind == "good"] == [1, 3]
    error = "ValueError: invalid literal for int() with base 10: b'{}'"
    assert [value for kind, value in found if kind == "bad"] == [
        KafkaBadRecord(topic, 0, 1, b"b", b"x", error.format("x")),
        KafkaBadRecord(topic, 0, 3, None, b"y", error.format("y")),
    ]


class UntilStop(SimpleStringSchema):
    """Ends before a word."""

    def is_end_of_stream(self, next_element):
        return next_element == "stop"


def test_a_schema_ends_the_stream(broker):
    topic = broker.new_topic()
    broker.produce(topic, [b"a", b"stop", b"b"])
    builder = source_of(broker.servers, topic, UntilStop())
    assert collected(builder.build()) == ["a"]


def test_timestamps_and_watermarks_of_partitions(broker):
    """Event time waits for the partition that is behind, though the other one is read to its end first."""
    topic = broker.new_topic(2)
    early, late = range(1, 51), range(100_000, 100_500)
    broker.produce(topic, encoded(numbers(late)), 1, timestamps=list(late))
    broker.produce(topic, encoded(numbers(early)), 0, timestamps=list(early))
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(0))
    from pyflinkx.datastream import ProcessFunction

    class Late(ProcessFunction):
        def process_element(self, value, ctx):
            yield int(value) == ctx.timestamp() and ctx.timestamp() > ctx.timer_service().current_watermark()

    env = new_env()
    source = source_of(broker.servers, topic, max_poll_records=10).build()
    found = list(env.from_source(source, strategy, "kafka").process(Late()).execute_and_collect())
    assert found == [True] * 550


def test_what_a_builder_wants(broker):
    builder = KafkaSource.builder()
    with pytest.raises(ConfigurationError, match=r"set_bootstrap_servers\(\) must be called first"):
        builder.build()
    builder.set_bootstrap_servers("a:1")
    with pytest.raises(ConfigurationError, match=r"set_topics\(\)"):
        builder.build()
    builder.set_topics("t")
    with pytest.raises(ConfigurationError, match="topic 't' were set"):
        builder.set_topic_pattern("t.*")
    with pytest.raises(ConfigurationError, match=r"set_value_only_deserializer\(\)"):
        builder.build()
    builder.set_value_only_deserializer(SimpleStringSchema())
    assert builder.build().boundedness is Boundedness.CONTINUOUS_UNBOUNDED
    assert builder.set_bounded(INITIAL.latest()).build().boundedness is Boundedness.BOUNDED
    with pytest.raises(ConfigurationError, match=r"partition.discovery.interval.ms: 'x' is not"):
        builder.set_property("partition.discovery.interval.ms", "x").build()
    with pytest.raises(TypeError, match="KafkaOffsetsInitializer"):
        builder.set_starting_offsets("earliest")
    with pytest.raises(ConfigurationError, match="no regular expression"):
        KafkaSource.builder().set_topic_pattern("(")

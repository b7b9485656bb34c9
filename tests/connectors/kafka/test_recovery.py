"""A Kafka source that goes on from a checkpoint, and what may be different by then."""

import pytest

from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.enumerator import NoMoreSplits, ReaderRegistered, SourceEvent, SplitsAssigned
from pyflinkx.connectors.kafka.feed import Outage
from pyflinkx.connectors.kafka.splits import KafkaSplit
from pyflinkx.connectors.source import END, WAIT, ReaderContext
from pyflinkx.datastream.connectors.kafka import KafkaOffsetResetStrategy, KafkaOffsetsInitializer, KafkaTopicPartition
from pyflinkx.errors import SourceError
from tests.connectors.kafka.jobs import source_of
from tests.connectors.reading import FixedClock
from tests.servers.processes import until

INITIAL = KafkaOffsetsInitializer


class Reading:
    """A source's enumerator and its readers, called as client and tasks would."""

    def __init__(self, source, parallelism=1, restored=None):
        self.posted = []
        self.failure = None
        self.calls = []
        context = CoordinatorContext(
            "kafka", parallelism, self._tell, self.posted.append, self._call_at, lambda: 0, self._fail
        )
        self.coordinator = source.create_coordinator(context)
        self.readers = [
            source.create_reader(ReaderContext(FixedClock(), subtask, parallelism)) for subtask in range(parallelism)
        ]
        if restored is not None:
            splits, state = restored
            for subtask, reader in enumerate(self.readers):
                reader.add_splits(splits[subtask::parallelism])
            self.coordinator.restore(1, state)
        self.coordinator.start()
        for subtask in range(parallelism):
            self.coordinator.handle_event(subtask, ReaderRegistered())

    def _tell(self, subtask, event):
        if isinstance(event, SplitsAssigned):
            self.readers[subtask].add_splits(list(event.splits))
        elif isinstance(event, NoMoreSplits):
            self.readers[subtask].no_more_splits()
        elif isinstance(event, SourceEvent):
            self.readers[subtask].handle_event(event.event)

    def _call_at(self, time, call):
        self.calls.append(call)

    def _fail(self, error):
        raise error

    def look_for(self, count):
        """Time goes on, and with it the looks, until so many partitions are being read."""

        def found():
            self.work()
            if sum(len(reader.open_splits()) for reader in self.readers) == count:
                return True
            if self.calls:
                self.calls.pop()()
            return False

        until(found, 60, f"{count} partitions were not found")

    def work(self):
        while self.posted:
            self.posted.pop(0)()

    def read(self, count=None):
        """So many records, or all."""
        records, left = [], set(self.readers)

        def some():
            self.work()
            for reader in list(left):
                most = 500 if count is None else count - len(records)
                batch = reader.poll(most) if most else WAIT
                if batch is END:
                    left.discard(reader)
                elif batch is not WAIT:
                    records.extend(batch.values)
            return not left or len(records) == count

        until(some, 60, f"{records} were read, and not all")
        return records

    def snapshot(self, number=1):
        """What another one is restored from."""
        state = self.coordinator.snapshot_state(number)
        return [split for reader in self.readers for split in reader.snapshot_state(number)], state

    def close(self):
        self.coordinator.close(None)
        for reader in self.readers:
            reader.close()


@pytest.fixture
def reading():
    """Makes them, and closes them at the end."""
    made = []

    def make(*arguments, **more):
        made.append(Reading(*arguments, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def texts(span):
    return [str(number) for number in span]


def filled(broker, count=100, partitions=1):
    topic = broker.new_topic(partitions)
    for partition in range(partitions):
        broker.produce(topic, [str(number).encode() for number in range(partition, count, partitions)], partition)
    return topic


@pytest.mark.parametrize(("before", "behind"), [(1, 1), (2, 3), (3, 1)])
def test_going_on(broker, reading, before, behind):
    topic = filled(broker, 300, 4)
    source = source_of(broker.servers, topic, max_poll_records=7).build()
    first = reading(source, before)
    done = first.read(120)
    taken = first.snapshot()
    rest = reading(source, behind, taken).read()
    assert sorted(map(int, done + rest)) == list(range(300))
    assert sorted(map(int, done + first.read())) == list(range(300))  # who is gone on from may go on, too


def test_positions_are_committed_with_checkpoints(broker, reading):
    topic = filled(broker)
    source = source_of(broker.servers, topic, group_id=topic).build()
    one = reading(source)
    one.read(30)
    one.snapshot(1)
    one.read(30)
    one.snapshot(2)
    assert broker.committed(topic, topic) is None
    one.readers[0].notify_checkpoint_aborted(1)
    one.readers[0].notify_checkpoint_complete(2)
    until(lambda: broker.committed(topic, topic) == 60, 60, "nothing was committed")
    one.read()
    one.snapshot(3)
    one.readers[0].notify_checkpoint_complete(3)
    until(lambda: broker.committed(topic, topic) == 100, 60, "the end was not committed")


def test_nothing_is_committed_unless_it_is_wanted(broker, reading):
    topic = filled(broker)
    for number, properties in enumerate(({}, {"group_id": topic, "commit_offsets_on_checkpoint": False})):
        one = reading(source_of(broker.servers, topic, **properties).build())
        one.read(30)
        one.snapshot(number)
        assert one.readers[0].positions == {}


def test_an_offset_that_is_not_kept_any_more(broker, reading):
    topic = filled(broker)
    source = source_of(broker.servers, topic).build()
    one = reading(source)
    one.read(30)
    taken = one.snapshot()
    broker.delete_before(topic, 0, 50)
    text = (
        f"partition 0 of topic '{topic}' was to be read from offset 30, but only 50 to 100 are kept: messages are lost"
    )
    with pytest.raises(SourceError, match=text):
        reading(source, restored=taken).read()
    for strategy, rest in ((KafkaOffsetResetStrategy.EARLIEST, range(50, 100)), (KafkaOffsetResetStrategy.LATEST, ())):
        start = INITIAL.committed_offsets(strategy)
        chosen = source_of(broker.servers, topic).set_starting_offsets(start).build()
        other = reading(chosen, restored=taken)
        assert other.read() == texts(rest)
        assert other.readers[0].counters["numOffsetResets"] == 1
    assert reading(
        source_of(broker.servers, topic, auto_offset_reset="earliest").build(), restored=taken
    ).read() == texts(range(50, 100))


def test_an_offset_that_is_not_there_yet(broker, reading):
    """The topic was made anew, or its newest messages were lost."""
    topic = filled(broker, 10)
    source = source_of(broker.servers, topic).build()
    one = reading(source)
    one.read(1)
    state = one.snapshot()[1]
    beyond = [KafkaSplit(KafkaTopicPartition(topic, 0), 17, 20, True)]
    with pytest.raises(SourceError, match="from offset 17, but only 0 to 10 are kept"):
        reading(source, restored=(beyond, state)).read()


def test_a_partition_that_is_gone(broker, reading):
    topic = filled(broker, 10)
    source = source_of(broker.servers, topic).build()
    one = reading(source)
    one.read(3)
    taken = one.snapshot()
    broker.delete_topic(topic)
    with pytest.raises(SourceError, match=f"partition 0 of topic '{topic}' is not there any more"):
        reading(source, restored=taken).read()


def test_a_partition_that_the_source_does_not_name_any_more(broker, reading, caplog):
    first, second = filled(broker, 10), filled(broker, 10)
    one = reading(source_of(broker.servers, None).set_topics(first, second).build())
    one.read(3)
    other = reading(source_of(broker.servers, second).build(), restored=one.snapshot())
    done = len(other.read())
    assert 7 <= done <= 10
    assert f"partition 0 of topic '{first}' is not read on" in caplog.text


def test_partitions_that_are_added(broker, reading):
    """While the job runs, and while it does not: they are read from their first message, each once."""
    topic = filled(broker, 10)
    source = source_of(broker.servers, topic, bounded=False).set_starting_offsets(INITIAL.latest()).build()
    one = reading(source)
    one.look_for(1)
    broker.produce(topic, [b"a"], 0)
    assert one.read(1) == ["a"]
    broker.add_partitions(topic, 2)
    broker.produce(topic, [b"b"], 1)
    one.look_for(2)
    assert one.read(1) == ["b"]
    taken = one.snapshot()
    broker.add_partitions(topic, 3)
    broker.produce(topic, [b"c"], 2)
    broker.produce(topic, [b"d"], 1)
    other = reading(source, 2, restored=taken)
    other.look_for(3)
    assert sorted(other.read(2)) == ["c", "d"]


def test_topics_that_are_added_to_a_pattern(broker, reading):
    topic = filled(broker, 1)
    builder = source_of(broker.servers, None, bounded=False).set_topic_pattern(f"{topic}.*")
    one = reading(builder.build())
    assert one.read(1) == ["0"]
    more = broker.new_topic(name=f"{topic}-more")
    broker.produce(more, [b"a"])
    one.look_for(2)
    assert one.read(1) == ["a"]


def test_a_checkpoint_before_partitions_were_found(broker, reading):
    topic = filled(broker, 10)
    source = source_of(broker.servers, topic).build()
    one = reading(source)
    one.posted.clear()
    taken = one.snapshot()
    assert taken[0] == []
    assert reading(source, restored=taken).read() == texts(range(10))


def test_a_marker_is_the_end_also_of_a_restored_partition(broker, reading):
    topic = broker.new_topic()
    broker.produce(topic, [b"a", b"b"], transaction="commit")
    source = source_of(broker.servers, topic, isolation_level="read_committed").build()
    one = reading(source)
    assert one.read(2) == ["a", "b"]
    taken = one.snapshot()
    assert reading(source, restored=taken).read() == []


def test_no_broker_at_the_start(reading):
    source = source_of("127.0.0.1:1", "t", default_api_timeout_ms=1500).build()
    with pytest.raises(SourceError, match=r"cannot find the partitions of Kafka at 127.0.0.1:1 within 1.5 s"):
        reading(source).read()


def test_a_broker_that_is_away_for_a_while(own_broker, reading):
    topic = filled(own_broker, 10)
    builder = source_of(own_broker.servers, topic)
    builder.set_unbounded(INITIAL.offsets({KafkaTopicPartition(topic, 0): 20}))
    one = reading(builder.build())
    assert one.read(10) == texts(range(10))
    assert one.readers[0].poll(10) is WAIT
    own_broker.kill()
    until(lambda: one.readers[0].poll(10) is WAIT and one.readers[0].outage.since is not None, 60, "nobody noticed")
    own_broker.start().wait()
    own_broker.produce(topic, [str(number).encode() for number in range(10, 20)])
    assert one.read(10) == texts(range(10, 20))
    assert one.readers[0].outage.since is None


def test_a_broker_that_stays_away(own_broker, reading):
    topic = filled(own_broker, 10)
    builder = source_of(own_broker.servers, topic, brokers_down_timeout_ms=1000)
    builder.set_unbounded(INITIAL.offsets({KafkaTopicPartition(topic, 0): 20}))
    one = reading(builder.build())
    one.read(10)
    own_broker.kill()
    with pytest.raises(SourceError, match=rf"no broker of {own_broker.servers} could be reached for 1 s"):
        until(lambda: one.readers[0].poll(10) is None, 60, "nobody noticed")


def test_an_outage_ends_when_somebody_answers():
    now, answers = [0.0], [False]

    def ask(seconds):
        if not answers[0]:
            raise OSError

    outage = Outage(ask, 10, lambda: now[0])
    assert not outage.lasts()
    outage.begin("x")
    now[0] = 9
    assert not outage.lasts()
    answers[0] = True
    now[0] = 11
    assert not outage.lasts()
    outage.begin("y")
    answers[0] = False
    now[0] = 20
    assert not outage.lasts()
    now[0] = 21
    assert outage.lasts()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sasl_password": "wrong"}, "refuses the connection: .*[Aa]uthentication"),
        ({"sasl_username": "bob"}, "[Aa]uthoriz"),
    ],
)
def test_users_who_may_not(broker, reading, change, text):
    topic = filled(broker, 1)
    secured = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", "sasl_username": "alice"}
    secured |= {"sasl_password": "wonder land", "default_api_timeout_ms": 10_000, **change}
    with pytest.raises(SourceError, match=text):
        reading(source_of(broker.sasl_servers, topic, **secured).build()).read()


def test_with_a_user_and_tls(broker, reading):
    topic = filled(broker, 5)
    jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="wonder land";'
    secured = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_jaas_config": jaas}
    secured |= {"ssl_truststore_type": "PEM", "ssl_truststore_location": broker.certificate}
    assert reading(source_of(broker.tls_servers, topic, **secured).build()).read() == texts(range(5))

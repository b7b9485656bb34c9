"""The Kafka broker of ``ci/kafka.sh``: one for all tests of a session, and those that a test kills and starts again."""

import importlib.util
import itertools
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.servers.processes import free_ports, guarded, missing, new_folder, shared, until

SCRIPT = Path(__file__).parents[2] / "ci" / "kafka.sh"
PATIENCE = 120
NUMBERS = itertools.count()


class Broker:
    """Where a broker is, and what tests do with it.

    Args:
        ports: of the listeners: without security, the controller's, SASL, SASL over TLS.
        folder: of its data.
    """

    def __init__(self, ports, folder):
        self.ports = ports
        self.folder = Path(folder)
        self.servers = f"127.0.0.1:{ports[0]}"
        self.sasl_servers = f"127.0.0.1:{ports[2]}"
        self.tls_servers = f"127.0.0.1:{ports[3]}"
        self.certificate = str(self.folder / "broker.pem")
        self._admin = None

    @property
    def admin(self):
        """A client that administers."""
        if self._admin is None:
            from confluent_kafka.admin import AdminClient

            self._admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        return self._admin

    def new_topic(self, partitions=1, name=None, **config):
        """Make a topic; its name."""
        from confluent_kafka.admin import NewTopic

        name = name or f"t-{os.getpid()}-{next(NUMBERS)}"
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        wait_all(self.admin.create_topics([NewTopic(name, partitions, 1, config=settings)]))
        return name

    def add_partitions(self, topic, count):
        """Give a topic so many partitions."""
        from confluent_kafka.admin import NewPartitions

        wait_all(self.admin.create_partitions([NewPartitions(topic, count)]))
        until(lambda: self.partitions_of(topic) == count, PATIENCE, "the partitions are not there")

    def delete_topic(self, topic):
        """Remove a topic."""
        wait_all(self.admin.delete_topics([topic]))

    def delete_before(self, topic, partition, offset):
        """Forget records, as retention does."""
        from confluent_kafka import TopicPartition

        wait_all(self.admin.delete_records([TopicPartition(topic, partition, offset)]))

    def end_of(self, topic, partition=0, committed=False):
        """The offset behind the last record; with ``committed``, of those before any open transaction."""
        from confluent_kafka import IsolationLevel, TopicPartition
        from confluent_kafka.admin import OffsetSpec

        place = TopicPartition(topic, partition)
        isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        asked = self.admin.list_offsets({place: OffsetSpec.latest()}, isolation_level=isolation)
        return asked[place].result(PATIENCE).offset

    def produce(self, topic, values, partition=None, transaction=None, keys=None, timestamps=None, headers=None):
        """Write records; with ``transaction`` ("commit", "abort" or "open") in a transaction, which is returned."""
        from confluent_kafka import Producer

        config = {"bootstrap.servers": self.servers, "log_level": 0, "linger.ms": 0}
        if transaction is not None:
            config["transactional.id"] = f"test-{os.getpid()}-{next(NUMBERS)}"
        failures = []
        config["on_delivery"] = lambda error, message: error is None or failures.append(error)
        producer = Producer(config)
        if transaction is not None:
            producer.init_transactions(PATIENCE)
            producer.begin_transaction()
        for index, value in enumerate(values):
            more = {} if partition is None else {"partition": partition}
            if keys is not None:
                more["key"] = keys[index]
            if timestamps is not None:
                more["timestamp"] = timestamps[index]
            if headers is not None:
                more["headers"] = headers[index]
            while True:
                try:
                    producer.produce(topic, value, **more)
                    break
                except BufferError:
                    producer.poll(0.1)
        assert producer.flush(PATIENCE) == 0
        assert not failures
        if transaction == "commit":
            producer.commit_transaction(PATIENCE)
        elif transaction == "abort":
            producer.abort_transaction(PATIENCE)
        if transaction in ("commit", "abort"):  # the end of the transaction gets into the partitions a little later
            places = range(self.partitions_of(topic)) if partition is None else [partition]
            until(lambda: all(self.end_of(topic, n, True) == self.end_of(topic, n) for n in places), PATIENCE, "no end")
        return producer

    def partitions_of(self, topic):
        """How many partitions a topic has."""
        return len(self.admin.list_topics(topic, PATIENCE).topics[topic].partitions)

    def read(self, topic, isolation="read_committed", partitions=None):
        """All messages of a topic up to its end now, by an independent reader."""
        from confluent_kafka import Consumer, KafkaError, TopicPartition

        settings = {"bootstrap.servers": self.servers, "group.id": "judge", "enable.auto.commit": False}
        settings |= {"isolation.level": isolation, "enable.partition.eof": True, "auto.offset.reset": "error"}
        reader = Consumer({**settings, "log_level": 0})
        try:
            count = len(reader.list_topics(topic, PATIENCE).topics[topic].partitions)
            waiting = set(range(count) if partitions is None else partitions)
            ends = {partition: self.end_of(topic, partition) for partition in waiting}
            reader.assign([TopicPartition(topic, partition, 0) for partition in waiting])
            messages = []
            while waiting:
                message = reader.poll(PATIENCE)
                assert message is not None, f"{topic} cannot be read to its end: {waiting}"
                if message.error() is None:
                    messages.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    if message.offset() >= ends[message.partition()] or isolation != "read_committed":
                        waiting.discard(message.partition())
                elif message.error().code() != KafkaError._ALL_BROKERS_DOWN:
                    raise AssertionError(message.error())
            return messages
        finally:
            reader.close()

    def values(self, topic, isolation="read_committed"):
        """The values of all records of a topic, sorted."""
        return sorted(message.value() for message in self.read(topic, isolation))

    def committed(self, group, topic, partition=0):
        """The offset that a group has committed; None for none."""
        from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

        request = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition)])
        (found,) = self.admin.list_consumer_group_offsets([request])[group].result(PATIENCE).topic_partitions
        return found.offset if found.offset >= 0 else None

    def is_ready(self):
        """Whether it answers."""
        try:
            return bool(self.admin.list_topics(timeout=1).brokers)
        except Exception:
            return False


class OwnBroker(Broker):
    """A broker that a test kills, stops and starts again."""

    def __init__(self):
        super().__init__(free_ports(4), new_folder("kafka"))
        self.process = None

    def start(self):
        """Start it, or start it again, on what it had written."""
        self.process = subprocess.Popen(run_command(self.folder, self.ports), start_new_session=True)
        return self

    def wait(self):
        """Wait until it answers."""
        until(self.is_ready, PATIENCE, "the broker did not start")
        return self

    def kill(self):
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Stop its process, so that connections stay and nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        """End it and remove its data."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def run_command(folder, ports):
    """What runs a broker in the foreground."""
    return ["bash", str(SCRIPT), "run", str(folder), *map(str, ports)]


def wait_all(futures):
    """Wait for what an administrator's call gives."""
    for future in futures.values():
        future.result(PATIENCE)


def require():
    """Skip the tests, or fail in CI, where there is no Kafka to be had."""
    if importlib.util.find_spec("confluent_kafka") is None:
        missing("confluent-kafka is not installed: pip install 'pyflinkx[kafka]'")
    done = subprocess.run(["bash", str(SCRIPT), "install"], capture_output=True, text=True)
    if done.returncode:
        missing(f"there is no Kafka: {done.stderr.strip()[-500:]}")


def started(tmp_path_factory):
    """The broker of the session."""

    def start():
        require()
        folder, ports = new_folder("kafka"), free_ports(4)
        guarded(run_command(folder, ports), folder)
        until(Broker(ports, folder).is_ready, PATIENCE, "the broker did not start")
        return {"ports": ports, "folder": str(folder)}

    found = shared("kafka", tmp_path_factory, start)
    if "failed" in found:
        pytest.fail(f"the broker did not start: {json.dumps(found)}")
    return Broker(found["ports"], found["folder"])


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The broker that all tests share: each has topics and groups of its own."""
    return started(tmp_path_factory)


@pytest.fixture
def own_broker():
    """A broker of the test's own, which it may kill."""
    require()
    broker = OwnBroker().start()
    try:
        yield broker.wait()
    finally:
        broker.close()

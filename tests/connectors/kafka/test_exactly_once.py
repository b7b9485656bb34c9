"""A Kafka sink that gives each record once: what becomes of transactions, whatever ends between two steps."""

import contextlib
import pickle

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.kafka.transactions import TransactionClient
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream.connectors.kafka import DeliveryGuarantee
from pyflinkx.errors import ConfigurationError, SinkError
from tests.connectors.kafka.jobs import new_env, sink_of
from tests.servers.processes import until

ONCE = DeliveryGuarantee.EXACTLY_ONCE


def once(servers, topic, prefix=None, **properties):
    """A sink that writes to a topic."""
    builder = sink_of(servers, topic, **properties).set_delivery_guarantee(ONCE)
    return builder.set_transactional_id_prefix(prefix or topic).build()


def connected(sink):
    """What asks about the sink's transactions."""
    return contextlib.closing(sink._connect())


ATTEMPTS = []


class Attempt:
    """One attempt of a job: writers and coordinator, called as tasks and client would."""

    def __init__(self, sink, parallelism=1, restored=None):
        self.number = 0 if restored is None else restored[0]
        context = CoordinatorContext(
            "sink", parallelism, self._tell, lambda call: call(), lambda *_: None, lambda: 0, self._fail
        )
        self.coordinator = sink.create_coordinator(context)
        self.writers = []
        ATTEMPTS.append(self)
        if restored is not None and restored[1] is not None:
            try:
                self.coordinator.restore(restored[0], pickle.loads(restored[1]))
            except BaseException as error:
                self.coordinator.close(error)
                raise
        self.coordinator.start()
        self.writers = [sink.create_writer(WriterContext(subtask, parallelism)) for subtask in range(parallelism)]

    def _tell(self, subtask, event):
        self.writers[subtask].handle_event(event)

    def _fail(self, error):
        raise error

    def write(self, *values, subtask=0):
        self.writers[subtask].write(ObjectBatch(list(values)))
        return self

    def checkpoint(self, end=False):
        """Take one; what ``restored`` of another attempt is, once it is durable."""
        self.number += 1
        for subtask, writer in enumerate(self.writers):
            writer.flush(end)
            values = writer.prepare_commit()
            if values:
                self.coordinator.handle_event(subtask, (self.number, values))
        state = self.coordinator.snapshot_state(self.number)
        return self.number, None if state is None else pickle.dumps(state)

    def complete(self, end=False):
        """Take one, which is durable and told to all."""
        taken = self.checkpoint(end)
        self.coordinator.checkpoint_completed(self.number)
        return taken

    def vanish(self):
        """As a process does that is killed: nothing is ended, but its connections close."""
        for writer in self.writers:
            writer.client.close()
        self.coordinator.committer.close()

    def fail(self):
        """As a job that fails in good order."""
        for writer in self.writers:
            writer.close()
        self.coordinator.close(RuntimeError("planted"))

    def end(self):
        self.complete(end=True)
        for writer in self.writers:
            writer.close()
        self.coordinator.close(None)


@pytest.fixture(autouse=True)
def vanished():
    """What a test has left open closes behind it, not in whichever test garbage is collected."""
    yield
    while ATTEMPTS:
        ATTEMPTS.pop().vanish()


def test_records_are_seen_with_the_checkpoint(broker):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a", "b")
    attempt.writers[0].deliver()
    assert broker.values(topic, "read_uncommitted") == [b"a", b"b"]
    assert visible(broker, topic) == []
    attempt.checkpoint()
    attempt.write("c")
    assert visible(broker, topic) == []
    attempt.coordinator.checkpoint_completed(1)
    until(lambda: visible(broker, topic) == [b"a", b"b"], 60, "the records were not seen")
    attempt.end()
    assert broker.values(topic) == [b"a", b"b", b"c"]


def visible(broker, topic):
    """What a reader of committed messages sees by now, without waiting for open transactions."""
    from pyflinkx.datastream.connectors.kafka import KafkaOffsetsInitializer
    from tests.connectors.kafka.jobs import collected, source_of

    builder = source_of(broker.servers, topic, isolation_level="read_committed")
    return sorted(value.encode() for value in collected(builder.set_bounded(KafkaOffsetsInitializer.latest()).build()))


@pytest.mark.parametrize("told", [False, True])
def test_a_kill_before_or_behind_the_commit(broker, told):
    """The checkpoint is durable; whether it was committed, nobody knows."""
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a")
    attempt.complete()
    taken = attempt.write("b").checkpoint()
    if told:
        attempt.coordinator.checkpoint_completed(taken[0])
    attempt.write("lost")
    attempt.vanish()
    other = Attempt(once(broker.servers, topic), restored=taken)
    other.write("c").end()
    assert broker.values(topic) == [b"a", b"b", b"c"]


def test_a_kill_before_the_checkpoint(broker):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a")
    taken = attempt.complete()
    attempt.write("b").checkpoint()  # which never gets durable
    other = Attempt(once(broker.servers, topic), restored=taken)
    other.write("b").end()
    assert broker.values(topic) == [b"a", b"b"]


def test_a_commit_of_long_ago_is_known_by_its_marker(broker):
    """The ids of its transactions have been used since, so brokers cannot tell."""
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a")
    old = attempt.complete()
    for value in "bcde":
        attempt.write(value).complete()
    attempt.vanish()
    other = Attempt(once(broker.servers, topic), restored=old)
    other.write("f").end()
    assert broker.values(topic) == [b"a", b"b", b"c", b"d", b"e", b"f"]


@pytest.mark.parametrize("lost", ["fail", "warn"])
def test_a_transaction_that_brokers_have_aborted(broker, lost, caplog):
    """After its time-out; nobody may go on as if its messages were there."""
    topic = broker.new_topic()
    sink = once(broker.servers, topic, transaction_timeout_ms=1000, lost_transactions=lost)
    attempt = Attempt(sink).write("a")
    attempt.complete()
    taken = attempt.write("b").checkpoint()
    attempt.vanish()
    with connected(sink) as client:
        until(lambda: client.state(f"{topic}-0-1").state == "CompleteAbort", 60, "the transaction was not aborted")
    if lost == "fail":
        with pytest.raises(
            SinkError, match=f"transaction {topic}-0-1 .* its messages are lost.*transaction.timeout.ms"
        ):
            Attempt(sink, restored=taken)
    else:
        Attempt(sink, restored=taken).write("c").end()
        assert "its messages are lost" in caplog.text
        assert broker.values(topic) == [b"a", b"c"]


def test_a_transaction_that_is_not_open_any_more_at_the_barrier(broker):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a")
    attempt.writers[0].deliver()
    with connected(once(broker.servers, topic)) as client:
        client.take_over(f"{topic}-0-0")
    with pytest.raises(SinkError, match="fenced"):
        attempt.write("b").checkpoint()
    attempt.fail()


@pytest.mark.parametrize(("before", "behind"), [(3, 1), (1, 3), (4, 2)])
def test_lingering_transactions_are_aborted_also_of_subtasks_that_are_gone(broker, before, behind):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic), before)
    for subtask in range(before):
        attempt.write(f"a{subtask}", subtask=subtask)
    taken = attempt.complete()
    for subtask in range(before):
        attempt.write("open", subtask=subtask).writers[subtask].deliver()
    attempt.vanish()
    other = Attempt(once(broker.servers, topic), behind, restored=taken)
    for subtask in range(behind):
        other.write(f"b{subtask}", subtask=subtask)
    other.end()
    expected = [f"a{n}".encode() for n in range(before)] + [f"b{n}".encode() for n in range(behind)]
    assert broker.values(topic) == sorted(expected)


def test_ids_are_used_again(broker):
    topic = broker.new_topic()
    sink = once(broker.servers, topic)
    attempt = Attempt(sink)
    for number in range(8):
        attempt.write(str(number)).complete()
        attempt.complete()  # without a record, which takes no transaction
    attempt.end()
    with connected(sink) as client:
        names = client.names(lambda name: name.startswith(topic))
    assert names == [f"{topic}-0-{slot}" for slot in range(3)]
    assert broker.values(topic) == [b"%d" % number for number in range(8)]


def test_checkpoints_that_fail_are_committed_with_the_next(broker):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic))
    for number in range(4):
        attempt.write(str(number)).checkpoint()
    attempt.write("4").complete()
    assert broker.values(topic) == [b"0", b"1", b"2", b"3", b"4"]
    attempt.end()


def test_a_failed_job_leaves_nothing_open(broker):
    topic = broker.new_topic()
    attempt = Attempt(once(broker.servers, topic)).write("a")
    attempt.complete()
    attempt.write("b").checkpoint()
    attempt.write("c").writers[0].deliver()
    attempt.fail()
    assert broker.values(topic) == [b"a"]  # which would wait for open transactions


def test_other_prefixes_are_left_alone(broker):
    topic = broker.new_topic()
    longer = Attempt(once(broker.servers, topic, f"{topic}-0-0")).write("a")
    longer.writers[0].deliver()
    Attempt(once(broker.servers, topic, topic)).write("b").end()
    longer.end()
    assert broker.values(topic) == [b"a", b"b"]


def test_without_checkpoints_records_are_seen_at_the_end(broker):
    topic = broker.new_topic(2)
    env = new_env(1)
    env.from_collection([str(number) for number in range(500)]).sink_to(once(broker.servers, topic))
    env.execute()
    assert len(set(broker.values(topic))) == len(broker.values(topic)) == 500


def test_intervals_that_are_too_long(broker):
    topic = broker.new_topic()
    env = new_env(1, **{"execution.checkpointing.interval": "2 s"})
    env.from_collection(["a"]).sink_to(once(broker.servers, topic, transaction_timeout_ms=1500))
    with pytest.raises(ConfigurationError, match=r"each 2000 ms .* abort transactions after 1500 ms"):
        env.execute()
    with pytest.raises(SinkError, match="begin transaction"):
        Attempt(once(broker.servers, topic, transaction_timeout_ms=10_000_000))


ALICE = {"sasl_username": "alice", "sasl_password": "wonder land"}


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [("SASL_PLAINTEXT", "PLAIN"), ("SASL_PLAINTEXT", "SCRAM-SHA-512"), ("SASL_SSL", "SCRAM-SHA-256")],
)
def test_with_users_and_tls(broker, protocol, mechanism):
    topic = broker.new_topic()
    secured = {"security_protocol": protocol, "sasl_mechanism": mechanism, **ALICE}
    servers = broker.sasl_servers
    if protocol == "SASL_SSL":
        servers, secured["ssl_ca_location"] = broker.tls_servers, broker.certificate
    attempt = Attempt(once(servers, topic, **secured)).write("a")
    taken = attempt.checkpoint()
    attempt.vanish()
    Attempt(once(servers, topic, **secured), restored=taken).write("b").end()
    assert broker.values(topic) == [b"a", b"b"]


def test_users_who_may_not(broker):
    topic = broker.new_topic()
    secured = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", **ALICE}
    for change, text in (
        ({"sasl_password": "x"}, "refuses the credentials|[Aa]uthentication"),
        ({"sasl_username": "bob"}, "[Aa]uthoriz"),
    ):
        with pytest.raises(SinkError, match=text):
            Attempt(once(broker.sasl_servers, topic, default_api_timeout_ms=5000, **{**secured, **change})).write("a")
    wrong = {**secured, "security_protocol": "SASL_SSL", "default_api_timeout_ms": 3000}
    client = TransactionClient(broker.tls_servers, security(wrong), 3)
    with contextlib.closing(client), pytest.raises(SinkError, match=r"certificate .* is not trusted"):
        client.state("x")


def security(properties):
    from pyflinkx.connectors.kafka.security import security_of

    return security_of({name.replace("_", "."): value for name, value in properties.items()})


@pytest.mark.parametrize("mechanism", ["GSSAPI", "OAUTHBEARER"])
def test_what_transactions_cannot_be_committed_with(mechanism):
    builder = sink_of("a:1", "t", security_protocol="SASL_SSL", sasl_mechanism=mechanism)
    builder.set_delivery_guarantee(ONCE).set_transactional_id_prefix("p")
    with pytest.raises(ConfigurationError, match=f"SCRAM-SHA-512, not with {mechanism}"):
        builder.build()

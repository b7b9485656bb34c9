"""Queues of a real RabbitMQ: once each with correlation ids, over crashes and broken connections."""

import pytest

from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors import RMQSource as OfferedSource
from pyflinkx.datastream.connectors.rabbitmq import RMQConnectionConfig, RMQSink, RMQSource
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from pyflinkx.testing.conformance import check_source
from tests.connectors.acknowledging import WORDS, Cutting, Failing, Until, environment, no_restarts
from tests.connectors.rabbitmq.conftest import config_of


def read(env, config, queue, function=lambda value: value, ids=True):
    source = RMQSource(config, queue, ids, Until())
    return env.add_source(source, "rabbitmq").set_parallelism(1).map(function)


@pytest.mark.parametrize("seed", range(5))
def test_each_message_once(rabbitmq, seed):
    queue = rabbitmq.queue(WORDS)
    source = RMQSource(config_of(rabbitmq.port, prefetch_count=40), queue, True, SimpleStringSchema())
    check_source(lambda: source, WORDS, seed, crashes=3)
    assert rabbitmq.left(queue) == []


@pytest.mark.parametrize("seed", range(2))
def test_without_ids_at_least_once(rabbitmq, seed):
    queue = rabbitmq.queue(WORDS, ids=False)
    source = RMQSource(rabbitmq.config, queue, False, SimpleStringSchema())
    check_source(lambda: source, WORDS, seed, crashes=3, at_least_once=True)


def test_what_a_checkpoint_has_is_acknowledged(rabbitmq):
    queue = rabbitmq.queue([*WORDS, "end", "more"])
    assert list(read(environment(), rabbitmq.config, queue).execute_and_collect()) == WORDS
    assert rabbitmq.left(queue) == ["end", "more"]


def test_without_checkpoints(rabbitmq):
    queue = rabbitmq.queue([*WORDS, "end"])
    env = StreamExecutionEnvironment.get_execution_environment()
    assert list(read(env, rabbitmq.config, queue).execute_and_collect()) == WORDS
    assert rabbitmq.left(queue) == ["end"]


def test_a_job_that_fails_goes_on(rabbitmq):
    queue = rabbitmq.queue([*WORDS, "end"])
    assert list(read(environment(), rabbitmq.config, queue, Failing(30)).execute_and_collect()) == WORDS


def test_a_connection_that_breaks(rabbitmq, proxy):
    queue = rabbitmq.queue([*WORDS, "end"])
    config = config_of(proxy.port, prefetch_count=10)
    cutting = Cutting(15, proxy.cut)
    assert list(read(environment(), config, queue, cutting).execute_and_collect()) == WORDS
    assert proxy.connections > 1


def test_without_recovery_a_broken_connection_is_a_failure(rabbitmq, proxy):
    queue = rabbitmq.queue(WORDS)
    config = config_of(proxy.port, automatic_recovery=False)
    with pytest.raises(SourceError, match="could not be reached for 0 s"):
        list(read(no_restarts(), config, queue, Cutting(15, proxy.cut)).execute_and_collect())


def test_a_wrong_password(rabbitmq):
    builder = RMQConnectionConfig.Builder().set_uri(f"amqp://guest:wr0ng@127.0.0.1:{rabbitmq.port}/%2f")
    with pytest.raises(SourceError, match="the server refuses this user, password or virtual host") as failure:
        list(read(no_restarts(), builder.build(), "queue").execute_and_collect())
    assert "guest:******@127.0.0.1" in str(failure.value)
    assert "wr0ng" not in str(failure.value)


def test_a_message_without_an_id(rabbitmq):
    queue = rabbitmq.queue(WORDS, ids=False)
    with pytest.raises(SourceError, match="a message has no correlation id"):
        list(read(no_restarts(), rabbitmq.config, queue).execute_and_collect())


def test_a_queue_of_another_kind(rabbitmq):
    channel = rabbitmq.channel()
    channel.queue_declare("passing", durable=False)
    with pytest.raises(SourceError, match="queue 'passing': PRECONDITION_FAILED"):
        list(read(no_restarts(), rabbitmq.config, "passing").execute_and_collect())
    channel.queue_delete("passing")
    channel.connection.close()


def test_a_queue_that_goes(rabbitmq):
    queue = rabbitmq.queue(WORDS)
    channel = rabbitmq.channel()

    def delete():
        channel.queue_delete(queue)

    with pytest.raises(SourceError, match="is not there any more"):
        list(read(no_restarts(), rabbitmq.config, queue, Cutting(60, delete)).execute_and_collect())
    channel.connection.close()


def write(env, config, queue, function=lambda value: value, **options):
    sink = RMQSink(config, queue, SimpleStringSchema(), options={"batch.size": 7, **options})
    env.from_collection(WORDS).set_parallelism(1).map(function).add_sink(sink).set_parallelism(1)


def test_writing(rabbitmq):
    env = StreamExecutionEnvironment.get_execution_environment()
    queue = rabbitmq.queue()
    write(env, rabbitmq.config, queue)
    env.execute()
    assert rabbitmq.left(queue) == WORDS


def test_writing_over_a_broken_connection(rabbitmq, proxy):
    env = StreamExecutionEnvironment.get_execution_environment()
    queue = rabbitmq.queue()
    write(env, config_of(proxy.port), queue, Cutting(30, proxy.cut))
    env.execute()
    assert set(rabbitmq.left(queue)) == set(WORDS)


def test_from_queue_to_queue_with_ids(rabbitmq):
    queue, out = rabbitmq.queue([*WORDS, "end"]), rabbitmq.queue()
    env = environment()
    sink = RMQSink(rabbitmq.config, out, SimpleStringSchema(), correlation_id=lambda word: word)
    read(env, rabbitmq.config, queue, Failing(25)).add_sink(sink)
    env.execute()
    rabbitmq.add(out, ["end"])
    assert list(read(environment(), rabbitmq.config, out).execute_and_collect())[: len(WORDS)] == WORDS


def test_a_server_that_is_away_for_good(rabbitmq, proxy):
    env = StreamExecutionEnvironment.get_execution_environment()
    write(env, config_of(proxy.port), "queue", Cutting(30, proxy.refuse), **{"max.retries": 1})
    with pytest.raises(SinkError, match="7 records could not be written in 2 attempts"):
        env.execute()


def test_the_options():
    config = config_of(5672)
    assert (config.get_host(), config.get_port(), config.get_user_name()) == ("127.0.0.1", 5672, "guest")
    assert config.get_uri() is None
    assert config.get_connection_timeout() is None
    assert config.is_automatic_recovery()
    assert "password" not in repr(config)
    with pytest.raises(ConfigurationError, match=r"needs virtual-host: set_virtual_host\(...\), or set_uri"):
        RMQConnectionConfig.Builder().set_host("h").set_port(1).build()
    with pytest.raises(ConfigurationError, match=r"port: '0' is not a whole number of 32 bits from 1 to 65535"):
        RMQConnectionConfig.Builder().set_port(0)
    with pytest.raises(TypeError, match="connection_config is an RMQConnectionConfig"):
        RMQSource("host", "queue", True, SimpleStringSchema())
    assert OfferedSource is RMQSource

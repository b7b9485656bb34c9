"""Topics of a real MQTT server: at least once, over crashes and broken connections."""

import queue

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.mqtt import MqttSink, MqttSource
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from pyflinkx.testing.conformance import check_source
from tests.connectors.acknowledging import WORDS, Cutting, Failing, Until, environment, no_restarts


def source(url, topic, session, schema=None, **options):
    builder = MqttSource.builder().set_url(url).set_topics(topic).set_client_id(session)
    builder.set_value_only_deserializer(schema or SimpleStringSchema())
    return builder.set_options({key.replace("_", "."): value for key, value in options.items()}).build()


def read(env, described, function=lambda value: value):
    return env.from_source(described, WatermarkStrategy.no_watermarks(), "mqtt").set_parallelism(1).map(function)


def waiting(mqtt, values):
    """A topic with messages for a session; the name of both."""
    name = mqtt.name()
    mqtt.session(name, f"{name}-0")
    mqtt.publish(name, values)
    return name


@pytest.mark.parametrize("seed", range(4))
def test_each_message_at_least_once(mqtt, seed):
    name = waiting(mqtt, WORDS)
    check_source(lambda: source(mqtt.url, name, name), WORDS, seed, crashes=3, at_least_once=True)


def test_what_a_checkpoint_has_is_acknowledged(mqtt):
    name = waiting(mqtt, [*WORDS, "end"])
    assert list(read(environment(), source(mqtt.url, name, name, Until())).execute_and_collect()) == WORDS
    # The end was not taken, so it comes again, and nothing else does.
    assert list(read(environment(), source(mqtt.url, name, name, Until())).execute_and_collect()) == []


def test_a_job_that_fails_goes_on(mqtt):
    name = waiting(mqtt, [*WORDS, "end"])
    found = read(environment(), source(mqtt.url, name, name, Until(), fetch_size=5), Failing(30))
    assert set(found.execute_and_collect()) == set(WORDS)


def test_a_connection_that_breaks(mqtt, proxy):
    name = waiting(mqtt, [*WORDS, "end"])
    described = source(f"mqtt://127.0.0.1:{proxy.port}", name, name, Until(), fetch_size=5)
    assert set(read(environment(), described, Cutting(20, proxy.cut)).execute_and_collect()) == set(WORDS)


def test_shared_topics_are_read_by_all(mqtt):
    name = mqtt.name()
    assert source(mqtt.url, name, "one").parallelism == 1
    assert source(mqtt.url, f"$share/group/{name}", "many").parallelism is None


def test_a_server_that_is_away(mqtt, proxy):
    proxy.refuse()
    described = source(f"mqtt://me:secret@127.0.0.1:{proxy.port}", "any", "s", connection_patience_ms=200)
    with pytest.raises(SourceError, match=r"mqtt://me:\*+@.* could not be reached for 0.2 s"):
        list(read(no_restarts(), described).execute_and_collect())


def write(mqtt, url, act=lambda value: value, **options):
    """What the topic of a job got."""
    topic, came, ready = mqtt.name(), queue.Queue(), queue.Queue()
    client = mqtt.connected(
        on_subscribe=lambda *_: ready.put(None), on_message=lambda _, __, message: came.put(message.payload.decode())
    )
    client.subscribe(topic, 1)
    ready.get(timeout=30)
    builder = MqttSink.builder().set_url(url).set_topic(topic).set_value_serializer(SimpleStringSchema())
    builder.set_options({"batch.size": 7, **options})
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection(WORDS).set_parallelism(1).map(act).sink_to(builder.build()).set_parallelism(1)
    env.execute()
    mqtt.publish(topic, ["end"])
    found = list(iter(lambda: came.get(timeout=30), "end"))
    mqtt.end(client)
    return found


@pytest.mark.parametrize("qos", [1, 2])
def test_writing(mqtt, qos):
    assert write(mqtt, mqtt.url, qos=qos) == WORDS


def test_writing_over_a_broken_connection(mqtt, proxy):
    assert set(write(mqtt, f"mqtt://127.0.0.1:{proxy.port}", Cutting(30, proxy.cut))) == set(WORDS)


def test_a_topic_that_cannot_be(mqtt):
    builder = MqttSink.builder().set_url(mqtt.url).set_topic("a/#").set_value_serializer(SimpleStringSchema())
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection(WORDS).sink_to(builder.build())
    with pytest.raises(SinkError, match="a message for topic 'a/#' cannot be published"):
        env.execute()


def test_what_cannot_be():
    with pytest.raises(ConfigurationError, match=r"MqttSource needs url: set_url\(...\)"):
        MqttSource.builder().build()
    with pytest.raises(ConfigurationError, match=r"qos: '2' is not a whole number of 32 bits from 0 to 1"):
        MqttSource.builder().set_option("qos", 2)
    with pytest.raises(ConfigurationError, match="MqttSink needs a topic and a schema"):
        MqttSink.builder().set_url("mqtt://host").build()

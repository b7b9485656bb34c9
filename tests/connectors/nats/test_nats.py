"""Streams of a real NATS JetStream: once each, over crashes and broken connections."""

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.nats import NatsSink, NatsSource
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from pyflinkx.testing.conformance import check_source
from tests.connectors.acknowledging import WORDS, Cutting, Failing, Until, environment, no_restarts


def source(url, stream, schema=None, **options):
    builder = NatsSource.builder().set_servers(url).set_stream(stream).set_durable("readers")
    builder.set_value_only_deserializer(schema or SimpleStringSchema()).set_option("ack.wait.ms", 1000)
    return builder.set_options({key.replace("_", "."): value for key, value in options.items()}).build()


def read(env, described, function=lambda value: value):
    return env.from_source(described, WatermarkStrategy.no_watermarks(), "nats").set_parallelism(1).map(function)


def sink(url, stream):
    return NatsSink.builder().set_servers(url).set_subject(stream).set_value_serializer(SimpleStringSchema())


@pytest.mark.parametrize("seed", range(3))
def test_each_message_once(nats, seed):
    stream = nats.stream(WORDS)
    check_source(lambda: source(nats.url, stream), WORDS, seed, crashes=1)
    assert nats.pending(stream, "readers") == (0, 0)


def test_what_a_checkpoint_has_is_acknowledged(nats):
    stream = nats.stream([*WORDS, "end"])
    assert list(read(environment(), source(nats.url, stream, Until())).execute_and_collect()) == WORDS
    assert nats.pending(stream, "readers") == (1, 0)  # the end, which was not taken


def test_a_job_that_fails_goes_on(nats):
    stream, found = nats.stream(WORDS), []
    with read(environment(), source(nats.url, stream, fetch_size=5), Failing(30)).execute_and_collect() as results:
        while len(found) < len(WORDS):
            found.append(next(results))
    assert sorted(found) == sorted(WORDS)


def test_a_connection_that_breaks(nats, proxy):
    stream, found = nats.stream(WORDS), []
    described = source(f"nats://127.0.0.1:{proxy.port}", stream, fetch_size=5)
    with read(environment(), described, Cutting(20, proxy.cut)).execute_and_collect() as results:
        while len(found) < len(WORDS):
            found.append(next(results))
    assert sorted(found) == sorted(WORDS)
    assert proxy.connections > 1


def test_a_stream_that_is_not_there(nats):
    with pytest.raises(SourceError, match=r"stream 'absent': .*stream not found"):
        list(read(no_restarts(), source(nats.url, "absent")).execute_and_collect())


def test_a_server_that_is_away(nats, proxy):
    proxy.refuse()
    described = source(f"nats://127.0.0.1:{proxy.port}", "any", connection_patience_ms=200)
    with pytest.raises(SourceError, match=r"could not be reached for 0.2 s"):
        list(read(no_restarts(), described).execute_and_collect())


def write(stream, described, function=lambda value: value):
    env = StreamExecutionEnvironment.get_execution_environment()
    words = env.from_collection(WORDS).set_parallelism(1).map(function)
    words.sink_to(described.set_option("batch.size", 7).build()).set_parallelism(1)
    env.execute()


def test_writing(nats):
    stream = nats.stream()
    write(stream, sink(nats.url, stream))
    assert nats.messages(stream) == WORDS


def test_writing_with_ids_is_once_over_a_broken_connection(nats, proxy):
    stream = nats.stream()
    described = sink(f"nats://127.0.0.1:{proxy.port}", stream).set_message_id(lambda word: word)
    write(stream, described, Cutting(30, proxy.cut))
    assert sorted(nats.messages(stream)) == sorted(WORDS)


def test_a_subject_that_no_stream_has(nats):
    with pytest.raises(SinkError, match="no response from stream"):
        write("none", sink(nats.url, "nobody.has.this"))


def test_what_cannot_be():
    with pytest.raises(ConfigurationError, match=r"NatsSource needs servers: set_servers\(...\)"):
        NatsSource.builder().build()
    with pytest.raises(ConfigurationError, match="is none of all, new and last"):
        NatsSource.builder().set_option("start", "first")
    with pytest.raises(ConfigurationError, match="NatsSink needs a subject and a schema"):
        NatsSink.builder().set_servers("nats://host").build()

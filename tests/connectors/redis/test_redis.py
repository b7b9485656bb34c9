"""Streams, strings and hashes of a real Redis: once each, over crashes and broken connections."""

import sys

import pytest

from pyflinkx.common import Row, RowKind, Types, WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import OutputTag, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.hybrid_source import HybridSource
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.connectors.redis import RedisSink, RedisSource
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema
from pyflinkx.errors import ConfigurationError, MissingExtraError, SinkError, SourceError
from pyflinkx.testing.conformance import check_source
from tests.connectors.acknowledging import WORDS, Cutting, Failing, Until, environment, no_restarts


def source(url, stream, schema=None, **options):
    builder = RedisSource.builder().set_url(url).set_streams(stream).set_group("readers")
    builder.set_value_only_deserializer(schema or SimpleStringSchema())
    return builder.set_options({key.replace("_", "."): value for key, value in options.items()}).build()


def read(env, described, function=lambda value: value):
    return env.from_source(described, WatermarkStrategy.no_watermarks(), "redis").set_parallelism(1).map(function)


def pending(redis, stream):
    return redis.client.xpending(stream, "readers")["pending"]


@pytest.mark.parametrize("seed", range(6))
def test_each_entry_once(redis, seed):
    stream = redis.add(WORDS)
    check_source(lambda: source(redis.url, stream, fetch_size=20), WORDS, seed, crashes=3)


@pytest.mark.parametrize("seed", range(6))
def test_behind_another_source(redis, seed):
    stream = redis.add(WORDS)
    numbers = NumberSequenceSource(1, 40)
    check_source(
        lambda: HybridSource.builder(numbers).add_source(source(redis.url, stream)).build(),
        [*range(1, 41), *WORDS],
        seed,
        crashes=4,
    )


def test_what_a_checkpoint_has_is_acknowledged(redis):
    stream = redis.add([*WORDS, "end"])
    assert list(read(environment(), source(redis.url, stream, Until())).execute_and_collect()) == WORDS
    assert pending(redis, stream) == 1  # the end, which was not taken
    redis.add(["more", "end"], stream)
    redis.client.xack(stream, "readers", redis.client.xpending_range(stream, "readers", "-", "+", 1)[0]["message_id"])
    assert list(read(environment(), source(redis.url, stream, Until())).execute_and_collect()) == ["more"]


def test_a_job_that_fails_goes_on(redis):
    stream = redis.add([*WORDS, "end"])
    found = read(environment(), source(redis.url, stream, Until(), fetch_size=5), Failing(30)).execute_and_collect()
    assert list(found) == WORDS


def test_without_checkpoints(redis):
    stream = redis.add([*WORDS, "end"])
    env = StreamExecutionEnvironment.get_execution_environment()
    assert list(read(env, source(redis.url, stream, Until())).execute_and_collect()) == WORDS
    assert pending(redis, stream) == 1


def test_a_connection_that_breaks(redis, proxy):
    stream = redis.add([*WORDS, "end"])
    url = f"redis://127.0.0.1:{proxy.port}"
    cutting = Cutting(20, proxy.cut)
    found = read(environment(), source(url, stream, Until(), fetch_size=5), cutting).execute_and_collect()
    assert list(found) == WORDS
    assert proxy.connections > 1


def test_a_server_that_is_away(redis, proxy):
    stream = redis.add([*WORDS, "end"])
    proxy.refuse()
    described = source(f"redis://:secret@127.0.0.1:{proxy.port}", stream, connection_patience_ms=300)
    with pytest.raises(SourceError) as failure:
        list(read(no_restarts(), described).execute_and_collect())
    said = str(failure.value) + str(failure.value.__cause__)
    assert f"redis://:******@127.0.0.1:{proxy.port}, {stream} could not be reached for 0.3 s" in said
    assert "secret@" not in said


def test_entries_of_subtasks_that_there_are_no_more(redis):
    stream = redis.add(WORDS)
    redis.client.xgroup_create(stream, "readers", "0")
    for number in range(4):
        redis.client.xreadgroup("readers", f"pyflinkx-{number}", {stream: ">"}, count=10)
    check_source(lambda: source(redis.url, stream), WORDS, 1, parallelisms=(2,), crashes=0)


def test_bad_entries(redis):
    rows = Types.ROW_NAMED(["n"], [Types.INT()])
    schema = JsonRowDeserializationSchema.builder().type_info(rows).build()
    stream = redis.add(['{"n": 1}', "no", '{"n": 2}'])
    with pytest.raises(SourceError, match=rf"the message {stream} \d+-\d+ of {stream} cannot be read"):
        list(read(no_restarts(), source(redis.url, stream, schema)).execute_and_collect())
    stream = redis.add(['{"n": 1}', "no", '{"n": 2}'])
    described = source(redis.url, stream, schema, on_error="skip")
    env = environment()
    rows = env.from_source(described, WatermarkStrategy.no_watermarks(), "redis")
    both = rows.map(lambda row: row[0]).union(
        rows.get_side_output(OutputTag("bad-records")).map(lambda bad: bad.message.payload)
    )
    found = []
    with both.execute_and_collect() as results:
        for value in results:
            found.append(value)
            if len(found) == 3:
                break
    assert sorted(found, key=str) == [1, 2, b"no"]


def test_messages_as_they_are(redis):
    stream = redis.key()
    redis.client.xadd(stream, {"a": 1, "b": "x"}, id="1700000000000-5")
    builder = RedisSource.builder().set_url(redis.url).set_streams(stream).set_group("readers")
    described = builder.set_deserializer(lambda message: (message.id, message.timestamp, dict(message.fields))).build()
    check_source(
        lambda: described, [(f"{stream} 1700000000000-5", 1700000000000, {b"a": b"1", b"b": b"x"})], 1, crashes=0
    )


def test_strings_and_hashes(redis):
    env = StreamExecutionEnvironment.get_execution_environment()
    prefix = redis.key()
    changes = [
        Row("a", 1),
        Row("b", 2),
        Row.of_kind(RowKind.UPDATE_BEFORE, "a", 1),
        Row.of_kind(RowKind.UPDATE_AFTER, "a", 5),
        Row.of_kind(RowKind.DELETE, "b", 2),
    ]
    stream = env.from_collection(changes).set_parallelism(1)
    builder = RedisSink.builder().set_url(redis.url).set_option("batch.size", 2)
    strings = builder.write_strings(lambda row: f"{prefix}:{row[0]}", lambda row: row[1]).build()
    stream.sink_to(strings).set_parallelism(1)
    builder = RedisSink.builder().set_url(redis.url).set_option("expire.ms", 60_000)
    hashes = builder.write_hashes(lambda row: f"{prefix}:h:{row[0]}", lambda row: {"n": row[1], "none": None}).build()
    stream.sink_to(hashes).set_parallelism(1)
    env.execute()
    assert redis.client.get(f"{prefix}:a") == b"5"
    assert redis.client.get(f"{prefix}:b") is None
    assert redis.client.hgetall(f"{prefix}:h:a") == {b"n": b"5"}
    assert 0 < redis.client.pttl(f"{prefix}:h:a") <= 60_000
    assert not redis.client.exists(f"{prefix}:h:b")


def test_writing_goes_on_when_the_connection_breaks(redis, proxy):
    env = StreamExecutionEnvironment.get_execution_environment()
    out = redis.key()
    sink = (
        RedisSink.builder()
        .set_url(f"redis://127.0.0.1:{proxy.port}")
        .write_hashes(lambda word: out, lambda word: {word: 1})
        .set_option("batch.size", 5)
        .build()
    )
    env.from_collection(WORDS).set_parallelism(1).map(Cutting(30, proxy.cut)).sink_to(sink).set_parallelism(1)
    env.execute()
    assert {key.decode() for key in redis.client.hkeys(out)} == set(WORDS)


def test_from_stream_to_stream(redis):
    stream, out = redis.add([*WORDS, "end"]), redis.key()
    env = environment()
    sink = RedisSink.builder().set_url(redis.url).write_stream(out, lambda word: {"upper": word}).build()
    read(env, source(redis.url, stream, Until(), fetch_size=7), Failing(25)).map(str.upper).sink_to(sink)
    env.execute()
    written = [fields[b"upper"].decode() for _, fields in redis.client.xrange(out)]
    assert set(written) == {word.upper() for word in WORDS}
    assert len(written) >= len(WORDS)


def test_what_redis_does_not_take(redis):
    key = redis.key()
    redis.client.set(key, "text")
    env = StreamExecutionEnvironment.get_execution_environment()
    builder = RedisSink.builder().set_url(redis.url)
    env.from_collection([1]).sink_to(builder.write_hashes(lambda _: key, lambda n: {"n": n}).build())
    with pytest.raises(SinkError, match=r"does not take 'HSET'.*WRONGTYPE"):
        env.execute()
    env.from_collection([1]).sink_to(builder.write_strings(lambda _: key, lambda n: [n]).build())
    with pytest.raises(SinkError, match=r"the value of .* is text, bytes or a number, not \[1\]"):
        env.execute()


def test_what_cannot_be():
    builder = RedisSource.builder()
    with pytest.raises(ConfigurationError, match=r"RedisSource needs url: set_url\(...\)"):
        builder.build()
    with pytest.raises(ConfigurationError, match="does not begin with redis://"):
        builder.set_url("http://host")
    with pytest.raises(ConfigurationError, match=r"no option 'fetch.sise', did you mean 'fetch.size'\?"):
        builder.set_option("fetch.sise", 1)
    with pytest.raises(ConfigurationError, match=r"fetch.size: '0' is not a whole number"):
        builder.set_option("fetch.size", 0)
    with pytest.raises(ConfigurationError, match="needs to know what to write"):
        RedisSink.builder().set_url("redis://host").build()


def test_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)
    with pytest.raises(MissingExtraError, match=r"Redis needs redis: pip install 'pyflinkx\[redis\]'"):
        source("redis://host", "s").connect(0, 1)

"""Number sequences, generators, iterators and sockets."""

import contextlib
import itertools
import socket
import threading
import time

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.datagen import RateLimiter
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.base import DiscardingSink, SplittableIterator
from pyflinkx.datastream.connectors.datagen import (
    DataGeneratorSource,
    GeneratorFunction,
    RandomGenerator,
    RateLimiterStrategy,
    SequenceGenerator,
)
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.errors import ConfigurationError, JobCancelledError, JobExecutionError, SinkError, SourceError
from pyflinkx.runtime.task.clock import ManualClock
from pyflinkx.types.serialization import SerializationSchema, SimpleStringSchema
from tests.connectors.reading import read_all
from tests.datastream.conftest import make_environment

NO_WATERMARKS = WatermarkStrategy.no_watermarks()


@pytest.fixture
def single():
    return StreamExecutionEnvironment.get_execution_environment()


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


# ---- number sequences ----


@pytest.mark.parametrize(("start", "end"), [(1, 5000), (-3, 3), (7, 7), (2**63 - 2, 2**63 - 1), (-(2**63), 3 - 2**63)])
def test_a_sequence_includes_both_ends(inline_env, start, end):
    source = NumberSequenceSource(start, end)
    assert source.output_type == Types.LONG()
    assert read_all(source) == list(range(start, end + 1))
    assert sorted(collect(inline_env.from_source(source, NO_WATERMARKS, "numbers"))) == list(range(start, end + 1))


def test_a_sequence_in_parallel(env):
    assert sorted(collect(env.from_sequence(1, 10).map(lambda x: x))) == list(range(1, 11))


def test_pieces_of_a_sequence_are_alike():
    for count, parallelism in itertools.product(range(1, 9), range(1, 5)):
        pieces = NumberSequenceSource(10, 9 + count).splits(parallelism)
        assert list(itertools.chain(*pieces)) == list(range(10, 10 + count))
        assert max(map(len, pieces)) - min(map(len, pieces)) <= 1


def test_what_is_no_sequence():
    with pytest.raises(ConfigurationError, match="not at 5 with end 4"):
        NumberSequenceSource(5, 4)
    with pytest.raises(ConfigurationError, match="fit 64 bits"):
        NumberSequenceSource(0, 2**63)
    with pytest.raises(TypeError, match="an int, not '1'"):
        NumberSequenceSource("1", 4)


# ---- generators ----


class Square(GeneratorFunction):
    opened = False

    def open(self, runtime_context):
        self.opened = runtime_context.get_index_of_this_subtask() >= 0

    def map(self, value):
        assert self.opened
        return value * value


@pytest.mark.parametrize("function", [Square(), lambda index: index**2])
def test_records_of_indices(env, function):
    source = DataGeneratorSource(function, 2000, type_info=Types.LONG())
    assert sorted(collect(env.from_source(source, NO_WATERMARKS, "squares"))) == [n * n for n in range(2000)]


def test_a_rate_is_kept_to_the_millisecond(single):
    single._clock = clock = ManualClock(1000)
    source = DataGeneratorSource(lambda index: (index, clock.now()), 50, RateLimiterStrategy.per_second(7))
    result = collect(single.from_source(source, NO_WATERMARKS, "slow"))
    # The n-th record is made at the first whole millisecond at or after n / 7 seconds.
    assert result == [(n, 1000 + -(-n * 1000 // 7)) for n in range(50)]


def test_the_rate_is_that_of_all_subtasks_together():
    env = make_environment("inline-3-unchained")
    env._clock = clock = ManualClock(0)
    source = DataGeneratorSource(lambda index: clock.now(), 90, RateLimiterStrategy.per_second(30))
    times = collect(env.from_source(source, NO_WATERMARKS, "slow"))
    assert max(times) == 2900
    assert len([time for time in times if time < 1000]) == 30


def test_a_source_that_was_held_up_makes_good_for_a_second_at_most():
    limiter = RateLimiter(10, 0)
    assert limiter.permits(0) == 1
    limiter.take(1)
    assert limiter.permits(99) == 0
    assert limiter.next_time() == 100
    assert limiter.permits(100) == 1
    assert limiter.permits(60_000) == 10
    limiter.take(10)
    assert limiter.permits(60_000) == 0
    assert limiter.permits(60_100) == 1
    assert RateLimiter(0.5, 0).permits(2000) == 1
    assert RateLimiter(5, 100).permits(99) == 0


def test_no_limit_and_no_records(single):
    source = DataGeneratorSource(lambda index: index, 0, RateLimiterStrategy.no_op())
    assert collect(single.from_source(source, NO_WATERMARKS, "none")) == []


@pytest.mark.parametrize(
    ("generator", "kind", "check"),
    [
        (RandomGenerator.int_generator(-2, 2, seed=1), int, lambda x: -2 <= x <= 2),
        (RandomGenerator.long_generator(5, 5), int, lambda x: x == 5),
        (RandomGenerator.double_generator(0.5, 1.5, seed=2), float, lambda x: 0.5 <= x <= 1.5),
        (RandomGenerator.string_generator(6, seed=3), str, lambda x: len(x) == 6 and int(x, 16) >= 0),
        (RandomGenerator.boolean_generator(seed=4), bool, lambda x: x in (True, False)),
    ],
)
def test_random_values(generator, kind, check):
    values = [generator.map(index) for index in range(200)]
    assert all(type(value) is kind and check(value) for value in values)


def test_seeds_and_nulls():
    first, second = (
        [generator.map(n) for n in range(50)]
        for generator in (RandomGenerator.int_generator(0, 10**9, seed=7) for _ in range(2))
    )
    assert first == second
    assert RandomGenerator.int_generator(1, 2).with_null_rate(1.0).map(0) is None
    generator = RandomGenerator.boolean_generator(seed=1).with_null_rate(0.5)
    assert 20 < sum(generator.map(n) is None for n in range(100)) < 80


def test_sequences_of_values(single):
    generator = SequenceGenerator.string_generator(8, 11)
    source = DataGeneratorSource(generator, generator.count)
    assert collect(single.from_source(source, NO_WATERMARKS, "row")) == ["8", "9", "10", "11"]
    assert SequenceGenerator.double_generator(1, 2).map(1) == 2.0


def test_generators_that_cannot_be(single):
    with pytest.raises(TypeError, match="a GeneratorFunction or a callable"):
        DataGeneratorSource(1, 1)
    with pytest.raises(TypeError, match="a RateLimiterStrategy, not 5"):
        DataGeneratorSource(str, 1, 5)
    for count in (-1, 2**63):
        with pytest.raises(ConfigurationError, match="count"):
            DataGeneratorSource(str, count)
    for rate in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ConfigurationError, match="above 0"):
            RateLimiterStrategy.per_second(rate)
    with pytest.raises(TypeError, match="records_per_second is a number"):
        RateLimiterStrategy.per_second("1")
    for make in (RandomGenerator.int_generator, RandomGenerator.double_generator, SequenceGenerator.int_generator):
        with pytest.raises(ConfigurationError):
            make(2, 1)
    with pytest.raises(ConfigurationError, match="null_rate"):
        RandomGenerator.boolean_generator().with_null_rate(2)
    single.from_source(DataGeneratorSource(lambda n: 1 // n, 1), NO_WATERMARKS, "broken").sink_to(DiscardingSink())
    with pytest.raises(JobExecutionError, match=r"'broken'.*ZeroDivisionError"):
        single.execute()


# ---- iterators ----


def test_an_iterator_of_the_client(env):
    assert sorted(collect(env.from_iterator(x * x for x in range(3000)).rebalance().map(lambda x: x))) == [
        x * x for x in range(3000)
    ]


def test_an_iterator_of_the_task(env):
    assert sorted(collect(env.from_iterator(lambda: range(3000)).rebalance().map(lambda x: x))) == list(range(3000))


@pytest.mark.parametrize("make", [itertools.count, lambda: itertools.count])
def test_an_endless_iterator(env, make):
    with env.from_iterator(make(), Types.LONG()).execute_and_collect() as results:
        some = list(itertools.islice(results, 5))
    assert len(set(some)) == 5
    assert min(some) >= 0


def broken():
    yield 1
    raise ValueError("no more")


@pytest.mark.parametrize("make", [broken(), broken])
def test_what_an_iterator_raises(single, make):
    single.from_iterator(make).sink_to(DiscardingSink())
    with pytest.raises(JobExecutionError, match=r"'Iterator Source'.*ValueError: no more") as raised:
        single.execute()
    assert isinstance(raised.value.__cause__, ValueError)


def test_what_is_no_iterator(single):
    for bad in (5, "text", {"a": 1}):
        with pytest.raises(TypeError, match="an iterable or a callable"):
            single.from_iterator(bad)


class Numbers(SplittableIterator):
    """The numbers below a bound, dealt out like cards."""

    def __init__(self, bound, missing=0):
        self.bound = bound
        self.missing = missing

    def split(self, num_partitions):
        return [iter(range(n, self.bound, num_partitions)) for n in range(num_partitions - self.missing)]

    def get_maximum_number_of_splits(self):
        return self.bound


@pytest.mark.parametrize("bound", [0, 1, 3000])
def test_a_parallel_collection(env, bound):
    stream = env.from_parallel_collection(Numbers(bound), Types.LONG())
    assert stream.get_type() == Types.LONG()
    assert sorted(collect(stream)) == list(range(bound))


def test_what_is_no_parallel_collection(single):
    with pytest.raises(TypeError, match="a SplittableIterator, not"):
        single.from_parallel_collection([1, 2])
    single.from_parallel_collection(Numbers(5, missing=1)).sink_to(DiscardingSink())
    with pytest.raises(SourceError, match=r"Numbers\.split\(1\) gave 0 iterators instead of 1"):
        single.execute()


# ---- sockets ----


class Server:
    """Serves each connection with the next of the given texts, then closes it; keeps what it receives."""

    def __init__(self, *texts, hold=False):
        self.texts = [text if isinstance(text, list) else [text] for text in texts]
        self.hold = hold
        self.connections = 0
        self.closed_by_client = threading.Event()
        self.received = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for pieces in self.texts:
            connection, _ = self.socket.accept()
            self.connections += 1
            # A client that leaves with something unread resets the connection.
            with connection, contextlib.suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(piece)
                if self.hold:
                    while data := connection.recv(1 << 16):
                        self.received += data
            self.closed_by_client.set()
        self.socket.close()


def test_lines_of_a_server(env):
    server = Server([b"to be\r\nor ", "not\n\nt\u00f6 be".encode()[:-5], "t\u00f6 be".encode()[-5:]])
    stream = env.socket_text_stream("127.0.0.1", server.port)
    assert stream.get_type() == Types.STRING()
    assert sorted(collect(stream)) == sorted(["to be", "or not", "", "t\u00f6 be"])


def test_another_delimiter_cut_in_two(single):
    server = Server([b"a\r\n|", b"|b\n||", b"c"])
    assert collect(single.socket_text_stream("127.0.0.1", server.port, "||")) == ["a\r\n", "b\n", "c"]


def test_it_connects_anew(single, monkeypatch):
    monkeypatch.setattr("pyflinkx.connectors.socket_text.RETRY_DELAY", 0.001)
    server = Server(b"1\n2\nhal", b"f\n3\n", b"4")
    assert collect(single.socket_text_stream("127.0.0.1", server.port, max_retry=2)) == ["1", "2", "half", "3", "4"]
    assert server.connections == 3


def test_a_server_that_comes_late(single, monkeypatch):
    monkeypatch.setattr("pyflinkx.connectors.socket_text.RETRY_DELAY", 0.001)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # Nobody listens there now.
    single.socket_text_stream("127.0.0.1", port, max_retry=3).sink_to(DiscardingSink())
    with pytest.raises(SourceError, match=f"127.0.0.1:{port}: cannot be read: Connection refused"):
        single.execute()


def test_a_server_that_is_not_there(env):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env.socket_text_stream("127.0.0.1", port).sink_to(DiscardingSink())
    with pytest.raises(SourceError, match=f"127.0.0.1:{port}: cannot be read"):
        env.execute()


def test_a_cancelled_job_closes_its_connection(env):
    server = Server(b"hello\n", hold=True)
    before = set(threading.enumerate())
    env.socket_text_stream("127.0.0.1", server.port).sink_to(DiscardingSink())
    job = env.execute_async()
    while not server.connections:
        time.sleep(0.005)
    job.cancel().result()
    with pytest.raises(JobCancelledError):
        job.get_job_execution_result().result()
    assert server.closed_by_client.wait(30)
    assert {thread for thread in threading.enumerate() if not thread.name.startswith("job ")} - {
        server.thread
    } <= before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((5, 80), TypeError),
        (("", 80), ConfigurationError),
        (("h", 0), ConfigurationError),
        (("h", 70000), ConfigurationError),
        (("h", "80"), TypeError),
        (("h", 80, ""), ConfigurationError),
        (("h", 80, "\n", -2), ConfigurationError),
    ],
)
def test_addresses_that_cannot_be(single, arguments, error):
    with pytest.raises(error):
        single.socket_text_stream(*arguments)


class Lines(SerializationSchema):
    def serialize(self, value):
        return f"{value}\n".encode()


def test_records_to_a_server(env):
    server = Server(b"", hold=True)
    env.from_collection(list(range(2000))).rebalance().map(lambda x: x).write_to_socket(
        "127.0.0.1", server.port, Lines()
    )
    env.execute()
    assert server.closed_by_client.wait(30)
    assert sorted(map(int, server.received.split())) == list(range(2000))


def test_a_server_that_cannot_be_written_to(single):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    single.from_collection(["a"]).write_to_socket("127.0.0.1", port, SimpleStringSchema())
    with pytest.raises(SinkError, match=f"127.0.0.1:{port}: cannot be written: Connection refused"):
        single.execute()
    with pytest.raises(TypeError, match="schema is a SerializationSchema"):
        single.from_collection(["a"]).write_to_socket("127.0.0.1", port, str)

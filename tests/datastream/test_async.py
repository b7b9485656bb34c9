"""Asynchronous I/O in whole programs, against a server of this process."""

import asyncio
import threading

import pytest

from pyflinkx.common import Duration, Time, Types, WatermarkStrategy
from pyflinkx.datastream import AsyncDataStream, AsyncFunction, AsyncRetryStrategy, StreamExecutionEnvironment
from pyflinkx.datastream.async_retry_predicates import has_exception_predicate
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import GraphError, JobExecutionError
from tests.datastream.conftest import make_environment


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


@pytest.fixture(scope="module")
def port():
    """A server that answers each line by its square; 7s only at the second time."""
    seen = set()

    async def serve(reader, writer):
        while line := await reader.readline():
            number = int(line)
            if number == 7 and number not in seen:
                seen.add(number)
                break
            writer.write(b"%d\n" % (number * number))
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    started, stop = threading.Event(), asyncio.Event()
    found = {}

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        found["port"] = server.sockets[0].getsockname()[1]
        found["loop"] = asyncio.get_running_loop()
        started.set()
        async with server:
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    started.wait()
    yield found["port"]
    found["loop"].call_soon_threadsafe(stop.set)
    thread.join()


class Squares(AsyncFunction):
    """A connection per call, so that calls are under way at the same time."""

    def __init__(self, port):
        self.port = port

    async def async_invoke(self, value):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"%d\n" % value)
            await writer.drain()
            answer = await reader.readline()
            if not answer:
                raise ConnectionError(f"no answer for {value}")
            return [(value, int(answer))]
        finally:
            writer.close()
            await writer.wait_closed()


RETRY = AsyncRetryStrategy.fixed_delay(3, 1, None, has_exception_predicate)
PAIR = Types.TUPLE([Types.INT(), Types.INT()])


@pytest.mark.parametrize("ordered", [True, False])
def test_answers_of_a_server(env, port, ordered):
    wait = AsyncDataStream.ordered_wait_with_retry if ordered else AsyncDataStream.unordered_wait_with_retry
    numbers = env.from_collection(list(range(60)), Types.INT())
    squares = wait(numbers, Squares(port), Time.seconds(60), RETRY, 10, PAIR)
    results = collect(squares)
    expected = [(number, number * number) for number in range(60)]
    assert (results if ordered and env.get_parallelism() == 1 else sorted(results)) == expected


class Later(AsyncFunction):
    """Gives way a few times, later records less often."""

    async def async_invoke(self, value):
        for _ in range(20 - value % 20):
            await asyncio.sleep(0)
        return [value]


def test_watermarks_hold_behind_unordered_results(env):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(0))
    timed = env.from_collection(list(range(400))).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda value, _: value)
    )
    waited = AsyncDataStream.unordered_wait(timed, Later(), Time.seconds(60), 7)
    sums = waited.window_all(TumblingEventTimeWindows.of(Time.milliseconds(50))).reduce(lambda a, b: a + b)
    assert sorted(collect(sums)) == [sum(range(start, start + 50)) for start in range(0, 400, 50)]


class Never(AsyncFunction):
    async def async_invoke(self, value):
        await asyncio.Event().wait()


def test_a_timeout_ends_the_job_naming_the_record():
    env = make_environment("inline")
    with pytest.raises(JobExecutionError, match=r"on record 1.*Async function call has timed out for input: 1"):
        collect(AsyncDataStream.ordered_wait(env.from_collection([1]), Never(), Duration.of_millis(1)))


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_a_cancelled_job_frees_its_threads(execution):
    before = threading.active_count()
    env = make_environment(execution)
    waiting = AsyncDataStream.ordered_wait(env.from_collection([1, 2]), Never(), Duration.of_millis(0))
    waiting.print()
    client = env.execute_async()
    client.cancel().result()
    assert client.get_job_status().result().name == "CANCELED"
    assert threading.active_count() == before


class Plain(AsyncFunction):
    def async_invoke(self, value):
        return [value]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Plain(), 1), "Method 'async_invoke' of class 'Plain' should be declared as 'async def'"),
        ((Later, 1), "takes an instance of AsyncFunction"),
        ((Later(), "1s"), "the timeout must be a Time"),
        ((Later(), -1), "the timeout must be milliseconds from 0 up"),
        ((Later(), 1, 0), "capacity must be a positive int"),
    ],
)
def test_wrong_arguments_fail_when_the_graph_is_built(arguments, message):
    stream = StreamExecutionEnvironment.get_execution_environment().from_collection([1])
    with pytest.raises(GraphError, match=message):
        AsyncDataStream.ordered_wait(stream, *arguments)


def test_retries_need_a_strategy_and_an_end():
    stream = StreamExecutionEnvironment.get_execution_environment().from_collection([1])
    with pytest.raises(GraphError, match="takes an AsyncRetryStrategy"):
        AsyncDataStream.unordered_wait_with_retry(stream, Later(), 1, None)
    with pytest.raises(GraphError, match="the timeout must be above 0"):
        AsyncDataStream.ordered_wait_with_retry(stream, Later(), 0, RETRY)
    with pytest.raises(GraphError, match="takes a DataStream"):
        AsyncDataStream.ordered_wait([1], Later(), 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AsyncRetryStrategy.fixed_delay(0, 1, None, None), "max_attempts must be greater than zero"),
        (lambda: AsyncRetryStrategy.fixed_delay(1, 0, None, None), "backoff_time_millis"),
        (lambda: AsyncRetryStrategy.exponential_backoff(1, 1, 0, 2, None, None), "max_retry_delay"),
        (lambda: AsyncRetryStrategy.exponential_backoff(1, 1, 1, 0, None, None), "multiplier"),
        (lambda: AsyncRetryStrategy.fixed_delay(1, 1, 5, None), "a retry predicate is a callable"),
    ],
)
def test_wrong_retry_strategies(make, message):
    with pytest.raises(GraphError, match=message):
        make()


def test_retry_strategies_follow_their_numbers():
    strategy = AsyncRetryStrategy.exponential_backoff(3, 10, 35, 2.0, None, None)
    assert [strategy.get_backoff_time_millis(n) for n in (1, 2, 3, 4, 9)] == [10, 20, 35, 35, 35]
    assert [strategy.get_backoff_time_millis(n) for n in (1, 2)] == [10, 20], "no record's calls delay another's"
    assert [strategy.can_retry(n) for n in (1, 3, 4)] == [True, True, False]
    assert not AsyncRetryStrategy.no_restart().can_retry(1)

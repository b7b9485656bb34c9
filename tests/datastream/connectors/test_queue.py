"""A host program that feeds a running job and reads its results."""

import asyncio
import threading

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.queue import QueueEndedError, QueueSink, QueueSource, WaitTimeoutError
from pyflinkx.errors import ConfigurationError, JobCancelledError, JobExecutionError, SourceError, WrongStateError
from tests.datastream.conftest import EXECUTIONS, make_environment

PATIENCE = 60


def serve(env, function, requests, answers):
    stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    stream.rebalance().map(function).sink_to(answers)
    return env.execute_async("service")


def put_until_full(requests):
    """Put 0, 1, 2, ... in until the queue stays full; how many went in."""
    for number in range(100_000):
        try:
            requests.put(number, timeout=0.3)
        except WaitTimeoutError:
            return number
    raise AssertionError("the queue never became full")


def put_for_ever(requests):
    while True:
        requests.put(1, timeout=PATIENCE)


def half(x):
    return 100 // x


def test_records_go_in_and_results_come_out_while_the_job_runs(env):
    requests, answers = QueueSource(), QueueSink()
    job = serve(env, lambda x: x * 2, requests, answers)
    for number in range(5):  # each answer is there before the next request is made
        requests.put(number, timeout=PATIENCE)
        assert answers.get(timeout=PATIENCE) == number * 2
    requests.put_many(range(100), timeout=PATIENCE)
    requests.close()
    assert sorted(answers) == [n * 2 for n in range(100)]
    job.get_job_execution_result().result()
    with pytest.raises(QueueEndedError):
        answers.get()
    with pytest.raises(WrongStateError, match="closed"):
        requests.put(1)


def test_back_pressure_reaches_the_host(env):
    requests, answers = QueueSource(capacity=3), QueueSink(capacity=4)
    serve(env, lambda x: x, requests, answers)
    requests.put("first", timeout=PATIENCE)
    assert answers.get(timeout=PATIENCE) == "first"  # all workers are there
    entered = put_until_full(requests)
    # What is under way between the two: a batch per channel, and what a task had in hand.
    assert 3 <= entered < 5000
    requests.close()
    assert sorted(answers) == list(range(entered))


def test_everything_gets_through_narrow_queues(env):
    requests, answers = QueueSource(capacity=7), QueueSink(capacity=5)
    serve(env, lambda x: x, requests, answers)

    def feed():
        requests.put_many(range(2000), timeout=PATIENCE)
        requests.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert sorted(answers) == list(range(2000))
    feeder.join()


def test_asyncio_hosts(env):
    requests, answers = QueueSource(capacity=2), QueueSink(capacity=2)
    serve(env, lambda x: x + 1, requests, answers)

    async def feed():
        for number in range(50):
            await requests.aput(number, timeout=PATIENCE)
        await requests.aput_many(range(50, 80), timeout=PATIENCE)
        requests.close()

    async def main():
        feeding = asyncio.create_task(feed())
        first = await answers.aget(timeout=PATIENCE)
        rest = [result async for result in answers]
        await feeding
        with pytest.raises(QueueEndedError):
            await answers.aget()
        return [first, *rest]

    assert sorted(asyncio.run(main())) == list(range(1, 81))


def test_a_failed_job_tells_both_ends(env):
    requests, answers = QueueSource(capacity=2), QueueSink()
    serve(env, half, requests, answers)
    requests.put(0, timeout=PATIENCE)
    with pytest.raises(JobExecutionError, match=r"has failed.*ZeroDivisionError"):
        answers.get(timeout=PATIENCE)
    with pytest.raises(JobExecutionError, match=r"has failed.*ZeroDivisionError"):
        put_for_ever(requests)
    with pytest.raises(JobExecutionError):
        list(answers)


def test_a_cancelled_job_tells_those_who_wait(env):
    requests, answers = QueueSource(capacity=1), QueueSink()
    job = serve(env, half, requests, answers)
    failures = []

    def wait_for_a_result():
        try:
            answers.get()
        except JobCancelledError as error:
            failures.append(error)

    async def wait_in_a_loop():
        try:
            await answers.aget()
        except JobCancelledError as error:
            failures.append(error)

    waiting = [
        threading.Thread(target=wait_for_a_result),
        threading.Thread(target=asyncio.run, args=(wait_in_a_loop(),)),
    ]
    for thread in waiting:
        thread.start()
    job.cancel().result()
    for thread in waiting:
        thread.join(PATIENCE)
    assert len(failures) == 2
    with pytest.raises(JobCancelledError):
        requests.put(1)


def test_a_job_that_cannot_start_tells_them_too(env, tmp_path):
    requests, answers = QueueSource(), QueueSink()
    env.read_text_file(str(tmp_path / "none")).sink_to(DiscardSink())
    job = serve(env, half, requests, answers)
    with pytest.raises(JobExecutionError, match="none: cannot be read"):
        answers.get(timeout=PATIENCE)
    with pytest.raises(SourceError):
        job.get_job_execution_result().result()


class Timed(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timestamp()


def test_timestamps_and_records_that_were_put_in_before_the_start(env):
    requests, answers = QueueSource(), QueueSink()
    requests.put("a", timestamp=-5)
    requests.put("b")
    requests.close()
    requests.close()
    stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    stream.process(Timed()).sink_to(answers)
    env.execute()
    assert sorted(answers) == [("a", -5), ("b", None)]


def test_none_is_a_result_like_any_other():
    env = StreamExecutionEnvironment.get_execution_environment()
    requests, answers = QueueSource(), QueueSink()
    requests.put(None)
    requests.close()
    serve(env, lambda x: x, requests, answers)
    assert list(answers) == [None]


def test_the_wait_is_bounded():
    requests, answers = QueueSource(capacity=1), QueueSink()
    requests.put(1)
    assert len(requests) == 1
    with pytest.raises(WaitTimeoutError, match=r"stayed full and took no record within 0\.01 s"):
        requests.put(2, timeout=0.01)
    with pytest.raises(WaitTimeoutError, match="no result came within 0 s"):
        answers.get(timeout=0)
    with pytest.raises(WaitTimeoutError, match="no result came"):
        asyncio.run(answers.aget(timeout=0.01))
    assert answers._end.point._waiting == []


def test_a_queue_belongs_to_one_job():
    env = StreamExecutionEnvironment.get_execution_environment()
    requests = QueueSource()
    requests.close()
    stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    assert list(stream.execute_and_collect()) == []
    env.from_source(requests, WatermarkStrategy.no_watermarks(), "again").sink_to(DiscardSink())
    with pytest.raises(WrongStateError, match="'again' belongs to another job"):
        env.execute()


def test_the_queue_stays_in_the_client():
    env = make_environment("spawned-2")
    requests, answers = QueueSource(), QueueSink()
    job = serve(env, lambda x: requests.put(x), requests, answers)
    requests.put(1)
    with pytest.raises(JobExecutionError, match="fed by the program that runs the job"):
        answers.get(timeout=PATIENCE)
    assert job.get_job_status().result() is not None


@pytest.mark.parametrize("make", [QueueSource, QueueSink])
def test_what_cannot_be(make):
    with pytest.raises(ConfigurationError, match="capacity is 1 or more, not 0"):
        make(0)
    with pytest.raises(TypeError, match="capacity is a whole number"):
        make("5")


def test_a_cancelled_job_frees_its_threads():
    for name in EXECUTIONS:
        before = set(threading.enumerate())
        requests, answers = QueueSource(), QueueSink()
        job = serve(make_environment(name), half, requests, answers)
        requests.put(1, timeout=PATIENCE)
        assert answers.get(timeout=PATIENCE) == 100
        job.cancel().result()
        assert {thread for thread in threading.enumerate() if not thread.name.startswith("job ")} <= before

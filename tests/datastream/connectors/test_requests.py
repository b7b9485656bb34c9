"""Requests to a running job: each gets its own answer, and only that."""

import asyncio
import concurrent.futures
import random
import threading
from collections import defaultdict

import pytest

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.sink import Sink, SinkWriter
from pyflinkx.datastream import (
    CoProcessFunction,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.connectors.queue import QueueSource
from pyflinkx.datastream.connectors.requests import (
    NoAnswerError,
    ReplySink,
    RequestError,
    RequestSource,
    SeveralAnswersError,
    WaitTimeoutError,
)
from pyflinkx.datastream.expressions import col
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import (
    ConfigurationError,
    GraphError,
    JobCancelledError,
    JobExecutionError,
    SinkError,
    WrongStateError,
)
from tests.datastream.conftest import make_environment
from tests.datastream.connectors.request_tools import NO_WATERMARKS, PATIENCE, at_once, requested


def of_no_request(accumulators):
    """How many results of no request the job has had."""
    return sum(count for name, count in accumulators.items() if name.endswith(".numResultsOfNoRequest"))


class Sum(KeyedProcessFunction):
    """The sum of a key's amounts with each."""

    def open(self, runtime_context):
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", Types.LONG()))

    def process_element(self, value, ctx):
        key, amount = value
        total = (self.sum.value() or 0) + amount
        self.sum.update(total)
        yield key, amount, total


# ---- whose answer it is ----


def copies(x):
    return [(x, number) for number in range(x % 4)]


def test_every_answer_is_of_its_own_request(env):
    requests, stream = requested(env)
    stream.rebalance().flat_map(copies).filter(lambda pair: pair[1] != 1).map(
        lambda pair: (pair[0] * 10, pair[1])
    ).key_by(lambda pair: pair[1]).map(lambda pair: (pair[0] + 1, pair[1])).sink_to(requests.replies)
    client = env.execute_async("service")
    values = random.Random(5).sample(range(10_000), 300)
    answers = at_once(lambda x: sorted(client.ask_all(x, PATIENCE)), values)
    assert answers == [[(x * 10 + 1, number) for number in range(x % 4) if number != 1] for x in values]
    requests.close()
    client.get_job_execution_result().result()


def test_state_is_of_the_key_and_the_answer_of_the_request(env):
    requests, stream = requested(env)
    stream.key_by(lambda pair: pair[0]).process(Sum()).sink_to(requests.replies)
    client = env.execute_async("service")
    drawn = random.Random(3)
    asked = [(drawn.choice("abcde"), drawn.randint(1, 1000)) for _ in range(400)]
    sums = defaultdict(list)
    for (key, amount), answer in zip(asked, at_once(lambda x: client.ask(x, PATIENCE), asked), strict=True):
        assert answer[:2] == (key, amount)
        sums[key].append((answer[2], amount))
    for found in sums.values():  # in some order, each sum is the one before and the amount
        before = 0
        for total, amount in sorted(found):
            assert total == before + amount
            before = total
    client.cancel().result()


def test_a_reduce_answers_each_of_its_records(env):
    requests, stream = requested(env)
    stream.key_by(lambda x: x % 2).reduce(lambda a, b: a + b).sink_to(requests.replies)
    client = env.execute_async("service")
    assert [client.ask(x, PATIENCE) for x in (1, 2, 3, 4)] == [1, 2, 4, 6]
    client.cancel().result()


def test_typed_streams_and_columns(env):
    requests, stream = requested(env)
    row = Types.ROW_NAMED(["key", "value"], [Types.STRING(), Types.LONG()])
    rows = (
        stream.map(lambda pair: pair, row).key_by(lambda r: r[0], Types.STRING()).map(lambda r: (r[0], r[1] * 2), row)
    )
    rows.select(col("key"), (col("value") + 1).alias("value")).map(tuple).sink_to(requests.replies)
    client = env.execute_async("service")
    asked = [("abc"[number % 3], number) for number in range(100)]
    assert at_once(lambda x: client.ask(x, PATIENCE), asked) == [(key, 2 * number + 1) for key, number in asked]
    client.cancel().result()


def test_everybody_who_gets_a_broadcast_record_may_answer(env):
    requests, stream = requested(env)
    stream.map(lambda x: x).broadcast().map(lambda x: x * 2).sink_to(requests.replies)
    client = env.execute_async("service")
    subtasks = env.get_parallelism()
    asked = list(range(50))
    assert at_once(lambda x: client.ask_all(x, PATIENCE), asked) == [[x * 2] * subtasks for x in asked]
    client.cancel().result()


ODD = OutputTag("odd", Types.LONG())


class Split(ProcessFunction):
    def process_element(self, value, ctx):
        if value % 2:
            yield ODD, value
        else:
            yield value


def test_side_outputs_and_several_sinks_of_replies(env):
    requests, stream = requested(env)
    split = stream.rebalance().process(Split())
    split.map(lambda x: ("even", x)).sink_to(requests.replies)
    split.get_side_output(ODD).rebalance().map(lambda x: ("odd", x)).sink_to(ReplySink())
    client = env.execute_async("service")
    assert at_once(lambda x: client.ask(x, PATIENCE), range(40)) == [("odd" if x % 2 else "even", x) for x in range(40)]
    client.cancel().result()


class Scaled(CoProcessFunction):
    def open(self, runtime_context):
        self.factor = 1

    def process_element1(self, value, ctx):
        yield value * self.factor

    def process_element2(self, value, ctx):
        self.factor = value
        yield f"factor {value}"


def test_records_that_are_no_requests_pass_beside_them():
    env = make_environment("inline-unchained")
    requests, stream = requested(env)
    factors = QueueSource()
    other = env.from_source(factors, NO_WATERMARKS, "factors")
    stream.connect(other).process(Scaled()).sink_to(requests.replies)
    client = env.execute_async("service")
    assert client.ask(5, PATIENCE) == 5
    factors.put(3)
    while (answer := client.ask(5, PATIENCE)) != 15:
        assert answer == 5
    assert of_no_request(client.get_accumulators().result()) == 1
    client.cancel().result()


def test_two_sources_of_requests(env):
    adds, stream = requested(env)
    reads = RequestSource()
    other = env.from_source(reads, NO_WATERMARKS, "reads").map(lambda key: (key, 0))
    stream.union(other).key_by(lambda pair: pair[0]).process(Sum()).sink_to(adds.replies)
    client = env.execute_async("service")
    assert adds.ask(("a", 3), PATIENCE) == ("a", 3, 3)
    assert adds.ask(("a", 4), PATIENCE) == ("a", 4, 7)
    assert reads.ask("a", PATIENCE) == ("a", 0, 7)
    assert reads.ask("b", PATIENCE) == ("b", 0, 0)
    with pytest.raises(WrongStateError, match="several sources of requests"):
        client.ask("a", PATIENCE)
    client.cancel().result()


class Later(KeyedProcessFunction):
    """Answers at once, and again by a timer of event time."""

    def process_element(self, value, ctx):
        ctx.timer_service().register_event_time_timer(ctx.timestamp() + 10)
        yield "at once", value

    def on_timer(self, timestamp, ctx):
        yield "by a timer", timestamp


def test_what_a_watermark_sets_off_is_no_requests(env):
    requests = RequestSource()
    strategy = WatermarkStrategy.for_monotonous_timestamps()
    stream = env.from_source(requests, strategy, "requests")
    stream.key_by(lambda x: x % 3).process(Later()).name("later").sink_to(requests.replies)
    client = env.execute_async("service")
    for x in range(30):
        assert client.ask_all(x, PATIENCE, timestamp=100 * x) == [("at once", x)]
    requests.close()
    result = client.get_job_execution_result().result()
    assert of_no_request(result.get_all_accumulator_results()) == 30


class ManyTimers(KeyedProcessFunction):
    """Answers at once, and a thousand times each by timers of event time."""

    def process_element(self, value, ctx):
        for number in range(1000):
            ctx.timer_service().register_event_time_timer(ctx.timestamp() + number)
        yield "at once", value

    def on_timer(self, timestamp, ctx):
        yield "by a timer", timestamp


class Stamp(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value[0]


def test_what_a_watermark_sets_off_is_no_requests_when_it_takes_many_pieces_either(env):
    requests, stream = requested(env)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Stamp())
    stamped = stream.flat_map(lambda x: [(x, number) for number in range(4)]).assign_timestamps_and_watermarks(strategy)
    stamped.key_by(lambda pair: pair[1]).process(ManyTimers()).sink_to(requests.replies)
    client = env.execute_async("service")
    for x in range(0, 30_000, 5000):
        assert sorted(client.ask_all(x, PATIENCE)) == [("at once", (x, number)) for number in range(4)]
    requests.close()
    assert of_no_request(client.get_job_execution_result().result().get_all_accumulator_results()) == 6 * 4 * 1000


def test_a_window_answers_nobody(env):
    requests = RequestSource()
    stream = env.from_source(requests, WatermarkStrategy.for_monotonous_timestamps(), "requests")
    stream.key_by(lambda x: 0).window(TumblingEventTimeWindows.of(Time.milliseconds(100))).reduce(
        lambda a, b: a + b
    ).sink_to(requests.replies)
    client = env.execute_async("service")
    for x in range(5):
        with pytest.raises(NoAnswerError, match="kept for a window"):
            client.ask(x, PATIENCE, timestamp=60 * x)
    client.cancel().result()


# ---- none, several, failures ----


def test_none_and_several_answers(env):
    requests, stream = requested(env)
    stream.rebalance().flat_map(lambda x: range(x)).name("copies").sink_to(requests.replies)
    client = env.execute_async("service")
    with pytest.raises(NoAnswerError, match=r"no answer: nothing that came of it in .*copies.* reached"):
        client.ask(0, PATIENCE)
    with pytest.raises(SeveralAnswersError, match="has 3 answers") as caught:
        client.ask(3, PATIENCE)
    assert sorted(caught.value.answers) == [0, 1, 2]
    assert client.ask(1, PATIENCE) == 0
    assert sorted(client.ask_all(2, PATIENCE)) == [0, 1]
    assert client.ask_all(0, PATIENCE) == []
    client.cancel().result()


def test_none_is_an_answer_like_any_other(env):
    requests, stream = requested(env)
    stream.rebalance().map(lambda x: None).sink_to(requests.replies)
    client = env.execute_async("service")
    assert client.ask(1, PATIENCE) is None
    client.cancel().result()


def divide(x):
    return 100 // x


def test_a_poison_record_fails_its_own_request_only(env):
    requests, stream = requested(env)
    stream.rebalance().map(divide).name("divide").key_by(lambda x: x).map(lambda x: x).sink_to(requests.replies)
    client = env.execute_async("service")

    def ask(x):
        if x:
            return client.ask(x, PATIENCE)
        failed = r"the request has failed: operator 'divide' \(uid .* failed on record 0; created at"
        with pytest.raises(RequestError, match=failed) as caught:
            client.ask(x, PATIENCE)
        assert isinstance(caught.value.__cause__.__cause__, ZeroDivisionError)
        return "failed"

    asked = [0, 1, 5, 0, 7, 0, 50] * 10
    assert at_once(ask, asked) == ["failed" if x == 0 else 100 // x for x in asked]
    assert client.get_job_status().result().name == "RUNNING"
    requests.close()
    client.get_job_execution_result().result()


@pytest.mark.parametrize("raised", [SystemExit(3), KeyError("k"), MemoryError()])
def test_whatever_a_function_raises(env, raised):
    def fail(x):
        if x:
            raise raised
        return x

    requests, stream = requested(env)
    stream.rebalance().key_by(fail).reduce(lambda a, b: b).sink_to(requests.replies)
    client = env.execute_async("service")
    with pytest.raises(RequestError, match=type(raised).__name__):
        client.ask(1, PATIENCE)
    assert client.ask(0, PATIENCE) == 0
    client.cancel().result()


def test_a_poison_record_fails_the_job_where_that_was_chosen(env):
    requests, stream = requested(env, on_error="job")
    stream.rebalance().map(divide).sink_to(requests.replies)
    client = env.execute_async("service")
    assert client.ask(10, PATIENCE) == 10
    with pytest.raises(JobExecutionError, match=r"the job has failed: .*ZeroDivisionError"):
        client.ask(0, PATIENCE)
    with pytest.raises(JobExecutionError, match="failed on record 0"):
        client.get_job_execution_result().result()
    with pytest.raises(JobExecutionError, match="the job has failed"):
        client.ask(1, PATIENCE)


class FullDisk(Sink):
    def create_writer(self, context):
        return FullDiskWriter()


class FullDiskWriter(SinkWriter):
    def write(self, batch):
        raise OSError("no space left on device")


def test_what_a_sink_cannot_write_is_the_jobs_failure(env):
    requests, stream = requested(env)
    answers = stream.rebalance().map(divide)
    answers.sink_to(FullDisk())
    answers.sink_to(requests.replies)
    client = env.execute_async("service")
    with pytest.raises(JobExecutionError, match=r"the job has failed: .*no space left"):
        client.ask(1, PATIENCE)


def test_an_answer_that_cannot_travel_fails_its_request():
    env = make_environment("spawned-2")
    requests, stream = requested(env)
    stream.rebalance().map(lambda x: threading.Lock() if x else x).sink_to(requests.replies)
    client = env.execute_async("service")
    with pytest.raises(RequestError, match="an answer cannot travel to the client"):
        client.ask(1, PATIENCE)
    assert client.ask(0, PATIENCE) == 0
    client.cancel().result()


# ---- time, room, the end ----


class Gate:
    """A function that waits until it is opened; in this process only."""

    def __init__(self):
        self.open = threading.Event()
        self.entered = threading.Event()

    def __call__(self, x):
        self.entered.set()
        assert self.open.wait(PATIENCE)
        return x

    def __deepcopy__(self, memo):
        return self


def gated(capacity=1024):
    env = make_environment("inline")
    gate = Gate()
    requests, stream = requested(env, capacity=capacity)
    stream.map(gate).sink_to(requests.replies)
    return requests, gate, env.execute_async("service")


def test_the_wait_for_an_answer_is_bounded():
    requests, gate, client = gated()
    with pytest.raises(WaitTimeoutError, match=r"no answer came within 0\.05 s"):
        client.ask(1, timeout=0.05)
    with pytest.raises(WaitTimeoutError, match="no answer came"):
        asyncio.run(client.ask_async(2, timeout=0.05))
    gate.open.set()
    assert client.ask(3, PATIENCE) == 3  # the answers of the others are nobody's
    assert len(requests) == 0
    client.cancel().result()


def test_who_asks_a_job_that_is_full_waits():
    requests, gate, client = gated(capacity=2)
    first = [threading.Thread(target=client.ask, args=(x, PATIENCE)) for x in range(2)]
    for thread in first:
        thread.start()
    while len(requests) < 2:
        pass
    with pytest.raises(
        WaitTimeoutError, match=r"as many requests as it may have, and took no other one within 0\.05 s"
    ):
        client.ask(3, timeout=0.05)
    with pytest.raises(WaitTimeoutError, match="as many requests"):
        asyncio.run(client.ask_async(3, timeout=0.05))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.ask, 4, PATIENCE)
        gate.open.set()
        assert waiting.result() == 4
    for thread in first:
        thread.join(PATIENCE)
    client.cancel().result()


def test_a_request_that_was_given_up_before_it_was_sent_gives_its_place_back():
    requests = RequestSource(capacity=1)
    for _ in range(3):
        with pytest.raises(WaitTimeoutError, match="no answer came"):
            requests.ask(1, timeout=0.01)
    assert len(requests) == 0


def test_coroutines(env):
    requests, stream = requested(env, capacity=50)
    stream.rebalance().map(divide).sink_to(requests.replies)
    client = env.execute_async("service")

    async def main():
        answers = await asyncio.gather(*(client.ask_async(x, PATIENCE) for x in range(1, 201)))
        assert answers == [100 // x for x in range(1, 201)]
        with pytest.raises(RequestError):
            await client.ask_async(0, PATIENCE)
        assert await client.ask_all_async(1, PATIENCE) == [100]
        task = asyncio.create_task(client.ask_async(1))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        client.cancel()
        with pytest.raises(JobCancelledError):
            await client.get_job_execution_result()

    asyncio.run(main())


def test_a_cancel_fails_those_who_wait():
    requests, gate, client = gated()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(client.ask, x) for x in range(2)]
        waiting.append(pool.submit(asyncio.run, client.ask_async(2)))
        while len(requests) < 3:
            pass
        cancelled = client.cancel()
        gate.open.set()
        cancelled.result()
        failures = [future.exception(PATIENCE) for future in waiting]
    assert {type(failure) for failure in failures} <= {JobCancelledError, type(None)}
    assert JobCancelledError in {type(failure) for failure in failures}
    with pytest.raises(JobCancelledError):
        client.ask(1)


def test_a_source_that_is_closed_answers_what_was_asked(env):
    requests, stream = requested(env)
    stream.rebalance().map(divide).sink_to(requests.replies)
    client = env.execute_async("service")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.ask, x, PATIENCE) for x in range(1, 9)]
        concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
        while len(requests) + sum(future.done() for future in waiting) < 8:
            pass
        requests.close()
        assert [future.result() for future in waiting] == [100 // x for x in range(1, 9)]
    client.get_job_execution_result().result()
    with pytest.raises(WrongStateError, match="closed"):
        client.ask(1)


def test_a_job_that_cannot_start_fails_its_requests(env, tmp_path):
    requests, stream = requested(env)
    stream.sink_to(requests.replies)
    env.read_text_file(str(tmp_path / "none")).sink_to(DiscardSink())
    client = env.execute_async("service")
    with pytest.raises(JobExecutionError, match="none: cannot be read"):
        client.ask(1, PATIENCE)


def test_functions_ask_nothing():
    for name in ("inline", "spawned-2"):
        env = make_environment(name)
        requests, stream = requested(env)
        stream.map(lambda x, requests=requests: requests.ask(x, 5)).sink_to(requests.replies)
        client = env.execute_async("service")
        with pytest.raises(RequestError, match="asked by the program that runs the job"):
            client.ask(1, PATIENCE)
        client.cancel().result()


def test_what_cannot_be():
    with pytest.raises(ConfigurationError, match="capacity is 1 or more"):
        RequestSource(0)
    with pytest.raises(ConfigurationError, match="on_error is one of 'request', 'job', not 'retry'"):
        RequestSource(on_error="retry")
    env = StreamExecutionEnvironment.get_execution_environment()
    _, stream = requested(env)
    stream.map(lambda x: x).sink_to(DiscardSink())
    with pytest.raises(GraphError, match="nothing answers its requests"):
        env.execute()
    env.from_collection([1]).sink_to(ReplySink())
    with pytest.raises(SinkError, match="the job has none"):
        env.execute()
    env.from_collection([1]).sink_to(DiscardSink())
    client = env.execute_async()
    with pytest.raises(WrongStateError, match="no source of requests"):
        client.ask(1)

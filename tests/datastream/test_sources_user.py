"""Sources that a user writes: enumerator and reader, splits handed out while the job runs."""

import dataclasses
import threading
from collections import deque
from concurrent.futures import Future

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import ProcessFunction
from pyflinkx.datastream.connectors.base import (
    Boundedness,
    InputStatus,
    Source,
    SourceReader,
    SplitEnumerator,
)
from pyflinkx.errors import JobCancelledError, JobExecutionError, WrongStateError


@dataclasses.dataclass
class Range:
    start: int
    stop: int


class Ranges(Source):
    """Numbers, in ranges that readers ask for one by one."""

    output_type = Types.LONG()

    def __init__(self, ranges, fail_at=None, enumerator_fails=None):
        self.ranges = ranges
        self.fail_at = fail_at
        self.enumerator_fails = enumerator_fails

    def create_enumerator(self, enum_context):
        return RangeEnumerator(enum_context, self.ranges, self.enumerator_fails)

    def create_reader(self, context):
        return RangeReader(context, self.fail_at)


class RangeEnumerator(SplitEnumerator):
    def __init__(self, context, ranges, fails):
        self.context = context
        self.ranges = deque(ranges)
        self.fails = fails

    def handle_split_request(self, subtask_id, requester_hostname):
        assert subtask_id in self.context.registered_readers()
        if self.fails:
            raise self.fails
        if self.ranges:
            self.context.assign_split(self.ranges.popleft(), subtask_id)
        else:
            self.context.signal_no_more_splits(subtask_id)


class RangeReader(SourceReader):
    def __init__(self, context, fail_at):
        self.context = context
        self.fail_at = fail_at
        self.range = None
        self.done = False
        self.splits = 0

    def start(self):
        self.context.send_split_request()

    def add_splits(self, splits):
        assert self.range is None
        (self.range,) = splits
        self.splits += 1

    def notify_no_more_splits(self):
        self.done = True

    def poll_next(self, output):
        if self.range is None:
            return InputStatus.END_OF_INPUT if self.done else InputStatus.NOTHING_AVAILABLE
        if self.range.start == self.range.stop:
            self.range = None
            self.context.send_split_request()
            return InputStatus.NOTHING_AVAILABLE
        if self.range.start == self.fail_at:
            raise ValueError(f"bad number {self.fail_at}")
        output.collect(self.range.start, timestamp=self.range.start * 10)
        self.range.start += 1
        return InputStatus.MORE_AVAILABLE


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def ranges(*bounds):
    return [Range(start, stop) for start, stop in bounds]


def read(env, source, strategy=None):
    return env.from_source(source, strategy or WatermarkStrategy.no_watermarks(), "Ranges")


class WithTimestamp(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timestamp()


def test_splits_are_read_once_each_on_demand(env):
    source = Ranges(
        ranges((0, 3000), (5000, 5000), (3000, 3001), (3001, 4000), *((n, n + 1) for n in range(4000, 4020)))
    )
    assert sorted(collect(read(env, source).process(WithTimestamp()))) == [(n, n * 10) for n in range(4020)]


def test_without_splits_the_stream_is_empty(env):
    assert collect(read(env, Ranges([]))) == []


def test_what_the_reader_raises_names_the_operator(env):
    read(env, Ranges(ranges((0, 10)), fail_at=7)).sink_to(DiscardSink())
    with pytest.raises(JobExecutionError, match=r"'Ranges'.*in its reader") as raised:
        env.execute()
    causes = []
    error = raised.value
    while error is not None:
        causes.append(error)
        error = error.__cause__
    assert any(isinstance(cause, ValueError) and "bad number 7" in str(cause) for cause in causes)


def test_what_the_enumerator_raises_fails_the_job(env):
    read(env, Ranges(ranges((0, 10)), enumerator_fails=KeyError("lost"))).sink_to(DiscardSink())
    with pytest.raises(
        JobExecutionError, match=r"operator 'Ranges' \(uid \w+\) failed in the client, .*KeyError: 'lost'"
    ) as raised:
        env.execute()
    assert "created at" in str(raised.value)
    assert isinstance(raised.value.__cause__, KeyError)


class Greedy(Ranges):
    def create_enumerator(self, enum_context):
        class Early(RangeEnumerator):
            def start(self):
                self.context.assign_split(Range(0, 1), 0)

        return Early(enum_context, [], None)


def test_splits_for_readers_that_are_not_there(inline_env):
    read(inline_env, Greedy([])).sink_to(DiscardSink())
    with pytest.raises(WrongStateError, match="reader 0 of 'Ranges' is not registered"):
        inline_env.execute()


class Dealt(Ranges):
    """Splits of which each reader has its share from the beginning, and no enumerator."""

    create_enumerator = Source.create_enumerator

    def splits(self, parallelism):
        return self.ranges

    def create_reader(self, context):
        return DealtReader()


class DealtReader(SourceReader):
    def __init__(self):
        self.splits = []

    def add_splits(self, splits):
        self.splits += splits

    def poll_next(self, output):
        if not self.splits:
            return InputStatus.END_OF_INPUT
        split = self.splits.pop()
        for number in range(split.start, split.stop):
            output.collect(number)
        output.emit_watermark(split.stop)
        return InputStatus.MORE_AVAILABLE


def test_a_source_without_enumerator(env):
    source = Dealt(ranges((0, 2500), (2500, 2503), (2503, 5000)))
    assert sorted(collect(read(env, source))) == list(range(5000))


class Watermarks(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timer_service().current_watermark()


def test_watermarks_and_records_keep_their_order(inline_env):
    inline_env.set_parallelism(1)
    source = Dealt(ranges((0, 3), (3, 5)))
    result = collect(read(inline_env, source).process(Watermarks()))
    low = -(2**63)
    assert result == [(3, low), (4, low), (0, 5), (1, 5), (2, 5)]


class Chat(Source):
    """Reader and enumerator send each other events; the enumerator works in a thread and by the clock."""

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED

    def create_enumerator(self, enum_context):
        return ChatEnumerator(enum_context)

    def create_reader(self, context):
        return ChatReader(context)


class ChatEnumerator(SplitEnumerator):
    def __init__(self, context):
        self.context = context

    def handle_split_request(self, subtask_id, requester_hostname):
        raise AssertionError("nobody asks")

    def handle_source_event(self, subtask_id, source_event):
        def answer(result, error):
            text = result if error is None else repr(error)
            self.context.send_event_to_source_reader(subtask_id, text)
            self.context.call_at(
                self.context.current_processing_time() + 1, lambda: self.context.signal_no_more_splits(subtask_id)
            )

        self.context.call_async(lambda: 1 // source_event, answer)


class ChatReader(SourceReader):
    def __init__(self, context):
        self.context = context
        self.heard = []
        self.done = False
        self.future = Future()

    def start(self):
        self.context.send_source_event_to_coordinator(self.context.get_index_of_subtask())
        threading.Thread(target=self.future.set_result, args=("from a thread",)).start()

    def handle_source_events(self, source_event):
        self.heard.append(source_event)

    def notify_no_more_splits(self):
        self.done = True

    def is_available(self):
        return self.future

    def poll_next(self, output):
        if self.future.done() and self.future.result() is not None:
            output.collect(self.future.result())
            self.future = Future()
            self.future.set_result(None)
        for event in self.heard:
            output.collect(event)
        self.heard.clear()
        return InputStatus.END_OF_INPUT if self.done and self.future.done() else InputStatus.NOTHING_AVAILABLE


def test_events_threads_and_timers(env):
    parallelism = env.get_parallelism()
    results = collect(env.from_source(Chat(), WatermarkStrategy.no_watermarks(), "Chat"))
    answers = ["ZeroDivisionError('integer division or modulo by zero')", 1, 0, 0][:parallelism]
    assert sorted(map(str, results)) == sorted(map(str, ["from a thread"] * parallelism + answers))


class Silent(Ranges):
    def create_enumerator(self, enum_context):
        return SilentEnumerator(enum_context, [], None)


class SilentEnumerator(RangeEnumerator):
    closed = None

    def handle_split_request(self, subtask_id, requester_hostname):
        pass

    def close(self):
        SilentEnumerator.closed.set()


def test_a_cancelled_job_closes_the_enumerator(env):
    SilentEnumerator.closed = threading.Event()
    read(env, Silent([])).sink_to(DiscardSink())
    client = env.execute_async()
    client.cancel().result()
    with pytest.raises(JobCancelledError):
        client.get_job_execution_result().result()
    assert SilentEnumerator.closed.is_set()

"""Log records of workers reach the program's handlers, however slow and broken these are, and hold up no job."""

import logging
import threading

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.graph.execution_graph import ExecutionState
from pyflinkx.runtime.control.log_relay import LogRelay
from pyflinkx.runtime.control.messages import Logged


class Handler(logging.Handler):
    def __init__(self, handle):
        super().__init__()
        self.emit = handle


@pytest.fixture
def logger():
    """Adds handlers to a logger of the test's."""
    found = logging.getLogger("relayed")
    found.setLevel(logging.INFO)
    found.propagate = False
    yield found
    found.handlers.clear()
    found.filters.clear()
    found.propagate = True
    found.setLevel(logging.NOTSET)


def message(text):
    return Logged(logging.makeLogRecord({"name": "relayed", "levelno": logging.INFO, "msg": text}), {})


def test_records_come_in_order_and_close_waits_for_them(logger):
    seen = []
    logger.addHandler(Handler(lambda record: seen.append((record.msg, threading.current_thread().name))))
    relay = LogRelay()
    for number in range(100):
        relay.put(message(number))
    relay.close(None)
    assert seen == [(number, "log of workers") for number in range(100)]


def test_a_filter_that_raises_loses_its_record_only(logger, capfd):
    seen = []

    def refuse(record):
        if record.msg == 1:
            raise SystemExit("broken filter")
        return True

    logger.addFilter(refuse)
    logger.addHandler(Handler(lambda record: seen.append(record.msg)))
    relay = LogRelay()
    for number in range(3):
        relay.put(message(number))
    relay.close(None)
    assert seen == [0, 2]
    assert "broken filter" in capfd.readouterr().err


def test_what_a_handler_cannot_keep_up_with_is_counted(logger, caplog):
    busy, released, seen = threading.Event(), threading.Event(), []

    def slow(record):
        busy.set()
        released.wait()
        seen.append(record.msg)

    logger.addHandler(Handler(slow))
    relay = LogRelay(most=2)
    relay.put(message(0))
    busy.wait()
    for number in range(1, 6):
        relay.put(message(number))
    released.set()
    relay.close(None)
    assert seen == [0, 1, 2]
    assert "3 log records of workers were dropped" in caplog.text


def test_nobody_waits_for_a_handler_longer_than_told(logger):
    busy, released = threading.Event(), threading.Event()

    def stuck(record):
        busy.set()
        released.wait()

    logger.addHandler(Handler(stuck))
    relay = LogRelay()
    relay.put(message(0))
    relay.put(message(1))
    busy.wait()
    relay.close(0)
    assert not relay.waiting
    released.set()
    relay.thread.join()


def log_and_pass(value):
    logging.getLogger("relayed").warning("took %d", value)
    return value


def test_a_job_goes_on_while_a_handler_is_slow(logger):
    """The handler waits for what only the JobManager's thread can bring about: that all tasks have ended."""
    ended = threading.Event()
    waited = []
    logger.addHandler(Handler(lambda record: waited.append(ended.wait(60))))
    configuration = Configuration.from_dict({"pyflinkx.workers": "processes"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    env.from_collection(range(6)).map(log_and_pass).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    for _ in job.run_by_steps():
        tasks = job.master.execution.tasks.values()
        if tasks and all(state is ExecutionState.FINISHED for state in tasks):
            ended.set()
    assert waited == [True] * 6

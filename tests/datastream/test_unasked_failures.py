"""Jobs in the background that fail: somebody takes the error, or it is logged."""

import asyncio
import concurrent.futures
import gc
import logging
import subprocess
import sys
import threading

import pytest

from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.errors import JobExecutionError
from pyflinkx.runtime.drivers import unasked
from tests.datastream.conftest import make_environment

PATIENCE = 60
LONG = 600  # no test waits for it


def divide(x):
    return 1 // x


def failing(env):
    """The client of a job that fails, and the thread that runs it."""
    env.from_collection([1, 0]).map(divide).name("divide").sink_to(DiscardSink())
    client = env.execute_async("failing")
    return client, client._thread


def errors(caplog):
    return [record for record in caplog.records if record.levelno == logging.ERROR]


def check_logged(caplog):
    (record,) = errors(caplog)
    assert record.name == "pyflinkx"
    text = logging.Formatter().format(record)
    assert text.startswith("job 'failing' (")
    assert "nobody has asked for its result: JobExecutionError: operator 'divide' (uid " in text
    assert "failed on record 0; created at" in text
    assert "in divide" in text
    assert "return 1 // x" in text
    assert text.count("ZeroDivisionError") >= 2


def test_a_failure_that_nobody_asks_about_is_logged(env, caplog, monkeypatch):
    monkeypatch.setattr(unasked, "PATIENCE", 0)
    client, thread = failing(env)
    assert thread.join(PATIENCE)
    check_logged(caplog)
    with pytest.raises(JobExecutionError):
        client.get_job_execution_result().result()
    assert client.get_job_status().result().name == "FAILED"


def test_a_failure_that_nobody_can_ask_about_any_more_is_logged_at_once(env, caplog, monkeypatch):
    monkeypatch.setattr(unasked, "PATIENCE", LONG)
    client, thread = failing(env)
    future = client.get_job_execution_result()
    del client
    gc.collect()
    assert concurrent.futures.wait([future], timeout=PATIENCE).done
    assert errors(caplog) == []
    del future
    gc.collect()
    assert thread.join(PATIENCE)
    check_logged(caplog)


def test_a_client_that_is_dropped_at_once(env, caplog, monkeypatch):
    monkeypatch.setattr(unasked, "PATIENCE", LONG)
    thread = failing(env)[1]
    gc.collect()
    assert thread.join(PATIENCE)
    check_logged(caplog)


def test_a_callback_that_does_not_look_takes_nothing(env, caplog, monkeypatch):
    monkeypatch.setattr(unasked, "PATIENCE", LONG)
    client, thread = failing(env)
    called = threading.Event()
    client.get_job_execution_result().add_done_callback(lambda future: called.set())
    assert called.wait(PATIENCE)
    del client
    gc.collect()
    assert thread.join(PATIENCE)
    check_logged(caplog)


def take(client):
    with pytest.raises(JobExecutionError):
        client.get_job_execution_result().result()


def look(client):
    assert isinstance(client.get_job_execution_result().exception(timeout=PATIENCE), JobExecutionError)


def in_a_loop(client):
    async def main():
        with pytest.raises(JobExecutionError):
            await client.get_job_execution_result()

    asyncio.run(main())


def wrapped(client):
    async def main():
        with pytest.raises(JobExecutionError):
            await asyncio.wrap_future(client.get_job_execution_result())

    asyncio.run(main())


def in_a_callback(client):
    seen = threading.Event()
    client.get_job_execution_result().add_done_callback(lambda future: future.exception() and seen.set())
    assert seen.wait(PATIENCE)


@pytest.mark.parametrize("ask", [take, look, in_a_loop, wrapped, in_a_callback])
@pytest.mark.parametrize("execution", ["inline", "forked-4-unchained"])
def test_a_failure_that_somebody_takes_is_not_logged(caplog, monkeypatch, execution, ask):
    monkeypatch.setattr(unasked, "PATIENCE", LONG)
    client, thread = failing(make_environment(execution))
    ask(client)
    assert thread.join(PATIENCE)
    assert errors(caplog) == []


def test_a_cancelled_job_has_not_failed(env, caplog, monkeypatch):
    monkeypatch.setattr(unasked, "PATIENCE", 0)
    env.from_collection([1]).map(lambda x: threading.Event().wait(0.01)).sink_to(DiscardSink())
    client = env.execute_async()
    client.cancel().result()
    assert client._thread.join(PATIENCE)
    assert errors(caplog) == []


PROGRAM = """
import sys
from pyflinkx.datastream import StreamExecutionEnvironment

def divide(x):
    return 1 // x

env = StreamExecutionEnvironment.get_execution_environment()
env.from_collection([1, 0]).map(divide).name("divide").print()
client = env.execute_async("failing")
if sys.argv[1] == "ask":
    try:
        client.get_job_execution_result().result()
    except Exception as error:
        print(type(error).__name__)
else:
    while client.get_job_status().result().name != "FAILED":
        pass
"""


@pytest.mark.parametrize("ask", [True, False])
def test_at_the_end_of_the_interpreter(tmp_path, ask):
    path = tmp_path / "job.py"
    path.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), "ask" if ask else "leave"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.split() == ["1", "JobExecutionError"] if ask else ["1"]
    assert ("nobody has asked" in done.stderr) is not ask
    if not ask:
        assert 'job.py", line 6, in divide' in done.stderr
    else:
        assert done.stderr == ""

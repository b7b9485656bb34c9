"""Requests that asynchronous functions answer."""

import asyncio

import pytest

from pyflinkx.common import Time
from pyflinkx.datastream import AsyncDataStream, AsyncFunction
from pyflinkx.datastream.connectors.requests import RequestError
from tests.datastream.conftest import make_environment
from tests.datastream.connectors.request_tools import PATIENCE, at_once, requested


class Looked(AsyncFunction):
    """Answers later, those that came first last; 0 fails, 9 gives nothing."""

    async def async_invoke(self, value):
        if value == 0:
            raise LookupError("nothing there")
        await asyncio.sleep(0.001 * (9 - value % 10))
        return [] if value == 9 else [value * 10]


class Late(AsyncFunction):
    """Answers when its time is over, but fails on 1."""

    async def async_invoke(self, value):
        await asyncio.sleep(600)

    def timeout(self, value):
        return [100 // (value - 1)]


@pytest.mark.parametrize("wait", [AsyncDataStream.ordered_wait, AsyncDataStream.unordered_wait])
def test_an_asynchronous_function_answers_its_request(env, wait):
    requests, stream = requested(env)
    looked = wait(stream.rebalance(), Looked(), Time.milliseconds(0), 4)
    looked.key_by(lambda x: x).map(lambda x: ("found", x)).sink_to(requests.replies)
    client = env.execute_async("service")

    def ask(x):
        if x == 0:
            with pytest.raises(RequestError, match=r"failed on record 0; created at .*LookupError: nothing there"):
                client.ask(x, PATIENCE)
            return []
        return client.ask_all(x, PATIENCE)

    asked = [*range(10), 0, 9, *range(20, 60)]
    assert at_once(ask, asked) == [[] if x in (0, 9) else [("found", x * 10)] for x in asked]
    assert client.get_job_status().result().name == "RUNNING"
    requests.close()
    client.get_job_execution_result().result()


@pytest.mark.parametrize("wait", [AsyncDataStream.ordered_wait, AsyncDataStream.unordered_wait])
def test_what_timeout_gives_is_an_answer_too(wait):
    env = make_environment("inline-unchained")
    requests, stream = requested(env)
    wait(stream, Late(), Time.milliseconds(1), 10).sink_to(requests.replies)
    client = env.execute_async("service")
    assert at_once(lambda x: client.ask(x, PATIENCE), [2, 3, 5]) == [100, 50, 25]
    with pytest.raises(RequestError, match="ZeroDivisionError"):
        client.ask(1, PATIENCE)
    assert client.ask(2, PATIENCE) == 100
    client.cancel().result()

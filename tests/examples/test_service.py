"""The example service: a real process that is asked by HTTP, under load, and told to end."""

import concurrent.futures
import http.client
import json
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from urllib.parse import urlencode

import pytest

PATIENCE = 120
REQUESTS, AT_A_TIME = 2_000, 32


class Service:
    """The service in a process of its own."""

    def __init__(self, parallelism):
        program = "pyflinkx.examples.datastream.embedding"
        self.process = subprocess.Popen(
            [sys.executable, "-m", program, "--port", "0", "--parallelism", str(parallelism)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), self.process.communicate()
        self.port = int(line.rpartition(":")[2])

    def get(self, path, **query):
        """Status and answer of a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"{path}?{urlencode(query)}")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def end(self, number):
        """Exit code and what it said after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@pytest.fixture(params=[1, 2], ids=["inline", "workers"])
def service(request):
    service = Service(request.param)
    yield service
    if service.process.poll() is None:
        service.process.kill()
        service.process.communicate()


def check_sums(asked, answers):
    """Each answer is its own request's: per key, in some order, each sum is the one before and the request's value."""
    sums = defaultdict(list)
    for (key, value), (status, answer) in zip(asked, answers, strict=True):
        assert status == 200, answer
        assert answer["key"] == key
        sums[key].append((answer["sum"], value))
    for found in sums.values():
        before = 0
        for total, value in sorted(found):
            assert total == before + value
            before = total


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_answers_and_ends(service, number):
    assert service.get("/add", key="a", value=3) == (200, {"key": "a", "sum": 3})
    assert service.get("/add", key="b", value=10) == (200, {"key": "b", "sum": 10})
    assert service.get("/none") == (404, {})
    status, answer = service.get("/add", key="a", value="x")
    assert status == 400
    assert "failed on record {'key': 'a', 'value': 'x'}" in answer["error"]
    assert service.get("/add", key="a")[0] == 400
    assert service.get("/add", key="a", value=4) == (200, {"key": "a", "sum": 7})
    assert service.end(number) == (0, "", "")


def test_the_service_under_load(service):
    assert service.get("/add", key="first", value=1)[0] == 200  # all workers are there
    drawn = random.Random(11)
    asked = [(f"key {drawn.randrange(50)}", drawn.randint(1, 1000)) for _ in range(REQUESTS)]
    times = []

    def ask(pair):
        started = time.monotonic()
        answer = service.get("/add", key=pair[0], value=pair[1])
        times.append(time.monotonic() - started)
        return answer

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        answers = list(pool.map(ask, asked))
    elapsed = time.monotonic() - started
    check_sums(asked, answers)
    times.sort()
    shares = {f"p{share}": f"{times[len(times) * share // 100] * 1000:.1f} ms" for share in (50, 90, 99)}
    print(f"{REQUESTS} requests, {AT_A_TIME} at a time: {REQUESTS / elapsed:.0f} a second,", shares)
    assert service.end(signal.SIGTERM) == (0, "", "")


def test_what_is_under_way_is_answered_before_the_end(service):
    """Whoever was let in gets an answer; whoever comes later finds nobody."""
    asked = [("a", number) for number in range(1, 301)]

    def ask(pair):
        try:
            return service.get("/add", key=pair[0], value=pair[1])
        except (OSError, http.client.HTTPException):
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, pair) for pair in asked]
        concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
        ended = service.end(signal.SIGTERM)
        answers = [future.result() for future in waiting]
    assert ended == (0, "", "")
    let_in = [(pair, answer) for pair, answer in zip(asked, answers, strict=True) if answer is not None]
    assert let_in
    check_sums(*zip(*let_in, strict=True))

"""Two processes that share an arena: throughput of frames, and the time of a round trip.

Run: pytest bench/micro/bench_exchange.py

``extra_info`` has GB/s of payload (each byte is copied once by the producer and once by the consumer) and frames/s; for
the round trips, the median of the time that one takes, in microseconds. Beside it, what a connection of
multiprocessing does with the same messages.
"""

import subprocess
import sys
import time
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from statistics import median

import pytest

from pyflinkx._core.exchange.shared import SUPPORTED, Arena

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="processes share memory on 64-bit Linux only")

FLUSH, ECHO, END = 1, 2, 3
SEGMENTS = 64


def receive(event, reader):
    while True:
        sequence = event.prepare()
        if (item := reader.get()) is not None:
            return item
        event.wait(sequence)


def consume(fd):
    """The other process: takes frames, answers FLUSH with their bytes so far, ECHO with the same, until END."""
    arena = Arena.attach(fd)
    event, reader, writer = arena.event(1), arena.reader(0), arena.writer(1, [1])
    while True:
        item = receive(event, reader)
        if type(item) is tuple:
            kind, value = item
            if kind == END:
                return
            writer.put_control(kind, reader.bytes_received if kind == FLUSH else value)


@contextmanager
def peer(segments=SEGMENTS):
    """An arena with a consumer at its other end."""
    arena = Arena.create(2, [(segments, 0), (1, 1)], [(0, 0, 1), (1, 1, 0)])
    code = f"from bench.micro.bench_exchange import consume; consume({arena.fd})"
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[arena.fd])
    event, writer, answers = arena.event(0), arena.writer(0, [0]), arena.reader(1)

    def ask(kind, value=0):
        writer.put_control(kind, value)
        answer = receive(event, answers)
        assert answer[0] == kind
        return answer[1]

    ask(ECHO)
    try:
        yield writer, ask
    finally:
        writer.put_control(END, 0)
        assert process.wait(10) == 0
        arena.close()


@pytest.mark.benchmark(group="throughput")
@pytest.mark.parametrize(("size", "frames"), [(100, 20_000), (32_768, 4_000), (262_144, 1_000), (1 << 20, 300)])
def test_frames(benchmark, size, frames):
    frame = bytes(range(256)) * (size // 256) + bytes(size % 256)
    with peer() as (writer, ask):

        def run():
            before = ask(FLUSH)
            started = time.perf_counter()
            waited = 0
            for _ in range(frames):
                waited += writer.write([frame])
            received = ask(FLUSH) - before
            return received, time.perf_counter() - started, waited

        results = []
        benchmark.pedantic(lambda: results.append(run()), rounds=7, warmup_rounds=1)
    assert {received for received, _, _ in results} == {size * frames}
    seconds = median(elapsed for _, elapsed, _ in results)
    benchmark.extra_info["GB/s"] = round(size * frames / seconds / 1e9, 2)
    benchmark.extra_info["frames/s"] = round(frames / seconds)
    benchmark.extra_info["waited"] = round(median(waited / 1e9 / elapsed for _, elapsed, waited in results), 2)


def consume_pipe(fd):
    """As ``consume``, from a socket: counts bytes, and answers an empty message with their number."""
    received = 0
    with Connection(fd) as connection:
        while True:
            message = connection.recv_bytes()
            received += len(message)
            if not message:
                connection.send_bytes(str(received).encode())
            elif message == b"end":
                return


@pytest.mark.benchmark(group="throughput")
@pytest.mark.parametrize(("size", "frames"), [(262_144, 1_000), (1 << 20, 300)])
def test_messages_of_multiprocessing(benchmark, size, frames):
    frame = bytes(size)
    mine, theirs = Pipe()
    code = f"from bench.micro.bench_exchange import consume_pipe; consume_pipe({theirs.fileno()})"
    with subprocess.Popen([sys.executable, "-c", code], pass_fds=[theirs.fileno()]) as process, mine:

        def ask():
            mine.send_bytes(b"")
            return int(mine.recv_bytes())

        def run():
            before = ask()
            started = time.perf_counter()
            for _ in range(frames):
                mine.send_bytes(frame)
            return ask() - before, time.perf_counter() - started

        results = []
        benchmark.pedantic(lambda: results.append(run()), rounds=7, warmup_rounds=1)
        mine.send_bytes(b"end")
        assert process.wait(10) == 0
    theirs.close()
    assert {received for received, _ in results} == {size * frames}
    benchmark.extra_info["GB/s"] = round(size * frames / median(elapsed for _, elapsed in results) / 1e9, 2)


@pytest.mark.benchmark(group="latency")
def test_round_trip_of_a_control_element(benchmark):
    with peer() as (_, ask):
        times = []

        def run():
            for i in range(2000):
                started = time.perf_counter_ns()
                assert ask(ECHO, i) == i
                times.append(time.perf_counter_ns() - started)

        benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    benchmark.extra_info["p50 us"] = round(median(times) / 1000, 1)

"""Arenas between real processes: what arrives, and what is left when one of them is killed."""

import multiprocessing
import os
import subprocess
import sys
import threading
from multiprocessing import reduction

import pytest

from pyflinkx._core.exchange.shared import Arena
from tests.core import exchange_peer
from tests.core.exchange_tools import LONG, SIZE, needs_arenas

pytestmark = needs_arenas


@pytest.fixture
def arena():
    """Channel 0 leads to the peer (event 1), channel 1 back."""
    arena = Arena.create(2, [(6, 0), (3, 1)], [(0, 0, 1), (1, 1, 0)], segment_size=SIZE, ring_capacity=4)
    rescue = threading.Timer(LONG, arena.cancel)
    rescue.start()
    yield arena
    rescue.cancel()
    arena.close()


def exchange_with_echo(arena):
    event, writer, reader = arena.event(0), arena.writer(0, [0]), arena.reader(1)
    for size in (0, 1, 100, SIZE - 8, SIZE, 5 * SIZE, 60 * SIZE):
        content = os.urandom(size)
        writer.write([content[: size // 2], content[size // 2 :]])
        assert bytes(exchange_peer.receive(event, reader)) == content
    # Several at once: a producer with an event of its own would do this in two threads.
    sent = []

    def send():
        for seed in range(300):
            writer.write([exchange_peer.frame(seed)])
            writer.put_control(4, seed)
        writer.put_control(exchange_peer.END, 0)
        sent.append(True)

    sender = threading.Thread(target=send)
    sender.start()
    for seed in range(300):
        assert bytes(exchange_peer.receive(event, reader)) == exchange_peer.frame(seed)
        assert exchange_peer.receive(event, reader) == (4, seed)
    assert exchange_peer.receive(event, reader) == (exchange_peer.END, 0)
    sender.join()
    assert sent == [True]
    assert (writer.buffers_in_use, reader.buffers_queued) == (0, 0)


def test_with_a_process_that_inherits_the_descriptor(arena):
    code = f"from tests.core.exchange_peer import echo; echo({arena.fd})"
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[arena.fd])
    exchange_with_echo(arena)
    assert process.wait(LONG) == 0


def test_with_a_spawned_process_that_is_sent_the_descriptor(arena):
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=exchange_peer.echo_by_connection, args=(theirs,))
    process.start()
    reduction.send_handle(mine, arena.fd, process.pid)
    exchange_with_echo(arena)
    process.join(LONG)
    assert process.exitcode == 0
    process.close()
    mine.close()
    theirs.close()


def test_survivors_of_a_kill_end_when_the_arena_is_cancelled():
    command = [sys.executable, "-m", "tests.core.exchange_peer", "200", str(int.from_bytes(os.urandom(3), "little"))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert (result.returncode, result.stdout, result.stderr) == (0, "all ended\n", ""), command

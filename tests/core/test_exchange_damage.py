"""Arenas whose bytes somebody has written over: errors or wrong data, never a crash."""

import mmap
import os
import random

import pytest

from pyflinkx._core.exchange.shared import Arena
from pyflinkx.errors import ChannelClosedError, CorruptDataError
from tests.core.exchange_tools import SIZE, needs_arenas
from tests.fuzz import fuzz_exchange

pytestmark = needs_arenas


@pytest.fixture
def arena():
    """A producer (event 0, pool 0 of 8 segments) and three consumers (events 1 to 3)."""
    return Arena.create(4, [(8, 0)], [(0, 0, 1), (0, 0, 2), (0, 0, 3)], segment_size=SIZE, ring_capacity=8)


def scribble(arena, at, data):
    with mmap.mmap(arena.fd, arena.nbytes) as memory:
        memory[at : at + len(data)] = data


def test_only_arenas_are_attached(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    with open(path, "r+b") as file, pytest.raises(CorruptDataError, match="no arena"):
        Arena.attach(file.fileno())
    for content in (b"", bytes(100_000)):
        fd = os.memfd_create("unsealed", os.MFD_ALLOW_SEALING)
        os.write(fd, content)
        with pytest.raises(CorruptDataError, match="no arena"):
            Arena.attach(fd)
        os.close(fd)
    reading, writing = os.pipe()
    with pytest.raises(CorruptDataError):
        Arena.attach(reading)
    os.close(reading)
    os.close(writing)
    for closed in (-1, reading):
        with pytest.raises(OSError, match="Bad file descriptor"):
            Arena.attach(closed)


def test_arenas_cannot_be_resized(arena):
    for size in (0, arena.nbytes - 1, arena.nbytes + 1):
        with pytest.raises(PermissionError):
            os.ftruncate(arena.fd, size)


def test_every_damaged_header_byte_is_found_or_harmless(arena):
    found = 0
    with mmap.mmap(arena.fd, arena.nbytes) as memory:
        for at in range(40):
            before = memory[at]
            for value in {0, 1, 127, 255, before ^ 1, before ^ 128} - {before}:
                memory[at] = value
                try:
                    other = Arena.attach(arena.fd)
                except CorruptDataError:
                    found += 1
                else:
                    # An event more or less can fit the same number of pages.
                    use(other)
            memory[at] = before
    assert found > 150


def use(arena):
    """Whatever can be done without waiting, as long as there is no error."""
    assert arena.cancelled in (True, False)
    for i in range(4):
        try:
            arena.event(i).signal()
            reader = arena.reader(i)
            reader.get()
            reader.set_credit(SIZE)
            writer = arena.writer(0, [i])
            if writer.writable and reader.buffers_queued == 0:
                writer.put_control(1, 1)
        except (IndexError, ValueError, ChannelClosedError):
            pass


@pytest.mark.parametrize("seed", range(10))
def test_arenas_that_are_written_over_while_they_are_used(seed):
    for number in range(100):
        fuzz_exchange.run(random.Random(1000 * seed + number))

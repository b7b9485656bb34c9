"""What other processes do in the tests of exchanges: they are started from here, never imported by a test only."""

import os
import random
import signal
import sys
import time
import zlib
from multiprocessing import reduction

from pyflinkx._core.exchange.shared import Arena
from pyflinkx.errors import ChannelClosedError

SIZE = 4096
END, BROKEN = 1, 2


def frame(seed):
    """A frame that tells whether it is whole: of 4 bytes to several segments, ending in a checksum."""
    draw = random.Random(seed)
    body = draw.randbytes(draw.choice([0, 1, SIZE - 12, SIZE - 11, SIZE, 3 * SIZE + 5, 9 * SIZE]))
    return body + zlib.crc32(body).to_bytes(4, "little")


def is_whole(received):
    view = memoryview(received)
    return zlib.crc32(view[:-4]) == int.from_bytes(view[-4:], "little")


def receive(event, reader):
    while True:
        sequence = event.prepare()
        if (item := reader.get()) is not None:
            return item
        event.wait(sequence)


def echo(fd):
    """Send back whatever comes on channel 0, through pool 1 and channel 1, until END."""
    arena = Arena.attach(fd)
    event, reader, writer = arena.event(1), arena.reader(0), arena.writer(1, [1])
    while True:
        item = receive(event, reader)
        if type(item) is tuple:
            writer.put_control(*item)
            if item[0] == END:
                return
        else:
            writer.write([item])


def echo_by_connection(connection):
    """As ``echo``, with the file descriptor sent along."""
    fd = reduction.recv_handle(connection)
    echo(fd)
    os.close(fd)


def produce(arena, channels):
    writer = arena.writer(0, channels)
    number = 0
    while True:
        whole = frame(number % 50)
        writer.write([whole[:9], whole[9:]])
        writer.put_control(3, number)
        number += 1


def consume(arena, channel):
    event, reader = arena.event(1 + channel), arena.reader(channel)
    number = 0
    while True:
        if not is_whole(receive(event, reader)):
            os._exit(BROKEN)
        if receive(event, reader) != (3, number):
            os._exit(BROKEN)
        number += 1


def fork(work, *arguments):
    """A process that works until the arena is cancelled, and exits with 0 then."""
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        work(*arguments)
    except ChannelClosedError:
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(BROKEN)


def kill_and_cancel(draw):
    """A producer and two consumers, of which one is killed at some instruction; the others end."""
    arena = Arena.create(
        3, [(draw.choice([1, 2, 8]), 0)], [(0, 0, 1), (0, 0, 2)], segment_size=SIZE, ring_capacity=draw.choice([2, 16])
    )
    pids = [fork(produce, arena, [0, 1]), fork(consume, arena, 0), fork(consume, arena, 1)]
    time.sleep(draw.random() * 0.01)
    victim = draw.choice(pids)
    os.kill(victim, signal.SIGKILL)
    # With luck the others sleep by now, waiting for the dead one.
    time.sleep(draw.choice([0, 0.003]))
    arena.cancel()
    codes = {pid: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids}
    arena.close()
    assert codes.pop(victim) == -signal.SIGKILL
    assert set(codes.values()) == {0}, codes


def left_open():
    with open("/proc/self/maps") as lines:
        return len(os.listdir("/proc/self/fd")), sum("pyflinkx-arena" in line for line in lines)


def main():
    rounds, seed = int(sys.argv[1]), int(sys.argv[2])
    signal.alarm(100)  # a survivor that waits for ever would keep this waiting, too
    draw = random.Random(seed)
    before = left_open()
    for _ in range(rounds):
        kill_and_cancel(draw)
    assert left_open() == before, (before, left_open())
    print("all ended")


if __name__ == "__main__":
    main()

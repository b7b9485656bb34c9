"""Writers and readers of one arena against a model in plain Python."""

import time
from collections import deque

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyflinkx._core.exchange.shared import Arena
from tests.core.exchange_tools import LONG, SIZE, in_thread, needs_arenas, pattern


@needs_arenas
class Exchange(RuleBasedStateMachine):
    """One producer with a writer per channel and one for all; the model is a deque per channel.

    What the model leaves to the arena is when a write would wait: it is only tried when ``writable`` says so, with a
    frame of one segment, and then it must not wait.
    """

    SEGMENTS = 6
    CAPACITY = 4

    def __init__(self):
        super().__init__()
        self.arena = Arena.create(
            4,
            [(self.SEGMENTS, 0)],
            [(0, 0, 1), (0, 0, 2), (0, 0, 3)],
            segment_size=SIZE,
            ring_capacity=self.CAPACITY,
            credit=3 * SIZE,
        )
        self.other = Arena.attach(self.arena.fd)
        self.targets = [[0], [1], [2], [0, 1, 2], [2, 0]]
        self.writers = [self.arena.writer(0, target) for target in self.targets]
        self.readers = [self.other.reader(i) for i in range(3)]
        self.queues = [deque() for _ in range(3)]
        self.credits = [3 * SIZE] * 3
        self.frames = 0
        # For each segment that is out, the channels that have still to read it.
        self.out = []

    def under_way(self, channel):
        return sum(len(item) + 8 for item in self.queues[channel] if isinstance(item, bytes))

    def room(self, channel, size):
        way = self.under_way(channel)
        return len(self.queues[channel]) < self.CAPACITY and (way == 0 or way + size <= self.credits[channel])

    @rule(which=st.integers(0, 4), size=st.integers(0, SIZE - 8))
    def write(self, which, size):
        writer, target = self.writers[which], self.targets[which]
        free = len(self.out) < self.SEGMENTS
        assert writer.writable == (free and all(self.room(channel, SIZE) for channel in target))
        if not (free and all(self.room(channel, size + 8) for channel in target)):
            return
        frame = self.frames.to_bytes(8, "little") * (size // 8 + 1)
        frame = frame[:size]
        self.frames += 1
        assert writer.write([frame[:11], frame[11:]]) == 0
        self.out.append(set(target))
        for channel in target:
            self.queues[channel].append(frame)

    @rule(which=st.integers(0, 4), kind=st.integers(1, 15), value=st.integers(-(2**63), 2**63 - 1))
    def control(self, which, kind, value):
        if all(len(self.queues[channel]) < self.CAPACITY for channel in self.targets[which]):
            assert self.writers[which].put_control(kind, value) == 0
            for channel in self.targets[which]:
                self.queues[channel].append((kind, value))

    @rule(channel=st.integers(0, 2))
    def get(self, channel):
        item = self.readers[channel].get()
        if not self.queues[channel]:
            assert item is None
            return
        expected = self.queues[channel].popleft()
        if isinstance(expected, tuple):
            assert item == expected
            return
        assert bytes(item) == expected
        mine = next(waiting for waiting in self.out if channel in waiting)
        mine.discard(channel)
        if not mine:
            self.out.remove(mine)

    @rule(channel=st.integers(0, 2), credit=st.integers(0, 8 * SIZE))
    def grant(self, channel, credit):
        self.readers[channel].set_credit(credit)
        self.credits[channel] = credit

    @rule(which=st.integers(0, 4), size=st.integers(SIZE, 9 * SIZE))
    def write_more_than_fits(self, which, size):
        """A frame of several segments, with whatever is in its way read meanwhile."""
        frame = pattern(size, self.frames)
        self.frames += 1
        result = in_thread(lambda: self.writers[which].write([frame]))
        for channel in self.targets[which]:
            self.queues[channel].append(frame)
        left = set(self.targets[which])
        deadline = time.monotonic() + LONG
        while left:
            assert time.monotonic() < deadline
            for channel in range(3):
                while (item := self.readers[channel].get()) is not None:
                    expected = self.queues[channel].popleft()
                    assert (item if isinstance(expected, tuple) else bytes(item)) == expected
                    if expected is frame:
                        left.discard(channel)
            time.sleep(0)
        result()
        self.out.clear()

    @invariant()
    def counts_agree(self):
        assert self.writers[0].buffers_in_use == len(self.out)
        for reader, queue in zip(self.readers, self.queues, strict=True):
            assert reader.buffers_queued == len(queue)
            assert reader.ready == bool(queue)

    def teardown(self):
        self.arena.close()
        self.other.close()


TestExchange = Exchange.TestCase

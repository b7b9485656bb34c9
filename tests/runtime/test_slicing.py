"""How much a task encodes between two steps."""

from pyflinkx.common import Types
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.runtime.task.slicing import FIRST, LEAST, MOST, SLICE, Slicing
from pyflinkx.state.backend import KeyedStateBackend


class Clock:
    """Each entry that is encoded takes so long; what was encoded is told by the export itself."""

    def __init__(self):
        self.time = 0
        self.cost = 0
        self.counts = []

    def __call__(self):
        return self.time


class Timed:
    """Batches that pass time by the number of their entries."""

    def __init__(self, batches, clock):
        self.batches = batches
        self.clock = clock

    def advance(self, limit):
        count = self.batches.advance(limit)
        self.clock.time += count * self.clock.cost
        self.clock.counts.append(count)
        return count

    def __getattr__(self, name):
        return getattr(self.batches, name)


def backend_of(count):
    backend = KeyedStateBackend(key_type=Types.LONG())
    state = backend.get_state(ValueStateDescriptor("x", Types.LONG()))
    for key in range(count):
        backend.context.key = key
        state.update(key)
    return backend


def test_a_slice_has_as_many_entries_as_take_its_time():
    clock = Clock()
    backend = backend_of(60_000)
    slicing = Slicing(clock)
    assert not slicing.step()
    batches = backend.in_slices(128)
    slicing.begin(1, Timed(batches, clock))
    clock.cost = SLICE // 1000  # a thousand take as long as a slice may
    while not batches.over:
        assert slicing.step()
    assert clock.counts[0] == FIRST
    assert max(clock.counts) <= 1024
    assert sum(clock.counts) == 60_000
    assert len(clock.counts) < 130
    assert not slicing.step()
    assert sum(map(len, batches)) == 60_000

    # They grow while they are fast, shrink at once where they are slow, and are never nothing.
    batches = backend.in_slices(128)
    slicing.begin(2, Timed(batches, clock))
    clock.cost = 0
    clock.counts.clear()
    slicing.step()
    slicing.step()
    assert clock.counts[1] == 2 * clock.counts[0] <= MOST
    clock.cost = SLICE
    slicing.step()
    slicing.step()
    assert clock.counts[-1] == LEAST
    slicing.finish()
    assert batches.over
    assert sum(map(len, batches)) == 60_000


def test_what_is_given_up_is_no_more_encoded():
    backend = backend_of(5000)
    slicing = Slicing(lambda: 0)
    first, second = backend.in_slices(128), backend.in_slices(128)
    slicing.begin(1, first)
    slicing.begin(2, second)
    slicing.step()
    slicing.give_up(1)
    assert first.over
    while slicing.step():
        pass
    assert second.over
    assert sum(map(len, second)) == 5000
    third = backend.in_slices(128)
    slicing.begin(3, third)
    slicing.close()
    assert third.over
    assert not slicing.step()

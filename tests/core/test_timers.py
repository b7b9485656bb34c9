"""Timer queues against a sorted list."""

import gc
import random
import tracemalloc

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.errors import MemoryBudgetError

TIMES = st.integers(-5, 5) | st.sampled_from([-(2**63), 2**63 - 1, 0, 1_700_000_000_000])
KEYS = st.integers(0, 3) | st.text("ab", max_size=2) | st.tuples(st.booleans(), st.none()) | st.just(1.0)
NAMESPACES = st.none() | st.tuples(st.integers(0, 2), st.integers(0, 2))


class QueueModel(RuleBasedStateMachine):
    """Any order of calls, against a list of (timestamp, order of registration, key, namespace)."""

    def __init__(self):
        super().__init__()
        self.queue = TimerQueue()
        self.model = []
        self.count = 0

    def find(self, timestamp, key, namespace):
        return [timer for timer in self.model if (timer[0], *timer[2:]) == (timestamp, key, namespace)]

    @rule(timestamp=TIMES, key=KEYS, namespace=NAMESPACES)
    def register(self, timestamp, key, namespace):
        fresh = not self.find(timestamp, key, namespace)
        assert self.queue.register(timestamp, key, namespace) is fresh
        if fresh:
            self.model.append((timestamp, self.count, key, namespace))
            self.count += 1

    @rule(timestamp=TIMES, key=KEYS, namespace=NAMESPACES)
    def delete_anything(self, timestamp, key, namespace):
        found = self.find(timestamp, key, namespace)
        assert self.queue.delete(timestamp, key, namespace) is bool(found)
        for timer in found:
            self.model.remove(timer)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete_one_that_is_there(self, data):
        timer = data.draw(st.sampled_from(self.model))
        assert self.queue.delete(timer[0], timer[2], timer[3]) is True
        self.model.remove(timer)

    @rule(time=TIMES)
    def pop_due(self, time):
        due = min((timer for timer in self.model if timer[0] <= time), key=lambda timer: timer[:2], default=None)
        popped = self.queue.pop_due(time)
        if due is None:
            assert popped is None
        else:
            assert popped == (due[0], due[2], due[3])
            self.model.remove(due)

    @rule()
    def move_to_another_queue(self):
        other = TimerQueue()
        for timer in self.queue.items():
            assert other.register(*timer)
        self.queue = other

    @invariant()
    def same_timers(self):
        assert len(self.queue) == len(self.model)
        assert self.queue.peek() == min((timer[0] for timer in self.model), default=None)
        assert self.queue.items() == [(timestamp, key, namespace) for timestamp, _, key, namespace in self.model]


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("spread", [1, 50, 10**12])
def test_many_timers_leave_in_order(spread):
    draw = random.Random(spread)
    queue = TimerQueue()
    timers = [(draw.randrange(-spread, spread), key, None) for key in range(20_000)]
    for timer in timers:
        assert queue.register(*timer)
    gone = set(draw.sample(timers, 12_000))
    for timer in timers:
        if timer in gone:
            assert queue.delete(*timer)
    # A stable sort: registration decides among equals.
    expected = sorted((timer for timer in timers if timer not in gone), key=lambda timer: timer[0])
    assert [queue.pop_due(spread) for _ in expected] == expected
    assert queue.pop_due(2**63 - 1) is None


def test_registration_order_is_that_of_the_last_registration():
    queue = TimerQueue()
    for key in "abc":
        queue.register(7, key, None)
    queue.delete(7, "a", None)
    queue.register(7, "a", None)
    queue.register(7, "b", None)
    assert [queue.pop_due(7)[1] for _ in range(3)] == ["b", "c", "a"]


def test_the_registered_objects_come_back():
    key, namespace = ("key", 1), ("window", 2)
    queue = TimerQueue()
    queue.register(5, key, namespace)
    assert queue.register(5, ("key", 1.0), ("window", 2)) is False
    popped = queue.pop_due(5)
    assert popped[1] is key
    assert popped[2] is namespace


@pytest.mark.parametrize(("key", "namespace"), [([], None), ("a", {}), (([],), None)])
def test_unhashable_keys_are_refused(key, namespace):
    queue = TimerQueue()
    queue.register(2, "a", None)
    for call in (queue.register, queue.delete):
        with pytest.raises(TypeError, match="unhashable"):
            call(1, key, namespace)
    assert queue.items() == [(2, "a", None)]
    assert queue.peek() == 2


@pytest.mark.parametrize(
    ("timestamp", "error"), [(2**63, OverflowError), (-(2**63) - 1, OverflowError), ("1", TypeError), (1.5, TypeError)]
)
def test_timestamps_are_64_bit_integers(timestamp, error):
    queue = TimerQueue()
    with pytest.raises(error):
        queue.register(timestamp, "a", None)
    with pytest.raises(error):
        queue.pop_due(timestamp)
    assert len(queue) == 0


@pytest.mark.parametrize("empty", ["delete", "pop"])
def test_memory_follows_the_number_of_timers_down(empty):
    count = 50_000
    budget = MemoryBudget()
    queue = TimerQueue(budget)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for key in range(count):
            queue.register(key * 1000, key, None)
        full = tracemalloc.get_traced_memory()[0] - before
        held = budget.used
        for key in range(count - 1):
            if empty == "delete":
                queue.delete(key * 1000, key, None)
            else:
                queue.pop_due(2**62)
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(queue) == 1
    assert held >= count * 24
    assert budget.used < 2048
    # CPython itself keeps 2,000 tuples for its next use.
    assert left < full / 20
    del queue
    assert budget.used == 0


def test_what_a_timer_held_is_free_when_it_goes():
    class Namespace:
        alive = 0

        def __init__(self):
            Namespace.alive += 1

        def __del__(self):
            Namespace.alive -= 1

    queue = TimerQueue()
    for key in range(10):
        queue.register(key, key, Namespace())
    assert Namespace.alive == 10
    queue.pop_due(100)
    for timer in queue.items()[:4]:
        queue.delete(*timer)
    del timer
    assert Namespace.alive == 5
    del queue
    assert Namespace.alive == 0


def test_exhausted_budget_registers_nothing():
    budget = MemoryBudget(16 * 24)
    queue = TimerQueue(budget)
    for key in range(16):
        assert queue.register(key, key, None)
    with pytest.raises(MemoryBudgetError):
        queue.register(-1, "one too many", None)
    assert len(queue) == 16
    assert queue.delete(-1, "one too many", None) is False
    assert queue.delete(3, 3, None) is True
    assert queue.register(-1, "in its place", None) is True
    assert queue.pop_due(0) == (-1, "in its place", None)


class Contrary:
    """Equal to whatever it likes, and calls back into the queue when it is asked."""

    def __init__(self, act=lambda: None, equal=True):
        self.act = act
        self.equal = equal

    def __hash__(self):
        return 1

    def __eq__(self, other):
        act, self.act = self.act, lambda: None
        act()
        return self.equal


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("action", ["pop", "delete", "register", "replace"])
@pytest.mark.parametrize("call", ["register", "delete", "pop"])
def test_keys_that_call_back_do_no_harm(call, action, equal):
    queue = TimerQueue()
    keys = [Contrary(equal=False) for _ in range(8)]

    def act():
        if action == "pop":
            queue.pop_due(3)
        elif action == "delete":
            for timer in queue.items()[:3]:
                queue.delete(*timer)
        elif action == "register":
            for extra in range(50):
                queue.register(1, extra, "extra")
        else:
            for timer in queue.items():
                queue.delete(*timer)
                queue.register(*timer)

    for key in keys:
        queue.register(2, key, None)
    for key in keys:
        key.act, key.equal = act, equal
    try:
        if call == "register":
            queue.register(2, Contrary(act, equal), None)
        elif call == "delete":
            queue.delete(2, keys[-1], None)
        else:
            queue.pop_due(2)
    except (KeyError, RuntimeError):
        pass
    # Whatever happened, the queue agrees with itself and comes to its end.
    left = len(queue)
    assert len(queue.items()) == left
    for key in keys:
        key.act, key.equal = (lambda: None), False
    assert len(list(iter(lambda: queue.pop_due(2**62), None))) == left
    assert (len(queue), queue.peek()) == (0, None)

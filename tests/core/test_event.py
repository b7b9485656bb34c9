"""Events, private and shared between processes: no wake-up is lost."""

import math
import threading
import time

import pytest

from pyflinkx._core.exchange import shared as exchange
from pyflinkx._core.exchange.shared import Arena, Event
from tests.core.exchange_tools import LONG, in_thread, interrupted


def shared_event():
    if not exchange.SUPPORTED:
        pytest.skip("no arenas")
    return Arena.create(1, [], []).event(0)


@pytest.mark.parametrize("make", [Event, shared_event])
class TestEvent:
    def test_signal_before_the_wait_is_not_lost(self, make):
        event = make()
        sequence = event.prepare()
        event.signal()
        assert event.wait(sequence)
        assert event.wait(sequence, 0)

    @pytest.mark.parametrize("timeout", [0, 0.0, 0.01])
    def test_wait_in_vain(self, make, timeout):
        event = make()
        assert not event.wait(event.prepare(), timeout)

    def test_signal_wakes_all_who_wait(self, make):
        event = make()
        sequence = event.prepare()
        waits = [in_thread(lambda: event.wait(sequence, LONG)) for _ in range(4)]
        time.sleep(0.05)
        event.signal()
        assert [wait() for wait in waits] == [True] * 4

    def test_two_threads_take_turns(self, make):
        first, second = make(), make()
        turns = []

        def play(own, other, name):
            for _ in range(2000):
                while True:
                    sequence = own.prepare()
                    if len(turns) % 2 == name:
                        break
                    assert own.wait(sequence, LONG)
                turns.append(name)
                other.signal()

        waits = [in_thread(lambda: play(first, second, 0)), in_thread(lambda: play(second, first, 1))]
        for wait in waits:
            wait()
        assert turns == [0, 1] * 2000

    @pytest.mark.parametrize("timeout", [-1, -0.5, math.nan])
    def test_bad_timeouts_are_refused(self, make, timeout):
        event = make()
        with pytest.raises(ValueError, match="timeout"):
            event.wait(event.prepare(), timeout)

    @pytest.mark.parametrize("timeout", [None, math.inf, 1e300])
    def test_control_c_interrupts_a_wait_without_end(self, make, timeout):
        event = make()
        rescue = threading.Timer(LONG, event.signal)
        rescue.start()
        with pytest.raises(KeyboardInterrupt):
            interrupted(lambda: event.wait(event.prepare(), timeout))
        rescue.cancel()

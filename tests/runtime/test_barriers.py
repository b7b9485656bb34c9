"""Which inputs of a task wait for whom, and when its checkpoint begins and is complete."""

import pytest

from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.task.barriers import Barriers, Passed
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput


class Clock:
    time = 0

    def now(self):
        return self.time


def channel():
    """A channel of which nothing is read: what it brings is said by the test."""
    return ChannelInput(None, None, None, None, None, 1, "0.0")


def reader():
    return ReaderInput(None, None, None, None, None, None)


def barriers(*inputs, patience=0):
    clock = Clock()
    made = Barriers(inputs, clock.now, patience)
    made.clock = clock
    return made


def bring(made, source, barrier):
    source.barrier = barrier
    return made.arrived(source)


def test_inputs_that_have_it_wait_for_the_others():
    one, two, three = channel(), channel(), channel()
    made = barriers(one, two, three)
    barrier = Barrier(7)
    assert bring(made, one, barrier) is None
    assert [source.blocked for source in (one, two, three)] == [True, False, False]
    made.clock.time = 30
    assert bring(made, two, barrier) is None
    made.clock.time = 50
    assert bring(made, three, barrier) == Passed(barrier, 50, begins=True, complete=True)
    assert not any(source.blocked for source in (one, two, three))


def test_at_least_once_holds_nobody_back():
    one, two = channel(), channel()
    made = barriers(one, two)
    barrier = Barrier(1, exactly_once=False)
    assert bring(made, one, barrier) is None
    assert not one.blocked
    assert bring(made, two, barrier) == Passed(barrier, 0, begins=True, complete=True)


def test_an_input_that_has_ended_holds_nobody_back():
    one, two = channel(), channel()
    made = barriers(one, two)
    assert bring(made, one, Barrier(1)) is None
    assert made.end(two) == Passed(Barrier(1), 0, begins=True, complete=True)
    assert made.end(two) is None
    assert bring(made, one, Barrier(2)) == Passed(Barrier(2), 0, begins=True, complete=True)


def test_a_reader_has_it_by_the_word_of_the_coordinator():
    source, one = reader(), channel()
    made = barriers(source, one)
    made.tell(Barrier(3))
    assert made.take_told() is None
    assert source.blocked
    assert bring(made, one, Barrier(3)) == Passed(Barrier(3), 0, begins=True, complete=True)
    assert not source.blocked


def test_where_all_that_send_have_finished_the_word_waits_for_their_ends():
    one, two = channel(), channel()
    made = barriers(one, two)
    made.tell(Barrier(4))
    assert made.take_told() is None
    assert made.end(one) is None
    assert made.end(two) == Passed(Barrier(4), 0, begins=True, complete=True)


def test_an_unaligned_one_begins_with_the_first_and_is_complete_with_the_last():
    one, two, three = channel(), channel(), channel()
    made = barriers(one, two, three)
    barrier = Barrier(5, unaligned=True)
    assert bring(made, one, barrier) == Passed(barrier, 0, begins=True, complete=False)
    assert not one.blocked
    assert made.recorded() == [two, three]
    assert bring(made, two, barrier) is None
    assert made.recorded() == [three]
    assert bring(made, three, barrier) == Passed(barrier, 0, begins=False, complete=True)
    assert made.recorded() == []


def test_it_waits_for_alignment_first_as_long_as_it_may():
    one, two = channel(), channel()
    made = barriers(one, two, patience=40)
    barrier = Barrier(6, unaligned=True)
    made.clock.time = 100
    assert bring(made, one, barrier) is None
    assert (one.blocked, made.wake_time(), made.run_out()) == (True, 140, None)
    made.clock.time = 140
    assert made.run_out() == Passed(barrier, 40, begins=True, complete=False)
    assert (one.blocked, made.wake_time(), made.run_out()) == (False, None, None)
    assert bring(made, two, barrier) == Passed(barrier, 40, begins=False, complete=True)


def test_one_that_aligns_in_time_is_an_aligned_one():
    one, two = channel(), channel()
    made = barriers(one, two, patience=40)
    barrier = Barrier(6, unaligned=True)
    assert bring(made, one, barrier) is None
    assert bring(made, two, barrier) == Passed(barrier, 0, begins=True, complete=True)


@pytest.mark.parametrize("unaligned", [False, True])
def test_one_that_is_given_up_is_waited_for_no_longer(unaligned):
    one, two = channel(), channel()
    made = barriers(one, two, patience=10 if unaligned else 0)
    bring(made, one, Barrier(7, unaligned=unaligned))
    made.tell(Barrier(8))
    made.give_up(7)
    assert not one.blocked
    assert [barrier.number for barrier in made.told] == [8]
    assert bring(made, two, Barrier(7, unaligned=unaligned)) is None  # too late to mean anything
    assert made.recorded() == []
    assert bring(made, one, Barrier(8)) is None
    assert one.blocked


@pytest.mark.parametrize("options", [{"exactly_once": False}, {"unaligned": True}])
def test_one_that_a_later_one_overtakes_is_left_out(options):
    one, two = channel(), channel()
    made = barriers(one, two, patience=0)
    bring(made, one, Barrier(1, **options))
    bring(made, one, Barrier(2, **options))
    assert made.take_left_out() == [1]
    assert made.take_left_out() == []
    assert bring(made, two, Barrier(1, **options)) is None  # which is none of this task's any more
    assert made.take_left_out() == [1]
    assert bring(made, two, Barrier(2, **options)).complete
    assert made.take_left_out() == []


def test_a_reader_is_told_of_a_later_one_before_a_channel_brings_the_first():
    source, one = reader(), channel()
    made = barriers(source, one)
    for number in (1, 2):
        made.tell(Barrier(number))
        assert made.take_told() is None
    assert made.take_left_out() == [1]


def test_of_one_that_is_complete_or_given_up_a_late_word_says_nothing():
    one, two = channel(), channel()
    made = barriers(one, two)
    bring(made, one, Barrier(1))
    assert bring(made, two, Barrier(1)).complete
    made.tell(Barrier(1))  # as what sends to it has finished meanwhile
    assert made.take_told() is None
    made.give_up(2)
    assert bring(made, one, Barrier(2)) is None
    assert made.take_left_out() == []


def test_who_waits_for_an_earlier_one_when_a_later_one_is_given_up_leaves_it_out():
    one, two = channel(), channel()
    made = barriers(one, two)
    bring(made, one, Barrier(1))
    made.give_up(2)
    assert made.take_left_out() == [1]
    assert not one.blocked
    assert bring(made, two, Barrier(1)) is None
    assert made.take_left_out() == [1]


def test_a_barrier_as_one_number():
    for number in (1, 2**40):
        for flags in range(32):
            barrier = Barrier(number, *(bool(flags & 1 << place) for place in range(5)))
            assert Barrier.unpacked(barrier.packed) == barrier

"""What n inputs come to together, against models that look at all that has come so far."""

from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK
from pyflinkx.runtime.task.valves import BarrierValve, MarkerValve, WatermarkValve

INPUTS = 3

# ---- watermarks ----

STATUSES = st.one_of(st.integers(-50, 50), st.sampled_from(["idle", "active", "end"]))


@given(st.lists(st.tuples(st.integers(0, INPUTS - 1), STATUSES), max_size=60))
def test_watermarks_come_to_the_minimum_over_active_inputs_and_never_go_back(events):
    """Active inputs that lag behind do not count; the last one to become idle leaves the largest watermark."""
    valve = WatermarkValve(INPUTS)
    marks, idle, ended = [MIN_WATERMARK] * INPUTS, [False] * INPUTS, [False] * INPUTS
    emitted = MIN_WATERMARK
    for index, event in events:
        if ended[index]:
            continue
        flushed = None
        was_idle = all(idle)
        if event == "end":
            ended[index], marks[index], idle[index] = True, MAX_WATERMARK, False
            changed, combined = valve.end(index)
        elif isinstance(event, int):
            marks[index] = max(marks[index], event)
            combined, changed = valve.watermark(index, event), None
        else:
            idle[index] = event == "idle"
            combined, changed = valve.idleness(index, event == "idle")
            if all(idle) and not was_idle and marks[index] == emitted:
                flushed = max(marks)
        if not isinstance(event, int):
            assert changed == (all(idle) if all(idle) != was_idle else None)
        active = [mark for mark, silent in zip(marks, idle, strict=True) if not silent and mark >= emitted]
        expected = max(emitted, min(active)) if active else emitted
        if flushed is not None:
            expected = flushed
        assert combined == (expected if expected > emitted else None)
        emitted = expected
    if all(ended):
        assert emitted == MAX_WATERMARK


def test_an_idle_input_holds_nobody_back():
    valve = WatermarkValve(2)
    assert valve.watermark(0, 10) is None
    assert valve.idleness(1, True) == (10, None)
    assert valve.watermark(0, 12) == 12


def test_an_input_that_comes_back_late_does_not_count_until_it_has_caught_up():
    valve = WatermarkValve(2)
    valve.idleness(1, True)
    assert valve.watermark(0, 10) == 10
    assert valve.idleness(1, False) == (None, None)
    assert valve.watermark(1, 4) is None
    assert valve.watermark(0, 11) == 11
    assert valve.watermark(1, 12) is None
    assert valve.watermark(0, 15) == 12  # now both count


def test_when_the_last_active_input_becomes_idle_the_largest_watermark_is_due():
    valve = WatermarkValve(3)
    assert valve.watermark(0, 30) is valve.watermark(1, 10) is None
    assert valve.watermark(2, 5) == 5
    assert valve.idleness(0, True) == (None, None)
    assert valve.idleness(2, True) == (10, None)
    assert valve.idleness(1, True) == (30, True)
    assert valve.idleness(1, False) == (None, False)


def test_an_idle_input_that_ends_makes_the_stream_active_again():
    valve = WatermarkValve(2)
    assert valve.idleness(0, True) == (None, None)
    assert valve.idleness(1, True) == (None, True)
    assert valve.end(0) == (False, MAX_WATERMARK)
    assert valve.end(1) == (None, None)


# ---- markers ----


@given(st.lists(st.tuples(st.integers(0, INPUTS - 1), st.one_of(st.integers(0, 5), st.just("end"))), max_size=40))
def test_a_marker_has_passed_when_every_input_that_has_not_ended_has_brought_as_many(events):
    valve = MarkerValve(INPUTS)
    brought: list[list[int]] = [[] for _ in range(INPUTS)]
    ended = [False] * INPUTS
    passed: list[int] = []
    for index, event in events:
        if ended[index]:
            continue
        if event == "end":
            ended[index] = True
            told = valve.end(index)
        else:
            brought[index].append(event)
            told = valve.marker(index, event)
        most = max(len(ages) for ages in brought)
        reached = min((len(ages) for ages, over in zip(brought, ended, strict=True) if not over), default=most)
        expected = []
        for round_number in range(len(passed), min(reached, most)):
            expected.append(min(ages[round_number] for ages in brought if len(ages) > round_number))
        assert told == expected
        passed += told


def test_markers_wait_for_every_input_that_has_not_ended():
    valve = MarkerValve(3)
    assert valve.marker(0, 4) == []
    assert valve.marker(0, 6) == []
    assert valve.marker(1, 2) == []
    assert valve.end(2) == [2]
    assert valve.end(1) == [6]
    assert valve.marker(0, 9) == [9]
    assert valve.end(0) == []


# ---- barriers ----

# What an input brings until it ends: records (False), and barriers (True) in the order of their numbers.
SCRIPTS = st.lists(st.lists(st.booleans(), max_size=10), min_size=1, max_size=4)


def numbered(script):
    """Records stay None, the n-th barrier becomes n."""
    numbers, barriers = [], 0
    for is_barrier in script:
        barriers += is_barrier
        numbers.append(barriers if is_barrier else None)
    return numbers


@given(SCRIPTS, st.randoms(use_true_random=False))
def test_what_was_taken_when_a_checkpoint_is_complete_is_what_came_before_its_barriers(scripts, random):
    """Inputs end after any of their barriers; each checkpoint that some input still knows of is completed, in order."""
    inputs = [numbered(script) for script in scripts]
    valve = BarrierValve(len(inputs))
    taken = [0] * len(inputs)
    open_inputs = set(range(len(inputs)))
    completed = []
    while open_inputs:
        ready = [index for index in open_inputs if not valve.blocked(index)]
        assert ready, "all inputs wait for each other"
        index = random.choice(ready)
        done = None
        if taken[index] == len(inputs[index]):
            open_inputs.discard(index)
            done = valve.end(index)
        else:
            element = inputs[index][taken[index]]
            taken[index] += 1
            if element is not None:
                done = valve.barrier(index, element)
        if done is not None:
            completed.append(done)
            for script, position in zip(inputs, taken, strict=True):
                assert position == (script.index(done) + 1 if done in script else len(script))
            assert not any(valve.blocked(other) for other in range(len(inputs)))
    assert completed == sorted({number for script in inputs for number in script if number is not None})


@given(
    st.lists(
        st.tuples(st.integers(0, INPUTS - 1), st.sampled_from(["barrier", "end", "give up"]), st.integers(1, 6)),
        max_size=40,
    )
)
def test_barriers_of_any_order_block_and_complete_as_a_model_says(events):
    """The model keeps all that has come and is not over, and looks at the latest number alone."""
    valve = BarrierValve(INPUTS)
    brought: dict[int, set[int]] = {}
    ended: set[int] = set()
    over = 0
    for index, what, number in events:
        latest = max(brought, default=0)
        if what == "give up":
            valve.give_up(number)
            over, told = max(over, number), None
        elif index in ended or valve.blocked(index):
            continue
        elif what == "end":
            ended.add(index)
            told = valve.end(index)
        else:
            told = valve.barrier(index, number)
            if number > over and number >= latest:
                brought.setdefault(number, set()).add(index)
        latest = max(brought, default=0)
        expected = None
        if what != "give up" and brought and brought[latest] | ended == set(range(INPUTS)):
            expected = over = latest
        assert told == expected
        over = max([over, *(earlier for earlier in brought if earlier < latest)])
        brought = {kept: inputs for kept, inputs in brought.items() if kept > over}
        waiting = brought[max(brought)] if brought else set()
        assert [valve.blocked(other) for other in range(INPUTS)] == [other in waiting for other in range(INPUTS)]


def test_a_later_barrier_gives_up_the_checkpoint_that_is_being_aligned():
    valve = BarrierValve(3)
    assert valve.barrier(0, 1) is None
    assert valve.barrier(1, 2) is None  # its barrier 1 never came
    assert [valve.blocked(index) for index in range(3)] == [False, True, False]
    assert valve.barrier(2, 1) is None  # says nothing any more
    assert not valve.blocked(2)
    assert valve.barrier(0, 2) is None
    assert valve.barrier(2, 2) == 2

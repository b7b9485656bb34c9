"""Harnesses that take snapshots of functions and go on from them."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.keys.partition import key_group, subtask_of
from pyflinkx.common import Types
from pyflinkx.datastream.state import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.testing import ProcessFunctionTestHarnesses, Snapshot

COUNT = ValueStateDescriptor("count", Types.LONG())


class Timed:
    """Counts words, and sends the count when none has come for 10 ms; keeps what it has sent."""

    def open(self, runtime_context):
        self.count = runtime_context.get_state(COUNT)
        self.last = runtime_context.get_state(ValueStateDescriptor("last"))
        self.words = runtime_context.get_list_state(ListStateDescriptor("words", Types.STRING()))
        self.lengths = runtime_context.get_map_state(MapStateDescriptor("lengths", Types.LONG(), Types.LONG()))

    def process_element(self, value, ctx):
        if self.last.value() is not None:
            ctx.timer_service().delete_event_time_timer(self.last.value() + 10)
        self.last.update(ctx.timestamp())
        ctx.timer_service().register_event_time_timer(ctx.timestamp() + 10)
        self.count.update((self.count.value() or 0) + 1)
        self.words.add(value)
        self.lengths.put(len(value), (self.lengths.get(len(value)) or 0) + 1)

    def on_timer(self, timestamp, ctx):
        yield ctx.get_current_key(), self.count.value(), list(self.words.get()), sorted(self.lengths.items())
        for state in (self.count, self.last, self.words, self.lengths):
            state.clear()


class Subtasks:
    """So many subtasks, to which words go by their first letter."""

    def __init__(self, count, restored=None):
        self.harnesses = [
            ProcessFunctionTestHarnesses.for_keyed_process_function(
                Timed(), lambda word: word[0], restored=restored, subtask_index=subtask, parallelism=count
            )
            for subtask in range(count)
        ]

    def take(self, word, time):
        subtask = subtask_of(key_group(word[0], 128), 128, len(self.harnesses))
        self.harnesses[subtask].process_element(word, time)
        for harness in self.harnesses:
            harness.process_watermark(time)

    def snapshots(self, number):
        return [pickle.loads(pickle.dumps(harness.snapshot(number))) for harness in self.harnesses]

    def results(self):
        for harness in self.harnesses:
            harness.finish()
            harness.close()
        return [value for harness in self.harnesses for value in harness.extract_output_values()]


words = st.lists(st.tuples(st.sampled_from(["a", "ab", "b", "bcd", "c", "d"]), st.integers(1, 6)), max_size=30)


@given(words, st.lists(st.integers(1, 4), min_size=1, max_size=3), st.randoms())
def test_words_are_counted_as_if_nothing_had_happened(words, scales, randoms):
    def run(scales):
        time, results, subtasks = 0, [], None
        for place, scale in enumerate(scales):
            restored = None if subtasks is None else subtasks.snapshots(place)
            if restored is not None:
                randoms.shuffle(restored)
                results += [v for harness in subtasks.harnesses for v in harness.extract_output_values()]
            subtasks = Subtasks(scale, restored)
            size = -(-len(words) // len(scales))
            for word, pause in words[place * size : (place + 1) * size]:
                time += pause
                subtasks.take(word, time)
        return sorted(results + subtasks.results())

    assert run(scales) == run([1])


def test_a_snapshot_does_not_follow_what_comes_later():
    harness = ProcessFunctionTestHarnesses.for_keyed_process_function(Timed(), lambda word: word[0])
    harness.process_element("a", 1)
    snapshot = harness.snapshot(3)
    harness.process_element("a", 2)
    again = ProcessFunctionTestHarnesses.for_keyed_process_function(Timed(), lambda word: word[0], restored=snapshot)
    assert (again.state(COUNT, "a"), harness.state(COUNT, "a")) == (1, 2)
    assert again.event_time_timers == [(11, "a")]
    assert again.context.restored_checkpoint == 3
    assert repr(snapshot).startswith("Snapshot(3, subtask 0, ")


def test_snapshots_that_do_not_belong_together_are_refused():
    def of(subtask=0, number=1, **options):
        harness = ProcessFunctionTestHarnesses.for_keyed_process_function(
            Timed(), str, subtask_index=subtask, parallelism=2, **options
        )
        return harness.snapshot(number)

    for wrong, said in (
        ([], "restored is a Snapshot"),
        ([of(), "x"], "restored is a Snapshot"),
        ([of(), of(1, 2)], "of one checkpoint and max parallelism"),
        ([of(), of(1, max_parallelism=64)], "of one checkpoint and max parallelism"),
        ([of(), of()], "one snapshot of each subtask"),
        ([of(1)], "one snapshot of each subtask"),
    ):
        with pytest.raises(ValueError, match=said):
            ProcessFunctionTestHarnesses.for_keyed_process_function(Timed(), str, restored=wrong)
    assert isinstance(of(), Snapshot)

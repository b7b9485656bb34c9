"""Source functions that keep where they are in states, as Flink's CheckpointedFunction and ListCheckpointed."""

import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Types
from pyflinkx.connectors import source_function
from pyflinkx.connectors.record_reader import InputStatus, RecordReader, RecordReaderAdapter
from pyflinkx.connectors.source import END, WAIT, ReaderContext
from pyflinkx.connectors.source_function import FunctionSource, RichSourceFunction, SourceFunction
from pyflinkx.datastream.state import ListStateDescriptor, MapStateDescriptor
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.function import RuntimeContext
from pyflinkx.testing import ManualClock

NUMBER = ListStateDescriptor("number", Types.LONG())
SEEN = MapStateDescriptor("seen", Types.STRING(), Types.LONG())


class Counting(SourceFunction):
    """Emits 0 to ``end``, each under the lock with where it is."""

    def __init__(self, end):
        self.end = end
        self.number = 0
        self.said = []

    def run(self, ctx):
        while self.number < self.end:
            with ctx.get_checkpoint_lock():
                ctx.collect(self.number)
                self.number += 1

    def cancel(self):
        self.end = 0

    def notify_checkpoint_complete(self, checkpoint_id):
        self.said.append(("complete", checkpoint_id))

    def notify_checkpoint_aborted(self, checkpoint_id):
        self.said.append(("aborted", checkpoint_id))


class InStates(Counting):
    def initialize_state(self, context):
        store = context.get_operator_state_store()
        self.kept = store.get_union_list_state(NUMBER)
        self.seen = store.get_broadcast_state(SEEN)
        self.number = max(self.kept.get(), default=0)
        self.said.append((context.is_restored(), context.get_restored_checkpoint_id(), dict(self.seen.items())))

    def snapshot_state(self, context):
        self.kept.update([self.number])
        self.seen.put("checkpoint", context.get_checkpoint_id())


class RichInStates(InStates, RichSourceFunction):
    pass


class InList(Counting):
    def snapshot_state(self, checkpoint_id, timestamp):
        self.said.append((checkpoint_id, timestamp))
        return [self.number]

    def restore_state(self, state):
        (self.number,) = state


class Driven:
    """A reader, polled by the test; ``splits`` None for a start."""

    def __init__(self, function, splits=None):
        self.woken = threading.Event()
        operator = OperatorContext("numbers", "uid", None, ManualClock(5))
        context = ReaderContext(ManualClock(5), wake=self.woken.set, runtime_context=RuntimeContext(operator))
        source = FunctionSource(function)
        self.reader = source.create_reader(context)
        self.reader.add_splits(source.splits(1) if splits is None else splits)

    def poll(self, limit):
        while True:
            self.woken.clear()
            batch = self.reader.poll(limit)
            if batch is not WAIT:
                return None if batch is END else list(batch.values)
            self.woken.wait()

    def rest(self):
        records = []
        while (some := self.poll(100)) is not None:
            records += some
        self.reader.close()
        return records


@pytest.mark.parametrize("kind", [InStates, RichInStates, InList])
@given(st.integers(0, 30), st.lists(st.integers(0, 4), max_size=3), st.integers(1, 9), st.integers(1, 8))
def test_it_goes_on_where_it_was(kind, end, stops, limit, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_function, "HAND_OVER_RECORDS", room)
        driven, done = Driven(kind(end)), []
        for number, polls in enumerate(stops, 1):
            for _ in range(polls):
                done += driven.poll(limit) or []
            left = pickle.loads(pickle.dumps(driven.reader.snapshot_state(number)))
            assert driven.reader.unreplayable is None
            assert done + driven.rest() == list(range(end))
            driven = Driven(kind(end), left)
        assert done + driven.rest() == list(range(end))


def test_it_is_told_what_it_is_restored_from(monkeypatch):
    monkeypatch.setattr(source_function, "HAND_OVER_RECORDS", 2)
    first = InStates(10)
    driven = Driven(first)
    driven.poll(1)
    left = driven.reader.snapshot_state(8)
    driven.reader.close()
    again = InStates(10)
    driven = Driven(again, left)
    driven.poll(1)
    driven.reader.notify_checkpoint_complete(9)
    driven.reader.notify_checkpoint_aborted(10)
    driven.reader.close()
    assert first.said == [(False, None, {})]
    assert again.said == [(True, 8, {"checkpoint": 8}), ("complete", 9), ("aborted", 10)]


def test_states_of_several_come_to_one(monkeypatch):
    monkeypatch.setattr(source_function, "HAND_OVER_RECORDS", 2)
    lefts = []
    for end in (8, 9):
        driven = Driven(InStates(end))
        driven.poll(1)
        lefts += [split for split in driven.reader.snapshot_state(8) if hasattr(split, "batches")]
        driven.reader.close()
    assert len(lefts) == 2
    both = InStates(0)
    driven = Driven(both, lefts)
    assert driven.rest() == []
    assert len(both.kept.get()) == 2
    assert both.said == [(True, 8, {"checkpoint": 8})]


def test_lists_are_given_number_and_time():
    function = InList(1)
    driven = Driven(function)
    assert driven.poll(9) == [0]
    if not driven.reader.returned:
        driven.reader.snapshot_state(4)
        assert function.said in ([(4, 5)], [])
    assert driven.rest() == []


def test_readers_of_the_users_are_told_too():
    class Reader(RecordReader):
        def poll_next(self, output):
            return InputStatus.END_OF_INPUT

        def notify_checkpoint_complete(self, checkpoint_id):
            said.append(("complete", checkpoint_id))

        def notify_checkpoint_aborted(self, checkpoint_id):
            said.append(("aborted", checkpoint_id))

    said = []
    adapter = RecordReaderAdapter(Reader(), ReaderContext(ManualClock(5)))
    adapter.notify_checkpoint_complete(3)
    adapter.notify_checkpoint_aborted(4)
    assert said == [("complete", 3), ("aborted", 4)]

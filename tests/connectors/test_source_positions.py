"""Where sources as functions and enumerators are."""

import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors import source_function
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.enumerator import NoMoreSplits, ReaderRegistered, SplitRequest, SplitsAssigned
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.socket_text import SocketTextStreamFunction
from pyflinkx.connectors.source import END, WAIT, ReaderContext, SourceWatermark
from pyflinkx.connectors.source_function import FunctionSource, ParallelSourceFunction, SourceFunction
from pyflinkx.datastream.connectors.file_system import FileSource
from pyflinkx.examples.datastream.custom_source import Collatz, Numbers, PrimeSource
from tests.connectors.positions import check_positions
from tests.connectors.reading import FixedClock


class Bursts(SourceFunction):
    """Emits 0 to ``end``, so many at a time under the lock, with a watermark after each burst."""

    def __init__(self, end, bursts):
        self.end, self.bursts = end, bursts
        self.number = self.burst = 0

    def run(self, ctx):
        while self.number < self.end:
            with ctx.get_checkpoint_lock():
                size = self.bursts[self.burst % len(self.bursts)]
                self.burst += 1
                for number in range(self.number, min(self.number + size, self.end)):
                    with ctx.get_checkpoint_lock():
                        ctx.collect(number)
                self.number += size
                ctx.emit_watermark(self.number)

    def cancel(self):
        pass

    def snapshot_state(self):
        return [(self.number, self.burst)]

    def restore_state(self, state):
        [(self.number, self.burst)] = state


class Driven:
    """A reader of a function, and the wait for what it emits."""

    def __init__(self, function, splits):
        self.woken = threading.Event()
        self.source = FunctionSource(function)
        self.reader = self.source.create_reader(ReaderContext(FixedClock(), wake=self.woken.set))
        self.reader.add_splits(splits)

    def poll(self, limit):
        while True:
            self.woken.clear()
            batch = self.reader.poll(limit)
            if batch is not WAIT:
                break
            self.woken.wait()
        if batch is END:
            return None
        return [batch] if isinstance(batch, SourceWatermark) else batch.values

    def rest(self, limit):
        records = []
        while (some := self.poll(limit)) is not None:
            records += some
        self.reader.close()
        return records


@given(
    st.integers(0, 60),
    st.lists(st.integers(1, 20), min_size=1, max_size=3),
    st.lists(st.integers(0, 6), max_size=3),
    st.integers(1, 9),
    st.integers(1, 8),
)
def test_a_function_goes_on_where_it_was(end, bursts, stops, limit, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_function, "HAND_OVER_RECORDS", room)
        expected = Driven(Bursts(end, bursts), FunctionSource(Bursts(0, [1])).splits(1)).rest(1000)
        driven, done = Driven(Bursts(end, bursts), FunctionSource(Bursts(0, [1])).splits(1)), []
        for polls in stops:
            for _ in range(polls):
                done += driven.poll(limit) or []
            left = pickle.loads(pickle.dumps(driven.reader.snapshot_state(1)))
            assert done + driven.rest(limit) == expected
            driven = Driven(Bursts(end, bursts), left)
        assert done + driven.rest(limit) == expected


def test_a_snapshot_waits_for_a_function_that_waits_for_room(monkeypatch):
    monkeypatch.setattr(source_function, "HAND_OVER_RECORDS", 2)
    driven = Driven(Bursts(10, [7]), FunctionSource(Bursts(0, [1])).splits(1))
    assert driven.poll(1) == [0]
    with driven.reader.context._room:
        driven.reader.context._room.wait_for(lambda: driven.reader.context._held._waiting)
    left = driven.reader.snapshot_state(1)
    ahead, part = left
    *batches, mark = ahead.elements
    assert [value for values, _ in batches for value in values] == [1, 2, 3, 4, 5, 6]
    assert mark == SourceWatermark(7)
    assert part.state == (7, 1)
    driven.rest(100)


def test_a_function_that_has_returned_does_not_run_again():
    driven = Driven(Bursts(3, [3]), FunctionSource(Bursts(0, [1])).splits(1))
    assert driven.poll(1) == [0]
    driven.reader.thread.join()
    left = driven.reader.snapshot_state(1)
    assert Driven(Bursts(3, [3]), left).rest(10) == [1, 2, SourceWatermark(3)]
    assert driven.rest(10) == [1, 2, SourceWatermark(3)]
    assert driven.reader.snapshot_state(2) == []
    assert Driven(Bursts(3, [3]), []).rest(10) == []


def test_a_function_that_has_failed_fails_again():
    class Failing(Bursts):
        def run(self, ctx):
            super().run(ctx)
            raise ValueError("no more")

    driven = Driven(Failing(2, [2]), FunctionSource(Bursts(0, [1])).splits(1))
    assert driven.poll(9) == [0, 1]
    driven.reader.thread.join()
    left = driven.reader.snapshot_state(1)
    again = Driven(Failing(2, [2]), left)
    assert again.poll(9) == [SourceWatermark(2)]
    for one in (driven, again):
        with pytest.raises(ValueError, match="no more"):
            one.rest(9)
        one.reader.close()


class Parts(Bursts, ParallelSourceFunction):
    def restore_state(self, state):
        self.restored = state
        self.number = self.end


def test_parts_of_several_functions_can_be_dealt_out():
    lefts = [
        part for end in (3, 4) for part in Driven(Parts(end, [1]), [source_function.FunctionPart(end)]).reader.waiting
    ]
    driven = Driven(Parts(0, [1]), lefts)
    assert driven.rest(1) == []
    assert driven.source.function.restored == [3, 4]


def test_functions_that_cannot_go_on_say_why():
    class Plain(SourceFunction):
        def run(self, ctx):
            ctx.collect(1)

        def cancel(self):
            pass

    def reason(function):
        return FunctionSource(function).create_reader(ReaderContext(FixedClock())).unreplayable

    assert reason(SocketTextStreamFunction("host", 1)) == "a server sends its text once"
    assert reason(Bursts(1, [1])) is None
    assert reason(Plain()).startswith("Plain has no snapshot_state() and restore_state()")
    driven = Driven(Plain(), FunctionSource(Plain()).splits(1))
    assert driven.poll(1) == [1]
    assert driven.rest(1) == []


def test_the_examples_go_on_where_they_were():
    driven, done = Driven(Collatz(6), FunctionSource(Collatz(6)).splits(1)), []
    while (some := driven.poll(1)) is not None:
        done += some
        left = driven.reader.snapshot_state(1)
        driven.rest(1)
        driven = Driven(Collatz(1), left)
    assert done == [6, 3, 10, 5, 16, 8, 4, 2, 1]
    primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
    for stops in ([0], [1, 1], [3]):
        check_ended_positions(primes, stops)


def check_ended_positions(primes, stops):
    class Dealt(PrimeSource):
        def create_reader(self, context):
            reader = super().create_reader(context)
            reader.notify_no_more_splits()
            return reader

    check_positions(Dealt(30, 10), [Numbers(0, 30)], stops, 2, primes)


class Job:
    """The client's side of a source, of which a test plays the readers."""

    def __init__(self, source, checkpoint=None):
        self.sent, self.due = [], []
        context = CoordinatorContext(
            "source", 2, self.send, lambda call: call(), lambda time, call: self.due.append(call), lambda: 0, self.fail
        )
        from pyflinkx.connectors.enumerator import EnumeratorCoordinator, SplitEnumeratorContext

        enum_context = SplitEnumeratorContext(context)
        if checkpoint is None:
            enumerator = source.create_enumerator(enum_context)
        else:
            enumerator = source.restore_enumerator(enum_context, checkpoint)
        self.coordinator = EnumeratorCoordinator(enum_context, enumerator)
        self.coordinator.start()
        for reader in range(2):
            self.coordinator.handle_event(reader, ReaderRegistered())

    def send(self, subtask, event):
        self.sent.append(event)

    def fail(self, error):
        raise error

    def ask(self, reader=0):
        """What a reader is given that asks for a split; None for no answer."""
        self.sent.clear()
        self.coordinator.handle_event(reader, SplitRequest())
        return self.sent[-1] if self.sent else None

    def snapshot(self):
        return pickle.loads(pickle.dumps(self.coordinator.enumerator.snapshot_state(1)))


def assigned(path):
    return SplitsAssigned((FileSplit(str(path)),))


def test_the_files_that_nobody_was_given(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("x\n")
    source = FileSource(TextFileSource(tmp_path))
    job = Job(source)
    assert job.ask() == assigned(paths[0])
    checkpoint = job.snapshot()
    (tmp_path / "d").write_text("new\n")  # not one of the files that were there at the start
    for one in (job, Job(source, checkpoint)):
        assert [one.ask(), one.ask(1), one.ask()] == [assigned(paths[1]), assigned(paths[2]), NoMoreSplits()]
    job = Job(source, checkpoint)
    job.coordinator.enumerator.add_splits_back([FileSplit(str(paths[0]))], 0)
    assert job.ask() == assigned(paths[0])


def test_new_files_after_a_checkpoint(tmp_path):
    (tmp_path / "a").write_text("x\n")
    (tmp_path / "b").write_text("x\n")
    source = FileSource(TextFileSource(tmp_path), 1000)
    job = Job(source)
    assert job.ask() == assigned(tmp_path / "a")
    checkpoint = job.snapshot()
    (tmp_path / "c").write_text("x\n")
    again = Job(source, checkpoint)
    assert [again.ask(), again.ask()] == [assigned(tmp_path / "b"), assigned(tmp_path / "c")]
    assert again.ask() is None
    again.coordinator.enumerator.add_splits_back([FileSplit(str(tmp_path / "b"))], 1)
    assert again.sent == [assigned(tmp_path / "b")]


def test_what_an_enumerator_lacks_is_said():
    class Short(type(FileSource(TextFileSource("/")).create_enumerator(None)).__mro__[1]):
        def handle_split_request(self, subtask_id, requester_hostname):
            pass

    with pytest.raises(NotImplementedError, match=r"Short has no snapshot_state\(\)"):
        Short().snapshot_state(1)
    with pytest.raises(NotImplementedError, match=r"Short has no add_splits_back\(\)"):
        Short().add_splits_back([], 0)
    with pytest.raises(NotImplementedError, match=r"TextFileSource has no restore_enumerator\(\)"):
        TextFileSource("/").restore_enumerator(None, None)

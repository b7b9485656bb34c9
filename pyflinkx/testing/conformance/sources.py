"""Plays a job with one source: checkpoints, crashes, other readers that go on with the splits."""

from __future__ import annotations

import heapq
import itertools
import pickle
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.enumerator import NoMoreSplits, ReaderRegistered, SourceEvent, SplitRequest, SplitsAssigned
from pyflinkx.connectors.record_reader import batch_reader
from pyflinkx.connectors.source import END, WAIT, Boundedness, ReaderContext, Source, SourceIdleness, SourceWatermark
from pyflinkx.testing.conformance.compared import ConformanceError, counted, difference
from pyflinkx.testing.harness import ManualClock

START = 1_700_000_000_000
# How long (s) a reader's own threads are waited for before the clock goes on.
OTHERS_SECONDS = 0.02


@dataclass(frozen=True)
class Taken:
    """A complete checkpoint, as bytes.

    Args:
        number: of it.
        records: those that were given out before it.
        splits: what each reader still had to read.
        coordinator: what the source's coordinator gave; None for nothing.
        ended: which readers were at their end.
    """

    number: int
    records: tuple[Any, ...]
    splits: tuple[bytes, ...]
    coordinator: bytes | None
    ended: tuple[bool, ...]


class SourceJob:
    """What is left of a job when all its processes are gone: its newest checkpoint.

    Args:
        make_source: the source, as the program makes it anew each time.
        rng: decides everything.
        parallelisms: those that attempts choose among.
        crashes: how often it crashes.
        most: records that a reader is asked for at once, at most.
        timeout: seconds that a source may take to give anything.
    """

    def __init__(
        self,
        make_source: Callable[[], Source],
        rng: random.Random,
        parallelisms: Sequence[int] = (1, 2, 3),
        crashes: int = 5,
        most: int = 9,
        timeout: float = 60.0,
    ) -> None:
        self.make_source = make_source
        self.rng = rng
        self.parallelisms = parallelisms
        self.crashes = crashes
        self.most = most
        self.timeout = timeout
        self.clock = ManualClock(START)
        self.taken: Taken | None = None
        self.number = 0
        self.side: list[Any] = []

    def run(self, enough: Callable[[Sequence[Any]], bool]) -> list[Any]:
        """Run to the end, in as many attempts as it takes: the records that a job shows which gives each once.

        Args:
            enough: whether a source without an end has given what it can.
        """
        while True:
            attempt = SourceAttempt(self)
            try:
                attempt.start()
                if attempt.work(enough):
                    return attempt.records
            finally:
                attempt.close()

    def rest(self) -> list[Any]:
        """What the source gives after the newest checkpoint while nothing is waited for."""
        attempt = SourceAttempt(self)
        try:
            attempt.start()
            before = len(attempt.records)
            while attempt.step():
                pass
            return attempt.records[before:]
        finally:
            attempt.close()


class SourceAttempt:
    """One attempt: readers and a coordinator, called as tasks and a client would."""

    def __init__(self, job: SourceJob) -> None:
        self.job = job
        self.source = job.make_source()
        self.parallelism = self.source.parallelism or job.rng.choice(job.parallelisms)
        taken = job.taken
        self.records: list[Any] = [] if taken is None else list(taken.records)
        self.coordinator: Any = None
        self.readers: list[Any] = []
        self.ended = [False] * self.parallelism
        self.more_splits = [False] * self.parallelism
        self.requested = [False] * self.parallelism
        self.events: deque[tuple[int, Any]] = deque()
        self.woken = threading.Event()
        self.posted: deque[Callable[[], None]] = deque()
        self.timers: list[tuple[int, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin, from the newest checkpoint if there is one."""
        taken = self.job.taken
        if taken is None:
            self.source.check()
        context = CoordinatorContext(
            "source",
            self.parallelism,
            lambda subtask, event: self.events.append((subtask, event)),
            self._post,
            lambda due, call: heapq.heappush(self.timers, (due, next(self.numbers), call)),
            self.job.clock.now,
            self._fail,
            checkpoint_interval=1000,
            checkpoint_timeout=600_000,
        )
        self.coordinator = self.source.create_coordinator(context)
        if self.coordinator is not None:
            if taken is not None and taken.coordinator is not None:
                self.coordinator.restore(taken.number, pickle.loads(taken.coordinator))
            self.coordinator.start()
        given = self._given()
        for subtask in range(self.parallelism):
            made = ReaderContext(
                self.job.clock, subtask, self.parallelism, send=self._sender(subtask), wake=self.woken.set, copied=True
            )
            reader = batch_reader(self.source.create_reader(made), made)
            self.readers.append(reader)
            if given[subtask]:
                reader.add_splits(given[subtask])
            if self.coordinator is not None:
                self.more_splits[subtask] = not reader.requests_splits
                self.coordinator.handle_event(subtask, ReaderRegistered())

    def _given(self) -> list[list[Any]]:
        """The splits that each reader begins with."""
        taken = self.job.taken
        if taken is not None:
            parts = [pickle.loads(part) for part in taken.splits]
            if len(parts) == self.parallelism:
                self.ended = [ended and not part for ended, part in zip(taken.ended, parts, strict=True)]
                return parts
            splits = list(itertools.chain(*parts))
        elif self.coordinator is None:
            splits = self.source.splits(self.parallelism)
        else:
            splits = []
        return [splits[subtask :: self.parallelism] for subtask in range(self.parallelism)]

    def _sender(self, subtask: int) -> Callable[[Any], None]:
        def send(event: Any) -> None:
            moved = pickle.loads(pickle.dumps(event))
            self._post(lambda: self.coordinator.handle_event(subtask, moved))

        return send

    def _post(self, call: Callable[[], None]) -> None:
        self.posted.append(call)
        self.woken.set()

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.woken.set()

    def work(self, enough: Callable[[Sequence[Any]], bool]) -> bool:
        """Read until the end, or until the process dies; whether it was the end."""
        job, rng = self.job, self.job.rng
        unbounded = self.source.boundedness is Boundedness.CONTINUOUS_UNBOUNDED
        known, since = len(self.records), time.monotonic()
        while not all(self.ended):
            if unbounded and enough(self.records):
                break
            if len(self.records) > known:
                known, since = len(self.records), time.monotonic()
            elif time.monotonic() - since > job.timeout:
                raise ConformanceError(f"nothing has come for {job.timeout:g} s, and it is not the end")
            if job.crashes and rng.random() < 0.05:
                job.crashes -= 1
                return False
            if rng.random() < 0.15:
                self._checkpoint()
            if not self.step():
                self._wait()
        self._checkpoint(sure=True)
        return True

    def step(self) -> bool:
        """Do what the coordinator wants, then ask some reader for records; whether anything has happened."""
        did = self._deliver()
        open_readers = [subtask for subtask in range(self.parallelism) if not self.ended[subtask]]
        self.job.rng.shuffle(open_readers)
        for subtask in open_readers:
            if self._poll(subtask):
                return True
        return did

    def _deliver(self) -> bool:
        """Events and calls that are due; whether there were any."""
        if self.failure is not None:
            raise self.failure
        did = False
        while self.posted or self.events or (self.timers and self.timers[0][0] <= self.job.clock.now()):
            did = True
            if self.events:
                self._handle(*self.events.popleft())
            elif self.posted:
                self.posted.popleft()()
            else:
                heapq.heappop(self.timers)[2]()
        return did

    def _handle(self, subtask: int, event: Any) -> None:
        reader = self.readers[subtask]
        if isinstance(event, SplitsAssigned):
            self.requested[subtask] = False
            reader.add_splits(pickle.loads(pickle.dumps(list(event.splits))))
        elif isinstance(event, NoMoreSplits):
            self.more_splits[subtask] = False
            reader.no_more_splits()
        elif isinstance(event, SourceEvent):
            reader.handle_event(pickle.loads(pickle.dumps(event.event)))

    def _poll(self, subtask: int) -> bool:
        reader = self.readers[subtask]
        limit = self.job.rng.randint(1, self.job.most)
        batch = reader.poll(limit)
        for records in reader.take_side_records().values():
            self.job.side += records
        if batch is WAIT:
            return False
        if batch is END:
            if self.more_splits[subtask]:
                if not self.requested[subtask]:
                    self.requested[subtask] = True
                    self._sender(subtask)(SplitRequest())
                    return True
                return False
            self.ended[subtask] = True
        elif not isinstance(batch, SourceWatermark | SourceIdleness):
            if len(batch) > limit:
                raise ConformanceError(f"poll({limit}) gave {len(batch)} records")
            self.records += batch.values if isinstance(batch, ObjectBatch) else batch.to_rows()
        return True

    def _wait(self) -> None:
        """Nothing is there: something comes from a thread, or the clock has to go on."""
        if self.woken.wait(OTHERS_SECONDS):
            self.woken.clear()
            return
        times = [due for reader in self.readers if (due := reader.wake_time()) is not None]
        times += [due for due, *_ in self.timers[:1]]
        if times:
            self.job.clock.time = max(self.job.clock.time, min(times))

    def _checkpoint(self, sure: bool = False) -> None:
        """Take one; sometimes somebody else declines it, and it is none."""
        job = self.job
        self._deliver()
        job.number += 1
        number, state = job.number, None
        last = self.coordinator is not None and self.coordinator.snapshot_last
        if self.coordinator is not None and not last:
            state = self._coordinator_state(number)
        splits = []
        for subtask, reader in enumerate(self.readers):
            left = reader.snapshot_state(number)
            splits.append(pickle.dumps([] if self.ended[subtask] else left))
        if last:
            while self.posted:
                self.posted.popleft()()
            state = self._coordinator_state(number)
        if not sure and job.rng.random() < 0.2:
            for reader in self.readers:
                reader.notify_checkpoint_aborted(number)
            return
        job.taken = Taken(number, tuple(self.records), tuple(splits), state, tuple(self.ended))
        if job.rng.random() < 0.2 and not sure:
            return  # what is told of it never comes
        if self.coordinator is not None:
            self.coordinator.checkpoint_completed(number)
        for reader in self.readers:
            reader.notify_checkpoint_complete(number)

    def _coordinator_state(self, number: int) -> bytes | None:
        state = self.coordinator.snapshot_state(number)
        return None if state is None else pickle.dumps(state)

    def close(self) -> None:
        """The end of an attempt: nothing that is done here may change what the checkpoint is worth."""
        for reader in self.readers:
            reader.close()
        if self.coordinator is not None:
            self.coordinator.close(None)


def check_source(
    make_source: Callable[[], Source],
    expected: Iterable[Any],
    seed: int,
    *,
    parallelisms: Sequence[int] = (1, 2, 3),
    crashes: int = 5,
    most: int = 9,
    at_least_once: bool = False,
    timeout: float = 60.0,
) -> None:
    """A job with this source gives each record once, whatever becomes of its readers.

    Readers are asked in any order and for any number of records; checkpoints are taken, declined, or complete without
    anybody being told; after a crash other readers, of any number, go on with the splits of the newest one.

    Args:
        make_source: the source, as a program makes it anew each time.
        expected: all its records, in any order. A source without an end is stopped when it has given them.
        seed: decides everything that happens.
        parallelisms: numbers of readers.
        crashes: how often everything but the newest checkpoint is lost.
        most: records that a reader is asked for at once, at most.
        at_least_once: a record may come more than once.
        timeout: seconds that the source may take to give anything.

    Raises:
        ConformanceError: records are lost or come too often.

    Example:
        >>> from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
        >>> check_source(lambda: NumberSequenceSource(1, 100), range(1, 101), seed=7)
    """
    wanted = counted(expected)
    total = sum(wanted.values())
    job = SourceJob(make_source, random.Random(seed), parallelisms, crashes, most, timeout)

    def enough(records: Sequence[Any]) -> bool:
        return len(records) >= total and not wanted - counted(records)

    found = counted(job.run(enough))
    wrong = difference(found, wanted, at_least_once)
    if wrong is None and not at_least_once:
        more = job.rest()
        wrong = f"behind the last record come {more[:5]}" if more else None
    if wrong is not None:
        raise ConformanceError(f"seed {seed}: {wrong}")

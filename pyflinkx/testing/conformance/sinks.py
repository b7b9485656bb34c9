"""Plays a job with one sink: checkpoints, crashes anywhere, goes on from the newest one with other subtasks."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyflinkx import faults
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.sink import Sink
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.sink import SinkOperator
from pyflinkx.state.operator_state import redistributed
from pyflinkx.testing.conformance.compared import ConformanceError, counted, difference
from pyflinkx.testing.conformance.sources import START
from pyflinkx.testing.harness import CollectingOutput, ManualClock

# Places of the engine's at which a crash would hurt a sink.
PLACES = (
    "sink.commit",
    "sink.committed",
    "sink.commit-again",
    "sink.committed-again",
    "sink.last-commit",
    "sink.committed-last",
)


class Crash(BaseException):
    """Stands for the end of the process: nobody closes anything after it."""


def crash(name: str) -> None:
    """The process ends here."""
    raise Crash(name)


@dataclass
class Taken:
    """A completed checkpoint, as bytes.

    Args:
        number: of it.
        position: so many records were written before it.
        operators: what each subtask exported; None once all have finished.
        coordinator: what the coordinator gave, pickled.
    """

    number: int
    position: int
    operators: list[Any] | None
    coordinator: bytes


@dataclass
class SinkJob:
    """What is left when everything but the disk is gone.

    Args:
        make_sink: the sink, as the program makes it anew each time.
        records: of the input.
        parallelisms: of those that go on from a checkpoint, drawn by ``rng``.
        durable: called when a checkpoint is, before anybody is told.
        crashed: called with an attempt that has come to a sudden end: closes what the end of its process would.
    """

    make_sink: Callable[[], Sink]
    records: list[Any]
    rng: random.Random
    parallelisms: tuple[int, ...] = (1, 2, 3)
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    taken: Taken | None = None
    number: int = 0
    attempts: int = 0
    parallelism: int = 1
    durable: Callable[[SinkJob], None] = lambda job: None
    crashed: Callable[[SinkAttempt], None] = lambda attempt: None

    def run(self, faulty: dict[str, faults.Fault], most: int = 50) -> None:
        """Run to the end, in as many attempts as it takes."""
        with faults.switched(faulty):
            for _ in range(most):
                if self.attempt():
                    return
        raise AssertionError("the job does not come to its end")

    def attempt(self) -> bool:
        """One attempt; whether it came to the end."""
        self.attempts += 1
        attempt = SinkAttempt(self)
        try:
            attempt.start()
            attempt.work()
        except BaseException as failure:
            if comes_from(failure, Crash):
                self.crashed(attempt)
                return False
            try:
                attempt.fail(failure)
            except BaseException as another:
                if not comes_from(another, Crash, faults.InjectedFault):
                    raise
                self.crashed(attempt)
            if not comes_from(failure, faults.InjectedFault):
                raise
            return False
        return True


def comes_from(failure: BaseException | None, *kinds: type[BaseException]) -> bool:
    """Whether it is of one of these kinds, or was caused by one."""
    while failure is not None:
        if isinstance(failure, kinds):
            return True
        failure = failure.__cause__
    return False


class SinkAttempt:
    """One attempt: operators and a coordinator, called as a task and a client would."""

    def __init__(self, job: SinkJob) -> None:
        self.job = job
        self.sink = job.make_sink()
        if job.taken is not None or job.attempts == 1:
            job.parallelism = job.rng.choice(job.parallelisms)
        self.parallelism = job.parallelism
        self.operators: list[SinkOperator] = []
        self.coordinator: Any = None
        self.closed = False

    def start(self) -> None:
        """Make the coordinator and the writers, from the newest checkpoint if there is one."""
        job = self.job
        nothing = lambda *_: None  # noqa: E731
        context = CoordinatorContext("sink", self.parallelism, nothing, nothing, nothing, job.clock.now, nothing)
        self.coordinator = self.sink.create_coordinator(context)
        given: list[Any] = [()] * self.parallelism
        if job.taken is not None:
            state = pickle.loads(job.taken.coordinator)
            if state is not None:
                self.coordinator.restore(job.taken.number, state)
            if job.taken.operators is None:
                self.operators = []
                return
            given = redistributed(job.taken.operators, self.parallelism)
        elif job.attempts == 1:
            self.sink.check()
        if self.coordinator is not None:
            self.coordinator.start()
        for subtask in range(self.parallelism):
            operator = SinkOperator(self.sink)
            self.operators.append(operator)
            operator.open(
                OperatorContext(
                    "sink",
                    "sink-uid",
                    CollectingOutput(),
                    job.clock,
                    subtask_index=subtask,
                    parallelism=self.parallelism,
                    send=self.sender(subtask),
                    restored_operator=given[subtask],
                    restored_checkpoint=None if job.taken is None else job.taken.number,
                    checkpoints=True,
                )
            )

    def writers(self) -> list[Any]:
        """The writers of all subtasks."""
        return [operator.writer for operator in self.operators]

    def sender(self, subtask: int) -> Callable[[Any], None]:
        """What takes events of a subtask to the coordinator."""

        def send(event: Any) -> None:
            self.coordinator.handle_event(subtask, pickle.loads(pickle.dumps(event)))

        return send

    def work(self) -> None:
        """Write to the end, with checkpoints in between."""
        job, rng = self.job, self.job.rng
        position = 0 if job.taken is None else job.taken.position
        if job.taken is None or job.taken.operators is not None:
            while position < len(job.records):
                position = self.write(position, rng.randint(1, 9))
                job.clock.time += rng.randint(0, 700)
                for operator in self.operators:
                    due = operator.next_processing_timer()
                    if due is not None and due <= job.clock.time:
                        operator.advance_processing_time(job.clock.time)
                if rng.random() < 0.4:
                    self.checkpoint(position)
            for operator in self.operators:
                operator.finish()
            self.complete(self.next_number(), position, None)
        for operator in self.operators:
            operator.close()
        self.closed = True
        if self.coordinator is not None:
            self.coordinator.close(None)

    def write(self, position: int, count: int) -> int:
        """Have some records written, each by the subtask whose it is; where the next one is."""
        end = min(position + count, len(self.job.records))
        for subtask, operator in enumerate(self.operators):
            mine = [self.job.records[at] for at in range(position, end) if at % self.parallelism == subtask]
            if mine:
                operator.process_batch(ObjectBatch(mine))
        return end

    def next_number(self) -> int:
        """Of a checkpoint."""
        self.job.number += 1
        return self.job.number

    def checkpoint(self, position: int) -> None:
        """Take one; sometimes it is declined."""
        number = self.next_number()
        parts = []
        for operator in self.operators:
            operator.prepare_barrier(number)
            operator.store(number)
            parts.append(operator.context.operator_state.export())
        if self.job.rng.random() < 0.2:
            return  # somebody else declined it
        self.complete(number, position, parts)

    def complete(self, number: int, position: int, parts: Any) -> None:
        """All have said what they have: it is durable, and everybody is told."""
        state = None if self.coordinator is None else self.coordinator.snapshot_state(number)
        self.job.taken = Taken(number, position, parts, pickle.dumps(state))
        self.job.durable(self.job)
        if self.coordinator is not None:
            self.coordinator.checkpoint_completed(number)
        for operator in self.operators:
            operator.checkpoint_completed(number)

    def fail(self, failure: BaseException) -> None:
        """The attempt is given up in good order."""
        if not self.closed:
            for operator in self.operators:
                if operator.writer is not None:
                    operator.close()
        if self.coordinator is not None:
            self.coordinator.close(failure)


def check_sink(
    make_sink: Callable[[], Sink],
    records: Iterable[Any],
    shown: Callable[[], Iterable[Any]],
    seed: int,
    *,
    parallelisms: Sequence[int] = (1, 2, 3),
    crashes: float = 0.1,
    at_least_once: bool = False,
    crashed: Callable[[SinkAttempt], None] = lambda attempt: None,
) -> None:
    """A job with this sink shows each record once, whatever becomes of its writers and of its committer.

    Checkpoints are taken and declined; the process dies before a commit, behind one that nobody has recorded, and in
    between; writers of any number go on from the newest checkpoint, and what it lists is committed again.

    Args:
        make_sink: the sink, as a program makes it anew each time.
        records: what is written, in this order.
        shown: what can be seen of them now.
        seed: decides everything that happens.
        parallelisms: numbers of writers.
        crashes: how likely one is, at each place where it would hurt.
        at_least_once: a record may be shown more than once, and before a checkpoint has it.
        crashed: closes what the end of a process would close; for sinks that hold what would hinder their successors.

    Raises:
        ConformanceError: records are lost, shown too often, or shown before the checkpoint is durable.

    Example:
        >>> import tempfile
        >>> from pyflinkx.testing.exactly_once import ExactlyOnceSink, shown_records
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     check_sink(lambda: ExactlyOnceSink(folder), range(100), lambda: shown_records(folder), seed=7)
    """
    values = list(records)
    rng = random.Random(seed)
    places = random.Random(rng.random())

    def compare(job: SinkJob, written: list[Any]) -> None:
        wrong = difference(counted(shown()), counted(written), at_least_once)
        if wrong is not None:
            raise ConformanceError(f"seed {seed}, behind checkpoint {job.number}: {wrong}")

    def durable(job: SinkJob) -> None:
        """Nothing of this checkpoint may be seen yet, and nothing behind it."""
        if not at_least_once and job.taken is not None:
            wrong = counted(shown()) - counted(values[: before[0]])
            before[0] = job.taken.position
            if wrong:
                raise ConformanceError(
                    f"seed {seed}: {list(wrong)[:5]} can be seen before checkpoint {job.number} is durable"
                )
        act("durable")

    def act(name: str) -> None:
        if places.random() < crashes:
            crash(name)

    before = [0]
    job = SinkJob(make_sink, values, rng, tuple(parallelisms), durable=durable, crashed=crashed)
    job.run({place: faults.Fault(act) for place in PLACES}, most=1000)
    compare(job, values)

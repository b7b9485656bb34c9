"""Plays a job with one sink: checkpoints, crashes anywhere, goes on from the newest one with other subtasks."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx import faults
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.sink import Sink
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.sink import SinkOperator
from pyflinkx.state.operator_state import redistributed


class Crash(BaseException):
    """Stands for the end of the process: nobody closes anything after it."""


def crash(name: str) -> None:
    raise Crash(name)


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000_000

    def now(self) -> int:
        return self.time


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
class Job:
    """What is left when everything but the disk is gone.

    Args:
        make_sink: the sink, as the program makes it anew each time.
        records: of the input.
        parallelisms: of those that go on from a checkpoint, drawn by ``rng``.
        lost: what hidden names of attempts have that died before their first checkpoint: nobody knows of them.
    """

    make_sink: Callable[[], Sink]
    records: list[Any]
    rng: random.Random
    parallelisms: tuple[int, ...] = (1, 2, 3)
    clock: Clock = field(default_factory=Clock)
    taken: Taken | None = None
    number: int = 0
    attempts: int = 0
    parallelism: int = 1
    durable: Callable[[Job], None] = lambda job: None
    lost: set[str] = field(default_factory=set)

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
        attempt = Attempt(self)
        try:
            attempt.start()
            attempt.work()
        except BaseException as failure:
            if comes_from(failure, Crash):
                if self.taken is None:
                    self.lost.update(attempt.tokens())
                attempt.let_go()
                return False
            try:
                attempt.fail(failure)
            except BaseException as another:
                if not comes_from(another, Crash, faults.InjectedFault):
                    raise
                attempt.let_go()
            if not comes_from(failure, faults.InjectedFault):
                raise
            return False
        return True


def comes_from(failure: BaseException | None, *kinds: type[BaseException]) -> bool:
    while failure is not None:
        if isinstance(failure, kinds):
            return True
        failure = failure.__cause__
    return False


class Attempt:
    """One attempt: operators and a coordinator, called as a task and a client would."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.sink = job.make_sink()
        if job.taken is not None or job.attempts == 1:
            job.parallelism = job.rng.choice(job.parallelisms)
        self.parallelism = job.parallelism
        self.operators: list[SinkOperator] = []
        self.coordinator: Any = None
        self.closed = False

    def start(self) -> None:
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
                    Nowhere(),
                    job.clock,
                    subtask_index=subtask,
                    parallelism=self.parallelism,
                    send=self.sender(subtask),
                    restored_operator=given[subtask],
                    restored_checkpoint=None if job.taken is None else job.taken.number,
                    checkpoints=True,
                )
            )

    def let_go(self) -> None:
        """The end of the process closes what it has open."""
        for operator in self.operators:
            writer = operator.writer
            for part in getattr(writer, "open", {}).values():
                part.file.close()
            for target, _ in getattr(writer, "files", ()):
                if target.file is not None:
                    target.file.close()
        for holder in (getattr(self.coordinator, "committer", None), *(operator.writer for operator in self.operators)):
            if hasattr(holder, "connected"):
                holder.connected.drop()

    def tokens(self) -> set[str]:
        return {getattr(operator.writer, "token", "") for operator in self.operators}

    def sender(self, subtask: int) -> Callable[[Any], None]:
        def send(event: Any) -> None:
            self.coordinator.handle_event(subtask, pickle.loads(pickle.dumps(event)))

        return send

    def work(self) -> None:
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
        end = min(position + count, len(self.job.records))
        for subtask, operator in enumerate(self.operators):
            mine = [self.job.records[at] for at in range(position, end) if at % self.parallelism == subtask]
            if mine:
                operator.process_batch(ObjectBatch(mine))
        return end

    def next_number(self) -> int:
        self.job.number += 1
        return self.job.number

    def checkpoint(self, position: int) -> None:
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
        state = None if self.coordinator is None else self.coordinator.snapshot_state(number)
        self.job.taken = Taken(number, position, parts, pickle.dumps(state))
        self.job.durable(self.job)
        if self.coordinator is not None:
            self.coordinator.checkpoint_completed(number)
        for operator in self.operators:
            operator.checkpoint_completed(number)

    def fail(self, failure: BaseException) -> None:
        if not self.closed:
            for operator in self.operators:
                if operator.writer is not None:
                    operator.close()
        if self.coordinator is not None:
            self.coordinator.close(failure)


class Nowhere:
    """Takes what an operator emits."""

    def emit(self, batch: Any) -> None: ...

    def emit_watermark(self, timestamp: int) -> None: ...

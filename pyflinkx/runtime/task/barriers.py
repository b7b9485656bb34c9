"""The barriers of a task: which of its inputs have theirs, who waits for whom, and when the task has its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput
from pyflinkx.runtime.task.valves import BarrierValve

# More than are ever under way at a time.
MOST_SETTLED = 100


@dataclass(frozen=True)
class Passed:
    """What a barrier has come to.

    Args:
        barrier: which one.
        waited: milliseconds since it came to the first input.
        begins: whether the task passes it on now, and takes its snapshot.
        complete: whether all inputs have it.
    """

    barrier: Barrier
    waited: int
    begins: bool
    complete: bool


class Barriers:
    """Aligns the barriers of a task's inputs: those of channels, and for readers the word of the coordinator.

    A barrier that is unaligned begins with the first input that has it; one that has waited for the others for
    ``patience`` milliseconds becomes such a one.

    Args:
        inputs: all inputs of the task.
        now: the clock (ms).
        patience: how long an unaligned barrier waits for alignment first.
    """

    def __init__(self, inputs: Sequence[ReaderInput | ChannelInput], now: Callable[[], int], patience: int = 0) -> None:
        self.inputs = inputs
        self.now = now
        self.patience = patience
        self.valve = BarrierValve(len(inputs))
        self.told: list[Barrier] = []  # by the coordinator, and not seen to yet
        self.since = 0  # when the barrier that is being aligned came first (ms)
        self.aligning: Barrier | None = None
        self.begun = False  # whether that has been passed on
        self.left_out: list[int] = []  # checkpoints that this task takes no part in, and nobody has been told
        # Those that are complete here, or are known to be given up: of them a late barrier says nothing.
        self.settled: deque[int] = deque(maxlen=MOST_SETTLED)
        self.ended = [False] * len(inputs)

    def tell(self, barrier: Barrier) -> None:
        """The coordinator wants a checkpoint to begin here."""
        self.told.append(barrier)

    def take_told(self) -> Passed | None:
        """See to the next word of the coordinator; called between two elements of the inputs."""
        barrier = self.told.pop(0)
        passed = None
        readers = [index for index, source in enumerate(self.inputs) if isinstance(source, ReaderInput)]
        for index in readers:
            source = self.inputs[index]
            if not self.ended[index] and isinstance(source, ReaderInput):
                if barrier.ends:
                    source.stop_behind(barrier)
                passed = joined(passed, self._arrived(barrier, index))
        if not readers or all(self.ended[index] for index in readers):
            passed = joined(passed, self._arrived(barrier, None))
        return passed

    def arrived(self, source: ChannelInput) -> Passed | None:
        """A channel has brought a barrier."""
        barrier, source.barrier = source.barrier, None
        assert barrier is not None
        return self._arrived(barrier, self.inputs.index(source))

    def end(self, source: ReaderInput | ChannelInput) -> Passed | None:
        """An input has ended."""
        index = self.inputs.index(source)
        if self.ended[index]:
            return None
        self.ended[index] = True
        return self._passed(self.valve.end(index))

    def wake_time(self) -> int | None:
        """When (ms) ``run_out`` has something to do; None for never."""
        waits = self.aligning is not None and self.aligning.unaligned and not self.begun
        return self.since + self.patience if waits else None

    def run_out(self) -> Passed | None:
        """See whether a barrier has waited long enough for the others."""
        due = self.wake_time()
        return self._passed(None) if due is not None and self.now() >= due else None

    def give_up(self, number: int) -> None:
        """A checkpoint will not be: nobody waits for it any longer."""
        self.settled.append(number)
        self.left_out += [barrier.number for barrier in self.told if barrier.number < number]
        self.told = [barrier for barrier in self.told if barrier.number > number]
        self.valve.give_up(number)
        if self.aligning is not None and self.aligning.number <= number:
            if self.aligning.number < number:
                self.left_out.append(self.aligning.number)
            self.aligning = None
        self._block()

    def take_left_out(self) -> list[int]:
        """The checkpoints that later ones have overtaken since the last call: the task takes no part in them.

        It has to say so, each time: its end would count as its barrier, and all that came before it as theirs.
        """
        left_out, self.left_out = self.left_out, []
        return left_out

    def recorded(self) -> list[ChannelInput]:
        """The channels that may still bring what came before the barrier that has been passed on."""
        if self.aligning is None or not self.begun:
            return []
        return [
            source
            for index, source in enumerate(self.inputs)
            if isinstance(source, ChannelInput) and not self.ended[index] and not self.valve.blocked(index)
        ]

    def _arrived(self, barrier: Barrier, index: int | None) -> Passed | None:
        if barrier.number <= self.valve.over or (self.aligning is not None and barrier.number < self.aligning.number):
            if barrier.number not in self.settled:
                self.left_out.append(barrier.number)
            return None
        if self.aligning is None or barrier.number > self.aligning.number:
            if self.aligning is not None:
                self.left_out.append(self.aligning.number)
            self.aligning, self.since, self.begun = barrier, self.now(), False
        return self._passed(
            self.valve.expect(barrier.number) if index is None else self.valve.barrier(index, barrier.number)
        )

    def _passed(self, number: int | None) -> Passed | None:
        barrier = self.aligning
        if barrier is None:
            return None
        waited = self.now() - self.since
        overtakes = barrier.unaligned and waited >= self.patience
        begins = not self.begun and (number is not None or overtakes)
        self.begun = self.begun or begins
        if number is not None:
            self.settled.append(number)
            self.aligning = None
        self._block()
        return Passed(barrier, waited, begins, number is not None) if begins or number is not None else None

    def _block(self) -> None:
        waits = self.aligning is not None and self.aligning.exactly_once and not self.begun
        for index, source in enumerate(self.inputs):
            source.blocked = waits and self.valve.blocked(index)


def joined(one: Passed | None, other: Passed | None) -> Passed | None:
    """What two inputs together have made of a barrier."""
    if one is None or other is None:
        return one or other
    return Passed(other.barrier, other.waited, one.begins or other.begins, one.complete or other.complete)

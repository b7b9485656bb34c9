"""The barriers of a task: which of its inputs have theirs, who waits for whom, and when the task has its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput
from pyflinkx.runtime.task.valves import BarrierValve


@dataclass(frozen=True)
class Aligned:
    """All inputs of a task have the barrier.

    Args:
        barrier: that they have.
        waited: milliseconds since it came to the first of them.
    """

    barrier: Barrier
    waited: int


class Barriers:
    """Aligns the barriers of a task's inputs: those of channels, and for readers the word of the coordinator.

    Args:
        inputs: all inputs of the task.
        now: the clock (ms).
    """

    def __init__(self, inputs: Sequence[ReaderInput | ChannelInput], now: Callable[[], int]) -> None:
        self.inputs = inputs
        self.now = now
        self.valve = BarrierValve(len(inputs))
        self.told: list[Barrier] = []  # by the coordinator, and not seen to yet
        self.begun = 0  # when the barrier that is being aligned came first (ms)
        self.aligning: Barrier | None = None
        self.ended = [False] * len(inputs)

    def tell(self, barrier: Barrier) -> None:
        """The coordinator wants a checkpoint to begin here."""
        self.told.append(barrier)

    def take_told(self) -> Aligned | None:
        """See to the next word of the coordinator; called between two elements of the inputs."""
        barrier = self.told.pop(0)
        complete = None
        readers = [index for index, source in enumerate(self.inputs) if isinstance(source, ReaderInput)]
        for index in readers:
            source = self.inputs[index]
            if not self.ended[index] and isinstance(source, ReaderInput):
                if barrier.ends:
                    source.stop_behind(barrier)
                complete = self._arrived(barrier, index) or complete
        if not readers or all(self.ended[index] for index in readers):
            complete = self._arrived(barrier, None)
        return complete

    def arrived(self, source: ChannelInput) -> Aligned | None:
        """A channel has brought a barrier."""
        barrier, source.barrier = source.barrier, None
        assert barrier is not None
        return self._arrived(barrier, self.inputs.index(source))

    def end(self, source: ReaderInput | ChannelInput) -> Aligned | None:
        """An input has ended."""
        index = self.inputs.index(source)
        if self.ended[index]:
            return None
        self.ended[index] = True
        return self._passed(self.valve.end(index))

    def give_up(self, number: int) -> None:
        """A checkpoint will not be: nobody waits for it any longer."""
        self.told = [barrier for barrier in self.told if barrier.number > number]
        self.valve.give_up(number)
        self._block()

    def _arrived(self, barrier: Barrier, index: int | None) -> Aligned | None:
        if self.aligning is None or barrier.number > self.aligning.number:
            self.aligning, self.begun = barrier, self.now()
        complete = self.valve.expect(barrier.number) if index is None else self.valve.barrier(index, barrier.number)
        return self._passed(complete)

    def _passed(self, number: int | None) -> Aligned | None:
        self._block()
        if number is None:
            return None
        assert self.aligning is not None
        aligned = Aligned(self.aligning, self.now() - self.begun)
        self.aligning = None
        return aligned

    def _block(self) -> None:
        waits = self.aligning is not None and self.aligning.exactly_once
        for index, source in enumerate(self.inputs):
            source.blocked = waits and self.valve.blocked(index)

"""What comes of n inputs together: watermarks and idleness, the markers of a loop, barriers.

Pure objects, told what each input brings, by its index; what they answer is to be passed on. An input that has ended
brings nothing more and holds nobody back: each valve has an ``end``.
"""

from __future__ import annotations

from collections import deque

from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK


class WatermarkValve:
    """Combines the watermarks of several inputs: the minimum over the active ones.

    As in Flink, an input that was idle and lags behind when it is active again does not count until it has caught up,
    and when the last active input becomes idle, the largest watermark of all is what is left to wait for.

    Args:
        inputs: how many.
    """

    def __init__(self, inputs: int) -> None:
        self.watermarks = [MIN_WATERMARK] * inputs
        self.idle = [False] * inputs
        self.combined = MIN_WATERMARK
        self.all_idle = False

    def watermark(self, index: int, timestamp: int) -> int | None:
        """Take a watermark of one input; the new combined watermark, or None when it has not advanced."""
        if timestamp > self.watermarks[index]:
            self.watermarks[index] = timestamp
        return self._advance()

    def idleness(self, index: int, idle: bool) -> tuple[int | None, bool | None]:
        """Take the status of one input; (new combined watermark or None, new combined idleness or None)."""
        self.idle[index] = idle
        all_idle = all(self.idle)
        changed = all_idle if all_idle != self.all_idle else None
        self.all_idle = all_idle
        if changed and all_idle and self.watermarks[index] == self.combined:
            return self._raise(max(self.watermarks)), changed
        return self._advance(), changed

    def end(self, index: int) -> tuple[bool | None, int | None]:
        """One input has ended, which is to be active at MAX_WATERMARK; (new idleness or None, new watermark or None).

        Activity comes first: a watermark is not for an idle stream.
        """
        self.watermarks[index] = MAX_WATERMARK
        combined, changed = self.idleness(index, False)
        return changed, combined

    def _advance(self) -> int | None:
        marks = zip(self.watermarks, self.idle, strict=True)
        return self._raise(min((mark for mark, idle in marks if not idle and mark >= self.combined), default=None))

    def _raise(self, lowest: int | None) -> int | None:
        if lowest is None or lowest <= self.combined:
            return None
        self.combined = lowest
        return lowest


class MarkerValve:
    """Combines the markers of a loop: one has passed when it has come from all inputs that have not ended.

    Inputs from outside of the loop bring no markers, so these wait for them to end.

    Args:
        inputs: how many.
    """

    def __init__(self, inputs: int) -> None:
        self.waiting: list[deque[int]] = [deque() for _ in range(inputs)]
        self.ended = [False] * inputs

    def marker(self, index: int, age: int) -> list[int]:
        """Take a marker of one input; the ages of those that have come from all."""
        self.waiting[index].append(age)
        return self._passed()

    def end(self, index: int) -> list[int]:
        """One input has ended; the ages of the markers that waited only for it."""
        self.ended[index] = True
        return self._passed()

    def _passed(self) -> list[int]:
        passed = []
        while any(self.waiting) and all(queue or ended for queue, ended in zip(self.waiting, self.ended, strict=True)):
            passed.append(min(queue.popleft() for queue in self.waiting if queue))
        return passed


class BarrierValve:
    """Aligns the barriers of several inputs: who has brought its barrier waits for those that have not.

    Barriers are numbered upwards. As in Flink, the barrier of a later checkpoint gives up the one that is being
    aligned, and a barrier of one that is over (complete or given up) says nothing.

    Args:
        inputs: how many.

    Example:
        >>> valve = BarrierValve(2)
        >>> valve.barrier(0, 7), valve.blocked(0), valve.blocked(1)
        (None, True, False)
        >>> valve.barrier(1, 7), valve.blocked(0)
        (7, False)
    """

    def __init__(self, inputs: int) -> None:
        self.arrived = [False] * inputs
        self.ended = [False] * inputs
        self.number: int | None = None  # of the checkpoint that is being aligned
        self.over = 0  # the latest that is complete or given up

    def blocked(self, index: int) -> bool:
        """Whether nothing more may be taken from an input, as what follows its barrier is for the time after it."""
        return self.arrived[index]

    def barrier(self, index: int, number: int) -> int | None:
        """Take a barrier (numbered from 1) of one input; its number when all have it, else None."""
        return self._begin(number, index)

    def expect(self, number: int) -> int | None:
        """Begin on a barrier that no input need bring, as all may have ended; its number when they have, else None."""
        return self._begin(number)

    def end(self, index: int) -> int | None:
        """One input has ended, so it brings no barrier; the number of the one that waited only for it, else None."""
        self.ended[index] = True
        return self._complete()

    def give_up(self, number: int) -> None:
        """The checkpoint of this number, and all before it, will not be; nobody waits for them any longer."""
        self.over = max(self.over, number)
        if self.number is not None and self.number <= number:
            self._release()

    def _begin(self, number: int, index: int | None = None) -> int | None:
        if number <= self.over or (self.number is not None and number < self.number):
            return None
        if self.number is not None and number > self.number:
            self.give_up(self.number)
        self.number = number
        if index is not None:
            self.arrived[index] = True
        return self._complete()

    def _complete(self) -> int | None:
        number = self.number
        if number is None or not all(here or ended for here, ended in zip(self.arrived, self.ended, strict=True)):
            return None
        self.over = number
        self._release()
        return number

    def _release(self) -> None:
        self.number = None
        self.arrived = [False] * len(self.arrived)

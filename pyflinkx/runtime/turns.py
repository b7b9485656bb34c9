"""How long a task works before it looks at its mails and timers again, and how many records it takes at a time."""

from __future__ import annotations

from collections.abc import Iterable

# Milliseconds; what has to be seen within 50 leaves the rest to the call under way and to the system.
LONGEST_TURN = 20


def turn_length(buffer_timeouts: Iterable[int]) -> int:
    """Nanoseconds of a task's turn; 0 where it is to be over after every record.

    A record waits for the end of the turn, then for the others of its batch: a turn is half as long as that at most.

    Args:
        buffer_timeouts: of the task's operators, in milliseconds; negative ones say nothing.
    """
    shortest = min((timeout for timeout in buffer_timeouts if timeout >= 0), default=2 * LONGEST_TURN)
    return min(LONGEST_TURN * 1_000_000, shortest * 500_000)


class Pace:
    """How many records of an input go through the task at a time: as many as are done in half a turn.

    Loops stop when the turn is over, but what stands before a slow function has done all of what it got by then: its
    timers, its watermarks and its mails would be late by as many records. So an input that gave a full batch gives
    fewer as soon as they take long, and more again when they are done fast.

    Args:
        most: records of a full batch.
        length: of a turn, in nanoseconds; 0 for one record at a time.
    """

    def __init__(self, most: int, length: int) -> None:
        self.most = most
        self.length = length
        self.size = most if length else 1

    def went(self, records: int, spent: int) -> None:
        """Some records have gone through the task, in so many nanoseconds of work."""
        if self.length == 0 or records == 0:
            return
        if spent > self.length:
            self.size = max(min(records * self.length // (2 * spent), self.most), 1)
        elif spent < self.length // 4 and records >= self.size:
            self.size = min(self.size * 2, self.most)

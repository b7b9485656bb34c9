"""How much may be in flight to a consumer: what it reads in the time that data may be under way.

Flink's buffer debloating (FLIP-183): with less in flight, barriers and records pass sooner when the consumer is slow.
"""

from __future__ import annotations

import time
from typing import Protocol

# Flink's: a size that is within a quarter of the one before is not worth telling the producer.
THRESHOLD = 0.25
# Weight of the newest period in the moving average of the throughput.
WEIGHT = 0.3


class Credited(Protocol):
    """The consuming end of a channel with credit."""

    def set_credit(self, nbytes: int, /) -> None:
        """Allow so many bytes under way."""


class BufferDebloater:
    """Follows what one channel's consumer reads, and says how many bytes its producer may have under way.

    Args:
        target: nanoseconds that data may be in flight.
        period: nanoseconds between two looks.
        least: fewest bytes, at least a segment.
        most: most bytes, and what is allowed at first.
    """

    def __init__(self, target: int, period: int, least: int, most: int) -> None:
        self.target = target
        self.period = period
        self.least = least
        self.most = most
        self.credit = most
        self.throughput = 0.0
        self.looked: int | None = None
        self.received = 0

    def follow(self, channel: Credited, received: int, behind: bool) -> None:
        """Look now, and set the channel's credit if it is to be another."""
        credit = self.look(time.monotonic_ns(), received, behind)
        if credit is not None:
            channel.set_credit(credit)

    def look(self, now: int, received: int, behind: bool) -> int | None:
        """The new credit in bytes, when it is time for one and it differs enough.

        Args:
            now: nanoseconds of a monotonic clock.
            received: bytes that the consumer has read since the start.
            behind: whether more waits to be read. A consumer that keeps up needs no limit, however little comes.
        """
        if self.looked is None:
            self.looked, self.received = now, received
            return None
        elapsed = now - self.looked
        if elapsed < self.period:
            return None
        seen = (received - self.received) / elapsed
        self.looked, self.received = now, received
        self.throughput = seen if self.throughput == 0 else self.throughput + WEIGHT * (seen - self.throughput)
        wanted = min(max(int(self.throughput * self.target), self.least), self.most) if behind else self.most
        if abs(wanted - self.credit) < THRESHOLD * self.credit and wanted not in (self.least, self.most):
            return None
        if wanted == self.credit:
            return None
        self.credit = wanted
        return wanted

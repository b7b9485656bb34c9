"""What functions may know beside the rows: what time it is."""

from __future__ import annotations

import time

from pyflinkx.operators.base import MIN_WATERMARK, Clock


class MachineClock:
    """The machine's clock, for what is evaluated outside of a job."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class Moment:
    """The time at which rows are evaluated.

    Args:
        clock: of the job.

    Attributes:
        watermark: where event time stands (ms).
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = MachineClock() if clock is None else clock
        self.watermark = MIN_WATERMARK


class Held:
    """The time for all rows of a batch: however often it is asked for, it is the same.

    Args:
        moment: the time that goes on.
    """

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._now: int | None = None
        self.watermark = moment.watermark

    @property
    def clock(self) -> Held:
        """The clock, which stands still."""
        return self

    def now(self) -> int:
        """Milliseconds since the epoch."""
        if self._now is None:
            self._now = self._moment.clock.now()
        return self._now

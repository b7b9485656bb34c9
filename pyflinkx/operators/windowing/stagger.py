"""Where the windows of a subtask start, so that not all windows of a job fire at one time."""

from __future__ import annotations

import random
from enum import Enum


class WindowStagger(Enum):
    """By how much the tumbling windows of one subtask are shifted.

    ALIGNED: not at all. RANDOM: by a random part of their size. NATURAL: so that the first one starts when the first
    record arrives, by the clock.
    """

    ALIGNED = "aligned"
    RANDOM = "random"
    NATURAL = "natural"

    def get_stagger_offset(self, current_processing_time: int, size: int) -> int:
        """The shift of windows of ``size`` ms whose first record comes at ``current_processing_time`` (both ms)."""
        if self is WindowStagger.RANDOM:
            return random.randrange(size)
        if self is WindowStagger.NATURAL:
            return current_processing_time % size
        return 0

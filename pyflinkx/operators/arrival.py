"""Numbers of rows in order of arrival, for aggregates that go by it: first, last, ties of min_by and max_by."""

from __future__ import annotations

from pyflinkx.operators.base import Clock

# A subtask gives numbers to at most 2^20 rows a millisecond before it runs ahead of the clock.
NUMBERS_OF_MILLISECOND = 20


def arrival_number(clock: Clock) -> int:
    """The number of a row that comes now; the structures count on from there, and never back.

    Numbers go by the clock everywhere, so that those of all subtasks of a machine compare: when their states are
    merged, before an exchange, behind it or after a change of parallelism.
    """
    return max(clock.now(), 0) << NUMBERS_OF_MILLISECOND

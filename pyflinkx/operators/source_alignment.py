"""Sources that wait for each other, so that none runs far ahead in event time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary


@dataclass(frozen=True)
class WatermarkAlignment:
    """How a source waits: it pauses while its watermark is above the lowest of its group by more than ``max_drift``.

    Times are milliseconds; a paused source looks again after ``update_interval``.
    """

    group: str
    max_drift: int
    update_interval: int


class AlignmentGroups:
    """The watermarks of a job's aligned sources in one process, by group, and what is known of other processes.

    Its pickled copies are one object in each process: the tasks of all slots of a worker share it.

    Args:
        token: names the job; a new one by default.

    Attributes:
        others: the lowest watermark (ms) of each group in other processes; replaced as a whole.
        on_join: called with the update interval (ms) when an aligned source starts; None where no other process counts.
    """

    def __init__(self, token: str | None = None) -> None:
        import uuid

        self.token = uuid.uuid4().hex if token is None else token
        self._lock = threading.Lock()
        self._watermarks: dict[str, dict[Any, int]] = {}
        self.others: dict[str, int] = {}
        self.on_join: Callable[[int], None] | None = None
        KNOWN[self.token] = self

    def __reduce__(self) -> Any:
        return groups_of, (self.token,)

    def join(self, alignment: WatermarkAlignment) -> None:
        """An aligned source starts in this process."""
        if self.on_join is not None:
            self.on_join(alignment.update_interval)

    def report(self, group: str, member: Any, watermark: int | None) -> None:
        """A member's watermark (ms); None when the others need not wait for it: it is idle, or has ended."""
        with self._lock:
            watermarks = self._watermarks.setdefault(group, {})
            if watermark is None:
                watermarks.pop(member, None)
            else:
                watermarks[member] = watermark

    def lowest(self, group: str) -> int | None:
        """The lowest watermark (ms) of a group; None when nobody has one."""
        with self._lock:
            known = [*self._watermarks.get(group, {}).values()]
        if group in (others := self.others):
            known.append(others[group])
        return min(known, default=None)

    def own(self) -> dict[str, int]:
        """The lowest watermark (ms) in this process of each group that has one."""
        with self._lock:
            return {group: min(members.values()) for group, members in self._watermarks.items() if members}


KNOWN: WeakValueDictionary[str, AlignmentGroups] = WeakValueDictionary()
LOOKING = threading.Lock()


def groups_of(token: str) -> AlignmentGroups:
    """The groups of a job in this process."""
    with LOOKING:
        found = KNOWN.get(token)
        return AlignmentGroups(token) if found is None else found

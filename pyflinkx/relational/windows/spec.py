"""Windows of rows: which there are, and into which of them a time falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TUMBLE, HOP, CUMULATE, SESSION = "TUMBLE", "HOP", "CUMULATE", "SESSION"


@dataclass(frozen=True)
class WindowSpec:
    """How rows are put into windows; all durations are in milliseconds.

    Args:
        kind: TUMBLE, HOP, CUMULATE or SESSION.
        time: position of the column of the rows' time.
        by_clock: whether the job's clock says the time of rows, and not the column.
        local: whether the column is of instants, whose windows begin and end by the local time.
        size: of the windows; of CUMULATE the largest; of SESSION the gap between two of them.
        step: from the begin of a window to that of the next one (HOP), or from one end to the next (CUMULATE).
        offset: of the begin of all windows.
        partition: of SESSION: positions of the columns whose values have sessions of their own.
    """

    kind: str
    time: int
    by_clock: bool
    local: bool
    size: int
    step: int = 0
    offset: int = 0
    partition: tuple[int, ...] = ()

    def shown(self, time: str) -> str:
        """As it stands in a plan."""
        parts = [f"size=[{span(self.size)}]" if self.kind != SESSION else f"gap=[{span(self.size)}]"]
        if self.kind in (HOP, CUMULATE):
            parts.append(f"{'slide' if self.kind == HOP else 'step'}=[{span(self.step)}]")
        if self.offset:
            parts.append(f"offset=[{span(self.offset)}]")
        return f"{self.kind}(time_col=[{time}], {', '.join(parts)})"

    def fault(self) -> str | None:
        """What makes no sense in it; None if nothing does."""
        if self.size <= 0:
            return f"the {'gap' if self.kind == SESSION else 'size'} of {self.kind} windows is more than 0"
        if self.kind in (HOP, CUMULATE) and self.step <= 0:
            return f"the {'slide' if self.kind == HOP else 'step'} of {self.kind} windows is more than 0"
        if self.kind == CUMULATE and self.size % self.step:
            return f"the size of CUMULATE windows, {span(self.size)}, is no multiple of the step, {span(self.step)}"
        return None

    def assigned(self, times: Any, numpy: Any) -> tuple[Any, Any, Any]:
        """The windows of rows, but for sessions: each row's number as often as it has windows, their begins and ends.

        Args:
            times: of the rows (ms); local ones where windows begin by the local time.
            numpy: the module.
        """
        rows = numpy.arange(len(times))
        if self.kind == TUMBLE:
            begins = times - (times - self.offset) % self.size
            return rows, begins, begins + self.size
        if self.kind == HOP:
            last = times - (times - self.offset) % self.step
            most = -(-self.size // self.step)
            begins = (last[:, None] - numpy.arange(most) * self.step).ravel()
            rows = numpy.repeat(rows, most)
            inside = begins > times[rows] - self.size
            begins = begins[inside]
            return rows[inside], begins, begins + self.size
        begins = times - (times - self.offset) % self.size
        most = self.size // self.step
        ends = (begins[:, None] + numpy.arange(1, most + 1) * self.step).ravel()
        rows = numpy.repeat(rows, most)
        inside = ends > times[rows]
        rows = rows[inside]
        return rows, begins[rows], ends[inside]


def span(millis: int) -> str:
    """A duration as Flink's plans write it.

    Example:
        >>> span(90_000), span(3_600_000), span(1)
        ('90 s', '1 h', '1 ms')
    """
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if millis and millis % length == 0:
            return f"{millis // length} {unit}"
    return f"{millis} ms"

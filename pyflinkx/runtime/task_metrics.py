"""What a subtask has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyflinkx.runtime.accumulators import pack, unpack


@dataclass
class TaskMetrics:
    """Counts and times of one subtask since its start; times in nanoseconds.

    Args:
        records_in: records read from sources or other tasks.
        records_out: records sent to other tasks.
        bytes_in: bytes of frames read from other workers.
        bytes_out: bytes of frames sent to other workers.
        busy: time in which it worked.
        idle: time in which it had nothing to do.
        back_pressured: time in which it waited for others to take its records.
        buffers_out: memory segments of its own that others have not given back yet.
        buffers_in: memory segments that wait to be read by it.
        watermark: its event time in milliseconds; None before the first watermark.
        counters: of its operators, by node id: those of sources and windows.
        accumulators: copies of those of the user's functions, by node id and name.
        user: values of the metrics of the user's functions, by full name.
    """

    records_in: int = 0
    records_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    busy: int = 0
    idle: int = 0
    back_pressured: int = 0
    buffers_out: int = 0
    buffers_in: int = 0
    watermark: int | None = None
    counters: dict[int, dict[str, int]] = field(default_factory=dict)
    accumulators: dict[int, dict[str, Any]] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "accumulators": {node: pack(found) for node, found in self.accumulators.items()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.accumulators = {node: unpack(found) for node, found in self.accumulators.items()}

    def named(self) -> dict[str, Any]:
        """By Flink's metric names, those of the user's functions after them; times in milliseconds."""
        return {
            "numRecordsIn": self.records_in,
            "numRecordsOut": self.records_out,
            "numBytesIn": self.bytes_in,
            "numBytesOut": self.bytes_out,
            "accumulateBusyTimeMs": self.busy // 1_000_000,
            "accumulateIdleTimeMs": self.idle // 1_000_000,
            "accumulateBackPressuredTimeMs": self.back_pressured // 1_000_000,
            "outputQueueLength": self.buffers_out,
            "inputQueueLength": self.buffers_in,
            "currentInputWatermark": self.watermark,
            **self.user,
        }

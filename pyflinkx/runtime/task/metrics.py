"""What a subtask has done so far."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.runtime.control.pickles import dump_value
from pyflinkx.runtime.task.accumulators import pack, unpack

PLAIN = frozenset({int, float, str, bool, type(None)})


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
        return {
            **self.__dict__,
            "accumulators": {node: pack(found) for node, found in self.accumulators.items()},
            "user": {name: packed(value) for name, value in self.user.items()},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.accumulators = {node: unpack(found) for node, found in self.accumulators.items()}
        self.user = {name: unpacked(value) for name, value in self.user.items()}

    def named(self) -> dict[str, Any]:
        """By Flink's metric names, those of the user's functions after them; times in milliseconds."""
        return {**{metric.name: metric.read(self) for metric in METRICS}, **self.user}


@dataclass(frozen=True)
class SubtaskMetric:
    """A metric that every subtask has.

    Args:
        name: Flink's.
        description: what it is.
        read: takes it from the subtask's metrics.
    """

    name: str
    description: str
    read: Callable[[TaskMetrics], Any]


METRICS = (
    SubtaskMetric("numRecordsIn", "records read from sources or other subtasks", lambda m: m.records_in),
    SubtaskMetric("numRecordsOut", "records sent to other subtasks", lambda m: m.records_out),
    SubtaskMetric("numBytesIn", "bytes of frames read from other workers", lambda m: m.bytes_in),
    SubtaskMetric("numBytesOut", "bytes of frames sent to other workers", lambda m: m.bytes_out),
    SubtaskMetric("accumulateBusyTimeMs", "milliseconds in which it worked", lambda m: m.busy // 1_000_000),
    SubtaskMetric("accumulateIdleTimeMs", "milliseconds in which it had nothing to do", lambda m: m.idle // 1_000_000),
    SubtaskMetric(
        "accumulateBackPressuredTimeMs",
        "milliseconds in which it waited for others to take its records",
        lambda m: m.back_pressured // 1_000_000,
    ),
    SubtaskMetric(
        "outputQueueLength", "memory segments of its own that others have not given back yet", lambda m: m.buffers_out
    ),
    SubtaskMetric("inputQueueLength", "memory segments that wait to be read by it", lambda m: m.buffers_in),
    SubtaskMetric(
        "currentInputWatermark",
        "its event time in milliseconds; None before the first watermark",
        lambda m: m.watermark,
    ),
)


class Packed:
    """A value of the user's metrics on its way to another process.

    Args:
        data: its pickle.
        text: what is shown where that cannot be read.
    """

    def __init__(self, data: bytes, text: str) -> None:
        self.data = data
        self.text = text


def packed(value: Any) -> Any:
    """A value of a metric ready to travel: plain ones as they are, what no pickle takes as text."""
    if type(value) in PLAIN:
        return value
    text = short_repr(value)
    try:
        return Packed(dump_value(value), text)
    except BaseException:  # code of the value's class
        return text


def unpacked(value: Any) -> Any:
    """What ``packed`` packed."""
    if not isinstance(value, Packed):
        return value
    try:
        return pickle.loads(value.data)
    except BaseException as error:
        if is_interrupt(error):
            raise
        return value.text

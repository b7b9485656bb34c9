"""W1, W2, W3, W8 and W9 as Bytewax dataflows on one worker, its input in batches of a thousand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.operators import windowing
from bytewax.operators.windowing import EventClock, SlidingWindower, TumblingWindower
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSource, run_main
from serving import serve, windows_table

BATCH = 1000
KEYS = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Keeping(DynamicSink):
    """Counts what it gets, and keeps as many of the last items as wanted (all for None)."""

    def __init__(self, keep: int | None) -> None:
        self.keep = keep
        self.rows = 0
        self.kept: list[Any] = []

    def build(self, step_id: str, worker_index: int, worker_count: int) -> KeepingPart:
        return KeepingPart(self)


class KeepingPart(StatelessSinkPartition):
    def __init__(self, sink: Keeping) -> None:
        self.sink = sink

    def write_batch(self, items: list[Any]) -> None:
        sink = self.sink
        sink.rows += len(items)
        sink.kept += items
        if sink.keep is not None and len(sink.kept) > 100 * sink.keep:
            sink.kept = sink.kept[-sink.keep :]


def w1(tables: list[Any], rows: int) -> Callable[[], Any]:
    values = list(range(rows))
    first, key_of, reduce = lambda x: (x % 1000, 1), lambda t: t[0], lambda a, b: (a[0], a[1] + b[1])

    def update(state: Any, value: Any) -> Any:
        result = value if state is None else reduce(state, value)
        return result, result

    def run() -> Any:
        sink = Keeping(KEYS)
        flow = Dataflow("w1")
        mapped = op.map("map", op.input("in", flow, TestingSource(values, batch_size=BATCH)), first)
        # Its keys are strings.
        keyed = op.key_on("key", mapped, lambda t: str(key_of(t)))
        counts = op.stateful_map("reduce", keyed, update)
        op.output("out", counts, sink)
        run_main(flow)
        # Its keys do not come in turn, so the largest count of each is looked for among the last.
        last = {key: count for key, (_, count) in sink.kept}
        return {"rows": sink.rows, "n": sum(last.values())}

    return run


def windowed(windower: Any, length: int, slide: int, own_sum: bool) -> Callable[[list[Any], int], Callable[[], Any]]:
    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        columns = (tables[0].column(name).to_pylist() for name in ("ts", "key", "value"))
        records = list(zip(*columns, strict=True))

        def time_of(record: Any) -> datetime:
            return EPOCH + timedelta(milliseconds=record[0])

        def add(accumulator: Any, record: Any) -> Any:
            return record[1], accumulator[1] + 1, accumulator[2] + record[2]

        def merge(a: Any, b: Any) -> Any:
            return a[0], a[1] + b[1], a[2] + b[2]

        def run() -> Any:
            sink = Keeping(None)
            flow = Dataflow("windows")
            keyed = op.key_on(
                "key", op.input("in", flow, TestingSource(records, batch_size=BATCH)), lambda r: str(r[1])
            )
            clock = EventClock(time_of, wait_for_system_duration=timedelta(seconds=1))
            out = windowing.fold_window("fold", keyed, clock, windower, lambda: (None, 0, 0.0), add, merge)
            op.output("out", out.down, sink)
            run_main(flow)
            if own_sum:
                return [result for _, (_, result) in sink.kept]
            found = []
            for _, (window, (key, count, total)) in sink.kept:
                start = window * slide
                found.append((key, start, start + length, count, total))
            return windows_table(found)

        return run

    return make


class Paced(DynamicSource):
    """``count`` records of (key, when it was due in ns), 10,000 a second."""

    def __init__(self, count: int) -> None:
        self.count = count

    def build(self, step_id: str, worker_index: int, worker_count: int) -> PacedPart:
        return PacedPart(self.count)


class PacedPart(StatelessSourcePartition):
    def __init__(self, count: int) -> None:
        self.count = count
        self.made = 0
        self.started = time.monotonic_ns()
        self.awake: datetime | None = None

    def next_batch(self) -> list[Any]:
        if self.made == self.count:
            raise StopIteration
        due = min((time.monotonic_ns() - self.started) // 100_000, self.count)
        records = [(str(index % KEYS), self.started + index * 100_000) for index in range(self.made, due)]
        self.made = due
        self.awake = datetime.now(timezone.utc) + timedelta(milliseconds=1)
        return records

    def next_awake(self) -> datetime | None:
        return self.awake


class Latencies(DynamicSink):
    def __init__(self) -> None:
        self.seen: list[int] = []

    def build(self, step_id: str, worker_index: int, worker_count: int) -> LatenciesPart:
        return LatenciesPart(self.seen)


class LatenciesPart(StatelessSinkPartition):
    def __init__(self, seen: list[int]) -> None:
        self.seen = seen

    def write_batch(self, items: list[Any]) -> None:
        now = time.monotonic_ns()
        self.seen += [now - made for _, window in items for made in window]


def w9(tables: list[Any], rows: int) -> Callable[[], Any]:
    def run() -> Any:
        sink = Latencies()
        flow = Dataflow("w9")
        keyed = op.map("pair", op.input("in", flow, Paced(rows)), lambda record: record)
        # A window of one record: collected when it holds one.
        op.output("out", op.collect("window", keyed, timedelta(seconds=10), 1), sink)
        run_main(flow)
        assert len(sink.seen) == rows
        ordered = sorted(sink.seen)
        parts = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
        return {name: ordered[int(rows * part)] / 1e6 for name, part in parts.items()}

    return run


TUMBLING = TumblingWindower(length=timedelta(seconds=10), align_to=EPOCH)
SLIDING = SlidingWindower(length=timedelta(seconds=10), offset=timedelta(seconds=1), align_to=EPOCH)

if __name__ == "__main__":
    serve(
        lambda: f"Bytewax {version('bytewax')}",
        {
            "W1": w1,
            "W2": windowed(TUMBLING, 10_000, 10_000, False),
            "W3": windowed(SLIDING, 10_000, 1_000, False),
            "W8": windowed(TUMBLING, 10_000, 10_000, True),
            "W9": w9,
        },
    )

"""W11: what a checkpoint of a gigabyte of native keyed state costs the job that goes on beside it.

Run: python -m bench.jobs.checkpoints [--keys 20] [--rows 100] [--interval 10] [--turns 2]

One worker adds up rows of random keys (count, sum, minimum and maximum, every update emitted), after each of its
``keys`` millions has come once. Turns without checkpoints and with one every ``interval`` seconds follow each other.
Throughput is rows by processor time of the task's thread, and by the clock; the longest batch is the most processor
time of that thread between two batches of 16,384 rows. On a machine that is busy with other work the clock says little.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from array import array
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.connectors.columnar import batch_of_arrays
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.source import END, Source, SourceReader
from pyflinkx.datastream import StreamExecutionEnvironment, agg
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.changes import INSERT_ONLY

MILLION = 1_000_000
ODD = 0x9E3779B97F4A7C15  # makes of numbers that follow each other some that do not
SHIFT = 20
BATCH = 16_384  # rows


def columns(numbers: range, keys: int) -> Any:
    """The rows of these numbers, each key once before the first comes again."""
    number = np.arange(numbers.start, numbers.stop, dtype=np.uint64)
    key = np.where(number < keys, number, (number * np.uint64(ODD) >> np.uint64(SHIFT)) % np.uint64(keys))
    return batch_of_arrays({"key": key.astype(np.int64), "value": (number % np.uint64(1000)).astype(np.float64)})


class RandomKeys(Source):
    """``count`` rows.

    Args:
        keys: how many there are.
        count: of rows.
        path: of a file that gets, for each batch, time and processor time of the task's thread before it.
    """

    columnar = True
    changes = INSERT_ONLY

    def __init__(self, keys: int, count: int, path: str) -> None:
        self.keys, self.count, self.path = keys, count, path
        self.output_type = type_info_of(columns(range(1), keys).schema)

    def splits(self, parallelism: int) -> list[Any]:
        return [range(self.count)]

    def create_reader(self, context: Any) -> RandomKeysReader:
        return RandomKeysReader(self.keys, self.path)


class RandomKeysReader(SourceReader):
    def __init__(self, keys: int, path: str) -> None:
        self.keys, self.path = keys, path
        self.todo: list[range] = []
        self.seen = array("q")

    def add_splits(self, splits: list[Any]) -> None:
        self.todo += splits

    def poll(self, limit: int) -> Any:
        limit = min(limit, BATCH)
        if not self.todo:
            return END
        numbers = self.todo.pop()
        self.seen.extend((numbers.start, time.monotonic_ns(), time.thread_time_ns()))
        if len(numbers) > limit:
            self.todo.append(numbers[limit:])
        return columns(numbers[:limit], self.keys)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return list(self.todo)

    def close(self) -> None:
        with open(self.path, "wb") as file:
            self.seen.tofile(file)


@dataclass
class Figures:
    """Of one turn: rows/s by processor time and by the clock, ms of the longest batch, and of each checkpoint its
    seconds until it was durable and its bytes."""

    by_processor: float
    by_clock: float
    longest: float
    durable: list[float]
    size: int


def run(keys: int, rows: int, interval: float | None) -> Figures:
    """One turn."""
    with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder:
        options = {"pyflinkx.workers": "processes", "execution.checkpointing.dir": f"{folder}/checkpoints"}
        if interval is not None:
            options["execution.checkpointing.interval"] = f"{round(interval * 1000)} ms"
        env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
        env.set_parallelism(1)
        path = f"{folder}/seen"
        source = env.from_source(RandomKeys(keys, keys + rows, path), WatermarkStrategy.no_watermarks(), "rows")
        value = {"total": agg.sum("value"), "low": agg.min("value"), "high": agg.max("value")}
        source.key_by("key").agg(n=agg.count(), **value).sink_to(DiscardSink())
        client = env.execute_async()
        result = client.get_job_execution_result().result()
        assert result.get_accumulator_result("rows.numRecordsIn") == keys + rows
        done = [each for each in client.get_checkpoint_statistics().history if each.status.name == "COMPLETED"]
        seen = np.fromfile(path, dtype=np.int64).reshape(-1, 3)
        full = [each for each in done if each.size > keys * 32]  # those before the state was there say nothing
        assert interval is None or full, f"no checkpoint had all of the state: {done}"
    seen = seen[seen[:, 0] >= keys]
    measured = int(seen[-1, 0] - seen[0, 0])
    clock, processor = ((seen[-1, column] - seen[0, column]) / 1e9 for column in (1, 2))
    longest = np.diff(seen[:, 2]).max() / 1e6
    sizes = [each.size for each in full]
    return Figures(
        measured / processor, measured / clock, longest, [each.duration / 1000 for each in full], max(sizes, default=0)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=float, default=20, help="millions of keys")
    parser.add_argument("--rows", type=float, default=100, help="millions of rows that are measured")
    parser.add_argument("--interval", type=float, default=10, help="seconds from one checkpoint to the next")
    parser.add_argument("--turns", type=int, default=2)
    given = parser.parse_args()
    keys, rows = int(given.keys * MILLION), int(given.rows * MILLION)
    without: list[Figures] = []
    taken: list[Figures] = []
    for turn in range(given.turns):
        for interval, found in ((None, without), (given.interval, taken)):
            figures = run(keys, rows, interval)
            found.append(figures)
            which = "no checkpoints" if interval is None else f"one every {interval:g} s"
            rate = f"{figures.by_processor / 1e6:.2f} M rows/s of processor time"
            rate += f", {figures.by_clock / 1e6:.2f} by the clock"
            written = f"{figures.size / 1e6:.0f} MB durable after {figures.durable} s" if figures.durable else "none"
            load = f"load {os.getloadavg()[0]:.1f}"
            print(f"{turn + 1}, {which}: {rate}, longest batch {figures.longest:.1f} ms; {written}; {load}", flush=True)
    kept = [
        (one.by_processor / other.by_processor, one.by_clock / other.by_clock)
        for one, other in zip(taken, without, strict=True)
    ]
    durable = sorted(seconds for each in taken for seconds in each.durable)
    print(
        f"kept {median(first for first, _ in kept):.1%} of the throughput by processor time, "
        f"{median(second for _, second in kept):.1%} by the clock; longest batch "
        f"{max(each.longest for each in taken) - max(each.longest for each in without):+.1f} ms; durable after "
        f"{median(durable):.1f} s, at most {durable[-1]:.1f} s"
    )


if __name__ == "__main__":
    main()

"""Worker processes against one: throughput, exchange, start-up, latency and memory.

Run: python -m bench.jobs.workers [--scale 1.0] [--repeat 3] [NAME ...]

Each figure is the median of the repeats; runs with one and with two workers take turns, so that both meet the same
noise, and every answer is asserted. A machine that is busy with other work makes two workers look no faster than one.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
import timeit
from array import array
from collections.abc import Callable
from statistics import median
from typing import Any

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.config import options
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.sink import Sink, SinkWriter
from pyflinkx.connectors.source import END, WAIT, Source, SourceReader
from pyflinkx.datastream import AggregateFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows

KEYS = 1000


class GeneratedSource(Source):
    """``count`` records, dealt out in turn: each batch is made by ``make(numbers)`` in the worker that reads it."""

    def __init__(self, count: int, make: Callable[[range], Any]) -> None:
        self.count = count
        self.make = make

    def splits(self, parallelism: int) -> list[Any]:
        return [range(part, self.count, parallelism) for part in range(parallelism)]

    def create_reader(self, context: Any) -> GeneratedReader:
        return GeneratedReader(self.make)


class GeneratedReader(SourceReader):
    def __init__(self, make: Callable[[range], Any]) -> None:
        self.make = make
        self.todo: list[range] = []

    def add_splits(self, splits: list[Any]) -> None:
        self.todo += splits

    def poll(self, limit: int) -> Any:
        if not self.todo:
            return END
        numbers = self.todo.pop()
        if len(numbers) > limit:
            self.todo.append(numbers[limit:])
        return self.make(numbers[:limit])

    def close(self) -> None:
        pass


def numbers(part: range) -> ObjectBatch:
    return ObjectBatch(list(part))


def environment(workers: int, **options: str) -> StreamExecutionEnvironment:
    configuration = Configuration.from_dict({"pyflinkx.workers": "processes"})
    for key, value in options.items():
        configuration.set_string(key, value)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(workers)
    return env


class SumSink(Sink):
    """Writes the sum of what ``value`` gives for each record into a folder, a file per subtask."""

    def __init__(self, folder: str, value: Callable[[Any], int]) -> None:
        self.folder = folder
        self.value = value

    def create_writer(self, context: Any) -> SumWriter:
        return SumWriter(os.path.join(self.folder, str(context.subtask_index)), self.value)


class SumWriter(SinkWriter):
    def __init__(self, path: str, value: Callable[[Any], int]) -> None:
        self.path = path
        self.value = value
        self.sum = 0

    def write(self, batch: Any) -> None:
        self.sum += sum(map(self.value, batch.values))

    def flush(self, end_of_input: bool) -> None:
        with open(self.path, "w") as file:
            file.write(str(self.sum))

    def close(self) -> None:
        pass


def total(folder: str) -> int:
    result = 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            result += int(file.read())
    return result


def spinner(turns: int) -> Callable[[int], int]:
    """A function that gives back its argument after an even number of ``turns``."""

    def spin(x: int) -> int:
        for _ in range(turns):
            x ^= 1
        return x

    return spin


def turns_of(microseconds: float) -> int:
    """How many turns of a spinner take so long on this machine when it has nothing else to do."""
    spin = spinner(2000)
    best = min(timeit.repeat(lambda: spin(1), number=100, repeat=20)) / 100 * 1e6
    return round(microseconds / best * 1000) * 2


def w1(workers: int, count: int, turns: int = 0) -> float:
    """Records/s: a running count per key, every update emitted."""
    env = environment(workers)
    spin = spinner(turns)
    first = (lambda x: (spin(x) % KEYS, 1)) if turns else (lambda x: (x % KEYS, 1))
    stream = env.from_source(GeneratedSource(count, numbers), WatermarkStrategy.no_watermarks(), "numbers")
    counts = stream.map(first).key_by(lambda t: t[0]).reduce(lambda a, b: (a[0], a[1] + b[1]))
    counts.sink_to(DiscardSink())
    result = env.execute()
    assert result.get_accumulator_result("numbers.numRecordsIn") == count
    return count / result.get_net_runtime() * 1000


def counted(workers: int, collect: bool, count: int) -> float:
    """Records/s, by the clock, from the program's call to its last record: a map of 90 turns, a running count of 211
    keys, every update to a sink that drops it or to the program."""
    env = environment(workers)
    spin = spinner(90)
    stream = env.from_source(GeneratedSource(count, numbers), WatermarkStrategy.no_watermarks(), "numbers")
    counts = stream.map(lambda x: (spin(x) % 211, 1)).key_by(lambda t: t[0])
    updates = counts.reduce(lambda a, b: (a[0], a[1] + b[1]))
    started = time.perf_counter()
    if collect:
        with updates.execute_and_collect() as results:
            assert sum(1 for _ in results) == count
    else:
        updates.sink_to(DiscardSink())
        env.execute()
    return count / (time.perf_counter() - started)


def compare_collected(title: str, count: int, repeat: int) -> None:
    """Print what two workers gain where the program reads every record, and where none does; medians of turns that take
    turns. The client is a third process: its processor time is what two processors cannot give to workers."""
    rates: dict[tuple[bool, int], list[float]] = {}
    spent: dict[tuple[bool, int], list[float]] = {}
    for _ in range(repeat):
        for kind in ((False, 1), (False, 2), (True, 1), (True, 2)):
            collect, workers = kind
            before = time.process_time()
            rates.setdefault(kind, []).append(counted(workers, collect, count))
            spent.setdefault(kind, []).append((time.process_time() - before) / count * 1e6)
    for collect, sink in ((False, "dropped"), (True, "collected")):
        one, two = median(rates[collect, 1]), median(rates[collect, 2])
        print(
            f"{f'{title}, {sink}':40} {one / 1e6:6.3f} {two / 1e6:6.3f} M records/s  2 workers: {two / one:.2f} x; "
            f"client: {median(spent[collect, 1]):.3f} {median(spent[collect, 2]):.3f} us a record"
        )
    print(f"{'load of the machine':40} {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


class Sum(AggregateFunction):
    """Count and sum of (key, value, timestamp) records."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.spin = spinner(turns)

    def create_accumulator(self) -> tuple[int, float]:
        return 0, 0.0

    def add(self, value: Any, accumulator: Any) -> Any:
        if self.turns:
            self.spin(value[0])
        return accumulator[0] + 1, accumulator[1] + value[1]

    def get_result(self, accumulator: Any) -> Any:
        return accumulator

    def merge(self, a: Any, b: Any) -> Any:
        return a[0] + b[0], a[1] + b[1]


def timed_records(part: range) -> ObjectBatch:
    return ObjectBatch([(x % KEYS, 1.0) for x in part], array("q", part))


def w8(workers: int, count: int, turns: int = 0) -> float:
    """Records/s: a Python AggregateFunction over 10 s windows per key."""
    env = environment(workers)
    strategy = WatermarkStrategy.for_monotonous_timestamps()
    stream = env.from_source(GeneratedSource(count, timed_records), strategy, "records")
    windows = stream.key_by(lambda t: t[0]).window(TumblingEventTimeWindows.of(Time.seconds(10)))
    with tempfile.TemporaryDirectory() as folder:
        windows.aggregate(Sum(turns)).sink_to(SumSink(folder, lambda result: result[0]))
        result = env.execute()
        assert total(folder) == count
    return count / result.get_net_runtime() * 1000


def tuples(count: int) -> float:
    """Python tuples/s from one worker to another, untyped."""
    env = environment(1)

    def make(part: range) -> ObjectBatch:
        return ObjectBatch([(x, "user", x * 0.5) for x in part])

    source = env.from_source(GeneratedSource(count, make), WatermarkStrategy.no_watermarks(), "tuples")
    with tempfile.TemporaryDirectory() as folder:
        sink = source.slot_sharing_group("first").sink_to(SumSink(folder, lambda record: 1))
        sink.slot_sharing_group("second")
        result = env.execute()
        assert total(folder) == count
    return count / result.get_net_runtime() * 1000


class PacedSource(Source):
    """``rate`` records a second for ``seconds``: (key, time of its making in ns), handed on when they are due."""

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        self.count = int(rate * seconds)

    def splits(self, parallelism: int) -> list[Any]:
        return [None]

    def create_reader(self, context: Any) -> PacedReader:
        return PacedReader(self.rate, self.count)


class PacedReader(SourceReader):
    unreplayable = "its records are made when they are due"

    def __init__(self, rate: int, count: int) -> None:
        self.rate = rate
        self.count = count
        self.made = 0
        self.started = 0
        self.assigned = False

    def add_splits(self, splits: list[Any]) -> None:
        self.assigned = self.assigned or bool(splits)

    def poll(self, limit: int) -> Any:
        if not self.assigned or self.made == self.count:
            return END
        now = time.monotonic_ns()
        self.started = self.started or now
        due = min((now - self.started) * self.rate // 1_000_000_000, self.count, self.made + limit)
        if due <= self.made:
            return WAIT
        # A record is made when it is due, also if the source is late to hand it on.
        step = 1_000_000_000 / self.rate
        records = [(index % KEYS, self.started + int(index * step)) for index in range(self.made, due)]
        self.made = due
        return ObjectBatch(records)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return [None]

    def wake_time(self) -> int | None:
        return time.time_ns() // 1_000_000 + 1

    def close(self) -> None:
        pass


class LatencySink(Sink):
    """Writes the time from making to sink of each record into a folder, a file of int64 nanoseconds per subtask."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def create_writer(self, context: Any) -> LatencyWriter:
        return LatencyWriter(os.path.join(self.folder, str(context.subtask_index)))


class LatencyWriter(SinkWriter):
    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = array("q")

    def write(self, batch: Any) -> None:
        now = time.monotonic_ns()
        self.seen.extend(now - made for _, made in batch.values)

    def flush(self, end_of_input: bool) -> None:
        with open(self.path, "wb") as file:
            self.seen.tofile(file)

    def close(self) -> None:
        pass


def w9(workers: int, seconds: float, interval: str | None = None) -> list[float]:
    """Milliseconds from making to sink (50th, 99th, 99.9th percentile) at 10,000 records/s through a count window, with
    a checkpoint every ``interval``."""
    env = environment(workers, **({} if interval is None else {"execution.checkpointing.interval": interval}))
    stream = env.from_source(PacedSource(10_000, seconds), WatermarkStrategy.no_watermarks(), "paced")
    windows = stream.key_by(lambda t: t[0]).count_window(1)
    with tempfile.TemporaryDirectory() as folder:
        windows.reduce(lambda a, b: b).sink_to(LatencySink(folder))
        client = env.execute_async()
        client.get_job_execution_result().result()
        if interval is not None:
            assert client.get_checkpoint_statistics().completed >= seconds / 2
        seen = array("q")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                seen.frombytes(file.read())
    assert len(seen) == int(10_000 * seconds)
    ordered = sorted(seen)
    return [ordered[int(len(ordered) * part)] / 1e6 for part in (0.5, 0.99, 0.999)]


class SlowSink(Sink):
    """Takes 1 ms for a record."""

    def create_writer(self, context: Any) -> SlowWriter:
        return SlowWriter()


class SlowWriter(SinkWriter):
    def write(self, batch: Any) -> None:
        time.sleep(len(batch) / 1000)

    def close(self) -> None:
        pass


def workers_memory() -> int:
    """Bytes of memory that this process's children have resident."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                total += int(fields[21]) * resource.getpagesize()
    return total


def slow_sink(seconds: float) -> None:
    """Memory of two workers whose sinks take a thousandth of what their sources could give, against their budget: what
    they have when a job does nothing, and the segments of their exchanges."""

    def run(make: Callable[[range], Any], seconds: float) -> list[int]:
        env = environment(2)
        stream = env.from_source(GeneratedSource(10**9, make), WatermarkStrategy.no_watermarks(), "endless")
        stream.key_by(lambda t: t[0]).map(lambda t: t).sink_to(SlowSink())
        client = env.execute_async()
        seen = []
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            time.sleep(0.5)
            seen.append(workers_memory())
        client.cancel().result()
        return seen

    base = max(run(idle, 3))
    # Two producers with a channel to the other worker each; pages of the arena count in each worker that touches them.
    segments = options.BUFFERS_PER_CHANNEL.default + options.FLOATING_BUFFERS.default
    budget = base + 2 * 2 * segments * options.SEGMENT_SIZE.default
    seen = run(wide, seconds)
    print(
        f"{f'sinks that are too slow, for {seconds:.0f} s':40} {seen[len(seen) // 10] / 2**20:.1f} MiB of two workers "
        f"after a tenth, {max(seen) / 2**20:.1f} MiB at most; doing nothing {base / 2**20:.1f} MiB, budget "
        f"{budget / 2**20:.1f} MiB: {max(seen) / budget - 1:+.1%}"
    )


def idle(part: range) -> Any:
    """Nothing to read now, for good."""
    return WAIT


def wide(part: range) -> ObjectBatch:
    return ObjectBatch([(x % KEYS, "x" * 100) for x in part])


def latency(seconds: float) -> None:
    for workers in (1, 2):
        for interval in (None, "1 s"):
            p50, p99, p999 = w9(workers, seconds, interval)
            title = f"W9, {workers} workers" + ("" if interval is None else ", a checkpoint each second")
            print(f"{title:40} p50 {p50:.2f}  p99 {p99:.2f}  p99.9 {p999:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of records")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; all by default")
    arguments = parser.parse_args()
    for name in arguments.names or BENCHMARKS:
        BENCHMARKS[name](arguments)
    print(f"peak memory of a worker: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB")


def compare(title: str, count: int, run: Callable[[int, int], float], repeat: int) -> None:
    """Print rates with one and two workers, their ratio, and what a record costs all workers together in processor
    time, without what their start costs; medians of ``repeat`` turns."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[float]] = {1: [], 2: []}
    starting = {workers: median(processor_time(empty, workers)[1] for _ in range(3)) for workers in rates}
    for _ in range(repeat):
        for workers in rates:
            rate, spent = processor_time(run, workers, count)
            rates[workers].append(rate)
            costs[workers].append((spent - starting[workers]) / count * 1e6)
    one, two = median(rates[1]), median(rates[2])
    print(
        f"{title:40} {one / 1e6:6.3f} {two / 1e6:6.3f} M records/s  2 workers: {two / one:.2f} x; processors: "
        f"{median(costs[1]):.3f} {median(costs[2]):.3f} us a record"
    )


def compare_heavy(title: str, count: int, run: Callable[[int, int, int], float], repeat: int) -> None:
    """As ``compare``, where a function of the user's costs 2.5 microseconds."""
    turns = turns_of(2.5)
    compare(f"{title} of 2.5 us ({turns} turns)", count, lambda workers, count: run(workers, count, turns), repeat)


def processor_time(run: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What a call returns, and the seconds of processor time, user and system, of the children that end meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = run(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def empty(workers: int) -> None:
    """A job with nothing to do."""
    env = environment(workers)
    numbers_of = env.from_source(GeneratedSource(workers, numbers), WatermarkStrategy.no_watermarks(), "n")
    numbers_of.sink_to(DiscardSink())
    env.execute()


def single(title: str, run: Callable[[], float], unit: str, repeat: int) -> None:
    print(f"{title:40} {median(run() for _ in range(repeat)):8.2f} {unit}")


def start_up() -> float:
    """Milliseconds for a job with nothing to do on two workers."""
    started = time.perf_counter()
    empty(2)
    return (time.perf_counter() - started) * 1000


BENCHMARKS: dict[str, Callable[[Any], None]] = {
    "w1": lambda o: compare("W1", int(6e6 * o.scale), w1, o.repeat),
    "w1-heavy": lambda o: compare_heavy("W1, map", int(3e6 * o.scale), w1, o.repeat),
    "w8": lambda o: compare("W8", int(4e6 * o.scale), w8, o.repeat),
    "w8-heavy": lambda o: compare_heavy("W8, add", int(3e6 * o.scale), w8, o.repeat),
    "collect": lambda o: compare_collected("map of 90 turns, 211 keys", int(1e6 * o.scale), o.repeat),
    "tuples": lambda o: single(
        "tuples between workers", lambda: tuples(int(4e6 * o.scale)) / 1e6, "M records/s", o.repeat
    ),
    "w9": lambda o: latency(20 * o.scale),
    "slow-sink": lambda o: slow_sink(60 * o.scale),
    "start-up": lambda o: single("job with nothing to do, 2 workers", start_up, "ms", o.repeat),
}

if __name__ == "__main__":
    main()

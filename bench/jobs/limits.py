"""What is held to a limit and not to a peer: import, an empty job, memory, codecs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import repeat
from statistics import median
from typing import Any


def import_time(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Milliseconds that ``import pyflinkx.datastream`` takes in a new process."""
    program = "import time; s = time.perf_counter(); import pyflinkx.datastream; print(time.perf_counter() - s)"

    def run() -> Any:
        out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
        return {"figure": float(out) * 1000}

    return run


def empty_job(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Milliseconds for a job of one record, inline, with the building of its graph; the median of ten."""
    from bench.jobs.records import TailSink, inline
    from pyflinkx.common import WatermarkStrategy
    from pyflinkx.connectors.collection import CollectionSource

    def once() -> float:
        started = time.perf_counter()
        env = inline()
        stream = env.from_source(CollectionSource([1]), WatermarkStrategy.no_watermarks(), "one")
        sink = TailSink()
        stream.map(lambda x: x).sink_to(sink)
        env.execute()
        seconds = time.perf_counter() - started
        assert sink.last == [1]
        return seconds * 1000

    return lambda: {"figure": median(once() for _ in range(10))}


def peak_memory() -> int:
    """Bytes of memory that this process ever had resident."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def reset_peak() -> None:
    """Forget the peak so far, so that the loading of the data does not count."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def window_memory(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Peak memory of W2, above what the process had before its data came, as a multiple of its input's buffers."""
    from bench.jobs import columns

    job = columns.JOBS["W2"](tables, rows)
    # A small run first: modules are loaded and pools are made by it.
    columns.JOBS["W2"]([tables[0].slice(0, 10_000)], 10_000)()

    reset_peak()
    before = resident()

    def run() -> Any:
        # Not reset between turns: what a turn gave back and the next one takes again would not be seen.
        result = job()
        assert result.num_rows > 0
        return {"figure": 1 + (peak_memory() - before) / tables[0].nbytes}

    return run


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def consumed(function: Callable[..., Any], *arguments: Any) -> None:
    """Call it a thousand times in a loop that costs as little as one can in Python, so that it hides no difference."""
    deque(map(function, *(repeat(argument, 1000) for argument in arguments)), maxlen=0)


def codec(direction: str) -> Callable[[list[Any], int], Callable[[], Any]]:
    """Tuples of four fields one by one, as a multiple of the speed of pickle 5."""

    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        from bench.micro import bench_codec

        calls = (bench_codec.encoders if direction == "encode" else bench_codec.decoders)("tuple")
        timed = {name: partial(consumed, *calls[name]) for name in ("codec", "pickle")}

        def run() -> Any:
            best = bench_codec.best_seconds(timed)
            return {"figure": best["pickle"] / best["codec"]}

        return run

    return make


def hundred(call: Callable[[], Any]) -> None:
    for _ in range(100):
        call()


def columnar_codec(tables: list[Any], rows: int) -> Callable[[], Any]:
    """A batch of 8,192 rows of four columns to bytes and back, as a multiple of the speed of Arrow IPC."""
    import pyarrow

    from bench.micro.bench_codec import best_seconds
    from pyflinkx._core.calls.records import CallSite
    from pyflinkx._core.columns.batch import ColumnBatch
    from pyflinkx.runtime.exchange.frames import FrameFormat

    size = 8192
    columns = {
        "time": pyarrow.array(range(size), pyarrow.int64()),
        "sensor": pyarrow.array([f"sensor-{n % 1000}" for n in range(size)]),
        "value": pyarrow.array([n * 0.5 for n in range(size)]),
        "valid": pyarrow.array([n % 2 == 0 for n in range(size)]),
    }
    batch = pyarrow.record_batch(columns)
    frames = FrameFormat(CallSite("bench", "bench"))
    ours = ColumnBatch.from_arrow(batch)

    def arrow() -> Any:
        data = batch.serialize().to_pybytes()
        return pyarrow.ipc.read_record_batch(pyarrow.py_buffer(data), batch.schema)

    def own() -> Any:
        return frames.decode(b"".join(frames.encode(ours)))

    assert pyarrow.record_batch(own()).equals(batch)

    def run() -> Any:
        best = best_seconds(
            {"arrow": lambda: [arrow() for _ in range(100)], "own": lambda: [own() for _ in range(100)]}
        )
        return {"figure": best["arrow"] / best["own"]}

    return run


JOBS: dict[str, Callable[[list[Any], int], Callable[[], Any]]] = {
    "import": import_time,
    "empty-job": empty_job,
    "memory": window_memory,
    "encode": codec("encode"),
    "decode": codec("decode"),
    "columnar-codec": columnar_codec,
}

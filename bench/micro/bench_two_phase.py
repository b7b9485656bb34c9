"""The kernels of W2 in one phase and in two, by one thread. Run: python -m bench.micro.bench_two_phase [BATCH SIZE]

Prints the least time of each step in ns a row of input. Both ways' results are compared.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from bench.jobs.data import events

ROWS = 2_000_000
TURNS = 12
SIZE = 10_000
SUBTASKS = 2
GROUPS = 128


def batches_of(rows: int) -> list[tuple[Any, int]]:
    """Batches with timestamps, and the watermark behind each."""
    from pyflinkx._core.columns.batch import concat
    from pyflinkx.connectors.columnar import batch_of_arrays

    columns = events(ROWS, 1_000)
    batch = concat([batch_of_arrays(columns)]).with_timestamps_from("ts")
    cuts = [(start, min(start + rows, ROWS)) for start in range(0, ROWS, rows)]
    return [(batch.slice(start, stop), int(columns["ts"][start:stop].max()) - 1001) for start, stop in cuts]


def main() -> None:
    from pyflinkx._core.keys.partition import slice_by_key_group
    from pyflinkx._core.native.partials import LocalSlices
    from pyflinkx._core.native.windows import SliceWindows
    from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
    from pyflinkx.operators.base import MAX_WATERMARK
    from pyflinkx.operators.local_aggregate import partial_schema

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 131_072
    batches = batches_of(rows)
    schema = batches[0][0].schema
    aggregations = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}
    results = result_schema(schema, ["key"], aggregations, WINDOW_FIELDS)
    partials = partial_schema(schema, ["key"], aggregations, True)
    assert partials is not None
    arguments = (schema, ["key"], native_arguments(aggregations))
    spent: dict[str, float] = {}

    def timed(step: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = call()
        spent[step] = spent.get(step, 0.0) + time.perf_counter() - started
        return result

    def fire(step: str, windows: Any, watermark: int) -> int:
        fired, more = 0, True
        while more:
            found, more = timed(step, lambda: windows.fire(watermark, 32_768))
            fired += 0 if found is None else len(found)
        return fired

    def one_phase() -> int:
        windows = SliceWindows(*arguments, results, SIZE, SIZE)
        fired = 0
        for batch, watermark in batches:
            timed("one phase: add", lambda batch=batch: windows.add(batch))
            fired += fire("one phase: fire", windows, watermark)
        return fired + fire("one phase: fire", windows, MAX_WATERMARK)

    def two_phases() -> int:
        local = LocalSlices(*arguments, partials, GROUPS, SUBTASKS, SIZE, SIZE)
        windows = [SliceWindows(*arguments, results, SIZE, SIZE, partials=True) for _ in range(SUBTASKS)]
        fired = 0
        for batch, watermark in [*batches, (batches[0][0].slice(0, 0), MAX_WATERMARK)]:
            timed("two phases: add", lambda batch=batch: local.add(batch, 0))
            sent, _ = timed("two phases: send", lambda watermark=watermark: local.send(watermark, ROWS))
            parts = timed("two phases: divide", lambda sent=sent: slice_by_key_group(sent, 0, GROUPS, SUBTASKS))
            for number, part in enumerate(parts):
                timed("two phases: merge", lambda number=number, part=part: windows[number].merge(part))
                fired += fire("two phases: fire", windows[number], watermark)
        return fired

    best: dict[str, float] = {}
    for _ in range(TURNS):
        spent.clear()
        assert one_phase() == two_phases()
        for step, seconds in spent.items():
            best[step] = min(best.get(step, seconds), seconds)
    for step, seconds in best.items():
        print(f"{step:20} {seconds / ROWS * 1e9:6.2f} ns a row")


if __name__ == "__main__":
    main()

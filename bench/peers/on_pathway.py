"""W1, W2 and W5 in Pathway, its input columns in memory, one worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ["PATHWAY_THREADS"] = "1"

import pandas
import pathway as pw
import pyarrow
from pathway.internals.parse_graph import G
from serving import serve

KEYS = 1000


def gathered(table: Any) -> list[tuple[Any, ...]]:
    """Run, and the rows that are left at the end, each as it was last."""
    names = table.column_names()
    rows: dict[Any, tuple[Any, ...]] = {}

    def change(key: Any, row: dict[str, Any], time: int, is_addition: bool) -> None:
        if is_addition:
            rows[key] = tuple(row[name] for name in names)

    pw.io.subscribe(table, on_change=change)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
    G.clear()
    return list(rows.values())


def w1(tables: list[Any], rows: int) -> Callable[[], Any]:
    frame = pandas.DataFrame({"x": range(rows)})

    def run() -> Any:
        source = pw.debug.table_from_pandas(frame)
        pairs = source.select(key=pw.apply_with_type(lambda x: x % 1000, int, source.x))
        # As a batch it gives each key's last count only.
        counts = gathered(pairs.groupby(pairs.key).reduce(n=pw.reducers.count()))
        return {"rows": rows, "n": sum(count for (count,) in counts)}

    return run


def w2(tables: list[Any], rows: int) -> Callable[[], Any]:
    frame = tables[0].to_pandas()

    def run() -> Any:
        source = pw.debug.table_from_pandas(frame)
        spread = source.select(pw.this.key, pw.this.value, start=pw.this.ts // 10_000 * 10_000)
        groups = spread.groupby(spread.key, spread.start).reduce(
            pw.this.key,
            window_start=pw.this.start,
            window_end=pw.this.start + 10_000,
            n=pw.reducers.count(),
            total=pw.reducers.sum(pw.this.value),
        )
        names = ["key", "window_start", "window_end", "n", "total"]
        return pyarrow.table(dict(zip(names, zip(*gathered(groups), strict=True), strict=True)))

    return run


def w5(tables: list[Any], rows: int) -> Callable[[], Any]:
    frame = tables[0].select(["key", "value"]).to_pandas()

    def run() -> Any:
        source = pw.debug.table_from_pandas(frame)
        groups = source.groupby(source.key).reduce(
            pw.this.key,
            n=pw.reducers.count(),
            total=pw.reducers.sum(pw.this.value),
            low=pw.reducers.min(pw.this.value),
            high=pw.reducers.max(pw.this.value),
        )
        names = ["key", "n", "total", "low", "high"]
        return pyarrow.table(dict(zip(names, zip(*gathered(groups), strict=True), strict=True)))

    return run


if __name__ == "__main__":
    serve(lambda: f"Pathway {version('pathway')}", {"W1": w1, "W2": w2, "W5": w5})

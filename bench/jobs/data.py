"""The input of the jobs: seeded, the same bytes for pyflinkx and its peers, cached under build/bench-data.

Rows come 1 ms apart, each up to 500 ms early, so out of order by that much. For ten million rows the windows over
``events`` (K = 1,000) have 1,000,173 (tumbling) and 10,007,569 (sliding) rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 42
ROWS = 10_000_000
JOIN_ROWS = 1_000_000
FOLDER = Path(__file__).parents[2] / "build" / "bench-data"


def times(generator: Any, rows: int) -> Any:
    import numpy

    return numpy.arange(rows, dtype=numpy.int64) - generator.integers(0, 501, rows)


def events(rows: int, keys: int) -> dict[str, Any]:
    """ts (ms), key (uniform in [0, keys)) and value (uniform in [0, 100))."""
    import numpy

    generator = numpy.random.default_rng(SEED)
    # The order of these draws is part of the data.
    return {
        "ts": times(generator, rows),
        "key": generator.integers(0, keys, rows),
        "value": generator.random(rows) * 100.0,
    }


def text_events(rows: int) -> dict[str, Any]:
    """The columns of ``events`` with 1,000 keys, and the key as ``user_0000`` to ``user_0999``."""
    import pyarrow

    columns = events(rows, 1000)
    names = pyarrow.array([f"user_{key:04d}" for key in range(1000)])
    return {"key": names.take(pyarrow.array(columns["key"])), "value": columns["value"]}


def join_sides(rows: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two streams like ``events`` with 1,000 keys, drawn one after the other."""
    import numpy

    generator = numpy.random.default_rng(SEED)
    left, right = (
        {
            "ts": times(generator, rows),
            "key": generator.integers(0, 1000, rows),
            "value": generator.random(rows) * 100.0,
        }
        for _ in range(2)
    )
    return left, right


SETS: dict[str, Callable[[int], dict[str, Any]]] = {
    "events": lambda rows: events(rows, 1_000),
    "sessions": lambda rows: events(rows, 10_000),
    "many_keys": lambda rows: events(rows, 1_000_000),
    "text_keys": text_events,
    "left": lambda rows: join_sides(rows)[0],
    "right": lambda rows: join_sides(rows)[1],
}


def data_file(name: str, rows: int) -> Path:
    """The Arrow IPC file of a set of ``rows`` rows, made if it is not there yet."""
    path = FOLDER / f"{name}-{rows}.arrow"
    if not path.exists():
        import pyarrow
        import pyarrow.feather

        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        # One batch: what is in memory is in one piece, as an engine's own table may be.
        table = pyarrow.table(SETS[name](rows))
        pyarrow.feather.write_feather(table, str(unfinished), compression="uncompressed", chunksize=rows)
        unfinished.rename(path)
    return path

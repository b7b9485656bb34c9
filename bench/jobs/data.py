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


def keyed(columns: Callable[[Any, int], dict[str, Any]]) -> Callable[[int], dict[str, Any]]:
    """ts, what ``columns`` makes of a generator and the number of rows, and value."""

    def make(rows: int) -> dict[str, Any]:
        import numpy

        generator = numpy.random.default_rng(SEED)
        keys = columns(generator, rows)
        return {"ts": times(generator, rows), **keys, "value": generator.random(rows) * 100.0}

    return make


def names(generator: Any, rows: int, count: int, form: str) -> Any:
    """One of so many texts for each row."""
    import pyarrow

    texts = pyarrow.array([form.format(number) for number in range(count)])
    return texts.take(pyarrow.array(generator.integers(0, count, rows)))


def scattered(generator: Any, rows: int, count: int) -> Any:
    """One of so many random integers for each row."""
    return generator.integers(-(2**62), 2**62, count)[generator.integers(0, count, rows)]


def zipf(generator: Any, rows: int) -> Any:
    """Random integers, some of which come far more often than others."""
    import numpy

    return generator.integers(-(2**62), 2**62, 10**6)[numpy.minimum(generator.zipf(1.2, rows), 10**6) - 1]


def some_null(generator: Any, values: Any) -> Any:
    """One in ten is null."""
    import pyarrow

    return pyarrow.array(values, mask=generator.random(len(values)) < 0.1)


def integer_below(limit: int, kind: str = "int64") -> Callable[[Any, int], Any]:
    return lambda generator, rows: generator.integers(0, limit, rows).astype(kind)


def pairs(generator: Any, rows: int) -> dict[str, Any]:
    return {"key": integer_below(1000)(generator, rows), "key2": integer_below(1000)(generator, rows)}


def triples(generator: Any, rows: int) -> dict[str, Any]:
    first, second = integer_below(100)(generator, rows), integer_below(100)(generator, rows)
    return {"key": first, "key2": second, "key3": integer_below(10, "int32")(generator, rows)}


# Keys as they are in real data, for W5k and W2k; texts have their number from the sixth letter on.
KEYED: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "pairs": pairs,
    "text_and_integer": lambda g, n: {"key": names(g, n, 1000, "user_{:04d}"), "key2": integer_below(1000)(g, n)},
    "triples": triples,
    "texts": lambda g, n: {"key": names(g, n, 10**6, "user_{:06d}")},
    "long_texts": lambda g, n: {"key": names(g, n, 10**6, "uuid_{:08d}-0000-4000-8000-8000000")},
    "random": lambda g, n: {"key": scattered(g, n, 10**6)},
    "random_100k": lambda g, n: {"key": scattered(g, n, 10**5)},
    "random_1k": lambda g, n: {"key": scattered(g, n, 10**3)},
    "zipf": lambda g, n: {"key": zipf(g, n)},
    "nulls": lambda g, n: {name: some_null(g, values) for name, values in pairs(g, n).items()},
    "few_pairs": lambda g, n: {"key": integer_below(40)(g, n), "key2": integer_below(25)(g, n)},
}


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
    **{f"keyed_{name}": keyed(columns) for name, columns in KEYED.items()},
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

"""What the process of one engine and one job does: it loads the input, then runs the job whenever it is told to.

Started with the job's name, the number of rows and its files, it says ``{"ready": version}``, or ``{"absent": why}``.
For each line on standard input it runs the job once and writes the seconds of wall clock and of processor time, and a
digest of the answer. So the runner lets engines take turns while their data and their machinery stay warm.

This module is imported in the peers' own environments too, so it needs NumPy and pyarrow only.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.feather

# Takes the loaded tables and the number of rows, and gives what is timed, whose result the job's digest takes.
Maker = Callable[[list[pyarrow.Table], int], Callable[[], Any]]


class Absent(Exception):
    """This engine cannot run the job; the text says why."""


def load(paths: list[str], rows: int) -> list[pyarrow.Table]:
    """The first ``rows`` rows of each file, in memory that is ours."""
    tables = []
    for path in paths:
        table = pyarrow.feather.read_table(path, memory_map=False)
        tables.append(table.slice(0, rows).combine_chunks())
    return tables


def column(table: Any, name: str) -> Any:
    """A column of a pyarrow table as a NumPy array."""
    return table.column(name).combine_chunks().to_numpy(zero_copy_only=False)


def windows_digest(table: Any) -> dict[str, Any]:
    """Of window results: rows, their count, a sum that knows which window and key each count belongs to, and the total.

    The table has key, window_start and window_end (ms), n, total.
    """
    key, start, end = (column(table, name).astype(numpy.int64) for name in ("key", "window_start", "window_end"))
    count = column(table, "n").astype(numpy.int64)
    return {
        "rows": len(key),
        "n": int(count.sum()),
        "check": int((count * ((key * 31 + start + 7 * end) % 1009)).sum()),
        "total": float(column(table, "total").sum()),
    }


def keys_digest(table: Any) -> dict[str, Any]:
    """Of key, n, total, low, high."""
    key = column(table, "key")
    # A text key counts by the number in it.
    number = key.astype(numpy.int64) if key.dtype.kind == "i" else numpy.array([int(k[5:]) for k in key])
    count = column(table, "n").astype(numpy.int64)
    return {
        "rows": len(key),
        "n": int(count.sum()),
        "check": int((count * (number % 1009)).sum()),
        "total": float(column(table, "total").sum()),
        "low": float(column(table, "low").sum()),
        "high": float(column(table, "high").sum()),
    }


def key_codes(table: Any) -> list[Any]:
    """Of each key column, a number for every row: -1 for null, for texts the eight digits from the sixth letter on."""
    codes = []
    for name in table.column_names:
        if not name.startswith("key"):
            continue
        values = table.column(name)
        if not pyarrow.types.is_integer(values.type):
            values = pyarrow.compute.utf8_slice_codeunits(values, 5, 13)
        codes.append(pyarrow.compute.fill_null(values.cast("int64"), -1).to_numpy())
    return codes


def grouped_digest(table: Any) -> dict[str, Any]:
    """Of key, perhaps further keys and the window's start, n, total, perhaps low and high."""
    count = column(table, "n").astype(numpy.int64)
    codes = key_codes(table)
    if "window_start" in table.column_names:
        codes.append(column(table, "window_start"))
    digest = {"rows": table.num_rows, "n": int(count.sum())}
    for number, code in enumerate(codes):
        digest[f"check{number}"] = int((count * (code % 1009 + 1) * (codes[0] % 997)).sum())
    for name in ("total", "low", "high"):
        if name in table.column_names:
            digest[name] = float(column(table, name).sum())
    return digest


def join_digest(table: Any) -> dict[str, Any]:
    """Of key, ts, value, ts_right, value_right."""
    key, left, right = (column(table, name) for name in ("key", "ts", "ts_right"))
    return {
        "rows": len(key),
        "check": int((left * 3 + right * 5 + key).sum()),
        "total": float((column(table, "value") * column(table, "value_right")).sum()),
    }


def filter_digest(table: Any) -> dict[str, Any]:
    """Of key, value."""
    return {
        "rows": table.num_rows,
        "check": int(column(table, "key").sum()),
        "total": float(column(table, "value").sum()),
    }


def records_digest(table: Any) -> dict[str, Any]:
    """Of key, n, total: window results that tell no window."""
    key, count = column(table, "key"), column(table, "n")
    return {
        "rows": len(key),
        "n": int(count.sum()),
        "check": int((count * (key * 31 % 1009)).sum()),
        "total": float(column(table, "total").sum()),
    }


def tuples_digest(records: list[tuple[int, int, float]]) -> dict[str, Any]:
    keys, counts, totals = zip(*records, strict=True)
    return records_digest(pyarrow.table({"key": keys, "n": counts, "total": totals}))


def own_digest(result: Any) -> Any:
    """Some jobs digest their own answer, where its rows are not kept."""
    return result


# The rows of W5k and W2k, by the names of their data.
KEYED = (
    "pairs",
    "text_and_integer",
    "triples",
    "texts",
    "long_texts",
    "random",
    "random_100k",
    "random_1k",
    "zipf",
    "nulls",
    "few_pairs",
)

DIGESTS: dict[str, Callable[[Any], Any]] = {
    "W2": windows_digest,
    "W3": windows_digest,
    "W4": windows_digest,
    "W5": keys_digest,
    "W5m": keys_digest,
    "W5s": keys_digest,
    "W5k": grouped_digest,
    "W2k": grouped_digest,
    "W6": join_digest,
    "W7": filter_digest,
    "W8": tuples_digest,
}


def windows_table(rows: list[tuple[int, int, int, int, float]]) -> pyarrow.Table:
    """The table of (key, window_start, window_end, n, total) tuples."""
    names = ["key", "window_start", "window_end", "n", "total"]
    columns = zip(*rows, strict=True) if rows else [[]] * len(names)
    types = [numpy.int64] * 4 + [numpy.float64]
    return pyarrow.table(
        {name: numpy.array(values, kind) for name, values, kind in zip(names, columns, types, strict=True)}
    )


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), file=answers, flush=True)


def serve(version: Callable[[], str], makers: dict[str, Maker]) -> None:
    """Run the protocol for the job on the command line: NAME ROWS FILE..."""
    job, rows, *paths = sys.argv[1:]
    try:
        if job not in makers:
            raise Absent(f"no {job} for this engine")
        run = makers[job](load(paths, int(rows)), int(rows))
        say({"ready": version()})
    except (Absent, ImportError) as error:
        say({"absent": str(error)})
        return
    for _ in sys.stdin:
        processor = processor_time()
        started = time.perf_counter()
        try:
            result = run()
        except (Absent, ImportError, AttributeError) as error:
            say({"absent": f"{type(error).__name__}: {error}"})
            return
        seconds = time.perf_counter() - started
        used = processor_time() - processor
        say({"seconds": seconds, "cpu": used, "answer": DIGESTS.get(job.partition("/")[0], own_digest)(result)})


def processor_time() -> float:
    """Seconds of processor time of this process and of its children that live: a JVM works for PyFlink in one."""
    total = time.process_time()
    for child in children(os.getpid()):
        try:
            with open(f"/proc/{child}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return total + sum(os.times()[2:4])


def children(process: int) -> list[int]:
    """Children of a process, and theirs."""
    found = []
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:
            for child in file.read().split():
                found += [int(child), *children(int(child))]
    except OSError:
        pass
    return found


# Engines write to standard output whatever they like; the answers keep it for themselves.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

"""What each job must answer, computed with NumPy in ways of its own; every engine's answer is held against it."""

from __future__ import annotations

from typing import Any

import numpy

from bench.peers.serving import (
    column,
    filter_digest,
    grouped_digest,
    join_digest,
    key_codes,
    keys_digest,
    load,
    records_digest,
    windows_digest,
)


def table(**columns: Any) -> Any:
    import pyarrow

    return pyarrow.table(columns)


def windows(events: Any, size: int, slide: int) -> Any:
    """Count and sum per key and window that starts at a multiple of ``slide``."""
    ts, key, value = (column(events, name) for name in ("ts", "key", "value"))
    first, last = int(ts.min()) // slide - size // slide + 1, int(ts.max()) // slide
    slots, keys = last - first + 1, int(key.max()) + 1
    cell = (ts // slide - first) * keys + key
    counts = numpy.bincount(cell, minlength=slots * keys).reshape(slots, keys)
    totals = numpy.bincount(cell, weights=value, minlength=slots * keys).reshape(slots, keys)
    if size != slide:
        # The window at a slot covers the slots that follow it.
        covered = size // slide
        counts, totals = (sliding(array, covered) for array in (counts, totals))
    slot, key = numpy.nonzero(counts)
    start = (slot + first) * slide
    return table(key=key, window_start=start, window_end=start + size, n=counts[slot, key], total=totals[slot, key])


def sliding(cells: Any, covered: int) -> Any:
    """Each row replaced by the sum of itself and the ``covered`` - 1 rows that follow it."""
    result = numpy.zeros_like(cells)
    for shift in range(covered):
        result[: len(cells) - shift] += cells[shift:]
    return result


def sessions(events: Any, gap: int) -> Any:
    """Count and sum per key and session: rows up to ``gap`` apart, and the gap after the last."""
    ts, key, value = (column(events, name) for name in ("ts", "key", "value"))
    order = numpy.lexsort((ts, key))
    ts, key, value = ts[order], key[order], value[order]
    new = numpy.concatenate([[True], (key[1:] != key[:-1]) | (ts[1:] - ts[:-1] > gap)])
    starts = numpy.flatnonzero(new)
    ends = numpy.concatenate([starts[1:], [len(ts)]])
    return table(
        key=key[starts],
        window_start=ts[starts],
        window_end=ts[ends - 1] + gap,
        n=ends - starts,
        total=numpy.add.reduceat(value, starts),
    )


def keys(events: Any) -> Any:
    """Count, sum, minimum and maximum per key."""
    value = column(events, "value")
    coded = events.column("key").combine_chunks().dictionary_encode()
    names, inverse = coded.dictionary, coded.indices.to_numpy()
    order = numpy.argsort(inverse, kind="stable")
    ordered = value[order]
    counts = numpy.bincount(inverse)
    starts = numpy.concatenate([[0], numpy.cumsum(counts)[:-1]])
    return table(
        key=names,
        n=counts,
        total=numpy.add.reduceat(ordered, starts),
        low=numpy.minimum.reduceat(ordered, starts),
        high=numpy.maximum.reduceat(ordered, starts),
    )


def grouped(events: Any, window: int = 0) -> Any:
    """Count and sum per key, with minimum and maximum, or per key and window of so many ms; keys as their codes."""
    value, codes = column(events, "value"), key_codes(events)
    if window:
        codes.append(column(events, "ts") // window * window)
    combined = numpy.zeros(len(value), numpy.int64)
    for code in codes:
        distinct, place = numpy.unique(code, return_inverse=True)
        combined = combined * len(distinct) + place
    order = numpy.argsort(combined, kind="stable")
    ordered, combined = value[order], combined[order]
    starts = numpy.flatnonzero(numpy.concatenate([[True], combined[1:] != combined[:-1]]))
    counts = numpy.diff(numpy.append(starts, len(value)))
    keys = {f"key{number}": code[order[starts]] for number, code in enumerate(codes)}
    if window:
        keys["window_start"] = keys.pop(f"key{len(codes) - 1}")
        return table(**keys, n=counts, total=numpy.add.reduceat(ordered, starts))
    low, high = (function.reduceat(ordered, starts) for function in (numpy.minimum, numpy.maximum))
    return table(**keys, n=counts, total=numpy.add.reduceat(ordered, starts), low=low, high=high)


def join(left: Any, right: Any, bound: int) -> Any:
    """All pairs of one key whose times are up to ``bound`` apart."""
    sides = []
    for side in (left, right):
        ts, key, value = (column(side, name) for name in ("ts", "key", "value"))
        order = numpy.lexsort((ts, key))
        sides.append((ts[order], key[order], value[order]))
    (ts, key, value), (other_ts, other_key, other_value) = sides
    # Times are spread so far that keys cannot meet.
    spread = int(max(ts.max(), other_ts.max()) - min(ts.min(), other_ts.min())) + 2 * bound + 1
    at, other_at = ts + key * spread, other_ts + other_key * spread
    first = numpy.searchsorted(other_at, at - bound, "left")
    matches = numpy.searchsorted(other_at, at + bound, "right") - first
    mine = numpy.repeat(numpy.arange(len(at)), matches)
    theirs = numpy.arange(len(mine)) - numpy.repeat(numpy.cumsum(matches) - matches, matches) + first[mine]
    return table(
        key=key[mine],
        ts=ts[mine],
        value=value[mine],
        ts_right=other_ts[theirs],
        value_right=other_value[theirs],
    )


def filtered(events: Any) -> Any:
    mask = column(events, "value") * 1.1 > 50.0
    return table(key=column(events, "key")[mask], value=column(events, "value")[mask])


def answer(job: str, paths: list[str], rows: int) -> dict[str, Any]:
    """The digest of the right answer for the first ``rows`` rows of the files; empty where there is none to hold to."""
    if job == "W1":
        return {"rows": rows, "n": rows}
    tables = load(paths, rows)
    match job.partition("/")[0]:
        case "W2":
            return windows_digest(windows(tables[0], 10_000, 10_000))
        case "W3":
            return windows_digest(windows(tables[0], 10_000, 1_000))
        case "W4":
            return windows_digest(sessions(tables[0], 5_000))
        case "W5" | "W5m" | "W5s":
            return keys_digest(keys(tables[0]))
        case "W5k":
            return grouped_digest(grouped(tables[0]))
        case "W2k":
            return grouped_digest(grouped(tables[0], 10_000))
        case "W6":
            return join_digest(join(tables[0], tables[1], 5_000))
        case "W7":
            return filter_digest(filtered(tables[0]))
        case "W8":
            return records_digest(windows(tables[0], 10_000, 10_000))
    return {}


def difference(expected: dict[str, Any], seen: dict[str, Any]) -> str | None:
    """How an answer is wrong; None where it is right: integers to the last digit, sums of floats to nine."""
    for name, value in expected.items():
        got = seen.get(name)
        if got is None or (abs(got - value) > 1e-9 * abs(value) if isinstance(value, float) else got != value):
            return f"{name} is {got}, not {value}"
    return None

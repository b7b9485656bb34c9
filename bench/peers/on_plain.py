"""W1 and W8 as a plain loop over a list: the same functions, called as any Python program would."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from serving import serve


def w1(tables: list[Any], rows: int) -> Callable[[], Any]:
    values = list(range(rows))

    def run() -> Any:
        first, key_of, reduce = lambda x: (x % 1000, 1), lambda t: t[0], lambda a, b: (a[0], a[1] + b[1])
        state: dict[Any, Any] = {}
        emitted = 0
        for value in values:
            record = first(value)
            key = key_of(record)
            if key in state:
                record = reduce(state[key], record)
            state[key] = record
            emitted += 1
        return {"rows": emitted, "n": sum(count for _, count in state.values())}

    return run


class CountAndTotal:
    """bench.jobs.records has the same."""

    def create_accumulator(self) -> Any:
        return None, 0, 0.0

    def add(self, value: Any, accumulator: Any) -> Any:
        return value[1], accumulator[1] + 1, accumulator[2] + value[2]

    def get_result(self, accumulator: Any) -> Any:
        return accumulator


def w8(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Windows are kept in dicts and given out at the end of the input: a loop that knows nothing of watermarks."""
    records = list(zip(*(tables[0].column(name).to_pylist() for name in ("ts", "key", "value")), strict=True))

    def run() -> Any:
        time_of, key_of, aggregate = lambda t, _: t[0], lambda t: t[1], CountAndTotal()
        windows: dict[int, dict[Any, Any]] = {}
        for record in records:
            start = time_of(record, 0) // 10_000
            key = key_of(record)
            window = windows.get(start)
            if window is None:
                window = windows[start] = {}
            accumulator = window.get(key)
            if accumulator is None:
                accumulator = aggregate.create_accumulator()
            window[key] = aggregate.add(record, accumulator)
        return [aggregate.get_result(value) for start in sorted(windows) for value in windows[start].values()]

    return run


if __name__ == "__main__":
    serve(lambda: f"CPython {platform.python_version()}", {"W1": w1, "W8": w8})

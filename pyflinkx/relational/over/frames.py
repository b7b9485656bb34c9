"""The results of OVER for all rows of a partition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from pyflinkx.relational.aggregation.aggregates import Aggregates
from pyflinkx.relational.aggregation.functions import AGGREGATES, AggregateCall
from pyflinkx.relational.over.nodes import ROWS, OverCall, OverWindow, PlaceCall
from pyflinkx.relational.over.order import peers
from pyflinkx.types.data_type import Family

Row = Sequence[Any]


class Frames:
    """Works out the results of calls for a partition whose rows are in order.

    Args:
        window: the partition's order and the frame; its positions, and those of the calls, are in the rows given.
        calls: what is wanted.
    """

    def __init__(self, window: OverWindow, calls: Sequence[OverCall]) -> None:
        self.window = window
        self.calls = tuple(calls)
        found = [call for call in calls if isinstance(call, AggregateCall)]
        sliding = window.frame.start is not None
        # A sum of floats from which some were taken is not that of the others.
        self.retracts = sliding and all(
            AGGREGATES[call.function].retractable
            and not any(kind.family(Family.APPROXIMATE_NUMERIC) for kind in call.parameters)
            for call in found
        )
        self.aggregates = Aggregates(found, self.retracts)

    def results(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """The results of each row."""
        if not rows:
            return []
        equals = peers(rows, self.window.order)
        begins, ends = self.bounds(rows, equals)
        columns: list[list[Any]] = []
        if self.aggregates.accumulators:
            aggregated = self.aggregated(rows, begins, ends)
            columns = [list(column) for column in zip(*aggregated, strict=True)]
        made = iter(columns)
        found = [placed(call, rows, equals) if isinstance(call, PlaceCall) else next(made) for call in self.calls]
        return list(zip(*found, strict=True))

    def bounds(self, rows: Sequence[Row], equals: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
        """Where the frame of each row begins, and where it ends."""
        start, end = self.window.frame.start, self.window.frame.end
        count = len(rows)
        if self.window.frame.unit == ROWS:
            begins = [0 if start is None else min(max(row + start, 0), count) for row in range(count)]
            ends = [count if end is None else min(max(row + end + 1, 0), count) for row in range(count)]
            return begins, ends
        begins = [0] * count if start is None else [begin for begin, _ in equals]
        ends = [count] * count if end is None else [last for _, last in equals]
        if start or end:
            self.shift(rows, begins, ends)
        return begins, ends

    def shift(self, rows: Sequence[Row], begins: list[int], ends: list[int]) -> None:
        """Move the ends of frames that are at a distance of values; nulls are their own frames."""
        (key,) = self.window.order
        start, end = self.window.frame.start, self.window.frame.end
        there = [row for row, values in enumerate(rows) if values[key.index] is not None]
        if not there:
            return
        first = there[0]
        sign = -1 if key.descending else 1
        values = [sign * rows[row][key.index] for row in there]
        for row, value in zip(there, values, strict=True):
            if start:
                begins[row] = first + bisect_left(values, value + start)
            if end:
                ends[row] = first + bisect_right(values, value + end)

    def aggregated(self, rows: Sequence[Row], begins: Sequence[int], ends: Sequence[int]) -> list[tuple[Any, ...]]:
        """The aggregates of each row's frame."""
        aggregates = self.aggregates
        taken = [tuple(row[index] for index in aggregates.columns) for row in rows]
        results: list[tuple[Any, ...]] = []
        state = aggregates.create()
        begin = end = 0
        result: tuple[Any, ...] | None = None
        for wanted_begin, wanted_end in zip(begins, ends, strict=True):
            wanted_end = max(wanted_begin, wanted_end)
            if (wanted_begin, wanted_end) == (begin, end) and result is not None:
                results.append(result)
                continue
            if wanted_end < end or wanted_begin < begin or (wanted_begin > begin and not self.retracts):
                state, begin, end = aggregates.create(), wanted_begin, wanted_begin
            if wanted_begin >= end:
                # Nothing of the frame before is in this one.
                state, begin, end = aggregates.create(), wanted_begin, wanted_begin
            while end < wanted_end:
                aggregates.accumulate(state, taken[end])
                end += 1
            while begin < wanted_begin:
                aggregates.retract(state, taken[begin])
                begin += 1
            result = aggregates.results(state)
            results.append(result)
        return results


def placed(call: PlaceCall, rows: Sequence[Row], equals: Sequence[tuple[int, int]]) -> list[Any]:
    """The results of a function of each row's place."""
    count = len(rows)
    name = call.function
    if name == "ROW_NUMBER":
        return list(range(1, count + 1))
    if name == "RANK":
        return [begin + 1 for begin, _ in equals]
    if name == "PERCENT_RANK":
        return [begin / (count - 1) if count > 1 else 0.0 for begin, _ in equals]
    if name == "CUME_DIST":
        return [end / count for _, end in equals]
    if name == "DENSE_RANK":
        number, found = 0, []
        for row, (begin, _) in enumerate(equals):
            number += row == begin
            found.append(number)
        return found
    if name == "NTILE":
        each, more = divmod(count, call.number)
        return [part + 1 for part in range(call.number) for _ in range(each + (part < more))]
    return at_distance(call, rows)


def at_distance(call: PlaceCall, rows: Sequence[Row]) -> list[Any]:
    """LAG and LEAD."""
    assert call.argument is not None
    values = [row[call.argument] for row in rows]
    defaults = [None if call.default is None else row[call.default] for row in rows]
    forward = call.function == "LEAD"
    count = len(rows)
    if not call.skip_nulls:
        step = call.number if forward else -call.number
        return [values[row + step] if 0 <= row + step < count else defaults[row] for row in range(count)]
    there = [row for row, value in enumerate(values) if value is not None]
    found = []
    for row in range(count):
        if not call.number:
            found.append(values[row])
            continue
        place = bisect_right(there, row) + call.number - 1 if forward else bisect_left(there, row) - call.number
        found.append(values[there[place]] if 0 <= place < len(there) else defaults[row])
    return found

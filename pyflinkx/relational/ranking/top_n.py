"""The best rows of each partition, and how they change: rows that only come, rows that are updated, and all kinds.

The algorithms and the order of their changes are Flink's (AppendOnlyTopNFunction, FastTop1Function,
UpdatableTopNFunction, RetractableTopNFunction).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.relational.keyed_rows import (
    AFTER,
    BEFORE,
    DELETE,
    INSERT,
    batch_of,
    keys_of,
    kinds_of,
    rows_of,
    value_state,
)
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.ranking.order import Place, SortKey, place_of
from pyflinkx.state.spec import StateSpec

Row = tuple[Any, ...]
Change = tuple[int, Row, int]  # kind, row, number
STATE = "rows"


def rank_state(ttl: int) -> StateSpec:
    """What the operators of this module keep."""
    return StateSpec(STATE, "TtlValueState" if ttl else "ValueState")


class Ranked:
    """Rows of a partition in order: those of one place together, in the order in which they came."""

    __slots__ = ("places", "rows")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.rows: list[list[Any]] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self.places, self.rows)

    def add(self, place: Place, row: Any) -> None:
        """Put a row behind those of its place."""
        at = bisect_left(self.places, place)
        if at < len(self.places) and self.places[at] == place:
            self.rows[at].append(row)
        else:
            self.places.insert(at, place)
            self.rows.insert(at, [row])

    def remove(self, place: Place, row: Any) -> bool:
        """Take the first row that is equal out; whether there is one."""
        at = bisect_left(self.places, place)
        if at == len(self.places) or self.places[at] != place or row not in self.rows[at]:
            return False
        self.rows[at].remove(row)
        if not self.rows[at]:
            del self.places[at], self.rows[at]
        return True

    def number_of(self, place: Place, row: Any, last: int) -> int:
        """The number of the first row that is equal, from 1; 0 where there is none, or none up to the last."""
        at = bisect_left(self.places, place)
        if at >= last or at == len(self.places) or self.places[at] != place or row not in self.rows[at]:
            return 0
        return sum(map(len, self.rows[:at])) + self.rows[at].index(row) + 1

    def __iter__(self) -> Iterator[Any]:
        for rows in self.rows:
            yield from rows


def restored(places: list[Place], rows: list[list[Any]]) -> Ranked:
    """Rows that were stored."""
    made = Ranked()
    made.places, made.rows = places, rows
    return made


class TopNOperator(Operator):
    """What the operators of ranges of row numbers have in common.

    Args:
        columns: of the rows.
        partition: positions of the columns of the partition.
        order: by what rows are numbered.
        first: the least number that is wanted.
        last: the greatest.
        results: the columns that come out: those of the rows, and perhaps that of the number.
        wanted: whether the number is read; where it is not, its column holds the least one.
        ttl: how long (ms) a partition is kept to which no row comes; 0 for ever.
        before: whether an update is wanted as a row before, too.
    """

    def __init__(
        self,
        columns: Columns,
        partition: Sequence[int],
        order: Sequence[SortKey],
        first: int,
        last: int,
        results: Columns,
        wanted: bool,
        ttl: int = 0,
        before: bool = True,
    ) -> None:
        self.columns = columns
        self.partition = tuple(partition)
        self.first, self.last = first, last
        self.results = results
        self.ttl = ttl
        self.before = before
        self.numbered = len(results) > len(columns)
        self.wanted = wanted
        # Whether a row's number counts for what comes out.
        self.by_number = wanted or first > 1
        self.place = place_of(order, [kind for _, kind in columns])

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.kept = context.keyed_state.get_state(value_state(STATE, self.ttl))
        self.key_context = context.keyed_state.context

    def process_batch(self, batch: Any, port: int = 0) -> None:
        kinds = kinds_of(batch)
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        context, changes = self.key_context, list[Change]()
        for number, (key, row) in enumerate(zip(keys_of(batch, self.partition), rows, strict=True)):
            context.key = key
            self.take(INSERT if kinds is None else kinds[number], row, changes)
        if changes:
            made = [row for _, row, _ in changes]
            if self.numbered:
                made = [(*row, number if self.wanted else self.first) for _, row, number in changes]
            self.output.emit(batch_of(made, self.results, [kind for kind, _, _ in changes]))

    def take(self, kind: int, row: Row, changes: list[Change]) -> None:
        """Take a row of the current key, and note what it changes."""
        raise NotImplementedError

    def note(self, changes: list[Change], kind: int, row: Row, number: int) -> None:
        """Note a change of what has a number."""
        if self.first <= number <= self.last and (self.before or kind != BEFORE):
            changes.append((kind, row, number))

    def shift(
        self,
        changes: list[Change],
        rows: Ranked,
        place: Place,
        row: Row,
        row_of: Callable[[Any], Row] = lambda row: row,
    ) -> None:
        """Note a new row at the end of its place, by which those behind it get other numbers."""
        at = bisect_left(rows.places, place)
        if at >= self.last:
            return
        number = sum(map(len, rows.rows[: at + 1]))
        current = row
        for other in map(row_of, following(rows, at + 1, self.last - number + 1)):
            self.note(changes, BEFORE, other, number)
            self.note(changes, AFTER, current, number)
            current, number = other, number + 1
        if number <= self.last:
            self.note(changes, INSERT, current, number)


def following(rows: Ranked, at: int, count: int) -> Iterator[Row]:
    """At most so many rows of the places from a certain one on."""
    for some in rows.rows[at:]:
        for row in some:
            if count <= 0:
                return
            count -= 1
            yield row


class AppendTopNOperator(TopNOperator):
    """The best rows of rows that are never taken back: only those are kept."""

    def take(self, kind: int, row: Row, changes: list[Change]) -> None:
        held = self.kept.value()
        rows, count = held or (Ranked(), 0)
        place = self.place(row)
        if count >= self.last and (not rows.places or not place < rows.places[-1]):
            return
        rows.add(place, row)
        count += 1
        gone = None
        if self.by_number:
            self.shift(changes, rows, place, row)
        if count > self.last:
            gone = rows.rows[-1].pop()
            count -= 1
            if not rows.rows[-1]:
                del rows.places[-1], rows.rows[-1]
        if not self.by_number:
            if gone is not None:
                changes.append((DELETE, gone, 0))
            changes.append((INSERT, row, 0))
        self.kept.update((rows, count))


class Top1Operator(TopNOperator):
    """The best row of each partition, of rows that are never taken back; also the first or last one by time.

    Args:
        ties: whether a row that is as good as the one before takes its place.
    """

    def __init__(self, *arguments: Any, ties: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ties = ties

    def take(self, kind: int, row: Row, changes: list[Change]) -> None:
        known = self.kept.value()
        if known is None:
            self.kept.update(row)
            changes.append((INSERT, row, 1))
            return
        new, old = self.place(row), self.place(known)
        if new < old or (self.ties and not old < new):
            if known == row and not self.ttl:
                return
            self.kept.update(row)
            self.note(changes, BEFORE, known, 1)
            self.note(changes, AFTER, row, 1)


class UpdateTopNOperator(TopNOperator):
    """The best rows of rows that are updated by a key, and only ever get better places: only those are kept.

    Args:
        key: positions of the columns that tell which row an update is of.
    """

    def __init__(self, *arguments: Any, key: Sequence[int] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.key = tuple(key)

    def take(self, kind: int, row: Row, changes: list[Change]) -> None:
        if kind in (BEFORE, DELETE):
            return
        none: tuple[Ranked, KeyMap[Any, Row]] = (Ranked(), KeyMap())
        ranked, rows = self.kept.value() or none
        key, place = tuple(row[index] for index in self.key), self.place(row)
        old = rows.get(key)
        if old is not None:
            rows[key] = row
            self.replace(changes, ranked, rows, place, row, key, old)
        elif len(rows) < self.last or place < ranked.places[-1]:
            ranked.add(place, key)
            rows[key] = row
            if self.by_number:
                self.shift(changes, ranked, place, row, rows.__getitem__)
            if len(rows) > self.last:
                last = ranked.rows[-1].pop()
                gone = rows[last]
                del rows[last]
                if not ranked.rows[-1]:
                    del ranked.places[-1], ranked.rows[-1]
                if not self.by_number:
                    changes.append((DELETE, gone, 0))
            if not self.by_number:
                changes.append((INSERT, row, 0))
        else:
            return
        self.kept.update((ranked, rows))

    def replace(
        self,
        changes: list[Change],
        ranked: Ranked,
        rows: KeyMap[Any, Row],
        place: Place,
        row: Row,
        key: Any,
        old: Row,
    ) -> None:
        """Note a row that was among the best before."""
        old_place = self.place(old)
        old_number = ranked.number_of(old_place, key, self.last) if self.by_number else 0
        if place != old_place:
            ranked.remove(old_place, key)
            ranked.add(place, key)
        current = row
        if self.by_number and place != old_place:
            at = bisect_left(ranked.places, place)
            number = sum(map(len, ranked.rows[: at + 1]))
            for other in list(map(rows.__getitem__, following(ranked, at + 1, old_number - number))):
                self.note(changes, BEFORE, other, number)
                self.note(changes, AFTER, current, number)
                current, number = other, number + 1
        if self.by_number:
            self.note(changes, BEFORE, old, old_number)
            self.note(changes, AFTER, current, old_number)
        elif old != row or self.ttl:
            if self.before:
                changes.append((BEFORE, old, 0))
            changes.append((AFTER, row, 0))


class RetractTopNOperator(TopNOperator):
    """The best rows of rows of all kinds: all of them are kept."""

    def take(self, kind: int, row: Row, changes: list[Change]) -> None:
        rows = self.kept.value() or Ranked()
        place = self.place(row)
        if kind in (INSERT, AFTER):
            rows.add(place, row)
            if self.by_number:
                self.shift(changes, rows, place, row)
            else:
                self.push(changes, rows, place, row)
        else:
            if self.by_number:
                self.close_gap(changes, rows, place, row)
            else:
                self.pull(changes, rows, place, row)
            if not rows.remove(place, row):
                return
        if rows.places:
            self.kept.update(rows)
        else:
            self.kept.clear()

    def push(self, changes: list[Change], rows: Ranked, place: Place, row: Row) -> None:
        """Note a new row, and the one that it pushes out."""
        at = bisect_left(rows.places, place)
        if at >= self.last:
            return
        number = sum(map(len, rows.rows[: at + 1]))
        if number > self.last:
            return
        pushed = list(following(rows, at + 1, self.last - number + 1))
        if number + len(pushed) > self.last:
            changes.append((DELETE, pushed[-1], 0))
        changes.append((INSERT, row, 0))

    def pull(self, changes: list[Change], rows: Ranked, place: Place, row: Row) -> None:
        """Note a row that goes, and the one that takes the last place then."""
        number = rows.number_of(place, row, self.last)
        if not 0 < number <= self.last:
            return
        changes.append((DELETE, row, 0))
        pulled = row_at(rows, self.last + 1)
        if pulled is not None:
            changes.append((INSERT, pulled, 0))

    def close_gap(self, changes: list[Change], rows: Ranked, place: Place, row: Row) -> None:
        """Note a row that goes, by which those behind it get other numbers."""
        number = rows.number_of(place, row, self.last)
        if not 0 < number <= self.last:
            return
        at = bisect_left(rows.places, place)
        before = sum(map(len, rows.rows[:at]))
        previous = row
        for other in list(following(rows, at, self.last + 1 - before))[number - before :]:
            self.note(changes, BEFORE, previous, number)
            self.note(changes, AFTER, other, number)
            previous, number = other, number + 1
        if number <= self.last:
            self.note(changes, DELETE, previous, number)


def row_at(rows: Ranked, number: int) -> Row | None:
    """The row of a number; None where there are fewer."""
    for some in rows.rows:
        if number <= len(some):
            found: Row = some[number - 1]
            return found
        number -= len(some)
    return None

"""Aggregates by key, row by row: the exact changes of their results, with rows that are taken back, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.aggregation.aggregates import Aggregates, DistinctValues
from pyflinkx.relational.aggregation.folding import BatchValues, folded, numbers
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import (
    AFTER,
    BEFORE,
    DELETE,
    INSERT,
    batch_of,
    column_of_values,
    keys_of,
    kind_column,
    kinds_of,
    numbered,
    rows_of,
    schema_of,
    value_state,
)
from pyflinkx.relational.nodes import Columns
from pyflinkx.state.spec import StateSpec

BATCH_SIZE = 4096
STATE = "aggregates"
# Of a group: its rows, what is kept of them, and the results that were sent last; where there are final results only,
# the values of its key.
COUNT, TAKEN, SENT = range(3)
Change = tuple[int, int, tuple[Any, ...]]  # the row whose key it has, its kind, the results


class GroupAggregateOperator(PiecewiseOperator):
    """Sends how the aggregates of a row's key change by it, or what they are at the end.

    The first row of a key gives an insert, others an update as a row before and a row after, or nothing where all
    results stay as they are; where the last row is taken back, the last results are deleted. What takes back a row of
    a key that has none is passed over.

    Args:
        columns: of the rows.
        keys: positions of those that are the key.
        calls: the aggregates.
        results: names and types of the columns that come out.
        retracting: whether rows are taken back.
        before: whether an update is wanted as a row before, too.
        ttl: how long (ms) a group is kept that no row comes to; 0 for ever.
        bundle: how many rows are looked at together, so that a key gives one change for them; 0 for each on its own.
        final: whether results are wanted once, at the end.
        plain: positions of the columns that the stream is spread by, where those of the key are arrays, maps or rows.
    """

    def __init__(
        self,
        columns: Columns,
        keys: Sequence[int],
        calls: Sequence[AggregateCall],
        results: Columns,
        retracting: bool = False,
        before: bool = True,
        ttl: int = 0,
        bundle: int = 0,
        final: bool = False,
        plain: Sequence[int] | None = None,
    ) -> None:
        self.columns = columns
        self.keys = tuple(keys)
        self.plain = self.keys if plain is None else tuple(plain)
        self.aggregates = Aggregates(calls, retracting)
        self.rest = self.aggregates.unfolded()
        self.results = results
        self.before = before
        self.ttl = ttl
        self.bundle = bundle
        self.final = final
        self.schema = schema_of(results)

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.groups = context.keyed_state.get_state(value_state(STATE, self.ttl))
        self.key_context = context.keyed_state.context

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.final or (self.bundle and len(batch) <= self.bundle):
            self.take_folded(batch)
            return
        if self.bundle:
            for start in range(0, len(batch), self.bundle):
                self.take_folded(batch.slice(start, min(start + self.bundle, len(batch))))
            return
        changes: list[Change] = []
        self.take_each(batch, changes)
        self.send(batch, changes)

    def take_each(self, batch: ColumnBatch, changes: list[Change]) -> None:
        """Take rows one by one."""
        keys = keys_of(batch, self.plain)
        kinds = kinds_of(batch)
        groups, context, aggregates = self.groups, self.key_context, self.aggregates
        for row, values in enumerate(rows_of(batch, self.columns, aggregates.columns)):
            kind = INSERT if kinds is None else kinds[row]
            context.key = keys[row]
            group = groups.value()
            back = kind in (BEFORE, DELETE)
            if group is None:
                if back:
                    continue
                group = [0, aggregates.create(), None]
            try:
                if back:
                    group[COUNT] -= 1
                    aggregates.retract(group[TAKEN], values)
                else:
                    group[COUNT] += 1
                    aggregates.accumulate(group[TAKEN], values)
                self.note(group, row, changes, bool(self.ttl))
            except Exception as error:
                raise self.wrapped(error, batch, row) from error

    def take_folded(self, batch: ColumnBatch) -> None:
        """Take rows by key: one change for all of a key, or none where results are final."""
        import numpy

        places, members = numbered(batch, self.plain)
        firsts = batch.take(members)
        kinds = kinds_of(batch)
        signs = None
        if kinds is not None:
            signs = numpy.where(numpy.isin(numpy.array(kinds, "int8"), (BEFORE, DELETE)), -1, 1)
        keys = keys_of(firsts, self.plain)
        found: list[Any] = []
        for key in keys:
            self.key_context.key = key
            found.append(self.groups.value())
        if signs is not None and not self.final:
            late = self.taken_back_too_early(places, signs, found)
            if late is not None:
                kept = numpy.nonzero(~late)[0]
                if len(kept):
                    self.take_folded(batch.take(kept))
                return
        shown = rows_of(firsts, self.columns, self.keys) if self.final else [None] * len(keys)
        groups = [
            [0, self.aggregates.create(), each] if group is None else group
            for group, each in zip(found, shown, strict=True)
        ]
        self.fold(batch, places, groups, signs)
        changes: list[Change] = []
        for number, group in enumerate(groups):
            self.key_context.key = keys[number]
            if self.final:
                self.groups.update(group)
            else:
                self.note(group, number, changes, False)
        self.send(firsts, changes)

    def taken_back_too_early(self, places: Any, signs: Any, found: list[Any]) -> Any:
        """The rows that take back what has never come: those before the first that comes, of groups that are new.

        None where there are none.
        """
        import numpy

        new = numpy.array([group is None for group in found])
        if not new.any():
            return None
        added = numpy.full(len(found), len(places), "int64")
        rows = numpy.nonzero(signs > 0)[0]
        numpy.minimum.at(added, places[rows], rows)
        late = new[places] & (numpy.arange(len(places)) < added[places])
        return late if late.any() else None

    def fold(self, batch: ColumnBatch, places: Any, groups: list[list[Any]], signs: Any) -> None:
        """Add the rows of a batch to their groups."""
        values = BatchValues(batch, self.columns)
        row = 0
        try:
            parts = folded(self.aggregates.calls, self.aggregates.folds, values, places, len(groups), signs)
            counts = numbers(None, places, len(groups), signs)
            for number, group in enumerate(groups):
                group[COUNT] += counts[number]
                self.aggregates.add_folded(group[TAKEN], parts, number)
            for place, distinct in enumerate(self.aggregates.distinct, self.aggregates.first_map):
                self.fold_distinct(batch, places, groups, signs, place, distinct)
            if self.rest is None:
                return
            rest = self.rest
            members = zip(places.tolist(), rows_of(batch, self.columns, rest.columns), strict=True)
            for row, (number, taken) in enumerate(members):
                if signs is not None and signs[row] < 0:
                    rest.retract(groups[number][TAKEN], taken)
                else:
                    rest.accumulate(groups[number][TAKEN], taken)
        except Exception as error:
            raise self.wrapped(error, batch, row) from error

    def fold_distinct(
        self,
        batch: ColumnBatch,
        places: Any,
        groups: list[list[Any]],
        signs: Any,
        place: int,
        distinct: DistinctValues,
    ) -> None:
        """Add the different values of the rows of a batch to their groups."""
        read = [self.aggregates.columns[index] for index in distinct.read]
        numbers_of_rows, firsts = numbered(batch, [*self.plain, *read])
        counts = numbers(None, numbers_of_rows, len(firsts), signs)
        rows = rows_of(batch.take(firsts), self.columns, self.aggregates.columns)
        for group, count, row in zip(places[firsts].tolist(), counts, rows, strict=True):
            state = groups[group][TAKEN]
            distinct.change(state, state[place], row, count)

    def note(self, group: list[Any], row: int, changes: list[Change], always: bool) -> None:
        """Keep a group, and note what its change gives.

        Args:
            group: of the current key.
            row: whose key it has.
            changes: what is sent.
            always: whether an update is sent where nothing has changed, too, so that who reads keeps it longer.
        """
        sent = group[SENT]
        if not group[COUNT]:
            self.groups.clear()
            if sent is not None:
                changes.append((row, DELETE, sent))
            return
        found = self.aggregates.results(group[TAKEN])
        group[SENT] = found
        self.groups.update(group)
        if sent is None:
            changes.append((row, INSERT, found))
        elif always or found != sent:
            if self.before:
                changes.append((row, BEFORE, sent))
            changes.append((row, AFTER, found))

    def wrapped(self, error: Exception, batch: ColumnBatch, row: int) -> Exception:
        """A failure, with the operator and the record."""
        return self.site.wrap(error, f"at record {batch.slice(row, row + 1).to_rows('dict')[0]!r:.200}")

    def send(self, batch: ColumnBatch, changes: Sequence[Change]) -> None:
        """Send changes; their keys are those of rows of a batch."""
        import numpy

        if not changes:
            return
        taken = batch.select(self.keys).take(numpy.array([row for row, _, _ in changes], "int64"))
        columns = [column.with_field(field) for column, field in zip(taken.columns, self.schema.fields, strict=False)]
        for place, (name, kind) in enumerate(self.results[len(self.keys) :]):
            columns.append(column_of_values([results[place] for _, _, results in changes], name, kind))
        kinds = kind_column([kind for _, kind, _ in changes])
        self.output.emit(ColumnBatch(self.schema, columns, len(changes), None, kinds))

    # ---- final results

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK and self.final:
            self.begin(self.send_final())
        else:
            self.output.emit_watermark(timestamp)

    def send_final(self) -> Iterator[None]:
        """Send the results of all groups, a batch at each step, then the last watermark."""
        found: list[tuple[Any, ...]] = []
        there = False
        for _, key in self.groups.table.entries():
            self.key_context.key = key
            group = self.groups.value()
            if group is not None and group[COUNT] > 0:
                found.append((*group[SENT], *self.aggregates.results(group[TAKEN])))
                there = True
            if len(found) == BATCH_SIZE:
                self.output.emit(batch_of(found, self.results))
                found = []
                yield
        if not self.keys and not there:
            found.append(self.aggregates.results(self.aggregates.create()))
        if found:
            self.output.emit(batch_of(found, self.results))
        self.output.emit_watermark(MAX_WATERMARK)


def group_state(ttl: int) -> StateSpec:
    """What a group aggregate keeps."""
    return StateSpec(STATE, "TtlValueState" if ttl else "ValueState")

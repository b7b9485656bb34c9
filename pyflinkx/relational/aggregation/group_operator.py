"""Aggregates by key, row by row: the exact changes of their results, with rows that are taken back, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.map import KeyMap
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.aggregation.aggregates import Aggregates
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
    rows_of,
    schema_of,
    value_state,
)
from pyflinkx.relational.nodes import Columns
from pyflinkx.state.spec import StateSpec

BATCH_SIZE = 4096
STATE = "aggregates"
COUNT, TAKEN, SENT = range(3)  # of a group: its rows, what is kept of them, and the results that were sent last
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
    ) -> None:
        self.columns = columns
        self.keys = tuple(keys)
        self.aggregates = Aggregates(calls, retracting)
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
        keys = keys_of(batch, self.keys)
        rows = rows_of(batch, self.columns, self.aggregates.columns)
        kinds = kinds_of(batch)
        if self.final:
            self.gather(batch, keys, rows, kinds)
            return
        changes: list[Change] = []
        for start in range(0, len(keys), self.bundle or len(keys)):
            chosen = range(start, min(start + (self.bundle or len(keys)), len(keys)))
            if self.bundle:
                self.take_bundle(batch, chosen, keys, rows, kinds, changes)
            else:
                self.take_each(batch, chosen, keys, rows, kinds, changes)
        self.send(batch, changes)

    def take_each(
        self,
        batch: ColumnBatch,
        chosen: range,
        keys: Sequence[Any],
        rows: Sequence[Any],
        kinds: Sequence[int] | None,
        changes: list[Change],
    ) -> None:
        """Take rows one by one."""
        groups, context, aggregates = self.groups, self.key_context, self.aggregates
        for row in chosen:
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
                    aggregates.retract(group[TAKEN], rows[row])
                else:
                    group[COUNT] += 1
                    aggregates.accumulate(group[TAKEN], rows[row])
                self.note(group, row, changes, bool(self.ttl))
            except Exception as error:
                raise self.wrapped(error, batch, row) from error

    def take_bundle(
        self,
        batch: ColumnBatch,
        chosen: range,
        keys: Sequence[Any],
        rows: Sequence[Any],
        kinds: Sequence[int] | None,
        changes: list[Change],
    ) -> None:
        """Take rows by key: a change for all of a key."""
        by_key: KeyMap[Any, list[int]] = KeyMap()
        for row in chosen:
            by_key.setdefault(keys[row], []).append(row)
        groups, context, aggregates = self.groups, self.key_context, self.aggregates
        for key, members in by_key.items():
            context.key = key
            group = groups.value()
            if group is None:
                while kinds is not None and members and kinds[members[0]] in (BEFORE, DELETE):
                    del members[0]
                if not members:
                    continue
                group = [0, aggregates.create(), None]
            row = members[0]
            try:
                for row in members:
                    if kinds is not None and kinds[row] in (BEFORE, DELETE):
                        group[COUNT] -= 1
                        aggregates.retract(group[TAKEN], rows[row])
                    else:
                        group[COUNT] += 1
                        aggregates.accumulate(group[TAKEN], rows[row])
                self.note(group, row, changes, False)
            except Exception as error:
                raise self.wrapped(error, batch, row) from error

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
        columns = [
            column.with_field(field) for column, field in zip(taken.columns, self.schema.fields, strict=False)
        ]
        for place, (name, kind) in enumerate(self.results[len(self.keys) :]):
            columns.append(column_of_values([results[place] for _, _, results in changes], name, kind))
        kinds = kind_column([kind for _, kind, _ in changes])
        self.output.emit(ColumnBatch(self.schema, columns, len(changes), None, kinds))

    # ---- final results

    def gather(self, batch: ColumnBatch, keys: Sequence[Any], rows: Sequence[Any], kinds: Sequence[int] | None) -> None:
        """Take rows; the values of a group's key stand where else the results do that were sent."""
        shown = rows_of(batch, self.columns, self.keys)
        groups, context, aggregates = self.groups, self.key_context, self.aggregates
        for row, key in enumerate(keys):
            context.key = key
            group = groups.value()
            if group is None:
                group = [0, aggregates.create(), shown[row]]
            try:
                if kinds is not None and kinds[row] in (BEFORE, DELETE):
                    group[COUNT] -= 1
                    aggregates.retract(group[TAKEN], rows[row])
                else:
                    group[COUNT] += 1
                    aggregates.accumulate(group[TAKEN], rows[row])
            except Exception as error:
                raise self.wrapped(error, batch, row) from error
            groups.update(group)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK and self.final:
            self.begin(self.send_final())
        else:
            self.output.emit_watermark(timestamp)

    def send_final(self) -> Iterator[None]:
        """Send the results of all groups, a batch at each step, then the last watermark."""
        found: list[tuple[Any, ...]] = []
        there = False
        for _, self.key_context.key in self.groups.table.entries():
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

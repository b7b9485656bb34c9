"""Operators that change kinds of rows by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.expressions.vectors import Frame
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import compiled
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
from pyflinkx.relational.logic import truth
from pyflinkx.relational.nodes import Columns
from pyflinkx.state.spec import StateSpec

Row = tuple[Any, ...]
STATE = "rows"


def changes_state(ttl: int) -> StateSpec:
    """What the operators of this module keep."""
    return StateSpec(STATE, "TtlValueState" if ttl else "ValueState")


class KeyedChangesOperator(Operator):
    """Looks at one row of a key after the other.

    Args:
        columns: of the rows.
        key: positions of the columns of the key.
        ttl: how long (ms) a key is kept to which no row comes; 0 for ever.
    """

    def __init__(self, columns: Columns, key: Sequence[int], ttl: int = 0) -> None:
        self.columns = columns
        self.key = tuple(key)
        self.ttl = ttl

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.kept = context.keyed_state.get_state(value_state(STATE, self.ttl))
        self.key_context = context.keyed_state.context

    def process_batch(self, batch: Any, port: int = 0) -> None:
        kinds = self.kinds(batch)
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        changes: list[tuple[int, Row]] = []
        for key, kind, row in zip(keys_of(batch, self.key), kinds, rows, strict=True):
            self.key_context.key = key
            self.take(kind, row, changes)
        if changes:
            self.output.emit(batch_of([row for _, row in changes], self.columns, [kind for kind, _ in changes]))

    def kinds(self, batch: Any) -> list[int]:
        """The kind that each row is taken for."""
        return kinds_of(batch) or [INSERT] * len(batch)

    def take(self, kind: int, row: Row, changes: list[tuple[int, Row]]) -> None:
        """Take a row of the current key, and note what it gives."""
        raise NotImplementedError


class NormalizeOperator(KeyedChangesOperator):
    """Makes whole changes of upserts: see ``nodes.Normalize``. Rows before an update are passed over.

    Args:
        condition: rows for which it is not true are as rows that are deleted; None for all.
    """

    def __init__(self, columns: Columns, key: Sequence[int], condition: Bound | None = None, ttl: int = 0) -> None:
        super().__init__(columns, key, ttl)
        self.condition = condition

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.run = None if self.condition is None else compiled(self.condition)

    def kinds(self, batch: Any) -> list[int]:
        import numpy

        kinds = super().kinds(batch)
        if self.run is None:
            return kinds
        frame = Frame(batch, numpy)
        # What is deleted may have nothing but its key, so that errors there say nothing.
        frame.active = numpy.array([kind in (INSERT, AFTER) for kind in kinds])
        try:
            with numpy.errstate(all="ignore"):
                kept, _ = truth(self.run(frame), frame)
        except Exception as error:
            raise self.site.wrap(error, "in a query") from error
        return [
            kind if there or kind not in (INSERT, AFTER) else DELETE
            for kind, there in zip(kinds, kept.tolist(), strict=True)
        ]

    def take(self, kind: int, row: Row, changes: list[tuple[int, Row]]) -> None:
        if kind == BEFORE:
            return
        known = self.kept.value()
        if kind == DELETE:
            if known is not None:
                changes.append((DELETE, known))
                self.kept.clear()
            return
        if known is None:
            changes.append((INSERT, row))
        elif known == row and not self.ttl:
            return
        else:
            changes += [(BEFORE, known), (AFTER, row)]
        self.kept.update(row)


class MaterializeOperator(KeyedChangesOperator):
    """Makes upserts by a key of whole changes by another: see ``nodes.Materialize``."""

    def take(self, kind: int, row: Row, changes: list[tuple[int, Row]]) -> None:
        rows = self.kept.value() or []
        if kind in (INSERT, AFTER):
            changes.append((AFTER if rows else INSERT, row))
            rows.append(row)
            self.kept.update(rows)
            return
        if row not in rows:
            return
        was_last = rows.index(row) == len(rows) - 1
        rows.remove(row)
        if not rows:
            changes.append((DELETE, row))
            self.kept.clear()
            return
        if was_last:
            changes.append((AFTER, rows[-1]))
        self.kept.update(rows)


class DropUpdateBeforeOperator(Operator):
    """Leaves the rows before updates out."""

    def process_batch(self, batch: Any, port: int = 0) -> None:
        kinds = kinds_of(batch)
        if kinds is not None and BEFORE in kinds:
            import numpy

            batch = batch.take(numpy.array([row for row, kind in enumerate(kinds) if kind != BEFORE], "int64"))
        if len(batch):
            self.output.emit(batch)

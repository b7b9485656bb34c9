"""Regular joins at work: of rows that are inserted, updated and deleted, for as long as the job runs."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.keys import KeyReader
from pyflinkx.relational.joins.nodes import ANTI, KEEPS_LEFT, KEEPS_RIGHT, MARK, OF_LEFT
from pyflinkx.relational.joins.views import Held, Row, View, ViewSpec, view_of

INSERT, BEFORE, AFTER, DELETE = range(4)
# Rows that are sent, or pairs whose condition is looked at, at a time.
MOST = 4096


class JoinPlan(NamedTuple):
    """What is joined with what.

    Args:
        kind: as of ``nodes.Join``.
        result: what comes out.
        pair: the columns of a left row and a right one, which the condition reads.
        widths: how many columns of each side are results; behind them may be others that are keys.
        keys: for each side the positions of what has to be equal.
        nulls: for each key whether a null equals another.
        views: how the rows of each side are held.
        condition: what has to be true besides.
    """

    kind: str
    result: Schema
    pair: Schema
    widths: tuple[int, int]
    keys: tuple[tuple[int, ...], tuple[int, ...]]
    nulls: tuple[bool, ...]
    views: tuple[ViewSpec, ViewSpec]
    condition: Bound | None = None


class JoinOperator(PiecewiseOperator):
    """What regular joins have in common: the rows that both sides hold, and which of them make pairs.

    Args:
        plan: what is joined with what.
    """

    def __init__(self, plan: JoinPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan = self.plan
        store = context.keyed_state
        store.use_clock(context.clock)
        self.key_context = store.context
        self.views: list[View] = [view_of(spec, store) for spec in plan.views]
        self.keys = [KeyReader(keys, plan.nulls) for keys in plan.keys]
        condition = plan.condition
        self.test = None if condition is None else Projection([("true", condition)])
        self.notes = self.noted()
        self.rows: list[Row] = []
        self.kinds = array("b")

    def noted(self) -> tuple[bool, bool]:
        """Of which sides it counts how many partners a row has."""
        raise NotImplementedError

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.join(batch, port))

    def join(self, batch: ColumnBatch, port: int) -> Pieces:
        """Hold the rows of a batch, and send what becomes of them."""
        try:
            rows = to_rows(batch, "tuple")
            kinds = [INSERT] * len(rows) if batch.kinds is None else memoryview(batch.kinds).tolist()
            keys = self.keys[port].keys(rows)
            width = self.plan.widths[port]
            if rows and len(rows[0]) > width:
                rows = [row[:width] for row in rows]
        except Exception as error:
            raise self.site.wrap(error, "in a join") from error
        if self.test is None:
            work = self.join_all(rows, kinds, keys, port)
        else:
            work = self.join_tested(rows, kinds, keys, port)
        yield from work
        self.send()

    def join_all(self, rows: list[Row], kinds: list[int], keys: list[Any], port: int) -> Pieces:
        """Join rows whose equal keys say all."""
        context, take, records = self.key_context, self.take, self.views[1 - port].records
        row: Row = ()
        try:
            for row, kind, key in zip(rows, kinds, keys, strict=True):
                if key is None:
                    take(row, kind, [], port, False)
                else:
                    context.key = key[0]
                    take(row, kind, records(), port, True)
                if len(self.rows) >= MOST:
                    self.send()
                    yield None
        except Exception as error:
            raise self.site.wrap(error, f"in a join, on record {row!r:.200}") from error

    def join_tested(self, rows: list[Row], kinds: list[int], keys: list[Any], port: int) -> Pieces:
        """Join rows by a condition, too, which is looked at for many pairs at a time.

        Rows of one side change nothing of which rows the other side holds, only how many partners these have.
        """
        context, other, noted = self.key_context, self.views[1 - port], self.notes[1 - port]
        start = 0
        while start < len(rows):
            row = rows[start]
            try:
                found = self.candidates(keys, start, port)
                stop = start + len(found)
                self.test_pairs(rows[start:stop], found, port)
                for row, kind, key, held in zip(
                    rows[start:stop], kinds[start:stop], keys[start:stop], found, strict=True
                ):
                    if key is not None:
                        context.key = key[0]
                        if noted:
                            held = [(partner, other.partners(partner)) for partner, _ in held]
                    self.take(row, kind, held, port, key is not None)
            except Exception as error:
                raise self.site.wrap(error, f"in a join, on record {row!r:.200}") from error
            start = stop
            if len(self.rows) >= MOST:
                self.send()
                yield None

    def candidates(self, keys: list[Any], start: int, port: int) -> list[list[Held]]:
        """The rows of the other side that have the keys of some rows of this one, for so many pairs at a time."""
        context, records = self.key_context, self.views[1 - port].records
        found: list[list[Held]] = []
        pairs = 0
        for key in keys[start:]:
            held: list[Held] = []
            if key is not None:
                context.key = key[0]
                held = records()
            found.append(held)
            pairs += len(held)
            if pairs >= MOST:
                break
        return found

    def test_pairs(self, rows: list[Row], found: list[list[Held]], port: int) -> None:
        """Leave those of the pairs for which the condition is true."""
        assert self.test is not None
        if port == 0:
            pairs = [row + other for row, held in zip(rows, found, strict=True) for other, _ in held]
        else:
            pairs = [other + row for row, held in zip(rows, found, strict=True) for other, _ in held]
        if not pairs:
            return
        true = [row[0] for row in to_rows(self.test(from_rows(pairs, self.plan.pair)), "tuple")]
        at = 0
        for position, held in enumerate(found):
            if held:
                found[position] = [each for each, kept in zip(held, true[at : at + len(held)], strict=True) if kept]
                at += len(held)

    def take(self, row: Row, kind: int, partners: list[Held], port: int, has_key: bool) -> None:
        """A row has come.

        Args:
            row: what has come, the current key being its own.
            kind: insert, update or delete.
            partners: the rows that it makes pairs with, each with how many partners it has had before.
            port: which side it is of.
            has_key: whether it can ever have partners.
        """
        raise NotImplementedError

    def put(self, row: Row, kind: int) -> None:
        """Send a row with the others."""
        self.rows.append(row)
        self.kinds.append(kind)

    def send(self) -> None:
        """Send what has become of rows so far."""
        if not self.rows:
            return
        rows, kinds = self.rows, self.kinds
        self.rows, self.kinds = [], array("b")
        try:
            batch = from_rows(rows, self.plan.result, kinds=kinds if any(kinds) else None)
        except Exception as error:
            raise self.site.wrap(error, "in the result of a join") from error
        self.output.emit(batch)


class PairsOperator(JoinOperator):
    """An inner or outer join, which sends what Flink's sends, in its order.

    A row without partners is sent beside nulls where its side is kept; it is taken back before its first pair is sent,
    and sent again after its last one was taken back.
    """

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        left, right = self.plan.widths
        self.nulls = ((None,) * left, (None,) * right)

    def noted(self) -> tuple[bool, bool]:
        kind = self.plan.kind
        return kind in KEEPS_LEFT, kind in KEEPS_RIGHT

    def put_padded(self, row: Row, port: int, kind: int) -> None:
        """Send a row beside nulls."""
        self.put(row + self.nulls[1] if port == 0 else self.nulls[0] + row, kind)

    def put_pairs(self, row: Row, port: int, partners: list[Held], kind: int) -> None:
        """Send the pairs of a row."""
        if port == 0:
            self.rows += [row + partner for partner, _ in partners]
        else:
            self.rows += [partner + row for partner, _ in partners]
        self.kinds.extend([kind] * len(partners))

    def take(self, row: Row, kind: int, partners: list[Held], port: int, has_key: bool) -> None:
        own, other = self.views[port], self.views[1 - port]
        kept, other_kept = self.notes[port], self.notes[1 - port]
        if kind in (INSERT, AFTER):
            if has_key:
                own.add(row, len(partners) if kept else 0)
            if not partners:
                if kept:
                    self.put_padded(row, port, INSERT)
                return
            if other_kept:
                for partner, count in partners:
                    if count == 0:
                        self.put_padded(partner, 1 - port, DELETE)
                    other.update(partner, count + 1)
            self.put_pairs(row, port, partners, INSERT if kept or other_kept else kind)
            return
        if has_key:
            own.retract(row)
        if not partners:
            if kept:
                self.put_padded(row, port, DELETE)
            return
        self.put_pairs(row, port, partners, DELETE if kept else kind)
        if other_kept:
            for partner, count in partners:
                if count == 1:
                    self.put_padded(partner, 1 - port, INSERT)
                other.update(partner, count - 1)


class LeftRowsOperator(JoinOperator):
    """A semi or anti join: left rows that have a partner, or have none."""

    def noted(self) -> tuple[bool, bool]:
        return True, False

    def take(self, row: Row, kind: int, partners: list[Held], port: int, has_key: bool) -> None:
        inserted = kind in (INSERT, AFTER)
        own, other = self.views[port], self.views[1 - port]
        anti = self.plan.kind == ANTI
        if port == 0:
            if bool(partners) != anti:
                self.put(row, kind)
            if has_key and inserted:
                own.add(row, len(partners))
            elif has_key:
                own.retract(row)
            return
        if has_key and inserted:
            own.add(row, 0)
        elif has_key:
            own.retract(row)
        for partner, count in partners:
            if count == (0 if inserted else 1):
                self.put(partner, kind if not anti else DELETE if inserted else INSERT)
            other.update(partner, count + 1 if inserted else count - 1)


class MarkOperator(JoinOperator):
    """Left rows with whether they have a partner."""

    def noted(self) -> tuple[bool, bool]:
        return True, False

    def take(self, row: Row, kind: int, partners: list[Held], port: int, has_key: bool) -> None:
        inserted = kind in (INSERT, AFTER)
        own, other = self.views[port], self.views[1 - port]
        if port == 0:
            self.put((*row, bool(partners)), kind)
            if has_key and inserted:
                own.add(row, len(partners))
            elif has_key:
                own.retract(row)
            return
        if has_key and inserted:
            own.add(row, 0)
        elif has_key:
            own.retract(row)
        for partner, count in partners:
            if count == (0 if inserted else 1):
                self.put((*partner, not inserted), BEFORE)
                self.put((*partner, inserted), AFTER)
            other.update(partner, count + 1 if inserted else count - 1)


def operator_of(kind: str) -> type[JoinOperator]:
    """The class for a kind of joins."""
    if kind == MARK:
        return MarkOperator
    return LeftRowsOperator if kind in OF_LEFT else PairsOperator

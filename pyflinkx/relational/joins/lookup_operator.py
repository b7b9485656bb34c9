"""Lookup joins at work."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.keys import KeyReader
from pyflinkx.relational.joins.lookup import CacheSpec, LookupCache, Row, TableLookup
from pyflinkx.relational.keyed_rows import INSERT, kinds_of

MOST = 4096


class LookupPlan(NamedTuple):
    """What is joined with what.

    Args:
        outer: whether left rows without a right one are sent, too.
        result: what comes out.
        pair: the columns that the condition reads.
        widths: how many columns of each side are results.
        keys: positions of a left row's values that are asked for.
        fields: the columns that the table gives.
        steps: what is calculated of them.
        cache: what is kept of the answers.
        condition: what has to be true besides.
    """

    outer: bool
    result: Schema
    pair: Schema
    widths: tuple[int, int]
    keys: tuple[int, ...]
    fields: Schema
    steps: tuple[tuple[tuple[str, Bound], ...], ...]
    cache: CacheSpec
    condition: Bound | None = None


class LookupJoinOperator(PiecewiseOperator):
    """Sends each row beside those that the table gives for its key.

    Args:
        plan: what is joined with what.
        table: is asked.
    """

    def __init__(self, plan: LookupPlan, table: TableLookup) -> None:
        self.plan = plan
        self.table = table
        self.is_open = False

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan = self.plan
        self.cache = LookupCache(plan.cache, context.clock)
        self.keys = KeyReader(plan.keys, [False] * len(plan.keys))
        self.steps = [Projection(step) for step in plan.steps]
        self.test = None if plan.condition is None else Projection([("true", plan.condition)])
        self.nothing = (None,) * plan.widths[1]
        try:
            self.table.open()
        except Exception as error:
            raise self.site.wrap(error, "in a lookup join") from error
        self.is_open = True

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.join(batch))

    def join(self, batch: Any) -> Pieces:
        """Send the rows of a batch, each beside those of its key."""
        row: Row = ()
        found: list[tuple[Row, int, list[Row]]] = []
        answers: dict[Any, list[Row]] = {}  # of this batch: a row that comes twice is asked for once
        pairs = 0
        try:
            rows = to_rows(batch, "tuple")
            width = self.plan.widths[0]
            kinds = kinds_of(batch) or [INSERT] * len(rows)
            for row, key, kind in zip(rows, self.keys.keys(rows), kinds, strict=True):
                others = [] if key is None else answers.get(key[0])
                if others is None:
                    others = answers[key[0]] = self.ask(key[0])  # type: ignore[index]
                found.append((row[:width], kind, others))
                pairs += len(others) + 1
                if pairs >= MOST:
                    self.send(found)
                    found, pairs = [], 0
                    yield None
            self.send(found)
        except Exception as error:
            raise self.site.wrap(error, f"in a lookup join, on record {row!r:.200}") from error

    def ask(self, key: Any) -> list[Row]:
        """The rows of a key, those that are kept if there are any."""
        rows = self.cache.get(key)
        if rows is None:
            rows = [tuple(row) for row in self.table.find(key if len(self.plan.keys) > 1 else (key,))]
            if rows and self.steps:
                batch = from_rows(rows, self.plan.fields)
                for step in self.steps:
                    batch = step(batch)
                rows = to_rows(batch, "tuple")
            self.cache.put(key, rows)
        return rows

    def send(self, found: list[tuple[Row, int, list[Row]]]) -> None:
        """Send rows beside those of their keys for which the condition is true."""
        pairs = [row + other for row, _, others in found for other in others]
        true: list[Any] = [True] * len(pairs)
        if self.test is not None and pairs:
            true = [row[0] for row in to_rows(self.test(from_rows(pairs, self.plan.pair)), "tuple")]
        rows: list[Row] = []
        kinds = array("b")
        at = 0
        for row, kind, others in found:
            kept = [pairs[place] for place in range(at, at + len(others)) if true[place]]
            at += len(others)
            if not kept and self.plan.outer:
                kept = [row + self.nothing]
            rows += kept
            kinds.extend([kind] * len(kept))
        if rows:
            self.output.emit(from_rows(rows, self.plan.result, kinds=kinds if any(kinds) else None))

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.table.close()

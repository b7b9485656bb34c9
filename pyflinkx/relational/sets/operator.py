"""Set operations at work: rows by how often they are in the inputs."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx._core.keys.map import KeyMap
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.joins.views import frozen
from pyflinkx.state.descriptors import MapStateDescriptor
from pyflinkx.state.spec import StateSpec
from pyflinkx.state.ttl_config import StateTtlConfig
from pyflinkx.types.time import Time

Row = tuple[Any, ...]
Counts = tuple[int, int]
INSERT, _, AFTER, DELETE = range(4)
MOST = 4096
NO_KEY = 0

# How often a row is in the result that is so often in the inputs.
TIMES: dict[tuple[str, bool], Callable[[int, int], int]] = {
    ("UNION", False): lambda left, right: int(left > 0),
    ("INTERSECT", False): lambda left, right: int(left > 0 and right > 0),
    ("INTERSECT", True): min,
    ("EXCEPT", False): lambda left, right: int(left > 0 and right <= 0),
    ("EXCEPT", True): lambda left, right: max(left - max(right, 0), 0),
}


class SetPlan(NamedTuple):
    """What is done.

    Args:
        operator: "UNION", "INTERSECT" or "EXCEPT".
        all: whether a row may be there more than once.
        schema: the columns, of inputs and result.
        keys: positions of the columns that rows are spread by.
        nested: whether a column's values are lists, maps or rows.
        ttl: milliseconds that a row is held after it last came; 0 for ever.
    """

    operator: str
    all: bool
    schema: Schema
    keys: tuple[int, ...]
    nested: bool
    ttl: int = 0

    @property
    def state(self) -> StateSpec:
        """What the operator keeps."""
        return StateSpec("counts", "TtlMapState" if self.ttl else "MapState")


class SetOperator(PiecewiseOperator):
    """Sends a row when it comes into the result, and takes it back when it leaves it.

    Args:
        plan: what is done.
    """

    def __init__(self, plan: SetPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan = self.plan
        self.times = TIMES[plan.operator, plan.all]
        store = context.keyed_state
        store.use_clock(context.clock)
        descriptor = MapStateDescriptor("counts")
        if plan.ttl:
            descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.milliseconds(plan.ttl)).build())
        self.state = store.get_map_state(descriptor)
        self.key_context = store.context
        self.key_of = itemgetter(*plan.keys) if plan.keys else lambda row: NO_KEY

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.count(batch, port))

    def count(self, batch: ColumnBatch, port: int) -> Pieces:
        """Count the rows of a batch, and send what becomes of them."""
        row: Row = ()
        state, times, nested = self.state, self.times, self.plan.nested
        rows: list[Row] = []
        kinds = array("b")
        try:
            incoming = to_rows(batch, "tuple")
            changes = [INSERT] * len(incoming) if batch.kinds is None else memoryview(batch.kinds).tolist()
            for row, kind in zip(incoming, changes, strict=True):
                self.key_context.key = self.key_of(row)
                key = frozen(row) if nested else row
                held: Counts = state.get(key) or (0, 0)
                change = 1 if kind in (INSERT, AFTER) else -1
                counts = (held[0] + change, held[1]) if port == 0 else (held[0], held[1] + change)
                if counts == (0, 0):
                    state.remove(key)
                else:
                    state.put(key, counts)
                more = times(*counts) - times(*held)
                if more:
                    rows += [row] * abs(more)
                    kinds.extend([INSERT if more > 0 else DELETE] * abs(more))
                if len(rows) >= MOST:
                    self.send(rows, kinds)
                    rows, kinds = [], array("b")
                    yield None
        except Exception as error:
            raise self.site.wrap(error, f"in {self.plan.operator}, on record {row!r:.200}") from error
        self.send(rows, kinds)

    def send(self, rows: list[Row], kinds: array[int]) -> None:
        """Send rows."""
        if rows:
            self.output.emit(from_rows(rows, self.plan.schema, kinds=kinds if any(kinds) else None))


class BatchSetOperator(PiecewiseOperator):
    """Sends the rows of the result once all input is there.

    Args:
        plan: what is done.
    """

    def __init__(self, plan: SetPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.counts: KeyMap[Any, list[Any]] = KeyMap()

    def process_batch(self, batch: Any, port: int = 0) -> None:
        counts, nested = self.counts, self.plan.nested
        row: Row = ()
        try:
            for row in to_rows(batch, "tuple"):
                key = frozen(row) if nested else row
                held = counts.get(key)
                if held is None:
                    held = counts[key] = [0, 0, row]
                held[port] += 1
        except Exception as error:
            raise self.site.wrap(error, f"in {self.plan.operator}, on record {row!r:.200}") from error

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.begin(self.results())

    def results(self) -> Pieces:
        """Send the rows of the result, then say that no more follow."""
        times = TIMES[self.plan.operator, self.plan.all]
        rows: list[Row] = []
        for left, right, row in self.counts.values():
            rows += [row] * times(left, right)
            if len(rows) >= MOST:
                self.output.emit(from_rows(rows, self.plan.schema))
                rows = []
                yield None
        if rows:
            self.output.emit(from_rows(rows, self.plan.schema))
        self.counts.clear()
        self.output.emit_watermark(MAX_WATERMARK)

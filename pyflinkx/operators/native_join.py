"""Joins of two columnar streams by key and time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.native.join import NativeJoin
from pyflinkx._core.native.states import STATE_METADATA
from pyflinkx.errors import KeyTypeError
from pyflinkx.operators.base import LATE_RECORDS, MAX_WATERMARK, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.operators.state_batches import rows_of_subtask


@dataclass(frozen=True)
class JoinSpec:
    """What is joined with what.

    Args:
        schema: of the pairs: the left side's columns, then the right side's.
        left_keys: positions of the left side's key columns.
        right_keys: positions of the right side's.
        lower: least difference in ms from a left row's timestamp to a right row's.
        upper: largest difference.
        window_size: ms of a tumbling window, for a join of what lies in one window; 0 for a join by difference.
        window_offset: ms by which windows start later than the epoch.
        late_tags: side outputs of rows of the left and the right side that come too late; None to drop them.
    """

    schema: Schema
    left_keys: tuple[int, ...]
    right_keys: tuple[int, ...]
    lower: int = 0
    upper: int = 0
    window_size: int = 0
    window_offset: int = 0
    late_tags: tuple[str | None, str | None] = (None, None)


class NativeJoinOperator(PiecewiseOperator):
    """Emits the pairs of rows of its inputs, the left (port 0) and the right one (port 1), that have one key and fit in
    time. A pair is emitted when the later of its rows comes, with the larger of their timestamps, or the last
    millisecond of their window.

    Args:
        spec: what is joined with what.
    """

    def __init__(self, spec: JoinSpec) -> None:
        self.spec = spec

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        spec = self.spec
        self.join: NativeJoin | None = NativeJoin(
            spec.left_keys,
            spec.right_keys,
            spec.schema,
            lower=spec.lower,
            upper=spec.upper,
            window_size=spec.window_size,
            window_offset=spec.window_offset,
        )
        self.kept_watermark = KeptWatermark(context)
        self.join.advance(self.kept_watermark.time)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.meet(batch, port))

    def meet(self, batch: Any, port: int) -> Iterator[None]:
        """Send the pairs that rows of a side make, a batch at each step, then hold the rows."""
        assert self.join is not None
        try:
            late = yield from self.join.process(batch, port, self.output.emit)
        except (KeyTypeError, ValueError) as error:
            raise self.site.wrap(error, f"on the {'right' if port else 'left'} side") from error
        if late is None:
            return
        tag = self.spec.late_tags[port]
        if tag is None:
            self.context.count(LATE_RECORDS, len(late))
        else:
            self.output.emit_side(tag, late)

    def process_watermark(self, timestamp: int) -> None:
        if not self.kept_watermark.advance(timestamp):
            return
        assert self.join is not None
        self.join.advance(timestamp)
        if timestamp == MAX_WATERMARK:
            self.join = None  # nothing can come that it would meet
        self.output.emit_watermark(timestamp)

    def export(self) -> Iterator[ColumnBatch]:
        """The rows that both sides hold now, as batches, to be read at any time and by any thread."""
        if self.join is None:
            return iter(())
        groups = self.context.max_parallelism
        return itertools.chain(self.join.export(0, groups), self.join.export(1, groups))

    def import_(self, batch: ColumnBatch) -> None:
        """Hold those rows of a batch of states that are this subtask's."""
        assert self.join is not None
        try:
            self.join.import_(side_of(batch), rows_of_subtask(batch, self.context))
        except Exception as error:
            raise self.site.wrap(error, "in a batch of states") from error

    def close(self) -> None:
        self.join = None


def side_of(batch: ColumnBatch) -> int:
    """Which side of a join exported a batch: 0 the left one, 1 the right one."""
    return 1 if (batch.schema.metadata or {}).get(STATE_METADATA, b"").startswith(b"join right") else 0

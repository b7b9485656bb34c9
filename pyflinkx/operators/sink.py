"""The end of a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import WrongStateError
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.held_records import declared
from pyflinkx.operators.places import called
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.operator_state import OperatorListState
from pyflinkx.state.spec import COMMITTABLES, UNION, StateSpec
from pyflinkx.types.typeinfo import Types

WRITERS = ListStateDescriptor("writers", Types.PICKLED_BYTE_ARRAY())
ALL_WRITERS = ListStateDescriptor("all-writers", Types.PICKLED_BYTE_ARRAY())
SINK_STATES = (COMMITTABLES, declared(WRITERS), StateSpec(ALL_WRITERS.name, UNION, ALL_WRITERS.type_info))


def nobody(event: Any) -> None:
    """Where events go that no coordinator waits for."""


class SinkOperator(Operator):
    """Hands batches to the writer of a sink.

    Args:
        sink: a ``connectors.sink.Sink``: it has ``create_writer(context) -> writer``, and the class of that context.
    """

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.writer: Any = None
        self.latest = 0  # checkpoint

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.latest = context.restored_checkpoint or 0
        state = context.operator_state
        self.kept: OperatorListState[Any] = state.get_list_state(WRITERS)
        self.kept_by_all: OperatorListState[Any] = state.get_union_list_state(ALL_WRITERS)
        given = self.sink.context_class(
            subtask_index=context.subtask_index,
            parallelism=context.parallelism,
            counters=context.counters,
            send=context.send or nobody,
            clock=context.clock,
            requests=context.requests,
            checkpoints=context.checkpoints,
            restored=self.kept.get(),
            restored_by_all=self.kept_by_all.get(),
            restored_from=context.restored_checkpoint or 0,
        )
        self.kept.clear()
        self.kept_by_all.clear()
        self.writer = self._call(self.sink.open_writer, given)

    @property
    def may_pause(self) -> bool:  # type: ignore[override] # the writer says
        """Whether the writer can be unwilling to take more."""
        return hasattr(self.writer, "writable")

    @property
    def writable(self) -> bool:  # type: ignore[override] # the writer says
        """Whether the writer takes more now; asked only where it may pause."""
        return bool(self.writer.writable)

    def handle_event(self, event: Any) -> None:
        """The sink's coordinator has sent something."""
        self._call(self.writer.handle_event, event)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self._call(self.writer.write, batch)
        self.context.count("numRecordsOut", len(batch))

    def process_watermark(self, timestamp: int) -> None:
        self._call(self.writer.write_watermark, timestamp)
        self.output.emit_watermark(timestamp)

    def next_processing_timer(self) -> int | None:
        return self.writer.next_time()

    def advance_processing_time(self, now: int) -> None:
        due = self.writer.next_time()
        if due is not None and due <= now:
            self._call(self.writer.advance, now)

    def prepare_barrier(self, checkpoint_id: int) -> None:
        self._call(self.writer.flush, False)
        self.latest = checkpoint_id
        self._prepare_commit(checkpoint_id)

    def store(self, checkpoint_id: int) -> None:
        super().store(checkpoint_id)
        self.kept.update(self._call(self.writer.snapshot_state, checkpoint_id))
        self.kept_by_all.update(self._call(self.writer.snapshot_for_all, checkpoint_id))

    @property
    def stays(self) -> bool:
        return super().stays or self.writer.stays

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        super().checkpoint_completed(checkpoint_id)
        self._call(self.writer.checkpoint_completed, checkpoint_id)

    def finish(self) -> None:
        self._call(self.writer.flush, True)
        self._prepare_commit(self.latest + 1)

    def _prepare_commit(self, checkpoint_id: int) -> None:
        values = self._call(self.writer.prepare_commit)
        if values:
            if self.context.send is None:
                raise WrongStateError(f"{self.sink!r} has no committer for what its writers have finished")
            self.context.send((checkpoint_id, values))

    def close(self) -> None:
        if self.writer is not None:
            self._call(self.writer.close)

    def _call(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return called(self.site, self._where, call, *arguments)

    def _where(self) -> str:
        """Where the writer has failed."""
        record = getattr(self.writer, "record", self.sink.no_record)
        return "in its writer" if record is self.sink.no_record else f"on record {short_repr(record)}"

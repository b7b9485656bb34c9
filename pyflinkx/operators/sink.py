"""The end of a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.errors import PyflinkxError, WrongStateError
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.places import placed


class SinkOperator(Operator):
    """Hands batches to the writer of a sink.

    Args:
        sink: an object with ``create_writer(context) -> writer``; the writer has ``write(batch)``,
            ``flush(end_of_input)``, ``prepare_commit()`` and ``close()``, and may have ``writable`` and
            ``handle_event(event)``.
    """

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.writer: Any = None
        self.latest = 0  # checkpoint

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.writer = self._call(self.sink.create_writer, context)

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

    def prepare_barrier(self, checkpoint_id: int) -> None:
        self._call(self.writer.flush, False)
        self.latest = checkpoint_id
        self._prepare_commit(checkpoint_id)

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
        try:
            return call(*arguments)
        except PyflinkxError as error:
            placed(error, self.site)
            raise
        except BaseException as error:
            raise self.site.wrap(error, "in its writer") from error

"""The end of a stream."""

from __future__ import annotations

from typing import Any

from pyflinkx.operators.base import Operator, OperatorContext


class SinkOperator(Operator):
    """Hands batches to the writer of a sink.

    Args:
        sink: an object with ``create_writer(context) -> writer``; the writer has ``write(batch)``,
            ``flush(end_of_input)`` and ``close()``.
    """

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.writer: Any = None

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.writer = self.sink.create_writer(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.writer.write(batch)
        self.context.count("numRecordsOut", len(batch))

    def finish(self) -> None:
        self.writer.flush(True)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()

"""A sink that keeps nothing."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext


class DiscardSink(Sink):
    """Drops every record: for measuring, and for streams whose side effects are all that is wanted."""

    def create_writer(self, context: WriterContext) -> DiscardWriter:
        return DiscardWriter()

    def __repr__(self) -> str:
        return "DiscardSink()"


class DiscardWriter(SinkWriter):
    """Drops batches."""

    def write(self, batch: Any) -> None:
        pass

"""A sink that keeps what it gets, for a test to look at."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.collect import BufferedSink, BufferWriter
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.testing.harness import Stamped, stamped


class TestSink(BufferedSink):
    """Keeps records with their timestamps, wherever the job runs; look at them after ``execute()``.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> sink = TestSink()
        >>> env.from_collection(["a", "b"]).sink_to(sink)
        <DataStreamSink 'Writer'>
        >>> result = env.execute()
        >>> sink.values
        ['a', 'b']
    """

    __test__ = False  # its name looks like a test's to pytest

    def __init__(self) -> None:
        super().__init__()
        self._results: list[Stamped] = []

    @property
    def results(self) -> list[Stamped]:
        """The records so far, as (value, timestamp in ms or None)."""
        self._results += self.buffer.drain()
        return self._results

    @property
    def values(self) -> list[Any]:
        """The records so far, without their timestamps."""
        return [value for value, _ in self.results]

    def create_writer(self, context: WriterContext) -> StampedWriter:
        return StampedWriter(self.buffer, context)


class StampedWriter(BufferWriter):
    """Writes records and timestamps to the buffer."""

    def items(self, batch: Any) -> list[Any]:
        return stamped(batch)

"""Records into a database, each at least once; keyed rows as often as it takes, which comes to the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.connectors.jdbc.writing import Buffer, write
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext

MakeBuffer = Callable[[Any], Buffer]


class DatabaseSink(Sink):
    """Executes statements.

    Args:
        connection: which database.
        execution: how records are gathered and tried again.
        buffer: makes an empty buffer for a dialect; can be pickled.
    """

    def __init__(self, connection: JdbcConnectionOptions, execution: JdbcExecutionOptions, buffer: MakeBuffer) -> None:
        self.connection = connection
        self.execution = execution
        self.buffer = buffer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.connection.parsed)!r})"

    def create_writer(self, context: WriterContext) -> SinkWriter:
        return DatabaseWriter(self, context)


class DatabaseWriter(SinkWriter):
    """Writes what one subtask gets: a batch at a time, all before a checkpoint, and none longer than the interval after
    it came."""

    def __init__(self, sink: DatabaseSink, context: WriterContext) -> None:
        dialect = dialect_of(sink.connection)
        self.clock = context.clock
        self.execution = sink.execution
        self.buffer = sink.buffer(dialect)
        self.connected = Connected(dialect, sink.connection, sink.execution)
        self.since: int | None = None  # when the first record in the buffer came
        self.connected.attempts("connecting", lambda connection: None)

    def write(self, batch: Any) -> None:
        if self.since is None and self.execution.batch_interval_ms:
            self.since = self.clock.now()
        self.buffer.add(batch)
        if 0 < self.execution.batch_size <= len(self.buffer):
            self._write()

    def _write(self) -> None:
        write(self.connected, self.buffer)
        self.since = None

    def flush(self, end_of_input: bool) -> None:
        self._write()

    def next_time(self) -> int | None:
        return None if self.since is None else self.since + self.execution.batch_interval_ms

    def advance(self, now: int) -> None:
        due = self.next_time()
        if due is not None and due <= now:
            self._write()

    def close(self) -> None:
        self.connected.drop()

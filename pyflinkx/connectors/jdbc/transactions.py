"""Records into a database, each exactly once: a prepared transaction for each checkpoint, committed when it is durable.

After Flink's JdbcExactlyOnceSink. A prepared transaction outlives its connection and a crash of the server, and holds
its locks until it is ended. Those that no checkpoint lists are rolled back when the job goes on, and when an attempt
ends: they are known by the token in their names, which all writers of the sink have, also those of later attempts.
"""

from __future__ import annotations

import itertools
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExactlyOnceOptions, JdbcExecutionOptions
from pyflinkx.connectors.jdbc.sink import DatabaseSink, MakeBuffer
from pyflinkx.connectors.jdbc.writing import refusal
from pyflinkx.connectors.sink import Committer, CommitterCoordinator, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError

log = logging.getLogger("pyflinkx.connectors")

PREFIX = "pyflinkx"


def transaction_name(token: str, subtask: int) -> str:
    """A name that no other transaction has; XA allows 64 characters."""
    return f"{PREFIX}-{token}-{subtask}-{uuid.uuid4().hex[:16]}"


@dataclass(frozen=True)
class TokenUsed:
    """From a writer: the names of its transactions have this in them."""

    token: str


@dataclass(frozen=True)
class TransactionsState:
    """What a checkpoint says: transactions to be committed, and the tokens that are in all names of the sink's."""

    ready: list[str]
    tokens: list[str]


class ExactlyOnceSink(DatabaseSink):
    """Executes a statement within transactions that are committed with checkpoints.

    Args:
        connection: which database.
        execution: how many records are sent at once; nothing is tried again within a transaction.
        exactly_once: how commits are tried again.
        buffer: makes an empty buffer for a dialect.

    Raises:
        ConfigurationError: the database has no transactions that outlive their connection.
    """

    def __init__(
        self,
        connection: JdbcConnectionOptions,
        execution: JdbcExecutionOptions,
        exactly_once: JdbcExactlyOnceOptions,
        buffer: MakeBuffer,
    ) -> None:
        super().__init__(connection, execution, buffer)
        self.exactly_once = exactly_once
        dialect = dialect_of(connection)
        if not dialect.prepares:
            raise ConfigurationError(
                f"{dialect.name} has no prepared transactions, so records cannot be committed with a checkpoint; "
                "JdbcSink.upsert(...) by keys gives the same result after a restart"
            )

    def create_writer(self, context: WriterContext) -> SinkWriter:
        return TransactionsWriter(self, context)

    def create_committer(self) -> TransactionsCommitter:
        return TransactionsCommitter(self)

    def create_coordinator(self, context: CoordinatorContext) -> TransactionsCoordinator:
        return TransactionsCoordinator(self.create_committer(), self.exactly_once.name)


class TransactionsWriter(SinkWriter):
    """Writes what one subtask gets into a transaction, a new one behind each checkpoint."""

    def __init__(self, sink: ExactlyOnceSink, context: WriterContext) -> None:
        self.dialect = dialect_of(sink.connection)
        self.execution = sink.execution
        self.buffer = sink.buffer(self.dialect)
        self.subtask = context.subtask_index
        known = [sink.exactly_once.name] if sink.exactly_once.name else context.restored_by_all
        self.token = known[0] if known else uuid.uuid4().hex[:16]
        self.connected = Connected(self.dialect, sink.connection, sink.execution)
        self.name: str | None = None  # of the transaction that is open
        self.ready: list[str] = []
        context.send(TokenUsed(self.token))
        self.connected.attempts("connecting", lambda connection: None)

    def write(self, batch: Any) -> None:
        self.buffer.add(batch)
        if 0 < self.execution.batch_size <= len(self.buffer):
            self._send()

    def _send(self) -> None:
        """Execute what is gathered. What fails takes all of the transaction with it, so the job has to go back."""
        if not len(self.buffer):
            return
        if self.name is None:
            name = transaction_name(self.token, self.subtask)
            self.connected.attempts(
                "beginning a transaction", lambda connection: self.dialect.begin_prepared(connection, name)
            )
            self.name = name
        connection = self.connected.get()
        try:
            for sql, rows in self.buffer.statements():
                self.dialect.execute_many(connection, sql, rows, self.buffer.distinct)
        except Exception as error:
            self.name = None
            self.connected.drop()  # and the transaction with it
            raise refusal(self.connected, self.buffer, error) from error
        self.buffer.clear()

    def flush(self, end_of_input: bool) -> None:
        self._send()
        if self.name is None:
            return
        name = self.name
        self.ready.append(name)  # from now on it may be there
        self.name = None
        try:
            self.dialect.prepare(self.connected.get(), name)
        except Exception as error:
            raise SinkError(f"{self.connected.options.parsed}: a transaction cannot be prepared: {error}") from error
        if self.dialect.closes_prepared:
            self.connected.drop()

    def prepare_commit(self) -> list[str]:
        ready, self.ready = self.ready, []
        return ready

    def snapshot_for_all(self, checkpoint_id: int) -> list[str]:
        return [self.token]

    def close(self) -> None:
        self.connected.drop()  # which rolls an open transaction back
        for name in self.ready:
            try:
                self.dialect.roll_back_prepared(self.connected.get(), name)
            except Exception as error:
                log.warning("%s: transaction %s is left prepared: %s", self.connected.options.parsed, name, error)
        self.connected.drop()


class TransactionsCommitter(Committer):
    """Ends prepared transactions, from the program's process."""

    def __init__(self, sink: ExactlyOnceSink) -> None:
        self.dialect = dialect_of(sink.connection)
        tries = JdbcExecutionOptions(max_retries=sink.exactly_once.max_commit_attempts - 1)
        self.connected = Connected(self.dialect, sink.connection, tries)

    def commit(self, committables: list[str]) -> None:
        for name in committables:
            tries = itertools.count()

            def commit(connection: Any, name: str = name, tries: Iterator[int] = tries) -> None:
                again = next(tries) > 0  # then the answer to the first time may be what was lost
                if not self.dialect.commit_prepared(connection, name) and not again:
                    raise SinkError(
                        f"{self.connected.options.parsed}: transaction {name} is gone: somebody else has ended it, and "
                        "its records may be lost"
                    )

            self.connected.attempts(f"committing transaction {name}", commit)

    def commit_again(self, committables: list[str]) -> None:
        for name in committables:
            if not self._end("committing", self.dialect.commit_prepared, name):
                log.info("%s: transaction %s was committed before", self.connected.options.parsed, name)

    def abort(self, committables: list[str]) -> None:
        for name in committables:
            self._end("rolling back", self.dialect.roll_back_prepared, name)

    def _end(self, what: str, end: Callable[[Any, str], bool], name: str) -> bool:
        done: bool = self.connected.attempts(f"{what} transaction {name}", lambda connection: end(connection, name))
        return done

    def left(self, tokens: Iterable[str]) -> list[str]:
        """The prepared transactions whose names have one of the tokens."""
        beginnings = tuple(f"{PREFIX}-{token}-" for token in tokens)
        names = self.connected.attempts("asking for prepared transactions", self.dialect.prepared)
        return [name for name in names if name.startswith(beginnings)]

    def close(self) -> None:
        self.connected.drop()


class TransactionsCoordinator(CommitterCoordinator):
    """Has transactions committed, and rolls those back that no checkpoint lists.

    Args:
        committer: of the sink.
        name: of the sink, if it has one.
    """

    committer: TransactionsCommitter

    def __init__(self, committer: TransactionsCommitter, name: str | None) -> None:
        super().__init__(committer)
        self.tokens: set[str] = set() if name is None else {name}

    def start(self) -> None:
        self._sweep()

    def handle_event(self, subtask: int, event: Any) -> None:
        if isinstance(event, TokenUsed):
            self.tokens.add(event.token)
        else:
            super().handle_event(subtask, event)

    def snapshot_state(self, checkpoint_id: int) -> TransactionsState:
        return TransactionsState(self._until(checkpoint_id), sorted(self.tokens))

    def restore(self, checkpoint_id: int, states: TransactionsState) -> None:
        self.tokens |= set(states.tokens)
        super().restore(checkpoint_id, states.ready)

    def close(self, failure: BaseException | None) -> None:
        try:
            super().close(failure)
        finally:
            # The last word of a writer that was killed may have reached the database behind an earlier sweep.
            listed = self.pending if failure is not None else []
            self.pending = [(first, name) for first, name in listed if first <= self.durable]
            self._sweep()
            self.committer.close()

    def _sweep(self) -> None:
        """Roll back what writers have prepared and no durable checkpoint lists: nobody writes while that is done."""
        if not self.tokens:
            return
        listed = {name for first, name in self.pending if first <= self.durable}
        try:
            self.committer.abort([name for name in self.committer.left(self.tokens) if name not in listed])
        except SinkError as error:  # they hold locks, but no result depends on it
            log.warning("transactions of a sink may be left prepared: %s", error)

"""Sinks as functions that write in transactions; after Flink's TwoPhaseCommitSinkFunction."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any

from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.record_sink import RecordContext
from pyflinkx.connectors.sink import NO_RECORD, Committer, Sink, SinkWriter, WriterContext
from pyflinkx.connectors.sink_function import RichSinkFunction
from pyflinkx.errors import SinkError


class TwoPhaseCommitSinkFunction(RichSinkFunction):
    """Writes records in transactions, one from each checkpoint to the next.

    A transaction is a value that can be pickled and is enough to commit or abort what it stands for: ``commit``,
    ``abort``, ``recover_and_commit`` and ``recover_and_abort`` may be called in another process than ``invoke``, on
    another copy of the function, which was opened like it.
    """

    @abstractmethod
    def begin_transaction(self) -> Any:
        """Begin a transaction."""

    @abstractmethod
    def invoke(self, transaction: Any, value: Any, context: Any) -> None:  # type: ignore[override] # as in Flink
        """Write a record in a transaction.

        Args:
            transaction: what ``begin_transaction`` gave.
            value: the record.
            context: has ``timestamp()`` (ms, None for a record without one), ``current_watermark()`` and
                ``current_processing_time()``.
        """

    @abstractmethod
    def pre_commit(self, transaction: Any) -> None:
        """No record follows in the transaction: do all that can fail, so that ``commit`` cannot."""

    @abstractmethod
    def commit(self, transaction: Any) -> None:
        """The checkpoint that has the transaction is durable: make its records visible."""

    @abstractmethod
    def abort(self, transaction: Any) -> None:
        """The records of the transaction are never to be seen: remove them."""

    def recover_and_commit(self, transaction: Any) -> None:
        """As ``commit``, in a restored job: the transaction may have been committed before the crash, or not."""
        self.commit(transaction)

    def recover_and_abort(self, transaction: Any) -> None:
        """As ``abort``, in a restored job, of a transaction that records were written in behind the checkpoint."""
        self.abort(transaction)


class SubtaskContext:
    """What ``open`` of such a function gets."""

    def __init__(self, subtask: int, parallelism: int) -> None:
        self._subtask = subtask
        self._parallelism = parallelism

    def get_index_of_this_subtask(self) -> int:
        """Number of the subtask, from 0; -1 in the program's process, where transactions are committed."""
        return self._subtask

    def get_number_of_parallel_subtasks(self) -> int:
        """How many subtasks there are."""
        return self._parallelism


class TwoPhaseFunctionSink(Sink):
    """Has a function of that kind called.

    Args:
        function: the user's.
    """

    def __init__(self, function: TwoPhaseCommitSinkFunction) -> None:
        self.function = function

    def __repr__(self) -> str:
        return f"{type(self.function).__name__}()"

    def create_writer(self, context: WriterContext) -> TwoPhaseFunctionWriter:
        return TwoPhaseFunctionWriter(copy.deepcopy(self.function), context)

    def create_committer(self) -> TwoPhaseFunctionCommitter:
        return TwoPhaseFunctionCommitter(copy.deepcopy(self.function))


class FunctionContext(RecordContext):
    """What ``invoke`` learns of a record."""

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock = clock

    def current_processing_time(self) -> int:
        """The clock, in milliseconds since the epoch."""
        return self.clock.now()


class TwoPhaseFunctionWriter(SinkWriter):
    """Calls the function of one subtask."""

    def __init__(self, function: TwoPhaseCommitSinkFunction, context: WriterContext) -> None:
        self.function = function
        self.context = FunctionContext(context.clock)
        self.transaction: Any = None
        self.begun = False
        self.ready: list[Any] = []
        runtime = SubtaskContext(context.subtask_index, context.parallelism)
        try:
            function.set_runtime_context(runtime)
            function.open(runtime)
            for transaction in context.restored:
                function.recover_and_abort(transaction)
            self._begin()
        except BaseException:
            function.close()
            raise

    def _begin(self) -> None:
        self.transaction = self.function.begin_transaction()
        self.begun = True

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError("the stream holds updates or deletions, and a sink function cannot tell them")
        context, invoke, transaction, times = self.context, self.function.invoke, self.transaction, batch.timestamps
        for index, value in enumerate(batch.values):
            time = NO_TIMESTAMP if times is None else times[index]
            context.time = None if time == NO_TIMESTAMP else time
            self.record = value
            invoke(transaction, value, context)
        self.record = NO_RECORD

    def write_watermark(self, timestamp: int) -> None:
        self.context.watermark = timestamp
        self.function.write_watermark(timestamp)

    def flush(self, end_of_input: bool) -> None:
        if end_of_input:
            self.function.finish()
        self.function.pre_commit(self.transaction)
        self.ready.append(self.transaction)
        self.begun = False
        if not end_of_input:
            self._begin()

    def prepare_commit(self) -> list[Any]:
        ready, self.ready = self.ready, []
        return ready

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return [self.transaction] if self.begun else []

    def close(self) -> None:
        try:
            for transaction in self.ready:
                self.function.abort(transaction)
            if self.begun:
                self.function.abort(self.transaction)
        finally:
            self.begun, self.ready = False, []
            self.function.close()


class TwoPhaseFunctionCommitter(Committer):
    """Commits transactions in the program's process; opens the function when there is something to commit."""

    def __init__(self, function: TwoPhaseCommitSinkFunction) -> None:
        self.function = function
        self.opened = False

    def _opened(self) -> TwoPhaseCommitSinkFunction:
        if not self.opened:
            self.opened = True
            runtime = SubtaskContext(-1, 1)
            self.function.set_runtime_context(runtime)
            self.function.open(runtime)
        return self.function

    def commit(self, committables: list[Any]) -> None:
        for transaction in committables:
            self._opened().commit(transaction)

    def commit_again(self, committables: list[Any]) -> None:
        for transaction in committables:
            self._opened().recover_and_commit(transaction)

    def abort(self, committables: list[Any]) -> None:
        for transaction in committables:
            self._opened().abort(transaction)

    def close(self) -> None:
        if self.opened:
            self.function.close()

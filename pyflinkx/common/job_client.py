"""The program's hold on a job that runs in the background."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pyflinkx.common.completable_future import CompletableFuture
from pyflinkx.common.job_execution_result import JobExecutionResult
from pyflinkx.common.job_id import JobID
from pyflinkx.common.job_status import JobStatus
from pyflinkx.errors import WrongStateError
from pyflinkx.names.asking import Answering, answers

if TYPE_CHECKING:
    from pyflinkx.common.checkpoint_statistics import CheckpointStatistics
    from pyflinkx.connectors.requests import RequestSource
    from pyflinkx.runtime.drivers.job import JobFailure
    from pyflinkx.runtime.drivers.job_thread import JobThread
    from pyflinkx.runtime.drivers.unasked import FailureWatch

__all__ = ["JobClient"]


@answers("common.job_client.JobClient")
class JobClient(metaclass=Answering):
    """Watches and cancels one job; what ``StreamExecutionEnvironment.execute_async`` returns.

    Args:
        thread: runs the job.

    Example:
        >>> client = env.execute_async("numbers")  # doctest: +SKIP
        >>> client.get_job_execution_result().result().get_net_runtime()  # doctest: +SKIP
        12
    """

    def __init__(self, thread: JobThread) -> None:
        self._thread = thread
        self._asker = thread.watch.asker()

    def get_job_id(self) -> JobID:
        """The job."""
        return JobID(self._thread.job.job_id)

    def get_job_status(self) -> CompletableFuture:
        """A future of the JobStatus as it is now."""
        return completed(JobStatus[self._thread.state.name])

    def cancel(self) -> CompletableFuture:
        """Cancel the job; the future is complete, with None, when it has ended."""
        self._thread.job.request_cancel()
        future = CompletableFuture()
        self._thread.when_ended(lambda _: future.set_result(None))
        return future

    def trigger_savepoint(self, savepoint_directory: str | None = None) -> CompletableFuture:
        """Have a savepoint taken while the job goes on.

        Args:
            savepoint_directory: in which it gets a folder of its own, a path or a URL; None for the one that
                ``execution.checkpointing.savepoint-dir`` says.

        Returns:
            A future of the savepoint's folder; it fails with CheckpointError.
        """
        return settled(self._thread.job.trigger_savepoint(savepoint_directory))

    def stop_with_savepoint(
        self, advance_to_end_of_event_time: bool, savepoint_directory: str | None = None
    ) -> CompletableFuture:
        """Have the job end behind a savepoint; what its sources have not read by then, they do not read.

        Args:
            advance_to_end_of_event_time: whether windows and timers fire first, as at the end of the input: of a job
                that is not to be gone on with.
            savepoint_directory: as for ``trigger_savepoint``.

        Returns:
            A future of the savepoint's folder, complete when the job has ended; it fails with CheckpointError, and the
            job goes on, when the savepoint cannot be taken.
        """
        made = self._thread.job.trigger_savepoint(savepoint_directory, True, advance_to_end_of_event_time)
        future = CompletableFuture()

        def stopped(error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(made.result())

        def taken(_: object) -> None:
            failure = made.exception()
            if failure is not None:
                future.set_exception(failure)
            else:
                self._thread.when_ended(stopped)

        made.add_done_callback(taken)
        return future

    def cancel_with_savepoint(self, savepoint_directory: str | None = None) -> CompletableFuture:
        """Cancel the job once a savepoint has been taken; what it did behind that is done again by who goes on from it.

        ``stop_with_savepoint`` is the better one, as it does nothing behind the savepoint.

        Args:
            savepoint_directory: as for ``trigger_savepoint``.

        Returns:
            A future of the savepoint's folder, complete when the job has ended; it fails with CheckpointError, and the
            job goes on, when the savepoint cannot be taken.
        """
        made = self._thread.job.trigger_savepoint(savepoint_directory)
        future = CompletableFuture()

        def taken(_: object) -> None:
            failure = made.exception()
            if failure is not None:
                future.set_exception(failure)
            else:
                self._thread.job.request_cancel()
                self._thread.when_ended(lambda _: future.set_result(made.result()))

        made.add_done_callback(taken)
        return future

    def get_exceptions(self) -> list[JobFailure]:
        """Why attempts to run the job failed, newest first: when, in which task, on which worker.

        As many as ``web.exception-history-size`` says; the newest of them, where there are so many.
        """
        return self._thread.job.failures()

    def get_accumulators(self) -> CompletableFuture:
        """A future of what the job's accumulators have come to so far, by name.

        Beside those of its functions there is what the operators count, as ``operator.counter``.
        """
        return completed(accumulators(self._thread.job.result()))

    def get_job_execution_result(self) -> CompletableFuture:
        """A future of the JobExecutionResult; it fails with what made the job fail.

        A cancelled job fails it with JobCancelledError. Where nobody asks for what made a job fail, it is logged.
        """
        future = ResultFuture(self._thread.watch)

        def settle(error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(execution_result(self._thread.job.result()))

        self._thread.when_ended(settle)
        return future

    # ---- requests, of a job with a RequestSource ----

    def ask(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> Any:
        """The job's answer to a request: ``RequestSource.ask`` of the job's one source of requests.

        Args:
            value: the request's record.
            timeout: seconds to wait; None for no limit.
            timestamp: event time of the record, in milliseconds since the epoch; None for none.

        Raises:
            NoAnswerError, SeveralAnswersError, RequestError: the request has no answer, several, or has failed.
            WaitTimeoutError: the time is over.
            JobCancelledError, JobExecutionError: the job was cancelled, or has failed.
            WrongStateError: the job has no source of requests, or several; or it has ended.
        """
        return self._requests().ask(value, timeout, timestamp=timestamp)

    def ask_all(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> list[Any]:
        """All answers to a request, however many; else as ``ask``."""
        return self._requests().ask_all(value, timeout, timestamp=timestamp)

    async def ask_async(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> Any:
        """As ``ask``, in a coroutine."""
        return await self._requests().ask_async(value, timeout, timestamp=timestamp)

    async def ask_all_async(
        self, value: Any, timeout: float | None = None, *, timestamp: int | None = None
    ) -> list[Any]:
        """As ``ask_all``, in a coroutine."""
        return await self._requests().ask_all_async(value, timeout, timestamp=timestamp)

    def _requests(self) -> RequestSource:
        from pyflinkx.connectors.requests import RequestSource

        nodes = [node for vertex in self._thread.job.graph.vertices for node in vertex.nodes]
        found = [node for node in nodes if isinstance(node.source, RequestSource)]
        if len(found) != 1:
            names = ", ".join(f"'{node.name}'" for node in found)
            raise WrongStateError(
                f"the job has several sources of requests ({names}): ask the source"
                if found
                else "the job has no source of requests: env.from_source(RequestSource(), ...)"
            )
        source: RequestSource = found[0].source
        return source

    def get_metrics(self) -> dict[str, dict[str, Any]]:
        """Of each subtask, by its name such as "Map (1/2)", its metrics under Flink's names.

        ``numRecordsIn``, ``numRecordsOut``; ``numBytesIn``, ``numBytesOut`` (of frames between workers);
        ``accumulateBusyTimeMs``, ``accumulateIdleTimeMs``, ``accumulateBackPressuredTimeMs``; ``outputQueueLength``,
        ``inputQueueLength`` (memory segments); ``currentInputWatermark`` (milliseconds, or None). Those of workers are
        as old as their last heartbeat. Metrics of functions follow, as ``operator.group.metric``: a counter is a
        number, a gauge what its function gives, a meter a dict of count and rate, a distribution one of count, sum,
        min, max and mean.
        """
        return {name: metrics.named() for name, metrics in self._thread.job.task_metrics().items()}

    def get_queryable_state_address(self) -> tuple[str, int] | None:
        """Host and port for a ``QueryableStateClient``; None unless ``queryable-state.enable`` is true."""
        server = self._thread.job.query_server
        return None if server is None else server.address

    def get_checkpoint_statistics(self) -> CheckpointStatistics:
        """The job's checkpoints and savepoints so far: how many, the last ones in detail, and why some failed.

        Example:
            >>> client.get_checkpoint_statistics().latest_completed.duration  # doctest: +SKIP
            12
        """
        from pyflinkx.common.checkpoint_statistics import checkpoint_statistics

        return checkpoint_statistics(self._thread.job)


class ResultFuture(CompletableFuture):
    """A job's result; whoever takes what made the job fail is known to have it.

    Args:
        watch: of the job's failure.
    """

    def __init__(self, watch: FailureWatch) -> None:
        super().__init__()
        self._watch = watch
        self._asker = watch.asker()

    def seen(self) -> None:
        self._watch.take()


def settled(future: Future[str]) -> CompletableFuture:
    """A future that comes to what another one does."""
    result = CompletableFuture()

    def take(done: Future[str]) -> None:
        failure = done.exception()
        if failure is not None:
            result.set_exception(failure)
        else:
            result.set_result(done.result())

    future.add_done_callback(take)
    return result


def completed(value: Any) -> CompletableFuture:
    """A future with its result."""
    future = CompletableFuture()
    future.set_result(value)
    return future


def accumulators(result: Any) -> dict[str, Any]:
    """What operators counted, by ``operator.counter``, and what the functions' accumulators came to."""
    counted = {f"{operator}.{name}": n for operator, counts in result.counters.items() for name, n in counts.items()}
    return {**counted, **result.accumulators}


def execution_result(result: Any) -> JobExecutionResult:
    """A job's result as programs see it."""
    return JobExecutionResult(JobID(result.job_id), result.net_runtime, accumulators(result))

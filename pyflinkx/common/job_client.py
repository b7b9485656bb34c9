"""The program's hold on a job that runs in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.common.completable_future import CompletableFuture
from pyflinkx.common.job_execution_result import JobExecutionResult
from pyflinkx.common.job_id import JobID
from pyflinkx.common.job_status import JobStatus
from pyflinkx.names.asking import Answering, answers

if TYPE_CHECKING:
    from pyflinkx.runtime.drivers.job_thread import JobThread

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

    def get_accumulators(self) -> CompletableFuture:
        """A future of what the job's accumulators have come to so far, by name.

        Beside those of its functions there is what the operators count, as ``operator.counter``.
        """
        return completed(accumulators(self._thread.job.result()))

    def get_job_execution_result(self) -> CompletableFuture:
        """A future of the JobExecutionResult; it fails with what made the job fail.

        A cancelled job fails it with JobCancelledError.
        """
        future = CompletableFuture()

        def settle(error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(execution_result(self._thread.job.result()))

        self._thread.when_ended(settle)
        return future

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

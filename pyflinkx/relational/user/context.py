"""What a user's function of tables may ask when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class FunctionContext:
    """What a function learns of the task it runs in.

    Args:
        base_metric_group: makes its metrics.
        job_parameters: global parameters of the job.
        task_name: of the operator.
        task_name_with_subtasks: such as ``Calc (1/2)``.
        number_of_parallel_subtasks: the operator's parallelism.
        max_number_of_parallel_subtasks: the number of key groups.
        index_of_this_subtask: from 0.
        attempt_number: 0 at the first execution.
    """

    def __init__(
        self,
        base_metric_group: Any = None,
        job_parameters: Mapping[str, str] | None = None,
        task_name: str | None = None,
        task_name_with_subtasks: str | None = None,
        number_of_parallel_subtasks: int | None = None,
        max_number_of_parallel_subtasks: int | None = None,
        index_of_this_subtask: int | None = None,
        attempt_number: int | None = None,
    ) -> None:
        self._metrics = base_metric_group
        self._parameters = dict(job_parameters or {})
        self._task = task_name
        self._subtask = task_name_with_subtasks
        self._parallelism = number_of_parallel_subtasks
        self._most = max_number_of_parallel_subtasks
        self._index = index_of_this_subtask
        self._attempt = attempt_number

    def get_metric_group(self) -> Any:
        """Makes counters, gauges, meters and distributions.

        Raises:
            RuntimeError: metrics are off.
        """
        if self._metrics is None:
            raise RuntimeError("there are no metrics here")
        return self._metrics

    def get_job_parameter(self, key: str, default_value: str) -> str:
        """A global job parameter."""
        return self._parameters.get(key, default_value)

    def get_task_name(self) -> str | None:
        """The name of the operator."""
        return self._task

    def get_task_name_with_subtasks(self) -> str | None:
        """Such as ``Calc (1/2)``."""
        return self._subtask

    def get_number_of_parallel_subtasks(self) -> int | None:
        """The operator's parallelism."""
        return self._parallelism

    def get_max_number_of_parallel_subtasks(self) -> int | None:
        """The number of key groups."""
        return self._most

    def get_index_of_this_subtask(self) -> int | None:
        """From 0 up to the parallelism."""
        return self._index

    def get_attempt_number(self) -> int | None:
        """0 at the first execution, one more after each restart."""
        return self._attempt


def context_of(context: Any) -> FunctionContext:
    """What functions are told in an operator.

    Args:
        context: the operator's.
    """
    from pyflinkx.operators.metrics import MetricGroup

    return FunctionContext(
        MetricGroup(context.metrics, context.clock, (context.name,)),
        context.job_parameters,
        context.name,
        f"{context.name} ({context.subtask_index + 1}/{context.parallelism})",
        context.parallelism,
        context.max_parallelism,
        context.subtask_index,
        context.attempt,
    )

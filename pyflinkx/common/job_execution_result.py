"""What is left of a job that has finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyflinkx.common.job_id import JobID

__all__ = ["JobExecutionResult"]


class JobExecutionResult:
    """Identity, running time and accumulators of a finished job.

    Args:
        job_id: the job.
        net_runtime: milliseconds from the start of its tasks to their end.
        accumulators: what it counted, by name.
    """

    def __init__(self, job_id: JobID, net_runtime: int, accumulators: Mapping[str, Any] | None = None):
        self._job_id = job_id
        self._net_runtime = net_runtime
        self._accumulators = dict(accumulators or {})

    def get_job_id(self) -> JobID:
        """The job."""
        return self._job_id

    def get_net_runtime(self) -> int:
        """Milliseconds from the start of its tasks to their end."""
        return self._net_runtime

    def get_accumulator_result(self, accumulator_name: str) -> Any:
        """The accumulator of that name, or None."""
        return self._accumulators.get(accumulator_name)

    def get_all_accumulator_results(self) -> dict[str, Any]:
        """The accumulators, by name."""
        return dict(self._accumulators)

    def get_late_records(self) -> dict[str, int]:
        """How many records each operator dropped because they came too late, by its name; empty if none did.

        It is the accumulator ``operator.numLateRecordsDropped``. Records that went to a side output do not count.
        """
        suffix = ".numLateRecordsDropped"
        return {name.removesuffix(suffix): n for name, n in self._accumulators.items() if name.endswith(suffix) and n}

    def __str__(self) -> str:
        lines = [f"Job with JobID {self._job_id} has finished.", f"Job Runtime: {self._net_runtime} ms"]
        if self._accumulators:
            lines.append("Accumulator Results:")
            lines += [f"- {name}: {value}" for name, value in self._accumulators.items()]
        return "\n".join(lines)

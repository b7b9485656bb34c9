"""The states of a job."""

from enum import Enum

__all__ = ["JobStatus"]


class JobStatus(Enum):
    """Where a job stands."""

    CREATED = 0
    RUNNING = 1
    FAILING = 2
    FAILED = 3
    CANCELLING = 4
    CANCELED = 5
    FINISHED = 6
    RESTARTING = 7
    SUSPENDED = 8
    RECONCILING = 9

    def is_globally_terminal_state(self) -> bool:
        """Whether the job has ended for good: nobody will restart or recover it."""
        return self in (JobStatus.FAILED, JobStatus.CANCELED, JobStatus.FINISHED)

    def is_terminal_state(self) -> bool:
        """Whether the job has ended here; a suspended one may be recovered elsewhere."""
        return self.is_globally_terminal_state() or self is JobStatus.SUSPENDED

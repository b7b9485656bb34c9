"""A job with one of our sinks, whose crashes close what the end of the process would."""

from dataclasses import dataclass, field

from pyflinkx.testing.conformance import SinkJob, crash
from pyflinkx.testing.harness import ManualClock

__all__ = ["Clock", "Job", "crash"]


class Clock(ManualClock):
    def __init__(self):
        super().__init__(1_700_000_000_000)


def let_go(attempt):
    """Close the files and connections of an attempt, and do nothing else."""
    for writer in attempt.writers():
        for part in getattr(writer, "open", {}).values():
            part.file.close()
        for target, _ in getattr(writer, "files", ()):
            if target.file is not None:
                target.file.close()
        if getattr(writer, "file", None) is not None:
            writer.file.close()
    for holder in (getattr(attempt.coordinator, "committer", None), *attempt.writers()):
        if hasattr(holder, "connected"):
            holder.connected.drop()


@dataclass
class Job(SinkJob):
    """A job with one of our sinks.

    Args:
        lost: what hidden names of attempts have that died before their first checkpoint: nobody knows of them.
    """

    lost: set = field(default_factory=set)

    def __post_init__(self):
        self.crashed = self.let_go

    def let_go(self, attempt):
        if self.taken is None:
            self.lost.update(getattr(writer, "token", "") for writer in attempt.writers())
        let_go(attempt)

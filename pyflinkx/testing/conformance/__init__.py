"""What a source with splits and a two-phase sink have to stand, whoever has written them.

``check_source`` and ``check_sink`` play a job with nothing but the one source or sink: they take checkpoints, lose
everything in between, go on with another number of subtasks, and look at what is there in the end. Nothing of it
starts a process, and the seed decides it all, so that a failure can be had again.
"""

from pyflinkx.testing.conformance.compared import ConformanceError
from pyflinkx.testing.conformance.sinks import Crash, SinkAttempt, SinkJob, check_sink, crash
from pyflinkx.testing.conformance.sources import SourceJob, check_source

__all__ = ["ConformanceError", "Crash", "SinkAttempt", "SinkJob", "SourceJob", "check_sink", "check_source", "crash"]

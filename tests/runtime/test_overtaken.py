"""Several checkpoints at a time: one that a later one overtakes at a task is given up at once, before its timeout."""

import time

from pyflinkx.common import Configuration, Types
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import SourceFunction, StreamExecutionEnvironment
from pyflinkx.graph.execution_graph import JobState


class Held(SourceFunction):
    """Takes no part in checkpoints until a file is there."""

    def __init__(self, file):
        self.file = file

    def run(self, context):
        with context.get_checkpoint_lock():
            while not self.file.exists():
                time.sleep(0.001)
        context.collect(1)

    def cancel(self):
        self.file.touch()


class Free(Held):
    def run(self, context):
        while not self.file.exists():
            context.collect(0)
            time.sleep(0.001)


def test_it_is_declined(tmp_path):
    settings = {
        "pyflinkx.workers": "threads",
        "execution.checkpointing.interval": "10 ms",
        "execution.checkpointing.timeout": "1 h",
        "execution.checkpointing.max-concurrent-checkpoints": "3",
        "execution.checkpointing.mode": "AT_LEAST_ONCE",
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(settings)).set_parallelism(2)
    streams = [env.add_source(made(tmp_path / "go"), type_info=Types.LONG()) for made in (Held, Free)]
    streams[0].union(streams[1]).rebalance().map(lambda value: value).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    statistics = job.checkpoints.coordinator.statistics
    first = None
    deadline = time.monotonic() + 60
    for _ in job.run_by_steps():
        if statistics.latest_failed is not None and first is None:
            first = statistics.latest_failed.reason
        if first is not None or time.monotonic() > deadline:
            (tmp_path / "go").touch()
    assert job.state is JobState.FINISHED
    assert "a later checkpoint has overtaken it" in first

"""What one attempt after the other leaves: no descriptor, thread, process or file.

RESTARTS in the environment has the jobs run again so often, for the long form, each attempt failing behind its
CHECKPOINTS-th checkpoint; what was held in the course of the job is printed.
"""

import gc
import os
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import linear_regression

import pytest

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import CheckpointListener, KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.testing.exactly_once import PENDING, ExactlyOnceSink, shown_records
from tests.soak.soak_workers import children

RECORDS_OF_ATTEMPT = 400
KEYS = 5


class FailingCount(KeyedProcessFunction, CheckpointListener):
    """Key and count; each of the first attempts fails behind so many checkpoints."""

    def __init__(self, attempts, checkpoints):
        self.attempts = attempts
        self.checkpoints = checkpoints

    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))
        self.fails = runtime_context.get_attempt_number() < self.attempts

    def notify_checkpoint_complete(self, checkpoint_id):
        self.checkpoints -= 1
        if self.fails and self.checkpoints <= 0:
            raise RuntimeError("as planned")

    def process_element(self, value, ctx):
        if value % 16 == 0:
            time.sleep(0.001)
        count = (self.count.value() or 0) + 1
        self.count.update(count)
        yield value % KEYS, count


def held():
    """Descriptors, threads and child processes of this process."""
    gc.collect()
    descriptors = {number for number in os.listdir("/proc/self/fd") if Path(f"/proc/self/fd/{number}").exists()}
    return len(descriptors), {thread.name for thread in threading.enumerate()}, children()


def memory():
    """Resident bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Watch(threading.Thread):
    """Notes what this process holds, each time that the job has begun some more attempts."""

    def __init__(self, job, every):
        super().__init__(name="watch", daemon=True)
        self.job = job
        self.every = every
        self.seen = []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.01):
            attempt = self.job.master.number
            if attempt >= (self.seen[-1][0] if self.seen else 0) + self.every:
                self.seen.append((attempt, memory() / 2**20, len(os.listdir("/proc/self/fd")), len(children())))

    def slopes(self):
        """Memory (KiB) and descriptors that came with each attempt of the second half."""
        late = self.seen[len(self.seen) // 2 :]
        attempts = [attempt for attempt, *_ in late]
        if len(set(attempts)) < 2:
            return 0.0, 0.0
        return (
            linear_regression(attempts, [held * 1024 for _, held, _, _ in late]).slope,
            linear_regression(attempts, [float(files) for _, _, files, _ in late]).slope,
        )


def run(folder, mode, restarts, checkpoints=1):
    """Run the job; it, and what was held meanwhile."""
    options = {
        "pyflinkx.workers": mode,
        "pyflinkx.workers.start-method": "fork",
        "pyflinkx.batch.size": "8",
        "parallelism.default": "1" if mode == "inline" else "2",
        "execution.checkpointing.interval": "10 ms",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "execution.checkpointing.data-inline-threshold": "0 b",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": str(restarts),
        "restart-strategy.fixed-delay.delay": "0 ms",
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    numbers = env.from_source(
        NumberSequenceSource(0, restarts * checkpoints * RECORDS_OF_ATTEMPT - 1),
        WatermarkStrategy.no_watermarks(),
        "numbers",
    )
    counts = numbers.key_by(lambda value: value % KEYS, Types.LONG()).process(FailingCount(restarts, checkpoints))
    counts.sink_to(ExactlyOnceSink(str(folder)))
    client = env.execute_async()
    job = client._thread.job
    watch = Watch(job, max(restarts // 20, 1))
    watch.start()
    client.get_job_execution_result().result()
    client._thread._thread.join()
    watch.over.set()
    watch.join()
    return job, watch


@pytest.mark.parametrize(("mode", "restarts"), [("inline", 30), ("threads", 15), ("processes", 8)])
def test_attempts_leave_nothing(tmp_path, mode, restarts):
    restarts = int(os.environ.get("RESTARTS", restarts))
    checkpoints = int(os.environ.get("CHECKPOINTS", 1))
    run(tmp_path / "first", mode, 2)  # what is loaded once
    before, size = held(), memory()
    job, watch = run(tmp_path / "second", mode, restarts, checkpoints)
    attempts = job.master.number
    assert 2 < attempts <= restarts + 1
    completed = job.checkpoints.coordinator.statistics.completed
    of_memory, of_files = watch.slopes()
    print(
        f"{mode}: {attempts - 1} restarts, {completed} checkpoints, {(memory() - size) / 2**20:.1f} MiB more; in the "
        f"second half {of_memory:.2f} KiB and {of_files:.4f} descriptors more with each attempt"
    )
    for attempt, mebibytes, files, processes in watch.seen[:: max(len(watch.seen) // 5, 1)]:
        print(f"  attempt {attempt}: {mebibytes:.1f} MiB, {files} descriptors, {processes} processes")
    del job, watch
    assert held() == before
    counts = Counter()
    for number in range(restarts * checkpoints * RECORDS_OF_ATTEMPT):
        counts[number % KEYS, number // KEYS + 1] += 1
    assert Counter(shown_records(tmp_path / "second")) == counts
    assert list((tmp_path / "second" / PENDING).iterdir()) == []
    left = [path for path in (tmp_path / "second" / "checkpoints").rglob("*") if path.is_file()]
    assert left == []

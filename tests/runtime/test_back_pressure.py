"""A slow sink slows the source: what is under way between them is bounded, and nothing of it is lost."""

import os
import time

import pytest

from pyflinkx.common import Configuration, JobStatus
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.runtime.exchange.gates import QueueChannel

RECORDS = 3000
RECORD_SIZE = 1000
BATCH = 10
SEGMENT, PER_CHANNEL, FLOATING = 16384, 2, 8
CREDIT = (PER_CHANNEL + FLOATING) * SEGMENT
STANDSTILL = 300  # milliseconds
# The batches that the source's task and the sink's task hold in their hands, and those that wait to be sent.
IN_TASKS = 3 * BATCH
BETWEEN_WORKERS = CREDIT // RECORD_SIZE + BATCH
IN_QUEUE = QueueChannel(None, None, None).capacity * BATCH

WAYS = {
    "shared-memory": ("processes", "shared-memory", BETWEEN_WORKERS),
    "sockets": ("processes", "sockets", BETWEEN_WORKERS),
    "threads": ("threads", "auto", IN_QUEUE),
}


class Writing(MapFunction):
    """Appends the number of each record to a file before anybody else sees the record."""

    def __init__(self, path):
        self.path = path

    def open(self, runtime_context):
        self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def map(self, value):
        os.write(self.file, b"%d\n" % value[0])
        return value

    def close(self):
        os.close(self.file)


class Gate(MapFunction):
    """Lets nothing through until a named pipe has a byte for it."""

    def __init__(self, path):
        self.path = path
        self.shut = True

    def map(self, value):
        if self.shut:
            with open(self.path, "rb", buffering=0) as pipe:
                pipe.read(1)
            self.shut = False
        return value


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def wait_for_standstill(client, emitted):
    """Until the source has been held up for a while in which it emitted nothing, by its own metrics."""
    seen, since = -1, 0
    while client.get_job_status().result() in (JobStatus.CREATED, JobStatus.RUNNING) and seen < RECORDS:
        for name, task in client.get_metrics().items():
            if "Source" in name and len(lines(emitted)) != seen:
                seen, since = len(lines(emitted)), task["accumulateBackPressuredTimeMs"]
            elif "Source" in name and task["accumulateBackPressuredTimeMs"] - since > STANDSTILL:
                return seen
        time.sleep(0.01)  # the next heartbeat is waited for, which signals nothing here
    raise AssertionError("nothing held up the source")


@pytest.mark.parametrize("way", WAYS)
def test_a_sink_that_takes_nothing_stops_the_source(way, tmp_path):
    workers, transport, between = WAYS[way]
    configuration = Configuration.from_dict(
        {
            "pyflinkx.workers": workers,
            "pyflinkx.workers.transport": transport,
            "pyflinkx.batch.size": str(BATCH),
            "taskmanager.memory.segment-size": str(SEGMENT),
            "taskmanager.network.memory.buffers-per-channel": str(PER_CHANNEL),
            "taskmanager.network.memory.floating-buffers-per-gate": str(FLOATING),
            "heartbeat.interval": "20 ms",
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(1)
    emitted, arrived, pipe = tmp_path / "emitted", tmp_path / "arrived", tmp_path / "pipe"
    os.mkfifo(pipe)
    records = [(number, os.urandom(RECORD_SIZE)) for number in range(RECORDS)]
    source = env.from_collection(records).map(Writing(emitted))
    source.map(Gate(pipe)).slot_sharing_group("sink").map(Writing(arrived)).sink_to(DiscardSink())
    client = env.execute_async()
    # For reading too: this end waits for nobody, and what it writes stays there for a gate that opens the pipe late.
    opener = os.open(pipe, os.O_RDWR)
    try:
        try:
            stopped_at = wait_for_standstill(client, emitted)
            assert BATCH <= stopped_at <= IN_TASKS + between < RECORDS
            assert lines(arrived) == []
        finally:
            os.write(opener, b"1")
        client.get_job_execution_result().result()
    finally:
        os.close(opener)
    assert lines(arrived) == lines(emitted) == [str(number) for number in range(RECORDS)]

"""What programs learn of checkpoints while a job runs, and the log says."""

import logging
import time

import pytest

from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.common.checkpoint_statistics import CheckpointStatus
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import KeyedProcessFunction, RuntimeExecutionMode, StreamExecutionEnvironment
from pyflinkx.state import ValueStateDescriptor
from tests.datastream.test_job_client import EndlessReader, EndlessSource


class KeepsSplits(EndlessReader):
    def snapshot_state(self, checkpoint_id):
        return [0] if self.assigned else []


class Endless(EndlessSource):
    def create_reader(self, context):
        return KeepsSplits(silent=False)


class Counts(KeyedProcessFunction):
    def open(self, context):
        self.count = context.get_state(ValueStateDescriptor("count"))

    def process_element(self, value, context):
        self.count.update((self.count.value() or 0) + 1)


def endless(workers, **options):
    configuration = Configuration.from_dict({"pyflinkx.workers": workers, "pyflinkx.batch.size": "16", **options})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    stream = env.from_source(Endless(), WatermarkStrategy.no_watermarks(), "numbers").map(lambda n: n % 7)
    stream.key_by(lambda n: n).process(Counts()).name("counts").sink_to(DiscardSink())
    return env.execute_async("counting")


def wait_for(client, condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        assert not client.get_job_status().result().is_globally_terminal_state()
        time.sleep(0.01)


@pytest.mark.parametrize("workers", ["inline", "threads"])
def test_counts_and_the_last_ones_in_detail(workers, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="pyflinkx.runtime")
    client = endless(
        workers,
        **{"execution.checkpointing.interval": "10 ms", "execution.checkpointing.dir": str(tmp_path)},
    )
    wait_for(client, lambda: client.get_checkpoint_statistics().completed >= 12)
    folder = client.trigger_savepoint(str(tmp_path / "own")).result(60)
    client.cancel().result(60)
    found = client.get_checkpoint_statistics()
    assert found.triggered == found.completed + found.failed
    assert (found.in_progress, found.restored, found.latest_restored) == (0, 0, None)
    assert len(found.history) == 10
    assert [one.id for one in found.history] == sorted(one.id for one in found.history)
    assert (found.latest_savepoint.folder, found.latest_savepoint.is_savepoint) == (folder, True)
    last = found.latest_completed
    assert last.status is CheckpointStatus.COMPLETED
    assert last.folder.startswith(str(tmp_path))
    counting = [name for name in last.subtasks if name.startswith("counts")]
    assert len(counting) == 2
    assert last.size == sum(own.size for own in last.subtasks.values()) > 0
    assert all(own.size > 0 and own.duration >= own.alignment_duration >= 0 for own in map(last.subtasks.get, counting))
    assert last.duration >= max(own.duration for own in last.subtasks.values())
    text = (
        f"checkpoint {last.id} of job 'counting' is complete: {last.size} bytes in {last.duration} ms, in {last.folder}"
    )
    assert [record.levelname for record in caplog.records if record.getMessage() == text] == ["INFO"]


def test_a_failure_has_its_reason(tmp_path, caplog):
    (tmp_path / "taken").write_text("no folder can be made here")
    client = endless(
        "inline",
        **{
            "execution.checkpointing.interval": "10 ms",
            "execution.checkpointing.dir": str(tmp_path / "taken"),
            "execution.checkpointing.tolerable-failed-checkpoints": "1000000",
            "execution.checkpointing.data-inline-threshold": "0 b",
        },
    )
    wait_for(client, lambda: client.get_checkpoint_statistics().failed >= 2)
    client.cancel().result(60)
    found = client.get_checkpoint_statistics()
    assert (found.completed, found.latest_completed) == (0, None)
    assert str(tmp_path / "taken") in found.history[0].failure_reason
    assert found.latest_failed.status is CheckpointStatus.FAILED
    assert any(
        record.levelname == "WARNING" and found.history[-2].failure_reason in record.getMessage()
        for record in caplog.records
    )


def test_what_a_job_has_begun_with(tmp_path):
    client = endless("inline")
    folder = client.stop_with_savepoint(False, str(tmp_path)).result(60)
    client = endless("inline", **{"execution.state-recovery.path": folder})
    wait_for(client, lambda: client.get_checkpoint_statistics().restored)
    restored = client.get_checkpoint_statistics().latest_restored
    client.cancel().result(60)
    assert (restored.folder, restored.is_savepoint) == (folder, True)


def test_a_batch_job_has_none(env):
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    env.from_collection([1]).sink_to(DiscardSink())
    client = env.execute_async()
    client.get_job_execution_result().result(60)
    assert client.get_checkpoint_statistics().triggered == 0

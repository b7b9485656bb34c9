"""Jobs whose checkpoints name files of those before: started again with and without claiming, and what others see."""

import json
import shutil
import time
from pathlib import Path

import pytest

from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.cli.main import main
from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.errors import CheckpointError, WrongStateError
from pyflinkx.state.spec import FILE, FILES
from pyflinkx.state_processor import Savepoint
from pyflinkx.testing.exactly_once import ExactlyOnceSink, shown_records
from pyflinkx.testing.kills import newest_checkpoint

pytest.importorskip("rocksdict", reason="RocksDB is not tested without rocksdict")

COUNT, KEYS = 4_000, 500


class Counts(KeyedProcessFunction):
    """How many numbers a key has had."""

    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value, ctx):
        count = (self.count.value() or 0) + 1
        self.count.update(count)
        yield value % KEYS, count


def paced(value):
    if value % 40 == 0:
        time.sleep(0.01)
    return value


def start(folder, path=None, **options):
    """The job, in the background."""
    settings = {
        "execution.checkpointing.interval": "30 ms",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "execution.checkpointing.savepoint-dir": f"{folder}/savepoints",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.incremental": "true",
        "state.backend.type": "rocksdb",
        "pyflinkx.batch.size": "16",
    }
    if path is not None:
        settings["execution.state-recovery.path"] = path
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(settings | options))
    numbers = env.from_source(NumberSequenceSource(0, COUNT - 1), WatermarkStrategy.no_watermarks(), "numbers")
    counts = numbers.uid("numbers").map(paced, Types.LONG()).uid("paced").key_by(lambda value: value % KEYS)
    counts.process(Counts()).uid("counts").sink_to(ExactlyOnceSink(str(folder))).uid("sink")
    return env.execute_async()


def behind(client, checkpoints):
    """Cancel once so many checkpoints are complete; the statistics."""
    statistics = client.get_checkpoint_statistics()
    while statistics.completed < checkpoints and not client.get_job_execution_result().done():
        time.sleep(0.005)
        statistics = client.get_checkpoint_statistics()
    client.cancel().result()
    return statistics


def read(path):
    return CheckpointStorage(None, "").read_manifest(path)


def shared(path):
    """The shared files that a checkpoint names."""
    return {part.file.removeprefix("../shared/") for part in read(path).parts() if part.kind == FILE and part.file}


def is_right(folder):
    assert sorted(shown_records(folder)) == sorted((value % KEYS, value // KEYS + 1) for value in range(COUNT))


def test_a_start_without_claiming_needs_nothing_of_the_checkpoint(tmp_path):
    statistics = behind(start(tmp_path), 4)
    assert any(0 < each.written_size < each.size for each in statistics.history)
    first = newest_checkpoint(f"{tmp_path}/checkpoints")
    old = read(first)
    statistics = behind(start(tmp_path, first), 2)
    completed = next(each for each in statistics.history if each.status.name == "COMPLETED")
    assert completed.written_size == completed.size
    [second] = [
        path for path in Path(tmp_path, "checkpoints").glob("*/chk-*/_metadata") if not str(path).startswith(first)
    ]
    second = str(second.parent)
    assert shared(second)
    assert not any(name.startswith(old.job_id) for name in shared(second))
    shutil.rmtree(Path(first).parent)
    start(tmp_path, second).get_job_execution_result().result()
    is_right(tmp_path)


@pytest.mark.parametrize("own_folder", [True, False])
def test_a_checkpoint_that_is_claimed_goes_when_nobody_needs_it(tmp_path, own_folder):
    folders = {"execution.checkpointing.create-subdir": str(own_folder).lower()}
    claims = folders | {"execution.state-recovery.claim-mode": "CLAIM"}
    behind(start(tmp_path, **folders), 2)
    newest = newest_checkpoint(f"{tmp_path}/checkpoints" if own_folder else str(tmp_path))
    assert shared(newest)
    statistics = behind(start(tmp_path, newest, **claims), 2)
    first = next(each for each in statistics.history if each.status.name == "COMPLETED")
    # Files of a checkpoint in another job's folder cannot be named.
    assert (first.written_size == first.size) == own_folder
    assert not Path(newest).exists()
    left = {path.name for path in Path(tmp_path).rglob("*.sst")}
    later = newest_checkpoint(f"{tmp_path}/checkpoints" if own_folder else str(tmp_path))
    assert left == shared(later)
    start(tmp_path, later, **folders).get_job_execution_result().result()
    is_right(tmp_path)


def test_savepoints_of_the_job_are_for_every_state_backend(tmp_path):
    client = start(tmp_path)
    path = client.stop_with_savepoint(False).result()
    assert not any(part.kind in (FILE, FILES) for part in read(path).parts())
    start(tmp_path, path, **{"state.backend.type": "hashmap"}).get_job_execution_result().result()
    is_right(tmp_path)


def test_whoever_cannot_read_the_files_says_so(tmp_path, capsys):
    behind(start(tmp_path), 2)
    path = newest_checkpoint(f"{tmp_path}/checkpoints")
    with pytest.raises(
        CheckpointError, match=r"'KEYED PROCESS'.*files of RocksDB: set state\.backend\.type to rocksdb"
    ):
        start(tmp_path, path, **{"state.backend.type": "hashmap"})
    savepoint = Savepoint.load(path)
    kinds = savepoint.states("counts")
    assert (kinds["files"], kinds["event-time"]) == ("files", "timers")
    assert "count" not in kinds
    assert FILE not in kinds.values()
    assert savepoint.read("counts", "event-time").to_rows() == []
    for call in (lambda: savepoint.read("counts", "count"), lambda: savepoint.write(str(tmp_path / "again"))):
        with pytest.raises(
            WrongStateError, match="incremental checkpoint: resume the job from it and take a savepoint"
        ):
            call()
    main(["savepoint", "inspect", path, "--verify", "--json"])
    shown = {each["uid"]: each for each in json.loads(capsys.readouterr().out)["operators"]}
    [files] = [each for each in shown["counts"]["states"] if each["state"] == "files"]
    assert (files["state"], files["kind"], files["key_groups"]) == ("files", "files", [0, 127])
    assert files["size"] == sum(
        part.size for part in read(path).operators["counts"].subtasks[0].parts if part.kind in (FILE, FILES)
    )
    main(["savepoint", "dispose", path])
    assert list(Path(tmp_path, "checkpoints").rglob("*.sst")) == []

"""A program that was killed goes on from its last checkpoint: ``pyflinkx run -s``, ``-n`` and ``--claimMode``."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from tests.cli.test_run import pyflinkx

PROGRAM = """
import sys
import time
from pyflinkx.common import Types
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.state import ValueStateDescriptor

uid, pause = sys.argv[1], float(sys.argv[2])


class Counts(KeyedProcessFunction):
    def open(self, context):
        self.count = context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value, context):
        time.sleep(pause)
        self.count.update((self.count.value() or 0) + 1)
        print(context.get_current_key(), self.count.value(), flush=True)


env = StreamExecutionEnvironment.get_execution_environment()
numbers = env.from_collection(list(range(3000))).uid("numbers")
numbers.key_by(lambda n: n % 3).process(Counts()).uid(uid).sink_to(DiscardSink()).uid("end")
env.execute("counts")
"""
OPTIONS = ["-D", "pyflinkx.batch.size=10", "-D", "execution.checkpointing.interval=20 ms"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The program, what it had printed when it was killed, and the checkpoint that it left."""
    folder = tmp_path_factory.mktemp("killed")
    program = folder / "job.py"
    program.write_text(PROGRAM, encoding="utf-8")
    checkpoints = folder / "checkpoints"
    options = [*OPTIONS, "-D", f"execution.checkpointing.dir={checkpoints}"]
    command = [sys.executable, "-m", "pyflinkx.cli.main", "run", *options, str(program), "counts", "0.002"]
    with open(folder / "printed", "w") as printed:
        process = subprocess.Popen(command, stdout=printed)
    deadline = time.monotonic() + 120
    while len((folder / "printed").read_text().splitlines()) < 100 or not list(checkpoints.glob("*/chk-*/_metadata")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    newest = max(checkpoints.glob("*/chk-*/_metadata"), key=lambda path: int(path.parent.name[4:])).parent
    return program, counts_of((folder / "printed").read_text()), newest


def counts_of(text):
    """By key, what a run has counted."""
    counts = defaultdict(list)
    for key, count in (line.split() for line in text.splitlines()):
        counts[int(key)].append(int(count))
    return counts


def test_a_program_that_was_killed_goes_on(killed):
    program, before, newest = killed
    done = pyflinkx("run", "-s", str(newest), *OPTIONS, str(program), "counts", "0")
    assert (done.returncode, done.stderr) == (0, "")
    counts = counts_of(done.stdout)
    assert sorted(counts) == [0, 1, 2]
    for key, found in counts.items():
        # From behind what the checkpoint has on, with no record left out; what came after it is counted again.
        assert found == list(range(found[0], 1001))
        assert 1 < found[0] <= before[key][-1] + 1
    assert (newest / "_metadata").exists()  # no_claim


def test_states_that_the_program_has_not_are_left_out_only_if_that_is_said(killed):
    program, _, newest = killed
    refused = pyflinkx("run", "--fromSavepoint", str(newest), *OPTIONS, str(program), "renamed", "0")
    assert refused.returncode == 1
    assert "uid counts" in refused.stderr
    assert "--allow-non-restored-state" in refused.stderr or "-n" in refused.stderr
    done = pyflinkx("run", "-s", str(newest), "-n", *OPTIONS, str(program), "renamed", "0")
    assert done.returncode == 0
    assert all(found[0] == 1 and found[-1] < 1000 for found in counts_of(done.stdout).values())


@pytest.mark.parametrize("path", ["nowhere", "file"])
def test_what_is_no_checkpoint_is_refused(killed, tmp_path, path):
    program, _, _ = killed
    (tmp_path / "file").write_text("no checkpoint")
    done = pyflinkx("run", "-s", str(tmp_path / path), *OPTIONS, str(program), "counts", "0")
    assert done.returncode == 1
    assert str(tmp_path / path) in done.stderr


def test_a_checkpoint_that_is_claimed_goes_with_those_of_the_job(killed, tmp_path):
    program, _, newest = killed
    claim = ["-s", str(newest), "--claimMode", "claim", "-D", f"execution.checkpointing.dir={tmp_path}"]
    done = pyflinkx("run", *claim, *OPTIONS, str(program), "counts", "0")
    assert done.returncode == 0
    assert not (newest / "_metadata").exists()

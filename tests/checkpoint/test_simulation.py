"""The coordinator in simulated jobs: each result once, whatever fails; the long form is ``make soak-checkpoints``."""

import os
import subprocess
import sys
from random import Random

import pytest

from tests.checkpoint.simulation.disk import Disk
from tests.checkpoint.simulation.target import LostTransaction, Target
from tests.checkpoint.simulation.world import Faults, World
from tests.pages import ROOT


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_results_are_in_the_target_once_each(first):
    completed = 0
    for seed in range(first, first + 20):
        world = World(seed)
        world.run()
        completed += world.completed
    assert completed > 50


def test_without_failures_every_attempt_is_the_first_of_its_client():
    for seed in range(30):
        world = World(seed, Faults().times(0), savepoints=0)
        world.run()
        failed = world.attempts - 1
        assert failed == 0 or world.settings.tolerable_failures < 10_000
        assert world.clients == 1


def test_the_same_seed_gives_the_same_trace_in_any_process():
    program = "from tests.checkpoint.simulation.world import World; w = World(7); w.run(); print(w.trace.hexdigest())"
    traces = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(traces) == 1
    other = World(8)
    other.run()
    assert other.trace.hexdigest() not in traces.pop()


def test_what_was_synced_survives_and_what_was_not_may_be_torn():
    torn, gone = set(), set()
    for seed in range(50):
        disk = Disk(Random(seed))
        disk.write("a/sure", b"1234")
        disk.sync("a/sure")
        disk.sync_names("a/")
        disk.write("a/torn", b"5678")
        disk.sync_names("a/")
        disk.write("a/gone", b"9")
        disk.sync("a/gone")
        disk.remove("a/sure")
        disk.lose_power()
        assert disk.read("a/sure") in (b"1234", None)
        torn.add(disk.read("a/torn"))
        gone.add(disk.read("a/gone"))
    assert len(torn) > 5
    assert gone == {None, b"9"}


def test_the_target_refuses_to_commit_what_was_given_up():
    target = Target()
    target.prepare("a", [(0, 0, 1)])
    target.prepare("b", [(0, 1, 2)])
    target.commit("a")
    target.commit("a")
    target.abort_all_but([])
    assert target.results() == [(0, 0, 1)]
    with pytest.raises(LostTransaction):
        target.commit("b")

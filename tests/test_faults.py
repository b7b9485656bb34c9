"""Fault points: how they are named, and what happens at one that is switched on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pyflinkx import faults
from tests import fault_points


def test_each_point_has_a_name_of_its_own():
    assert [call for call in fault_points.calls() if not fault_points.NAME.fullmatch(call[1])] == []
    names = fault_points.points()
    assert len(names) >= 5
    assert sorted(set(names)) == sorted(names)


def test_nothing_happens_where_nothing_is_switched_on():
    faults.point("a.b")
    with faults.switched("a.c=error"):
        faults.point("a.b")


def test_an_error_at_each_arrival_and_at_one():
    with faults.switched("a.b=error, a.c=error@2"):
        for _ in range(2):
            with pytest.raises(faults.InjectedFault, match="injected fault"):
                faults.point("a.b")
        faults.point("a.c")
        with pytest.raises(OSError, match="injected fault"):
            faults.point("a.c")
        faults.point("a.c")
    faults.point("a.b")


def test_a_delay(monkeypatch):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with faults.switched("a.b=delay:250"):
        faults.point("a.b")
    assert waited == [0.25]


def test_what_a_test_has_happen():
    seen = []
    with faults.switched({"a.b": faults.Fault(seen.append)}) as switched:
        faults.point("a.b")
    assert (seen, switched["a.b"].arrivals) == (["a.b"], 1)


@pytest.mark.parametrize("text", ["a.b", "a.b=explode", "a.b=delay", "a.b=crash@0", "=error", "a.b=error@"])
def test_what_is_no_fault(text):
    with pytest.raises(ValueError, match="is not of the form"):
        faults.parsed(text)


def run(variable):
    program = "from pyflinkx import faults\nfor _ in range(2): faults.point('a.b'); print('on', flush=True)"
    environment = {**os.environ, faults.VARIABLE: variable}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
def test_a_process_dies_where_the_environment_says_so():
    done = run("a.b=crash@2")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "on\n")


def test_an_environment_that_says_nothing_sensible_is_refused():
    done = run("a.b=crahs")
    assert done.returncode == 1
    assert "'a.b=crahs' is not of the form" in done.stderr

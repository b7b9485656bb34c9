"""Programs that are told to end while their job runs: real processes that get real signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyflinkx.datastream import StreamExecutionEnvironment

PATIENCE = 120
PROGRAM = str(Path(__file__).parent / "endless_job.py")
PYTHON = [sys.executable]
RUN = [sys.executable, "-m", "pyflinkx.cli.main", "run"]


class Started:
    """The program, running in a process group of its own."""

    def __init__(self, folder, command, *arguments):
        self.folder = folder
        self.process = subprocess.Popen(
            [*command, PROGRAM, str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until_running(self, subtasks=1):
        """Until functions run in so many processes."""
        deadline = time.monotonic() + PATIENCE
        while len(self.pids("running")) < subtasks:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def pids(self, word):
        return {int(path.name.rpartition("-")[2]) for path in self.folder.glob(f"{word}-*")}

    def end(self):
        """Exit code, standard output and standard error."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def check_order(self):
        """Functions were closed, no unfinished file is left, no process either."""
        assert self.pids("closed") == self.pids("running") != set()
        left = [path for path in (self.folder / "out").rglob("*") if path.is_file()]
        assert left == []
        for pid in self.pids("running"):
            assert not is_alive(pid), pid


def is_alive(pid):
    """Whether the process does anything; one that has ended and was not waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture
def start(tmp_path):
    started = []

    def start(command, *arguments):
        started.append(Started(tmp_path, command, *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.communicate()


@pytest.mark.parametrize("command", [PYTHON, RUN], ids=["python", "run"])
@pytest.mark.parametrize(
    "what", [[], ["parallel"], ["sleeps"], ["swallows"], ["lingers"]], ids=lambda what: "".join(what)
)
def test_sigterm_cancels_the_job_of_execute(start, command, what):
    program = start(command, "execute", *what)
    program.wait_until_running(2 if "parallel" in what else 1)
    program.process.send_signal(signal.SIGTERM)
    code, _, err = program.end()
    assert code == 143
    assert err == ("terminated\n" if command is RUN else "")
    program.check_order()


def test_sigterm_to_all_processes_of_the_program(start):
    program = start(PYTHON, "execute", "parallel")
    program.wait_until_running(2)
    os.killpg(program.process.pid, signal.SIGTERM)
    code, _, err = program.end()
    assert (code, err) == (143, "")
    program.check_order()


def test_more_signals_change_nothing(start):
    program = start(PYTHON, "execute", "parallel")
    program.wait_until_running(2)
    while program.process.poll() is None:
        program.process.send_signal(signal.SIGTERM)
    assert program.end()[0] in (143, -signal.SIGTERM)  # the last may come when the job is over
    program.check_order()


@pytest.mark.parametrize("how", ["collect", "table"])
def test_sigterm_while_results_are_read(start, how):
    program = start(RUN, how)
    program.wait_until_running()
    program.process.send_signal(signal.SIGTERM)
    code, _, err = program.end()
    assert (code, err) == (143, "terminated\n")
    program.check_order()


def test_sigterm_under_run_while_the_main_thread_waits_for_a_job_in_the_background(start):
    program = start(RUN, "wait")
    program.wait_until_running()
    program.process.send_signal(signal.SIGTERM)
    code, out, err = program.end()
    assert (code, out) == (143, "same handler\n")
    first, second = err.splitlines()
    assert first == "terminated"
    assert "WARNING job 'endless'" in second
    assert "still runs while the interpreter ends, so it is cancelled" in second
    program.check_order()


@pytest.mark.parametrize("command", [PYTHON, RUN], ids=["python", "run"])
@pytest.mark.parametrize("how", ["execute", "wait", "thread"])
def test_a_handler_of_the_programs_own_stays(start, command, how):
    program = start(command, how, "handles")
    program.wait_until_running()
    program.process.send_signal(signal.SIGTERM)
    code, out, _ = program.end()
    assert code == 7
    assert "another handler" not in out
    assert out.endswith("the program's own handler\n")
    if how != "thread":
        program.check_order()


def test_execute_in_another_thread_leaves_the_handler_alone(start):
    program = start(PYTHON, "thread")
    program.wait_until_running()
    assert program.process.stdout.readline() == "same handler\n"
    program.process.send_signal(signal.SIGTERM)
    assert program.end()[0] == -signal.SIGTERM


@pytest.mark.parametrize("what", [[], ["parallel"]], ids=["inline", "parallel"])
def test_a_job_that_runs_when_the_interpreter_ends_is_cancelled_with_a_warning(start, what):
    program = start(PYTHON, "leave", *what)
    code, out, err = program.end()
    assert (code, out) == (0, "same handler\n")
    assert err.startswith("job 'endless' (")
    assert "still runs while the interpreter ends" in err
    assert len(err.splitlines()) == 1
    program.check_order()


def test_the_handler_before_is_put_back():
    before = signal.getsignal(signal.SIGTERM)
    seen = []
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([1]).map(lambda x: seen.append(signal.getsignal(signal.SIGTERM))).print()
    env.execute()
    assert seen != [before]
    assert signal.getsignal(signal.SIGTERM) is before
    env.from_collection([1]).map(lambda x: 1 // 0).print()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        env.execute()
    assert signal.getsignal(signal.SIGTERM) is before

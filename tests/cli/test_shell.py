"""pyflinkx shell, driven through its standard input and through a terminal."""

import os
import pty
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "pyflinkx.cli.main", "shell"]

PROGRAM = """\
class Twice(MapFunction):
    def map(self, value):
        return value * factor

factor = 2
s_env.from_collection([1, 2, 3]).rebalance().map(Twice()).print()
result = s_env.execute("twice")
env is s_env, result.get_accumulator_result("Collection Source.numRecordsIn")
1 // 0
"still here"
"""


@pytest.mark.parametrize("parallelism", [1, 2])
def test_statements_are_run(parallelism):
    done = subprocess.run(
        [*COMMAND, "-p", str(parallelism)], input=PROGRAM, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0
    assert "s_env (or env) is a StreamExecutionEnvironment" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    lines = [line.split("> ")[-1] for line in done.stdout.splitlines()]
    assert sorted(line for line in lines if line.isdigit()) == ["2", "4", "6"]
    assert "(True, 3)" in lines
    assert "'still here'" in lines


def test_options_hold():
    done = subprocess.run(
        [*COMMAND, "-D", "pipeline.name=mine"],
        input="print(s_env._configuration.get_string('pipeline.name', ''))\n",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "mine" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal():
    master, slave = pty.openpty()
    with subprocess.Popen(COMMAND, stdin=slave, stdout=slave, stderr=slave, close_fds=True) as shell:
        os.close(slave)
        os.write(master, b"s_env.from_collection(['rec' + 'ord']).execute_and_collect().next()\n")
        seen = b""
        while b"'record'" not in seen:
            seen += os.read(master, 4096)
        os.write(master, b"exit()\n")
        try:
            while os.read(master, 4096):
                pass
        except OSError:  # Linux: the other end is closed
            pass
        assert shell.wait(120) == 0
    os.close(master)

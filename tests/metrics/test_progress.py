"""Progress of a running job: on a terminal, in what is no terminal, and where it is not wanted."""

import os
import pty
import re
import subprocess
import sys

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.metrics.progress import describe, progress_line
from pyflinkx.runtime.drivers.job import JobProgress

PROGRAM = """
import sys
if "plain" in sys.argv:
    sys.modules["rich"] = None
from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
configuration = Configuration()
if "key" in sys.argv:
    configuration.set_string("pyflinkx.progress", "auto")
env = StreamExecutionEnvironment.get_execution_environment(configuration)
env.from_collection(range(1000)).map(lambda x: x).name("same").add_sink(lambda x: None)
env.execute("numbers")
"""


def on_terminal(arguments, environment=()):
    """What a program writes to a terminal that is its standard error."""
    main, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=end,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **dict(environment)},
    )
    os.close(end)
    pieces = []
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(main)
    assert process.wait(120) == 0, pieces
    return b"".join(pieces).decode()


def uncoloured(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("rich", ["rich", "plain"])
@pytest.mark.parametrize("how", ["key", "variable", "pyflinkx run"])
def test_a_terminal_shows_a_line(program, rich, how):
    start = ["-m", "pyflinkx.cli.main", "run"] if how == "pyflinkx run" else []
    environment = {"PYFLINKX_PROGRESS": "auto"} if how == "variable" else {}
    text = on_terminal([*start, program, rich, how], environment)
    assert re.search(r"numbers  in 1,000  out 1,000  [\d,]+ records/s", uncoloured(text))
    assert text.startswith("\r\x1b[K") == (rich == "plain")
    assert text.rstrip("\x1b[?25h").endswith("\r\n")


@pytest.mark.parametrize("environment", [{}, {"PYFLINKX_PROGRESS": "off"}, {"PYFLINKX_PROGRESS": "notebook"}])
def test_a_terminal_shows_nothing_unless_asked(program, environment):
    assert on_terminal([program, "plain"], environment) == ""


def test_the_variable_stands_for_the_option_of_the_command(program):
    assert on_terminal(["-m", "pyflinkx.cli.main", "run", program], {"PYFLINKX_PROGRESS": "off"}) == ""


def test_a_narrow_terminal_gets_one_line(program):
    text = on_terminal([program, "plain", "key"], {"COLUMNS": "20"})
    assert all(len(line) < 20 for line in text.removesuffix("\r\n").split("\r\x1b[K"))


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
def test_what_is_no_terminal_gets_lines_only_when_it_must(program, mode):
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYFLINKX_PROGRESS": mode},
        check=True,
    )
    lines = done.stderr.splitlines()
    assert len(lines) == (1 if mode == "on" else 0)
    assert all(line.startswith("numbers  in 1,000  out 1,000") for line in lines)


def progress(elapsed, **more):
    return JobProgress("job", 10, 5, 0, 0, None, elapsed, **more)


def test_lines_come_now_and_then(monkeypatch, capsys):
    with progress_line("on") as listener:
        for elapsed in (0.1, 4.9, 5.0, 5.1, 9.9, 10.1, 10.2):
            listener(progress(elapsed))
        listener(progress(10.3, final=True))
    shown = capsys.readouterr().err.splitlines()
    assert shown == [describe(progress(elapsed)) for elapsed in (5.0, 10.1, 10.3)]


def test_a_closed_standard_error_costs_no_job(monkeypatch, tmp_path):
    with open(tmp_path / "closed", "w") as closed:
        pass
    monkeypatch.setattr(sys, "stderr", closed)
    configuration = Configuration.from_dict({"pyflinkx.progress": "on"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    assert list(env.from_collection([1]).execute_and_collect()) == [1]

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pyflinkx.datastream import StreamExecutionEnvironment

def parse(text):
    return int(text)

env = StreamExecutionEnvironment.get_execution_environment()
print("parallelism", env.get_parallelism())
env.from_collection(sys.argv[1:]).map(parse).name("parse").set_parallelism(1).print()
env.execute()
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return str(path)


def pyflinkx(*arguments, module="pyflinkx.cli.main"):
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_run_passes_arguments_and_options(program):
    done = pyflinkx("run", "-p", "2", "-D", "pipeline.name=x", program, "1", "2")
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert first == "parallelism 2"
    assert sorted(line.split("> ")[-1] for line in rest) == ["1", "2"]


def test_a_failing_function_shows_the_users_traceback_first(program):
    done = pyflinkx("run", program, "1", "two")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["parallelism 1", "1"]
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "job.py" in lines[1]
    assert "in parse" in lines[1]
    assert "ValueError: invalid literal for int() with base 10: 'two'" in lines
    assert lines[-1].startswith("JobExecutionError: operator 'parse' (uid ")
    assert "failed on record 'two'" in lines[-1]
    assert "job.py:10" in lines[-1]
    assert "pyflinkx/" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "nowhere.py"], 2, "no such program: nowhere.py"),
        (["run", "-D", "novalue", "PROGRAM"], 2, "-D takes key=value"),
        (["run", "-p", "0", "PROGRAM"], 2, "--parallelism must be at least 1"),
        (["run", "-p", "two", "PROGRAM"], 2, "invalid int value"),
        (["run", "-D", "paralelism.default=2", "PROGRAM"], 1, "parallelism.default"),
        (["run", "-D", "parallelism.default=many", "PROGRAM"], 1, "parallelism.default"),
        (["walk"], 2, "invalid choice"),
        ([], 2, "usage"),
    ],
)
def test_unusable_arguments_say_what_is_wrong(program, arguments, code, message):
    done = pyflinkx(*[program if argument == "PROGRAM" else argument for argument in arguments])
    assert done.returncode == code
    assert message in done.stderr + done.stdout


@pytest.mark.parametrize("module", ["pyflinkx", "pyflinkx.cli.main"])
def test_version(module):
    assert pyflinkx("--version", module=module).stdout.startswith("pyflinkx 0.")


def test_the_package_is_the_command(program):
    done = pyflinkx("run", "-p", "2", program, "1", module="pyflinkx")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "parallelism 2"
    wrong = pyflinkx("walk", module="pyflinkx")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("usage: pyflinkx ")


@pytest.mark.parametrize("how", ["option", "folder", "variable"])
def test_a_configuration_file(program, tmp_path, monkeypatch, how):
    pytest.importorskip("yaml")
    path = tmp_path / "config.yaml"
    path.write_text("parallelism:\n  default: 3\n")
    if how == "variable":
        monkeypatch.setenv("FLINK_CONF_DIR", str(tmp_path))
    given = {"option": ["--config", str(path)], "folder": ["--config", str(tmp_path)], "variable": []}[how]
    assert pyflinkx("run", *given, program).stdout.splitlines()[0] == "parallelism 3"
    assert pyflinkx("run", *given, "-p", "2", program).stdout.splitlines()[0] == "parallelism 2"


def test_a_configuration_file_that_is_not_there(program, tmp_path):
    pytest.importorskip("yaml")
    done = pyflinkx("run", "--config", str(tmp_path / "none.yaml"), program)
    assert done.returncode == 1
    assert done.stderr.startswith("ConfigurationError: the configuration file")

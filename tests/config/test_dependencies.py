import os
import sys

import pytest

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.config.validation import validate
from pyflinkx.errors import ConfigurationError


def read(**entries):
    return PythonDependencies.from_configuration(
        Configuration.from_dict({f"python.{key}": value for key, value in entries.items()})
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py", "env.zip", "requirements.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "cache").mkdir()
    return tmp_path


def test_nothing_is_needed_by_default():
    assert read() == PythonDependencies()
    assert read().faults() == []
    assert read().interpreter("/nowhere") == sys.executable


def test_flinks_syntax(folder):
    found = read(
        files="a.py, file:///x/b%20c.py,a.py",
        archives="env.zip,env.zip#data/env",
        requirements="requirements.txt#cache",
        executable="data/env/bin/python",
    )
    assert found == PythonDependencies(
        files=(str(folder / "a.py"), "/x/b c.py"),
        archives=((str(folder / "env.zip"), "env.zip"), (str(folder / "env.zip"), "data/env")),
        requirements=str(folder / "requirements.txt"),
        requirements_cache=str(folder / "cache"),
        executable="data/env/bin/python",
    )
    assert found.faults() == ["python.files: /x/b c.py does not exist"]
    assert read(requirements="requirements.txt").requirements_cache is None


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"files": "a.py,,b.py"}, r"python\.files: 'a\.py,,b\.py' has an empty item"),
        ({"files": "hdfs://host/a.py"}, r"python\.files: hdfs://host/a\.py is not a file of this machine"),
        ({"files": "file://host/a.py"}, "is not a file of this machine"),
        ({"archives": "#x"}, r"python\.archives: a path is missing"),
        ({"archives": "env.zip#.."}, r"python\.archives: the target folder '\.\.' is not below"),
        ({"archives": "env.zip#a/../.."}, "is not below"),
        ({"archives": "env.zip#/abs"}, "'/abs' is not below"),
        ({"archives": "env.zip#."}, "is not below"),
        ({"archives": "env.zip#.pyflinkx/x"}, "is not below"),
        ({"archives": "env.zip#x,other.zip#x"}, "env.zip and .*other.zip have one target folder, 'x'"),
        ({"requirements": "#cache"}, r"python\.requirements: a path is missing"),
    ],
)
def test_malformed_values_are_refused(folder, entries, message):
    with pytest.raises(ConfigurationError, match=message):
        read(**entries)


def test_everything_that_is_missing_is_told_before_the_job_starts(folder):
    entries = {
        "python.files": "a.py,no.py",
        "python.archives": "no.zip",
        "python.requirements": "no.txt#no-cache",
        "python.executable": "no-python",
    }
    with pytest.raises(ConfigurationError) as caught:
        validate(Configuration.from_dict(entries))
    assert str(caught.value).splitlines() == [
        f"python.files: {folder}/no.py does not exist",
        f"python.archives: {folder}/no.zip is no file",
        f"python.requirements: {folder}/no.txt is no file",
        f"python.requirements: {folder}/no-cache is no folder",
        "python.executable: 'no-python' is neither an executable file nor a path into an archive",
    ]
    validate(Configuration.from_dict({"python.files": "a.py,cache", "python.requirements": "requirements.txt#cache"}))


def test_malformed_values_are_told_before_the_job_starts():
    with pytest.raises(ConfigurationError, match="is not below"):
        validate(Configuration.from_dict({"python.archives": "env.zip#.."}))
    with pytest.raises(ConfigurationError, match=r"python\.executable: ' ' is empty"):
        validate(Configuration.from_dict({"python.executable": " "}))


def test_interpreters(folder):
    assert read(executable=sys.executable).faults() == []
    assert os.path.basename(read(executable="sh").interpreter("/nowhere")) == "sh"
    (folder / "python").write_text("#!/bin/sh\n")
    mine = read(executable="./python")
    assert mine.faults() == [
        f"python.executable: '{folder}/python' is neither an executable file nor a path into an archive"
    ]
    (folder / "python").chmod(0o755)
    assert mine.faults() == []
    assert mine.interpreter("/nowhere") == str(folder / "python")


def test_an_interpreter_in_an_archive_is_looked_for_where_it_was_extracted(folder):
    found = read(archives="env.zip#env", executable="env/bin/python")
    assert found.faults() == []
    with pytest.raises(ConfigurationError, match=r"worker/env/bin/python is no executable file"):
        found.interpreter(str(folder / "worker"))
    (folder / "worker/env/bin").mkdir(parents=True)
    (folder / "worker/env/bin/python").write_text("#!/bin/sh\n")
    (folder / "worker/env/bin/python").chmod(0o755)
    assert found.interpreter(str(folder / "worker")) == str(folder / "worker/env/bin/python")

"""Programs that bring files, archives and requirements along."""

import os
import sys
import zipfile

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.errors import DependencyError, JobExecutionError
from tests.datastream.conftest import make_environment
from tests.runtime.test_dependencies import wheel


@pytest.fixture(params=["inline", "spawned-2", "forked-4-unchained", "threads-2"])
def env(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield make_environment(request.param)
    assert sys.path == before
    assert os.getcwd() == str(tmp_path)
    for name in [name for name in sys.modules if name.startswith("pfxbrought")]:
        del sys.modules[name]


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def by_file(value):
    import pfxbrought_file

    return pfxbrought_file.VALUE + value


def by_requirement(value):
    import pfxbrought_wheel

    return pfxbrought_wheel.VALUE + value


def by_archive(value):
    with open("data/inner/number.txt") as file:
        return int(file.read()) + value


def test_files_requirements_and_archives_are_there_while_the_job_runs(env, tmp_path):
    (tmp_path / "pfxbrought_file.py").write_text("VALUE = 1")
    (tmp_path / "cache").mkdir()
    wheel(tmp_path / "cache", "pfxbrought_wheel", code="VALUE = 10")
    (tmp_path / "requirements.txt").write_text("pfxbrought_wheel\n")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("inner/number.txt", "100")
    env.add_python_file("pfxbrought_file.py")
    env.set_python_requirements("requirements.txt", "cache")
    env.add_python_archive("data.zip", "data")
    stream = env.from_collection([1000]).map(by_file).map(by_requirement).map(by_archive)
    assert collect(stream) == [1111]


def test_sources_and_sinks_keep_their_relative_paths(env, tmp_path):
    (tmp_path / "lines.txt").write_text("a\nb\n")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("x", "")
    env.add_python_archive("data.zip")
    stream = env.from_source(TextFileSource("lines.txt"), WatermarkStrategy.no_watermarks(), "lines")
    assert collect(stream) == ["a", "b"]


def test_all_is_undone_when_the_job_fails_or_is_left(env, tmp_path):
    (tmp_path / "pfxbrought_file.py").write_text("VALUE = 1")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("x", "")
    env.add_python_file("pfxbrought_file.py")
    env.add_python_archive("data.zip")
    with pytest.raises(JobExecutionError):
        collect(env.from_collection([None]).map(by_file))
    with env.from_collection([1, 2]).map(by_file).execute_and_collect() as results:
        assert next(results) in (2, 3)


def test_archives_change_the_folder_of_a_job_in_this_process(tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("x", "")
    env = make_environment("inline")
    env.add_python_archive(str(tmp_path / "data.zip"))
    before = os.getcwd()
    with env.from_collection([1, 2]).execute_and_collect() as results:
        next(results)
        assert os.getcwd() != before
    assert os.getcwd() == before


def test_what_cannot_be_prepared_stops_the_job(env, tmp_path):
    (tmp_path / "data.zip").write_text("no archive")
    env.add_python_archive("data.zip")
    with pytest.raises(DependencyError, match=r"data\.zip cannot be extracted"):
        collect(env.from_collection([1]))


def test_another_interpreter_is_said_to_have_no_effect_inline(caplog):
    env = make_environment("inline")
    env.set_python_executable(sys.executable)
    assert collect(env.from_collection([1])) == [1]
    assert "python.executable has no effect on a job that runs in the calling process" in caplog.text


def test_workers_run_the_interpreter_asked_for(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    env = make_environment("spawned-2")
    env.set_python_executable(str(folder / "python"))
    assert set(collect(env.from_collection([1, 2]).map(lambda _: sys.executable))) == {str(folder / "python")}

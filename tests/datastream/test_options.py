"""Options reach the program in every spelling that the check of the configuration lets through."""

import re

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, GraphError


def environment(**entries):
    return StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({key.replace("__", "."): value for key, value in entries.items()})
    )


@pytest.mark.parametrize("key", ["pipeline.operator-chaining", "pipeline.operator-chaining.enabled"])
def test_chaining(key):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({key: "False"}))
    assert not env.is_chaining_enabled()


def test_disable_chaining():
    env = environment()
    assert env.is_chaining_enabled()
    env.disable_operator_chaining()
    assert not env.is_chaining_enabled()


def test_enumerations_in_any_case():
    env = environment(pyflinkx__progress="OFF")
    assert list(env.from_collection([1, 2]).execute_and_collect()) == [1, 2]


def test_wrong_options_stop_the_job_before_it_starts():
    env = environment(pyflinkx__batch__size="none")
    env.from_collection([1]).map(lambda value: pytest.fail("the job has started")).print()
    with pytest.raises(ConfigurationError, match=r"pyflinkx\.batch\.size: 'none' is not a whole number"):
        env.execute()


def test_buffer_timeout_of_environment_and_operators():
    env = environment()
    assert env.get_buffer_timeout() == 100
    assert env.set_buffer_timeout(25) is env
    first = env.from_collection([1]).set_buffer_timeout(0)
    first.map(str).set_buffer_timeout(-1).print()
    assert [node.buffer_timeout for node in env._graph(None).nodes] == [0, 25, 25]
    assert env.set_buffer_timeout(-1).get_buffer_timeout() == -1
    assert [node.buffer_timeout for node in env._graph(None).nodes] == [0, -1, -1]
    assert env.set_buffer_timeout(0).get_buffer_timeout() == 0


def test_buffer_timeout_of_the_configuration():
    timeout = {"execution.buffer-timeout.interval": "5 s"}
    assert StreamExecutionEnvironment(Configuration.from_dict(timeout)).get_buffer_timeout() == 5000
    off = Configuration.from_dict({**timeout, "execution.buffer-timeout.enabled": False})
    assert StreamExecutionEnvironment(off).get_buffer_timeout() == -1


@pytest.mark.parametrize("timeout", [-2, 1.5, True, "100", None])
def test_a_buffer_timeout_that_is_none_is_refused(timeout):
    env = environment()
    with pytest.raises(GraphError, match="set_buffer_timeout"):
        env.set_buffer_timeout(timeout)
    with pytest.raises(GraphError, match="set_buffer_timeout"):
        env.from_collection([1]).set_buffer_timeout(timeout)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py", "c,d.py", "e#f.zip", "env.zip", "requirements.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "cache").mkdir()
    return tmp_path


def test_python_dependencies_stand_in_flinks_options(files):
    env = environment()
    env.add_python_file("a.py")
    env.add_python_file(str(files / "b.py"))
    env.add_python_archive("env.zip")
    env.add_python_archive("env.zip", "my/env")
    env.set_python_requirements("requirements.txt", "cache")
    env.set_python_executable("env.zip/bin/python")
    assert env._configuration.to_dict() == {
        "python.files": f"{files}/b.py,{files}/a.py",
        "python.archives": f"{files}/env.zip,{files}/env.zip#my/env",
        "python.requirements": f"{files}/requirements.txt#{files}/cache",
        "python.executable": "env.zip/bin/python",
    }
    env.set_python_requirements("requirements.txt")
    assert env._configuration.to_dict()["python.requirements"] == f"{files}/requirements.txt"
    env.from_collection([1]).print()
    assert env.get_execution_plan()


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("add_python_file", ("no.py",), "no.py does not exist"),
        ("add_python_file", ("",), "takes a non-empty str"),
        ("add_python_file", (None,), "takes a non-empty str"),
        ("add_python_file", ("c,d.py",), "c,d.py has a ',', which separates"),
        ("add_python_file", ("s3://bucket/a.py",), "is not a file of this machine"),
        ("add_python_archive", ("no.zip",), "no.zip does not exist"),
        ("add_python_archive", ("cache",), "cache does not exist"),
        ("add_python_archive", ("e#f.zip",), "e#f.zip has a '#', which separates"),
        ("add_python_archive", ("env.zip", ".."), "'..' is not below the worker's folder"),
        ("add_python_archive", ("env.zip", "a,b"), "a,b has a ','"),
        ("add_python_archive", ("env.zip", ""), "takes a non-empty str"),
        ("set_python_requirements", ("no.txt",), "no.txt does not exist"),
        ("set_python_requirements", ("requirements.txt", "no"), "no is no folder"),
        ("set_python_executable", ("",), "takes a non-empty str"),
    ],
)
def test_wrong_python_dependencies_are_refused_at_the_call(files, call, arguments, message):
    env = environment()
    with pytest.raises(GraphError, match=rf"^{call}\(\):? .*{re.escape(message)}"):
        getattr(env, call)(*arguments)
    assert env._configuration.to_dict() == {}


def test_files_that_have_gone_stop_the_job_before_it_starts(files):
    env = environment()
    env.add_python_file("a.py")
    (files / "a.py").unlink()
    with pytest.raises(ConfigurationError, match=r"python\.files: .*a\.py does not exist"):
        env.from_collection([1]).execute_and_collect()

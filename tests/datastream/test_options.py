"""Options reach the program in every spelling that the check of the configuration lets through."""

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

"""Options reach the program in every spelling that the check of the configuration lets through."""

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError


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

"""What programs for PyFlink call that has no effect here is accepted, once with a word."""

import logging

import pytest

from pyflinkx.common import Configuration, RestartStrategies
from pyflinkx.datastream import StreamExecutionEnvironment, TimeCharacteristic
from pyflinkx.datastream.former_methods import say_once
from pyflinkx.errors import GraphError


@pytest.mark.parametrize(
    ("add", "word"),
    [
        (StreamExecutionEnvironment.add_jars, "add_jars()"),
        (StreamExecutionEnvironment.add_classpaths, "add_classpaths()"),
    ],
)
def test_java_archives_are_told_of_once(add, word, caplog):
    env = StreamExecutionEnvironment.get_execution_environment()
    say_once.cache_clear()
    with caplog.at_level(logging.WARNING, logger="pyflinkx"):
        assert add(env, "file:///a.jar", "file:///b.jar") is None
        add(env, "file:///c.jar")
    assert [record.getMessage().startswith(f"{word} has no effect") for record in caplog.records] == [True]
    with pytest.raises(GraphError, match="takes a non-empty str"):
        add(env, ["file:///a.jar"])


def test_a_time_characteristic_is_kept():
    env = StreamExecutionEnvironment.get_execution_environment()
    assert env.get_stream_time_characteristic() is TimeCharacteristic.EventTime
    assert env.set_stream_time_characteristic(TimeCharacteristic.ProcessingTime) is env
    assert env.get_stream_time_characteristic() is TimeCharacteristic.ProcessingTime
    with pytest.raises(GraphError, match="takes a TimeCharacteristic, not 'EventTime'"):
        env.set_stream_time_characteristic("EventTime")
    assert list(env.from_collection([1]).execute_and_collect()) == [1]


def test_restart_strategies_are_options():
    env = StreamExecutionEnvironment.get_execution_environment()
    assert env.get_restart_strategy() == RestartStrategies.fall_back_restart()
    for strategy in (
        RestartStrategies.no_restart(),
        RestartStrategies.fixed_delay_restart(3, 200),
        RestartStrategies.failure_rate_restart(2, 60_000, 5),
    ):
        env.set_restart_strategy(strategy)
        assert env.get_restart_strategy() == env.get_config().get_restart_strategy() == strategy
    options = env.get_config().get_configuration().to_dict()
    assert {key: value for key, value in options.items() if key.startswith("restart-strategy")} == {
        "restart-strategy.type": "failure-rate",
        "restart-strategy.failure-rate.max-failures-per-interval": "2",
        "restart-strategy.failure-rate.failure-rate-interval": "60000 ms",
        "restart-strategy.failure-rate.delay": "5 ms",
    }
    env.set_restart_strategy(RestartStrategies.fall_back_restart())
    assert not [key for key in env.get_config().get_configuration().key_set() if key.startswith("restart")]
    with pytest.raises(GraphError, match="takes a RestartStrategyConfiguration"):
        env.set_restart_strategy("none")


def test_the_configuration_of_an_environment_can_be_had():
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pipeline.name": "x"}))
    configuration = env.get_config().get_configuration()
    assert configuration.get_string("pipeline.name", "") == "x"
    configuration.set_integer("parallelism.default", 3)
    assert env.get_parallelism() == 3

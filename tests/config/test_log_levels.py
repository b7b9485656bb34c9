"""The levels of loggers that a configuration asks for."""

import logging

import pytest

from pyflinkx.common import Configuration, Types
from pyflinkx.config.log_levels import LevelsInForce, log_levels, own_levels
from pyflinkx.config.validation import validate
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError

DEFAULT, OVERRIDES = "python.logging.default.level", "python.logging.level.overrides"


def levels(**entries):
    keys = {"default": DEFAULT, "overrides": OVERRIDES}
    return log_levels(Configuration.from_dict({keys[name]: value for name, value in entries.items()}))


def test_options_become_levels():
    assert levels() == {}
    assert levels(default="warn") == {"": logging.WARNING}
    assert levels(default="OFF")[""] > logging.CRITICAL
    assert levels(overrides="a.b: DEBUG, c:error,d:WARNING,e:TRACE") == {"a.b": 10, "c": 40, "d": 30, "e": 5}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (DEFAULT, "LOUD", "is not one of OFF, ERROR, WARN, INFO, DEBUG, TRACE"),
        (OVERRIDES, "a:LOUD", "the level of 'a' is 'LOUD', which is not one of OFF, "),
        (OVERRIDES, "a", "is not a map such as a:1,b:2"),
    ],
)
def test_levels_that_there_are_not(key, value, message):
    with pytest.raises(ConfigurationError, match=message):
        validate(Configuration.from_dict({key: value}))


@pytest.fixture
def loggers():
    names = ("tests.levels.a", "tests.levels.b")
    yield [logging.getLogger(name) for name in names]
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_levels_end_with_the_job_that_asked_for_them(loggers):
    a, b = loggers
    a.setLevel(logging.ERROR)
    in_force = LevelsInForce()
    first, second = in_force.during({a.name: 10}), in_force.during({a.name: 20, b.name: 30})
    with in_force.during({}):
        assert (a.level, b.level) == (40, 0)
    first.__enter__()
    assert (a.level, b.level) == (10, 0)
    second.__enter__()
    assert (a.level, b.level) == (20, 30)
    first.__exit__(None, None, None)
    assert (a.level, b.level) == (20, 30)
    second.__exit__(None, None, None)
    assert (a.level, b.level) == (40, 0)
    with pytest.raises(KeyError), in_force.during({a.name: 10}):
        raise KeyError
    assert a.level == 40


def test_own_levels(loggers):
    a, b = loggers
    a.setLevel(15)
    assert own_levels()[a.name] == 15
    assert b.name not in own_levels()
    assert own_levels()[""] == logging.getLogger().getEffectiveLevel()


def talk(value):
    for name in ("tests.levels.a", "tests.levels.b"):
        for level in ("debug", "info", "error"):
            getattr(logging.getLogger(name), level)("%s %s %d", name[-1], level, value)
    return value


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("how", ["options", "loggers"])
def test_levels_hold_for_functions_wherever_they_run(parallelism, how, loggers, caplog):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    root = logging.getLogger()
    before = root.level
    if how == "options":
        settings = {DEFAULT: "DEBUG", OVERRIDES: "tests.levels.a: INFO, tests.levels.b: OFF"}
        env.configure(Configuration.from_dict(settings))
    else:
        loggers[0].setLevel(logging.INFO)
        loggers[1].setLevel(logging.CRITICAL)
    stream = env.from_collection([1, 2], Types.INT()).rebalance().map(talk)
    assert sorted(stream.execute_and_collect()) == [1, 2]
    said = sorted(record.getMessage() for record in caplog.records if record.name.startswith("tests.levels"))
    assert said == ["a error 1", "a error 2", "a info 1", "a info 2"]
    assert root.level == before
    if how == "options":
        assert [logger.level for logger in loggers] == [0, 0]

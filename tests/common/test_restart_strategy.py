import pytest

from pyflinkx.common import RestartStrategies, RestartStrategyConfiguration
from pyflinkx.errors import GraphError


@pytest.mark.parametrize(
    ("make", "kind", "description"),
    [
        ("no_restart", "NoRestartStrategyConfiguration", "Restart deactivated."),
        ("fall_back_restart", "FallbackRestartStrategyConfiguration", "Cluster level default restart strategy"),
    ],
)
def test_strategies(make, kind, description):
    strategy = getattr(RestartStrategies, make)()
    assert isinstance(strategy, RestartStrategyConfiguration)
    assert isinstance(strategy, getattr(RestartStrategies, kind))
    assert strategy.get_description() == description
    assert strategy == getattr(RestartStrategies, make)()
    assert hash(strategy) == hash(getattr(RestartStrategies, make)())


def test_strategies_differ():
    assert RestartStrategies.no_restart() != RestartStrategies.fall_back_restart()


def test_strategies_with_arguments():
    fixed = RestartStrategies.fixed_delay_restart(3, 10_000)
    assert isinstance(fixed, RestartStrategies.FixedDelayRestartStrategyConfiguration)
    assert fixed.get_description() == "Restart with fixed delay (10000 ms). #3 restart attempts."
    assert fixed == RestartStrategies.fixed_delay_restart(3, 10_000)
    assert fixed != RestartStrategies.fixed_delay_restart(4, 10_000)
    rate = RestartStrategies.failure_rate_restart(3, 300_000, 10_000)
    assert isinstance(rate, RestartStrategies.FailureRateRestartStrategyConfiguration)
    assert rate.get_description() == (
        "Failure rate restart with maximum of 3 failures within interval 300000 ms and fixed delay 10000 ms."
    )
    assert hash(rate) == hash(RestartStrategies.failure_rate_restart(3, 300_000, 10_000))


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True, 2**70])
def test_what_is_no_number_is_refused_with_its_name(value):
    with pytest.raises(GraphError, match="restart_attempts is a whole number"):
        RestartStrategies.fixed_delay_restart(value, 1)
    with pytest.raises(GraphError, match="delay_between_attempts is"):
        RestartStrategies.fixed_delay_restart(1, value)
    with pytest.raises(GraphError, match="failure_interval is"):
        RestartStrategies.failure_rate_restart(1, value, 1)

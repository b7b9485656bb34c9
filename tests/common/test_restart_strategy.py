import pytest

from pyflinkx.common import RestartStrategies, RestartStrategyConfiguration


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


@pytest.mark.parametrize("name", ["fixed_delay_restart", "failure_rate_restart"])
def test_what_needs_checkpoints_is_not_there(name):
    assert not hasattr(RestartStrategies, name)

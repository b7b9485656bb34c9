"""What all tests share: Hypothesis judges answers, never speed, so that a busy machine fails nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_sessionfinish():
    """Tests declare many sinks that they never execute."""
    from pyflinkx.graph.unexecuted import UNEXECUTED

    UNEXECUTED.forget()

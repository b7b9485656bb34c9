"""What happens to a job that failed.

Without checkpoints a failed job ends: that is ``no_restart``, and also what the cluster does when a job says nothing
(``fall_back_restart``). The other strategies of Flink come with checkpoints.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from pyflinkx.names.asking import Answering, answers

__all__ = ["RestartStrategies", "RestartStrategyConfiguration"]


class RestartStrategyConfiguration(ABC):
    """Describes a restart strategy; made by RestartStrategies."""

    @abstractmethod
    def get_description(self) -> str:
        """The strategy in words."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


@answers("common.restart_strategy.RestartStrategies")
class RestartStrategies(metaclass=Answering):
    """Makes descriptions of restart strategies.

    Example:
        >>> RestartStrategies.no_restart().get_description()
        'Restart deactivated.'
    """

    class NoRestartStrategyConfiguration(RestartStrategyConfiguration):
        """A job that failed ends."""

        def get_description(self) -> str:
            """The strategy in words."""
            return "Restart deactivated."

    class FallbackRestartStrategyConfiguration(RestartStrategyConfiguration):
        """The cluster decides; here a job that failed ends."""

        def get_description(self) -> str:
            """The strategy in words."""
            return "Cluster level default restart strategy"

    @staticmethod
    def no_restart() -> NoRestartStrategyConfiguration:
        """A job that failed ends."""
        return RestartStrategies.NoRestartStrategyConfiguration()

    @staticmethod
    def fall_back_restart() -> FallbackRestartStrategyConfiguration:
        """The cluster decides."""
        return RestartStrategies.FallbackRestartStrategyConfiguration()

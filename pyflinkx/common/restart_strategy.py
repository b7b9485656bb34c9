"""What happens to a job that failed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pyflinkx.config import restart_options as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.option import ConfigOption
from pyflinkx.errors import ConfigurationError, GraphError

__all__ = ["RestartStrategies", "RestartStrategyConfiguration"]


class RestartStrategyConfiguration(ABC):
    """Describes a restart strategy; made by RestartStrategies."""

    @abstractmethod
    def get_description(self) -> str:
        """The strategy in words."""

    @abstractmethod
    def _entries(self) -> dict[ConfigOption[Any], int | str]:
        """The options that it stands for."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))


class RestartStrategies:
    """Makes descriptions of restart strategies.

    Example:
        >>> RestartStrategies.fixed_delay_restart(3, 10_000).get_description()
        'Restart with fixed delay (10000 ms). #3 restart attempts.'
    """

    class NoRestartStrategyConfiguration(RestartStrategyConfiguration):
        """A job that failed ends."""

        def get_description(self) -> str:
            """The strategy in words."""
            return "Restart deactivated."

        def _entries(self) -> dict[ConfigOption[Any], int | str]:
            return {options.RESTART_STRATEGY: options.NONE}

    class FixedDelayRestartStrategyConfiguration(RestartStrategyConfiguration):
        """A job that failed is run again so many times.

        Args:
            restart_attempts: how many.
            delay_between_attempts: milliseconds before each.

        Raises:
            GraphError: one of them is no whole number from 0 on.
        """

        def __init__(self, restart_attempts: int, delay_between_attempts: int) -> None:
            self.restart_attempts = whole(restart_attempts, "restart_attempts", options.FIXED_DELAY_ATTEMPTS)
            self.delay_between_attempts = whole(
                delay_between_attempts, "delay_between_attempts", options.FIXED_DELAY_DELAY
            )

        def get_description(self) -> str:
            """The strategy in words."""
            return (
                f"Restart with fixed delay ({self.delay_between_attempts} ms). "
                f"#{self.restart_attempts} restart attempts."
            )

        def _entries(self) -> dict[ConfigOption[Any], int | str]:
            return {
                options.RESTART_STRATEGY: options.FIXED_DELAY,
                options.FIXED_DELAY_ATTEMPTS: self.restart_attempts,
                options.FIXED_DELAY_DELAY: self.delay_between_attempts,
            }

    class FailureRateRestartStrategyConfiguration(RestartStrategyConfiguration):
        """A job that failed is run again as long as it does not fail too often.

        Args:
            max_failure_rate: how many failures there may be in an interval.
            failure_interval: the interval in milliseconds.
            delay_between_attempts_interval: milliseconds before each attempt.

        Raises:
            GraphError: one of them is no such number.
        """

        def __init__(self, max_failure_rate: int, failure_interval: int, delay_between_attempts_interval: int) -> None:
            self.max_failure_rate = whole(max_failure_rate, "failure_rate", options.FAILURE_RATE_FAILURES)
            self.failure_interval = whole(failure_interval, "failure_interval", options.FAILURE_RATE_INTERVAL)
            self.delay_between_attempts_interval = whole(
                delay_between_attempts_interval, "delay_interval", options.FAILURE_RATE_DELAY
            )

        def get_description(self) -> str:
            """The strategy in words."""
            return (
                f"Failure rate restart with maximum of {self.max_failure_rate} failures within interval "
                f"{self.failure_interval} ms and fixed delay {self.delay_between_attempts_interval} ms."
            )

        def _entries(self) -> dict[ConfigOption[Any], int | str]:
            return {
                options.RESTART_STRATEGY: options.FAILURE_RATE,
                options.FAILURE_RATE_FAILURES: self.max_failure_rate,
                options.FAILURE_RATE_INTERVAL: self.failure_interval,
                options.FAILURE_RATE_DELAY: self.delay_between_attempts_interval,
            }

    class FallbackRestartStrategyConfiguration(RestartStrategyConfiguration):
        """As ``restart-strategy.type`` says: if it says nothing, a job with checkpoints is run again, another ends."""

        def get_description(self) -> str:
            """The strategy in words."""
            return "Cluster level default restart strategy"

        def _entries(self) -> dict[ConfigOption[Any], int | str]:
            return {}

    @staticmethod
    def no_restart() -> NoRestartStrategyConfiguration:
        """A job that failed ends."""
        return RestartStrategies.NoRestartStrategyConfiguration()

    @staticmethod
    def fall_back_restart() -> FallbackRestartStrategyConfiguration:
        """The configuration decides."""
        return RestartStrategies.FallbackRestartStrategyConfiguration()

    @staticmethod
    def fixed_delay_restart(
        restart_attempts: int, delay_between_attempts: int
    ) -> FixedDelayRestartStrategyConfiguration:
        """A job that failed is run again so many times.

        Args:
            restart_attempts: how many.
            delay_between_attempts: milliseconds before each.

        Raises:
            GraphError: one of them is no whole number from 0 on.
        """
        return RestartStrategies.FixedDelayRestartStrategyConfiguration(restart_attempts, delay_between_attempts)

    @staticmethod
    def failure_rate_restart(
        failure_rate: int, failure_interval: int, delay_interval: int
    ) -> FailureRateRestartStrategyConfiguration:
        """A job that failed is run again as long as it does not fail too often.

        Args:
            failure_rate: how many failures there may be in an interval.
            failure_interval: the interval in milliseconds.
            delay_interval: milliseconds before each attempt.

        Raises:
            GraphError: one of them is no such number.
        """
        return RestartStrategies.FailureRateRestartStrategyConfiguration(failure_rate, failure_interval, delay_interval)


def whole(value: int, name: str, option: ConfigOption[int]) -> int:
    """A value that an option can have.

    Raises:
        GraphError: it is none.
    """
    try:
        option.format(value)
    except ConfigurationError:
        raise GraphError(f"{name} is {option.expected()} (milliseconds for a time), not {value!r}") from None
    return value


def apply_strategy(strategy: RestartStrategyConfiguration, configuration: Configuration) -> None:
    """Write a strategy into a configuration, in the place of what it said.

    Raises:
        GraphError: it is no strategy.
    """
    if not isinstance(strategy, RestartStrategyConfiguration):
        raise GraphError(f"set_restart_strategy() takes a RestartStrategyConfiguration, not {strategy!r}")
    for option in options.RESTART_OPTIONS:
        if option is not options.EXCEPTION_HISTORY_SIZE:
            for key in (option.key, *option.deprecated_keys):
                configuration.remove_config(key)
    for option, value in strategy._entries().items():
        configuration.set(option, value)


def configured_strategy(configuration: Configuration) -> RestartStrategyConfiguration:
    """The strategy that a configuration has, so far as RestartStrategies can say it; else that it is left to it."""
    said = configuration.get(options.RESTART_STRATEGY)
    value = configuration.value_of
    match None if said is None else options.SPELLINGS[said]:
        case options.NONE:
            return RestartStrategies.no_restart()
        case options.FIXED_DELAY:
            return RestartStrategies.fixed_delay_restart(
                value(options.FIXED_DELAY_ATTEMPTS), value(options.FIXED_DELAY_DELAY)
            )
        case options.FAILURE_RATE:
            return RestartStrategies.failure_rate_restart(
                value(options.FAILURE_RATE_FAILURES),
                value(options.FAILURE_RATE_INTERVAL),
                value(options.FAILURE_RATE_DELAY),
            )
    return RestartStrategies.fall_back_restart()

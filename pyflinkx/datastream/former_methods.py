"""What programs written for PyFlink call on their environment and nothing here needs."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from pyflinkx.common.restart_strategy import RestartStrategyConfiguration, apply_strategy, configured_strategy
from pyflinkx.config import options
from pyflinkx.datastream.operator_settings import text
from pyflinkx.datastream.time_characteristic import TimeCharacteristic
from pyflinkx.errors import GraphError

if TYPE_CHECKING:
    from pyflinkx.common.configuration import Configuration
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment

log = logging.getLogger("pyflinkx")


class FormerMethods:
    """Methods of PyFlink's environment that are accepted and do nothing, or next to it."""

    if TYPE_CHECKING:
        _configuration: Configuration

    def add_jars(self, *jars_path: str) -> None:
        """Do nothing but say so once: there is no JVM that could load them.

        Args:
            jars_path: URLs of Java archives.
        """
        for path in jars_path:
            text(path, "add_jars()")
        say_once("add_jars() has no effect: there is no JVM here that could load them")

    def add_classpaths(self, *classpaths: str) -> None:
        """Do nothing but say so once: there is no JVM that could load from them.

        Args:
            classpaths: URLs of Java archives or folders.
        """
        for path in classpaths:
            text(path, "add_classpaths()")
        say_once("add_classpaths() has no effect: there is no JVM here that could load from them")

    def set_stream_time_characteristic(self, characteristic: TimeCharacteristic) -> StreamExecutionEnvironment:
        """Keep what the program says; as in Flink since 1.12, each window and timer says which time it means.

        Args:
            characteristic: kept for ``get_stream_time_characteristic``.

        Raises:
            GraphError: it is no TimeCharacteristic.
        """
        if not isinstance(characteristic, TimeCharacteristic):
            raise GraphError(f"set_stream_time_characteristic() takes a TimeCharacteristic, not {characteristic!r}")
        self._configuration.set(options.TIME_CHARACTERISTIC, characteristic.name)
        return self  # type: ignore[return-value]

    def get_stream_time_characteristic(self) -> TimeCharacteristic:
        """What ``set_stream_time_characteristic`` was given; EventTime before."""
        return TimeCharacteristic[self._configuration.value_of(options.TIME_CHARACTERISTIC)]

    def set_restart_strategy(self, restart_strategy_configuration: RestartStrategyConfiguration) -> None:
        """Set whether and when a job that failed is run again; the options ``restart-strategy.*`` say the same.

        Args:
            restart_strategy_configuration: what RestartStrategies makes.

        Raises:
            GraphError: it is no restart strategy.
        """
        apply_strategy(restart_strategy_configuration, self._configuration)

    def get_restart_strategy(self) -> RestartStrategyConfiguration:
        """What ``set_restart_strategy`` or the options ``restart-strategy.*`` say."""
        return configured_strategy(self._configuration)


@cache
def say_once(message: str) -> None:
    """Log it, once per process."""
    log.warning("%s", message)

"""What programs written for PyFlink call on their environment and nothing here needs."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from pyflinkx.common.restart_strategy import RestartStrategyConfiguration
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
        """Accept what is so anyway: a failed job is not run again.

        Args:
            restart_strategy_configuration: ``RestartStrategies.no_restart()`` or ``.fall_back_restart()``.

        Raises:
            GraphError: it is no restart strategy.
        """
        if not isinstance(restart_strategy_configuration, RestartStrategyConfiguration):
            raise GraphError(
                f"set_restart_strategy() takes a RestartStrategyConfiguration, not {restart_strategy_configuration!r}"
            )


@cache
def say_once(message: str) -> None:
    """Log it, once per process."""
    log.warning("%s", message)

"""The options of a table environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.common.configuration import Configuration
from pyflinkx.names.asking import Answering, answers, offering

__all__ = ["TableConfig"]

LOCAL_TIME_ZONE = "table.local-time-zone"


@answers("table.table_config.TableConfig")
class TableConfig(metaclass=Answering):
    """Options of a table environment, which are those of its jobs, too.

    Args:
        configuration: where they are kept.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def get_configuration(self) -> Configuration:
        """The options."""
        return self._configuration

    def get(self, key: str, default_value: str) -> str:
        """The value of an option, or ``default_value``."""
        return self._configuration.get_string(key, default_value) or default_value

    def set(self, key: str, value: str) -> TableConfig:
        """Set an option."""
        self._configuration.set_string(key, value)
        return self


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

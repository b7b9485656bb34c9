"""What a table environment is made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.common.configuration import Configuration
from pyflinkx.names.asking import Answering, answers, offering

__all__ = ["EnvironmentSettings"]

DEFAULT_CATALOG = "default_catalog"
DEFAULT_DATABASE = "default_database"


@answers("table.environment_settings.EnvironmentSettings")
class EnvironmentSettings(metaclass=Answering):
    """Settings of a table environment; made by ``in_streaming_mode()``, ``in_batch_mode()`` or ``new_instance()``.

    Example:
        >>> EnvironmentSettings.new_instance().in_batch_mode().build().is_streaming_mode()
        False
    """

    def __init__(self, configuration: Configuration, streaming: bool, catalog: str, database: str) -> None:
        self._configuration = configuration
        self._streaming = streaming
        self._catalog = catalog
        self._database = database

    class Builder:
        """Collects settings."""

        def __init__(self) -> None:
            self._configuration = Configuration()
            self._streaming = True
            self._catalog = DEFAULT_CATALOG
            self._database = DEFAULT_DATABASE

        def with_configuration(self, config: Configuration) -> EnvironmentSettings.Builder:
            """Options of the environment."""
            self._configuration.add_all(config)
            return self

        def in_batch_mode(self) -> EnvironmentSettings.Builder:
            """Results when all input has ended."""
            self._streaming = False
            return self

        def in_streaming_mode(self) -> EnvironmentSettings.Builder:
            """Results as rows come; the default."""
            self._streaming = True
            return self

        def with_built_in_catalog_name(self, built_in_catalog_name: str) -> EnvironmentSettings.Builder:
            """The name of the first catalog."""
            self._catalog = built_in_catalog_name
            return self

        def with_built_in_database_name(self, built_in_database_name: str) -> EnvironmentSettings.Builder:
            """The name of the first database."""
            self._database = built_in_database_name
            return self

        def build(self) -> EnvironmentSettings:
            """The settings."""
            return EnvironmentSettings(self._configuration, self._streaming, self._catalog, self._database)

    def get_built_in_catalog_name(self) -> str:
        """The name of the first catalog."""
        return self._catalog

    def get_built_in_database_name(self) -> str:
        """The name of the first database."""
        return self._database

    def is_streaming_mode(self) -> bool:
        """Whether results come as rows do."""
        return self._streaming

    def get_configuration(self) -> Configuration:
        """The options."""
        return self._configuration

    @staticmethod
    def new_instance() -> EnvironmentSettings.Builder:
        """Where settings begin."""
        return EnvironmentSettings.Builder()

    @staticmethod
    def in_streaming_mode() -> EnvironmentSettings:
        """The settings of streams."""
        return EnvironmentSettings.new_instance().in_streaming_mode().build()

    @staticmethod
    def in_batch_mode() -> EnvironmentSettings:
        """The settings of batches."""
        return EnvironmentSettings.new_instance().in_batch_mode().build()


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

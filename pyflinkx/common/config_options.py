"""Options that a program defines for itself."""

from __future__ import annotations

from typing import Generic, TypeVar

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, DOUBLE, FLOAT, INT, LONG, STRING, ValueType
from pyflinkx.errors import ConfigurationError

__all__ = ["ConfigOption", "ConfigOptions"]

T = TypeVar("T")


class ConfigOptions:
    """Builds a ConfigOption, which ``Configuration.get`` and ``Configuration.set`` take.

    Example:
        >>> ConfigOptions.key("app.limit").int_type().default_value(100).default
        100
    """

    @staticmethod
    def key(key: str) -> ConfigOptions.OptionBuilder:
        """Begin an option.

        Raises:
            ConfigurationError: the key is empty or no text.
        """
        if not isinstance(key, str) or not key:
            raise ConfigurationError(f"a configuration key is text, not {key!r}")
        return ConfigOptions.OptionBuilder(key)

    class OptionBuilder:
        """An option whose type is still to be chosen."""

        def __init__(self, key: str):
            self._key = key

        def boolean_type(self) -> ConfigOptions.TypedConfigOptionBuilder[bool]:
            """true or false."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, BOOLEAN)

        def int_type(self) -> ConfigOptions.TypedConfigOptionBuilder[int]:
            """A whole number of 32 bits."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, INT)

        def long_type(self) -> ConfigOptions.TypedConfigOptionBuilder[int]:
            """A whole number of 64 bits."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, LONG)

        def float_type(self) -> ConfigOptions.TypedConfigOptionBuilder[float]:
            """A number, rounded to 32 bits."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, FLOAT)

        def double_type(self) -> ConfigOptions.TypedConfigOptionBuilder[float]:
            """A number."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, DOUBLE)

        def string_type(self) -> ConfigOptions.TypedConfigOptionBuilder[str]:
            """Text."""
            return ConfigOptions.TypedConfigOptionBuilder(self._key, STRING)

    class TypedConfigOptionBuilder(Generic[T]):
        """An option whose default is still to be chosen."""

        def __init__(self, key: str, value_type: ValueType[T]):
            self._option = ConfigOption(key, value_type)

        def default_value(self, value: T) -> ConfigOption[T]:
            """The option, with a default.

            Raises:
                ConfigurationError: the default is not of the option's type.
            """
            self._option.format(value)
            return ConfigOption(self._option.key, self._option.type, value)

        def no_default_value(self) -> ConfigOption[T]:
            """The option, with None for a default."""
            return self._option

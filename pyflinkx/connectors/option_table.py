"""The options of a connector: a table that says what there is, and the values that a program has set."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.config.option import MASK, ConfigOption, is_sensitive
from pyflinkx.errors import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Self


class Options:
    """What was set of a table of options.

    Args:
        of: names what they are of, for errors.
        table: the options that there are.

    Example:
        >>> from pyflinkx.config.values import INT
        >>> size = ConfigOption("batch.size", INT, 500)
        >>> options = Options("a sink", [size])
        >>> options.set("batch.size", "20")
        >>> options.get(size), options
        (20, {'batch.size': 20})
    """

    def __init__(self, of: str, table: Sequence[ConfigOption[Any]]) -> None:
        self.of = of
        self.table = {option.key: option for option in table}
        self.values: dict[str, Any] = {}

    def set(self, key: str, value: Any) -> None:
        """Set one, as its text or as its value.

        Raises:
            ConfigurationError: there is no such option, or it cannot have this value.
        """
        option = self.table.get(key)
        if option is None:
            near = difflib.get_close_matches(key, self.table, 1)
            meant = f", did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(self.table))}"
            raise ConfigurationError(f"{self.of} has no option {key!r}{meant}")
        self.values[key] = option.parse(value if isinstance(value, str) else option.format(value))

    def get(self, option: ConfigOption[Any]) -> Any:
        """The value of an option, or its default; None where it has none."""
        return self.values.get(option.key, option.default)

    def needed(self, option: ConfigOption[Any], method: str) -> Any:
        """The value of an option that has to be set.

        Args:
            option: it.
            method: of the builder, that sets it.

        Raises:
            ConfigurationError: it is not.
        """
        value = self.get(option)
        if value is None:
            raise ConfigurationError(f"{self.of} needs {option.key}: {method}(...)")
        return value

    def __repr__(self) -> str:
        return repr({key: MASK if is_sensitive(key) else value for key, value in self.values.items()})


class OptionsBuilder:
    """What the builders of sources and sinks have in common that are made of options.

    ``options`` are those that were set so far.
    """

    options: Options

    def set_option(self, key: str, value: Any) -> Self:
        """Set an option of the connector's table, as text or as a value.

        Raises:
            ConfigurationError: there is no such option, or it cannot have this value.
        """
        self.options.set(key, value)
        return self

    def set_options(self, options: Mapping[str, Any]) -> Self:
        """Set several options."""
        for key, value in options.items():
            self.set_option(key, value)
        return self

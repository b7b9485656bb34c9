"""Parameters of a program, from its arguments, a property file or the environment.

Names and behaviour are those of Flink's Java class ``ParameterTool``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.properties import format_properties, parse_properties
from pyflinkx.config.values import parse_boolean, parse_double, parse_float, parse_int, parse_long
from pyflinkx.errors import ConfigurationError

__all__ = ["ParameterTool"]

T = TypeVar("T")


class ParameterTool:
    """Text by key, with getters for other types; never changed.

    Args:
        data: the parameters.

    Example:
        >>> parameters = ParameterTool.from_args(["--input", "words.txt", "--limit", "-5", "--verbose"])
        >>> parameters.get_required("input"), parameters.get_int("limit"), parameters.has("verbose")
        ('words.txt', -5, True)
    """

    NO_VALUE_KEY = "__NO_VALUE_KEY"
    DEFAULT_UNDEFINED = "<undefined>"

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = {str(key): str(value) for key, value in data.items()}
        self._requested: set[str] = set()

    # ---- where they come from ----

    @staticmethod
    def from_args(args: Sequence[str] | None = None) -> ParameterTool:
        """Parameters of the form ``--key value`` or ``-key value``; a key may stand without a value.

        Args:
            args: the arguments; by default those of the program.

        Raises:
            ConfigurationError: an argument stands where a key should, or a key is empty.
        """
        given = sys.argv[1:] if args is None else list(args)
        found: dict[str, str] = {}
        position = 0
        while position < len(given):
            argument = given[position]
            if not argument.startswith("-"):
                raise ConfigurationError(
                    f"arguments {given}: {argument!r} stands where a key should; keys begin with -- or -"
                )
            key = argument[2:] if argument.startswith("--") else argument[1:]
            if not key:
                raise ConfigurationError(f"arguments {given}: {argument!r} has no key")
            position += 1
            follows = given[position] if position < len(given) else None
            if follows is None or (follows.startswith("-") and not is_number(follows)):
                found[key] = ParameterTool.NO_VALUE_KEY
            else:
                found[key] = follows
                position += 1
        return ParameterTool(found)

    @staticmethod
    def from_map(map: Mapping[str, Any]) -> ParameterTool:
        """The entries of a dict; values become text."""
        return ParameterTool(map)

    @staticmethod
    def from_properties_file(path: str | os.PathLike[str]) -> ParameterTool:
        """The entries of a Java property file, in UTF-8 or else Latin-1.

        Raises:
            ConfigurationError: it cannot be read.
        """
        try:
            with open(path, "rb") as file:
                data = file.read()
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            return ParameterTool(parse_properties(text))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"the property file {os.fspath(path)} cannot be read: {error}") from None

    @staticmethod
    def from_system_properties() -> ParameterTool:
        """The environment variables of the process, which has no system properties as a JVM has."""
        return ParameterTool(os.environ)

    # ---- values ----

    def has(self, value: str) -> bool:
        """Whether there is a parameter of this key, with or without a value."""
        self._requested.add(value)
        return value in self._data

    def get(self, key: str, default_value: str | None = None) -> str | None:
        """The text of a parameter, or ``default_value``."""
        self._requested.add(key)
        return self._data.get(key, default_value)

    def get_required(self, key: str) -> str:
        """The text of a parameter.

        Raises:
            ConfigurationError: it is not there.
        """
        self._requested.add(key)
        if key not in self._data:
            raise ConfigurationError(f"the parameter '{key}' is required; there are {sorted(self._data)}")
        return self._data[key]

    def get_int(self, key: str, default_value: int | None = None) -> int:
        """A whole number of 32 bits.

        Args:
            key: of the parameter.
            default_value: what it is when it is not there; without one it is required.

        Raises:
            ConfigurationError: it is required and not there, or no such number.
        """
        return self._parsed(key, default_value, parse_int, "a whole number of 32 bits")

    def get_long(self, key: str, default_value: int | None = None) -> int:
        """A whole number of 64 bits; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, parse_long, "a whole number of 64 bits")

    def get_short(self, key: str, default_value: int | None = None) -> int:
        """A whole number of 16 bits; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, within(2**15), "a whole number of 16 bits")

    def get_byte(self, key: str, default_value: int | None = None) -> int:
        """A whole number of 8 bits; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, within(2**7), "a whole number of 8 bits")

    def get_float(self, key: str, default_value: float | None = None) -> float:
        """A number, rounded to 32 bits; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, parse_float, "a number")

    def get_double(self, key: str, default_value: float | None = None) -> float:
        """A number; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, parse_double, "a number")

    def get_boolean(self, key: str, default_value: bool | None = None) -> bool:
        """true or false, in any case; arguments and errors as for ``get_int``."""
        return self._parsed(key, default_value, parse_boolean, "true or false")

    def _parsed(self, key: str, default_value: Any, parse: Callable[[str], T], what: str) -> T:
        if default_value is not None and key not in self._data:
            self._requested.add(key)
            return default_value
        text = self.get_required(key)
        if text == self.NO_VALUE_KEY:
            raise ConfigurationError(f"the parameter '{key}' stands without a value; it should be {what}")
        try:
            return parse(text)
        except ValueError:
            raise ConfigurationError(f"the parameter '{key}' is {text!r}, not {what}") from None

    # ---- all of them ----

    def get_number_of_parameters(self) -> int:
        """How many there are."""
        return len(self._data)

    def get_unrequested_parameters(self) -> set[str]:
        """Keys that nobody has asked for yet: perhaps misspelt."""
        return set(self._data) - self._requested

    def to_map(self) -> dict[str, str]:
        """All of them."""
        return dict(self._data)

    def get_properties(self) -> dict[str, str]:
        """All of them."""
        return dict(self._data)

    def get_configuration(self) -> Configuration:
        """A configuration of them."""
        configuration = Configuration()
        for key, value in self._data.items():
            configuration.set_string(key, value)
        return configuration

    def merge_with(self, other: ParameterTool) -> ParameterTool:
        """The parameters of both; the other's win."""
        merged = ParameterTool({**self._data, **other._data})
        merged._requested = (self._requested - set(other._data)) | (other._requested & set(other._data))
        return merged

    def create_properties_file(self, path_to_file: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write a property file of the parameters, for a person to fill in.

        Args:
            path_to_file: where to.
            overwrite: whether a file that is there may be replaced.

        Raises:
            ConfigurationError: it is there already, or cannot be written.
        """
        try:
            with open(path_to_file, "w" if overwrite else "x", encoding="ascii") as file:
                file.write(format_properties(self._data))
        except OSError as error:
            raise ConfigurationError(
                f"the property file {os.fspath(path_to_file)} cannot be written: {error}"
            ) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParameterTool) and self._data == other._data

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))

    def __repr__(self) -> str:
        return f"ParameterTool({', '.join(sorted(self._data))})"  # values may be secrets


def is_number(text: str) -> bool:
    """Whether an argument that begins with a minus is a value."""
    try:
        parse_double(text)
    except ValueError:
        return False
    return True


def within(bound: int) -> Callable[[str], int]:
    """A parser of whole numbers from ``-bound`` up to but not including ``bound``."""

    def parse(text: str) -> int:
        value = parse_long(text)
        if not -bound <= value < bound:
            raise ValueError(text)
        return value

    return parse

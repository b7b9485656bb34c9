"""A set of key/value pairs, as text."""

from __future__ import annotations

import base64
import binascii
import copy
from typing import Any, TypeVar, overload

from pyflinkx.config.option import MASK, ConfigOption, is_sensitive, shown
from pyflinkx.config.values import BOOLEAN, DOUBLE, LONG, parse_list
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.asking import answers

T = TypeVar("T")

# Within the class, `set` is a method.
Keys = set[str]


@answers("common.configuration.Configuration")
class Configuration:
    """Key/value pairs. Values are kept as text, and read as the type that is asked for.

    Args:
        other: a configuration to copy.

    Unknown keys and ill-typed values are accepted here, and refused by ``pyflinkx.config.validation.validate``, which
    runs before a job starts.

    Example:
        >>> configuration = Configuration().set_integer("parallelism.default", 4)
        >>> configuration.get_string("parallelism.default", "1")
        '4'
    """

    def __init__(self, other: Configuration | None = None):
        self._entries: dict[str, str] = {} if other is None else dict(other._entries)
        # What setters were given that take something else than text, for ``add_all_to_dict``.
        self._given: dict[str, Any] = {} if other is None else dict(other._given)

    @classmethod
    def from_dict(cls, map: dict[str, Any]) -> Configuration:
        """A configuration with the entries of a dict; numbers and booleans become text.

        Raises:
            ConfigurationError: a key is not text, or a value is neither text, number nor boolean.
        """
        configuration = cls()
        for key, value in map.items():
            if isinstance(value, bool):
                configuration.set_boolean(key, value)
            elif isinstance(value, (int, float)):
                configuration._put(key, repr(value), value)
            else:
                configuration.set_string(key, value)
        return configuration

    # ---- by option ----

    @overload
    def get(self, option: ConfigOption[T]) -> T | None: ...

    @overload
    def get(self, option: ConfigOption[T], default: T) -> T: ...

    def get(self, option: ConfigOption[T], default: T | None = None) -> T | None:
        """The value of an option, under its key or an older name of it.

        Args:
            option: what to read.
            default: the value when it is not set, in place of the option's own default.

        Raises:
            ConfigurationError: what stands there is no value of the option's type and range.
        """
        for key in (option.key, *option.deprecated_keys):
            text = self._entries.get(key)
            if text is not None:
                return option.parse(text, key)
        return option.default if default is None else default

    def value_of(self, option: ConfigOption[T]) -> T:
        """The value of an option that has a default.

        Raises:
            ConfigurationError: what stands there is no value of the option's type and range.
        """
        value = self.get(option)
        assert value is not None
        return value

    def set(self, option: ConfigOption[T], value: T) -> Configuration:
        """Set an option.

        Raises:
            ConfigurationError: the value is not of the option's type and range.
        """
        return self._put(option.key, option.format(value))

    # ---- by key ----

    def get_string(self, key: str, default_value: str) -> str:
        """The value of ``key`` as text, or ``default_value``."""
        return self._entries.get(key, default_value)

    def set_string(self, key: str, value: str) -> Configuration:
        """Set the value of ``key``."""
        return self._put(key, value)

    def get_integer(self, key: str, default_value: int) -> int:
        """The value of ``key`` as a whole number of 64 bits, or ``default_value``.

        Raises:
            ConfigurationError: it is none.
        """
        value = self.get(ConfigOption(key, LONG))
        return default_value if value is None else value

    def set_integer(self, key: str, value: int) -> Configuration:
        """Set the value of ``key`` to a whole number of 64 bits."""
        return self._put(key, ConfigOption(key, LONG).format(value), value)

    def get_boolean(self, key: str, default_value: bool) -> bool:
        """The value of ``key`` as a boolean, or ``default_value``.

        Raises:
            ConfigurationError: it is neither true nor false.
        """
        value = self.get(ConfigOption(key, BOOLEAN))
        return default_value if value is None else value

    def set_boolean(self, key: str, value: bool) -> Configuration:
        """Set the value of ``key`` to a boolean."""
        return self._put(key, ConfigOption(key, BOOLEAN).format(value), value)

    def get_float(self, key: str, default_value: float) -> float:
        """The value of ``key`` as a number, or ``default_value``.

        Raises:
            ConfigurationError: it is none.
        """
        value = self.get(ConfigOption(key, DOUBLE))
        return float(default_value) if value is None else value

    def set_float(self, key: str, value: float) -> Configuration:
        """Set the value of ``key`` to a number."""
        return self._put(key, ConfigOption(key, DOUBLE).format(value), value)

    def get_bytearray(self, key: str, default_value: bytearray) -> bytearray:
        """The value of ``key`` as bytes, or ``default_value``.

        Raises:
            ConfigurationError: it was not set by ``set_bytearray`` and is no Base64 either.
        """
        text = self._entries.get(key)
        if text is None:
            return bytearray(default_value)
        try:
            return bytearray(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise ConfigurationError(f"{key}: {shown(key, text)} is not bytes in Base64") from None

    def set_bytearray(self, key: str, value: bytearray) -> Configuration:
        """Set the value of ``key`` to bytes, kept as Base64."""
        if not isinstance(value, (bytes, bytearray)):
            raise ConfigurationError(f"{key}: {shown(key, value)} is not bytes")
        return self._put(key, base64.b64encode(value).decode("ascii"), bytearray(value))

    @staticmethod
    def parse_list_value(value: str) -> list[str]:
        """The items of a list such as ``a;b``, ``[a, b]`` or a YAML list with an item a line, as text.

        Raises:
            ConfigurationError: its quotes do not match.
        """
        try:
            return parse_list(value or "")
        except ValueError as error:
            raise ConfigurationError(f"{value!r} is not a list: {error}") from None

    # ---- as a whole ----

    def key_set(self) -> Keys:
        """The keys that have a value."""
        return set(self._entries)

    def contains_key(self, key: str) -> bool:
        """Whether ``key`` has a value."""
        return key in self._entries

    def remove_config(self, key: str) -> bool:
        """Remove ``key``; whether it had a value."""
        self._given.pop(key, None)
        return self._entries.pop(key, None) is not None

    def add_all(self, other: Configuration, prefix: str | None = None) -> Configuration:
        """Add the entries of another configuration over those that are here.

        Args:
            other: the other.
            prefix: put before each of its keys.
        """
        for key, text in other._entries.items():
            self._put((prefix or "") + key, text, other._given.get(key))
        return self

    def add_all_to_dict(self, target_dict: dict[str, Any]) -> None:
        """Write the entries into a dict: numbers, booleans and bytes as they were set, all else as text."""
        target_dict.update(self._entries)
        target_dict.update(copy.deepcopy(self._given))

    def to_dict(self) -> dict[str, str]:
        """The entries as text."""
        return dict(self._entries)

    def _put(self, key: str, value: str, given: Any = None) -> Configuration:
        if not isinstance(key, str) or not key:
            raise ConfigurationError(f"a configuration key is text, not {key!r}")
        if not isinstance(value, str):
            raise ConfigurationError(f"{key}: {shown(key, value)} is not text; other setters take other types")
        self._entries[key] = value
        if given is None:
            self._given.pop(key, None)
        else:
            self._given[key] = given
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Configuration) and self._entries == other._entries

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __str__(self) -> str:
        entries = [f"{key}={MASK if is_sensitive(key) else value}" for key, value in self._entries.items()]
        return "{" + ", ".join(entries) + "}"

    def __repr__(self) -> str:
        return f"Configuration({self})"

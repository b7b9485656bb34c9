"""One configuration option: its key, type, default and range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pyflinkx.config.values import ValueType
from pyflinkx.errors import ConfigurationError

T = TypeVar("T")


MASK = "******"

# Parts of keys whose values are never shown; the list is Flink's.
SENSITIVE = (
    "password",
    "secret",
    "fs.azure.account.key",
    "apikey",
    "api-key",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
    "http-headers",
)


def is_sensitive(key: str) -> bool:
    """Whether the value of ``key`` is a secret, going by the key's name."""
    return any(part in key.lower() for part in SENSITIVE)


def shown(key: str, value: Any) -> str:
    """A value as it may stand in a message: cut, and masked when it is a secret."""
    text = MASK if is_sensitive(key) else repr(value)
    return text if len(text) <= 200 else text[:200] + "..."


@dataclass(frozen=True)
class ConfigOption(Generic[T]):
    """Describes a configuration value. Memory sizes are bytes, durations milliseconds.

    Args:
        key: its name.
        type: how its text is read.
        default: its value when it is not set; None for none.
        description: one line for people.
        minimum: smallest value allowed.
        maximum: largest value allowed.
        deprecated_keys: older names, read when ``key`` is not set.
        fault: says what else is wrong with a value, or None.
    """

    key: str
    type: ValueType[T]
    default: T | None = None
    description: str = ""
    minimum: Any = None
    maximum: Any = None
    deprecated_keys: tuple[str, ...] = ()
    fault: Callable[[T], str | None] | None = None

    def expected(self) -> str:
        """What a value is, in words."""
        text = self.type.name
        if self.minimum is not None and self.maximum is not None:
            return f"{text} from {self.type.format(self.minimum)} to {self.type.format(self.maximum)}"
        if self.minimum is not None:
            return f"{text}, at least {self.type.format(self.minimum)}"
        if self.maximum is not None:
            return f"{text}, at most {self.type.format(self.maximum)}"
        return text

    def parse(self, text: str, key: str | None = None) -> T:
        """The value of ``text``.

        Args:
            text: as it stands in a configuration.
            key: the name it stands under, when that is a deprecated one.

        Raises:
            ConfigurationError: it is no such value, or lies outside the range.
        """
        try:
            value = self.type.parse(text)
        except ValueError:
            raise self.error(text, key) from None
        return self.checked(value, text, key)

    def format(self, value: T) -> str:
        """The text of a value.

        Raises:
            ConfigurationError: the value has another type, or lies outside the range.
        """
        if not isinstance(value, self.type.python) or (isinstance(value, bool) and bool not in self.type.python):
            raise self.error(value)
        text = self.type.format(value)
        self.parse(text)
        return text

    def checked(self, value: T, text: Any, key: str | None = None) -> T:
        """``value``, if it lies within the range."""
        # Written so that NaN fails.
        below = self.minimum is not None and not value >= self.minimum
        above = self.maximum is not None and not value <= self.maximum
        if below or above:
            raise self.error(text, key)
        fault = self.fault(value) if self.fault is not None else None
        if fault:
            raise ConfigurationError(f"{key or self.key}: {shown(self.key, text)} {fault}")
        return value

    def error(self, value: Any, key: str | None = None) -> ConfigurationError:
        """The error for a value that is not what is expected."""
        return ConfigurationError(f"{key or self.key}: {shown(self.key, value)} is not {self.expected()}")

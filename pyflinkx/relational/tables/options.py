"""What tables are told by WITH: options with descriptions, and errors that help."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx.config.option import shown
from pyflinkx.config.values import ValueType
from pyflinkx.errors import ConfigurationError


@dataclass(frozen=True)
class TableOption:
    """Describes an option of WITH.

    Args:
        key: its name; ``#`` stands for the name of a column, ``*`` at the end for anything.
        type: how its text is read.
        default: its value when it is not given.
        description: one line for people.
        required: whether it must be given.
        choices: the values that there are, if they are few.
        others: further names of it.
    """

    key: str
    type: ValueType[Any]
    default: Any = None
    description: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def read(self, text: str, key: str, where: str) -> Any:
        """The value of a text.

        Raises:
            ConfigurationError: it has none.
        """
        try:
            value = self.type.parse(text)
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"{where}: option '{key}' is {self.type.name}, not {shown(key, text)}") from error
        if self.choices and value not in self.choices:
            if str(value).lower() in self.choices:
                return str(value).lower()
            hint = suggestion(text, self.choices)
            raise ConfigurationError(f"{where}: option '{key}' is {choice(self.choices)}, not {shown(key, text)}{hint}")
        return value


class Settings:
    """The options of one table.

    Args:
        options: as WITH gives them.
        known: those that there are.
        where: what errors begin with.
        columns: names of the table's columns, for the options that have one of them in their names.

    Raises:
        ConfigurationError: an option is unknown, missing or not what it should be.
    """

    def __init__(
        self, options: Mapping[str, str], known: Iterable[TableOption], where: str, columns: Collection[str] = ()
    ) -> None:
        self.where = where
        self.columns = tuple(columns)
        self.given = dict(options)
        self.values: dict[str, Any] = {}
        self.free: dict[str, str] = {}
        known = list(known)
        for key, text in self.given.items():
            option = found(key, known, self.columns)
            if option is None:
                raise ConfigurationError(self.unknown(key, known))
            if option.key.endswith("*"):
                self.free[key] = text
            else:
                name = key if "#" in option.key else option.key
                self.values[name] = option.read(text, key, where)
        for option in known:
            if option.required and option.key not in self.values:
                raise ConfigurationError(f"{where}: option '{option.key}' is missing: {option.description}")
            if not option.key.endswith("*") and "#" not in option.key:
                self.values.setdefault(option.key, option.default)

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of an option that may not be there."""
        return self.values.get(key, default)

    def has(self, key: str) -> bool:
        """Whether WITH gives it."""
        return key in self.given

    def below(self, prefix: str) -> dict[str, str]:
        """The options whose names begin so, without that beginning."""
        return {key.removeprefix(prefix): text for key, text in self.free.items() if key.startswith(prefix)}

    def unknown(self, key: str, known: list[TableOption]) -> str:
        """What is said of an option that there is none of."""
        names = [name for option in known for name in spelled(option, self.columns)]
        listed = "\n".join(f"  {option.key}{' (required)' if option.required else ''}" for option in known)
        return f"{self.where}: there is no option '{key}'{suggestion(key, names)}; there are\n{listed}"


def found(key: str, known: Iterable[TableOption], columns: Iterable[str]) -> TableOption | None:
    """The option of a name."""
    for option in known:
        if key in spelled(option, columns):
            return option
        if option.key.endswith("*") and key.startswith(option.key[:-1]) and len(key) >= len(option.key):
            return option
    return None


def spelled(option: TableOption, columns: Iterable[str]) -> list[str]:
    """The names of an option, with each column's name in it."""
    if option.key.endswith("*"):
        return []
    if "#" in option.key:
        return [option.key.replace("#", column) for column in columns]
    return [option.key, *option.others]


def suggestion(name: str, known: Iterable[str]) -> str:
    """A hint at the closest of several names, if one is close."""
    close = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def choice(names: Iterable[str]) -> str:
    """Names as one reads them."""
    *first, last = [f"'{name}'" for name in names]
    return f"{', '.join(first)} or {last}" if first else last

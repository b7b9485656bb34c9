"""Checks of arguments that several connectors share."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from pyflinkx.errors import ConfigurationError


def check_choice(value: Any, name: str, choices: Sequence[Any]) -> Any:
    """``value``, which must be one of ``choices``.

    Raises:
        ConfigurationError: it is another.
    """
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return choice
    raise ConfigurationError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")


def check_on_error(value: Any) -> str:
    """``value``, which must be ``"fail"`` or ``"skip"``."""
    choice: str = check_choice(value, "on_error", ("fail", "skip"))
    return choice


def check_count(value: Any, name: str, least: int = 1) -> int:
    """``value``, which must be a whole number of ``least`` or more.

    Raises:
        TypeError: it is not a whole number.
        ConfigurationError: it is less.
    """
    if isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if number < least:
        raise ConfigurationError(f"{name} is {least} or more, not {value!r}")
    return number


def check_text(value: Any, name: str) -> str:
    """``value``, which must be a str.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} is a str, not {value!r}")
    return value

"""Modules of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.names.asking import offering

__all__ = ["Module", "ModuleEntry"]


class Module:
    """A module; there is the one of the built-in functions, whose name is ``core``."""


class ModuleEntry:
    """The name of a module, and whether functions are looked up in it.

    Args:
        name: of the module.
        used: whether it is used.
    """

    def __init__(self, name: str, used: bool) -> None:
        self._name = name
        self._used = used

    def name(self) -> str:
        """The name of the module."""
        return self._name

    def used(self) -> bool:
        """Whether functions are looked up in it."""
        return self._used

    def __repr__(self) -> str:
        return f"ModuleEntry({self._name!r}, {self._used})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModuleEntry) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._name)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

"""Functions that change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflinkx.datastream.functions import AllWindowFunction, KeySelector, WindowFunction

__all__ = ["NullByteKeySelector", "PassThroughAllWindowFunction", "PassThroughWindowFunction"]


class NullByteKeySelector(KeySelector):
    """Gives every record the same key."""

    def get_key(self, value: Any) -> int:
        """0."""
        return 0


class PassThroughWindowFunction(WindowFunction[Any, Any, Any, Any]):
    """A window's records are its results."""

    def apply(self, key: Any, window: Any, inputs: Iterable[Any]) -> Iterable[Any]:
        """The records."""
        yield from inputs


class PassThroughAllWindowFunction(AllWindowFunction[Any, Any, Any]):
    """A window's records are its results."""

    def apply(self, window: Any, inputs: Iterable[Any]) -> Iterable[Any]:
        """The records."""
        yield from inputs

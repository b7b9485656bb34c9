"""A program in the making: its transformations, and what the user says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.transformation import Transformation


class Program:
    """What a face builds, call by call.

    A transformation never changes; what is said of it later replaces its settings here. Those of a transformation that
    nobody reads any more are forgotten with it.

    Attributes:
        roots: the transformations of the next job, in the order in which they were made.
    """

    def __init__(self) -> None:
        self.roots: list[Transformation] = []
        self._settings: WeakKeyDictionary[Transformation, Settings] = WeakKeyDictionary()

    def add(self, transformation: Transformation) -> None:
        """Make it a part of the next job."""
        self.roots.append(transformation)

    def settings(self, transformation: Transformation) -> Settings:
        """What is said of a transformation by now."""
        return self._settings.get(transformation, transformation.settings)

    def change(self, transformation: Transformation, **changes: Any) -> None:
        """Say something else of a transformation: fields of Settings by name."""
        self._settings[transformation] = replace(self.settings(transformation), **changes)

    def name(self, transformation: Transformation) -> str:
        """What a transformation is called by now."""
        return self.settings(transformation).name or transformation.operation

    def forget(self) -> None:
        """Begin the next job with nothing; streams that are still there can be built upon, as they were described."""
        self.roots.clear()

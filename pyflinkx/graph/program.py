"""A program in the making: its transformations, and what the user says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.stream_graph import topological_order
from pyflinkx.graph.transformation import Transformation


class Program:
    """What a face builds, call by call.

    A transformation never changes; what is said of it later replaces its settings here. Those of a transformation that
    nobody reads any more are forgotten with it.

    Attributes:
        roots: the transformations of the next job, in the order in which they were made.
        explained: whether somebody wanted to see its plan, and may not want more.
    """

    def __init__(self) -> None:
        self.roots: list[Transformation] = []
        self.explained = False
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

    def with_loops(self, end: Transformation) -> list[Transformation]:
        """One end of a stream, and the ends of the loops through which its records come."""
        tails = {root.feedback_to: root for root in self.roots if root.feedback_to is not None}
        ends = [end]
        while True:
            needed = topological_order(ends)
            missing = [tails[part] for part in needed if part in tails and tails[part] not in ends]
            if not missing:
                return ends
            ends += missing

    def has_run(self, ends: Iterable[Transformation]) -> None:
        """Leave to the next job what these ends did not need: sinks among it stay, with all that they read."""
        done = set(topological_order(ends))
        self.roots[:] = [root for root in self.roots if root not in done]

    def forget(self) -> None:
        """Begin the next job with nothing; streams that are still there can be built upon, as they were described."""
        self.roots.clear()

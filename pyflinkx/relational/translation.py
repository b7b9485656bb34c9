"""From logical nodes to the streams of a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pyflinkx.config.configuration import Configuration
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.nodes import Node

N = TypeVar("N", bound=Node)
Translator = Callable[[Any, "Translation"], Stream]


class Translation:
    """Makes the streams of the plans of one job; a node that several plans share becomes one stream.

    Args:
        source: the stream of a node that reads nothing: a Scan, Values.
        options: of the job.
        streaming: whether results are changes as they come, or the last ones only.
    """

    def __init__(self, source: Callable[[Node], Stream], options: Configuration, streaming: bool = True) -> None:
        self.source = source
        self.options = options
        self.streaming = streaming
        self._made: dict[int, tuple[Node, Stream]] = {}

    def stream(self, node: Node) -> Stream:
        """The columnar stream of a node's rows."""
        known = self._made.get(id(node))
        if known is None:
            translator = TRANSLATORS.get(type(node))
            made = self.source(node) if translator is None else translator(node, self)
            known = self._made[id(node)] = (node, made)
        return known[1]


TRANSLATORS: dict[type[Node], Translator] = {}


def translates(kind: type[N]) -> Callable[[Callable[[N, Translation], Stream]], Callable[[N, Translation], Stream]]:
    """Says which function makes the stream of a kind of nodes."""

    def entered(translator: Callable[[N, Translation], Stream]) -> Callable[[N, Translation], Stream]:
        assert kind not in TRANSLATORS, kind
        TRANSLATORS[kind] = translator
        return translator

    return entered

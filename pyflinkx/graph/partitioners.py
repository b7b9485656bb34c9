"""How records are spread over the subtasks of the next operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pyflinkx.operators.functions import UserFunction


@dataclass(frozen=True)
class Partitioner:
    """Base; most partitioners may send to any subtask of the next operator.

    ``fusible`` says whether nothing is lost when an edge between single subtasks becomes a plain call.
    """

    fusible: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Flink's name of the ship strategy."""
        return type(self).__name__.removesuffix("Partitioner").upper()

    def targets(self, producer: int, producers: int, consumers: int) -> range:
        """The consuming subtasks that a producing one is connected to.

        Args:
            producer: index of the producing subtask.
            producers: how many there are.
            consumers: how many consuming subtasks there are.
        """
        return range(consumers)


@dataclass(frozen=True)
class ForwardPartitioner(Partitioner):
    """To the subtask with the same index; both sides have the same parallelism."""

    def targets(self, producer: int, producers: int, consumers: int) -> range:
        """The one with the same index."""
        return range(producer, producer + 1)


@dataclass(frozen=True)
class RebalancePartitioner(Partitioner):
    """Round robin, so that all subtasks get the same number of records."""


@dataclass(frozen=True)
class RescalePartitioner(Partitioner):
    """Round robin within a fixed group of subtasks; a group has one producer, or one consumer, or one of each.

    Example:
        >>> [list(RescalePartitioner().targets(producer, 2, 5)) for producer in range(2)]
        [[0, 1, 2], [3, 4]]
        >>> [list(RescalePartitioner().targets(producer, 5, 2)) for producer in range(5)]
        [[0], [0], [1], [1], [1]]
    """

    def targets(self, producer: int, producers: int, consumers: int) -> range:
        """Those of the producer's group: Flink's pointwise distribution (``EdgeManagerBuildUtil``)."""
        if producers >= consumers:
            consumer = ((producer + 1) * consumers - 1) // producers
            return range(consumer, consumer + 1)
        return range(-(-producer * consumers // producers), -(-(producer + 1) * consumers // producers))


@dataclass(frozen=True)
class ShufflePartitioner(Partitioner):
    """Each record to a subtask drawn at random."""


@dataclass(frozen=True)
class BroadcastPartitioner(Partitioner):
    """Each record to every subtask."""


@dataclass(frozen=True)
class GlobalPartitioner(Partitioner):
    """Everything to the first subtask."""


@dataclass(frozen=True)
class HashPartitioner(Partitioner):
    """By the key group of ``key_selector(record)``.

    Args:
        key_selector: from record to key.
        columns: names of the columns that are the key where records travel as columns; None for none.
    """

    key_selector: Callable[[Any], Any]
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class PartialPartitioner(HashPartitioner):
    """Partial aggregates to the subtasks that they name in their last column, where they come in order; rows by key.

    Args:
        partials: the Schema of the partial aggregates.
    """

    partials: Any = None

    @property
    def name(self) -> str:
        """That of its base: it sends to the same subtasks."""
        return "HASH"


@dataclass(frozen=True)
class CustomPartitioner(Partitioner):
    """By the user's own rule. It is asked even where there is only one subtask, so that a wrong one always shows.

    Args:
        partition: from key and number of subtasks to the subtask's index.
        key_selector: from record to key.
    """

    fusible: ClassVar[bool] = False

    partition: UserFunction
    key_selector: UserFunction

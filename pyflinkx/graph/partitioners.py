"""How records are spread over the subtasks of the next operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Partitioner:
    """Base: ``name`` is what the execution plan calls it, ``pointwise`` says that order and placement are kept."""

    @property
    def name(self) -> str:
        """Flink's name of the ship strategy."""
        return type(self).__name__.removesuffix("Partitioner").upper()


@dataclass(frozen=True)
class ForwardPartitioner(Partitioner):
    """To the subtask with the same index; both sides have the same parallelism."""


@dataclass(frozen=True)
class RebalancePartitioner(Partitioner):
    """Round robin, so that all subtasks get the same number of batches."""


@dataclass(frozen=True)
class HashPartitioner(Partitioner):
    """By the key group of ``key_selector(record)``.

    Args:
        key_selector: from record to key.
    """

    key_selector: Callable[[Any], Any]

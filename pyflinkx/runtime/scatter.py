"""Partitioners at work: which part of a batch goes to which subtask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls import CallSite, select_keys
from pyflinkx._core.partition import key_groups, scatter_objects, subtasks_of
from pyflinkx.errors import GraphError, KeyTypeError
from pyflinkx.graph.partitioners import (
    ForwardPartitioner,
    HashPartitioner,
    Partitioner,
    RebalancePartitioner,
)

Scatter = Callable[[Any], list[tuple[int, Any]]]


def make_scatter(
    partitioner: Partitioner, subtask: int, parallelism: int, max_parallelism: int, site: CallSite
) -> Scatter:
    """The function that spreads the batches of one producing subtask.

    Args:
        partitioner: of the edge.
        subtask: index of the producer.
        parallelism: of the consumer.
        max_parallelism: number of key groups of the consumer.
        site: the consumer, for errors.
    """
    if isinstance(partitioner, ForwardPartitioner):
        return lambda batch: [(subtask, batch)]
    if isinstance(partitioner, RebalancePartitioner):
        return _rebalance(subtask, parallelism)
    if isinstance(partitioner, HashPartitioner):
        return _hash(partitioner.key_selector, parallelism, max_parallelism, site)
    raise GraphError(f"operator '{site.name}': no exchange for partitioner {partitioner.name}")


def _rebalance(subtask: int, parallelism: int) -> Scatter:
    position = subtask % parallelism

    def scatter(batch: Any) -> list[tuple[int, Any]]:
        nonlocal position
        if parallelism == 1:
            return [(0, batch)]
        share = -(-len(batch) // parallelism)
        parts = []
        for start in range(0, len(batch), share):
            parts.append((position, batch.slice(start, min(start + share, len(batch)))))
            position = (position + 1) % parallelism
        return parts

    return scatter


def _hash(key_selector: Callable[[Any], Any], parallelism: int, max_parallelism: int, site: CallSite) -> Scatter:
    def scatter(batch: Any) -> list[tuple[int, Any]]:
        try:
            groups = key_groups(select_keys(site, key_selector, batch.values), max_parallelism)
        except KeyTypeError as error:
            raise site.wrap(error, "on a key") from error
        subtasks = subtasks_of(groups, max_parallelism, parallelism)
        parts = scatter_objects(batch, subtasks, parallelism)
        return [(index, part) for index, part in enumerate(parts) if part is not None]

    return scatter

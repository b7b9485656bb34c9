"""Partitioners at work: which part of a batch goes to which subtask."""

from __future__ import annotations

import operator
import random
from array import array
from typing import Any

from pyflinkx._core.calls.records import CallSite, select_keys, short_repr
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.to_rows import to_objects
from pyflinkx._core.keys.items import ItemKey, select_items
from pyflinkx._core.keys.partition import (
    key_groups,
    scatter_by_key,
    scatter_columns,
    scatter_objects,
    slice_by_key_group,
    subtasks_of,
)
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import GraphError, KeyTypeError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.nodes import StreamEdge
from pyflinkx.graph.partitioners import (
    BroadcastPartitioner,
    CustomPartitioner,
    ForwardPartitioner,
    GlobalPartitioner,
    HashPartitioner,
    PartialPartitioner,
    Partitioner,
    RebalancePartitioner,
    RescalePartitioner,
    ShufflePartitioner,
)
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.function import RuntimeContext
from pyflinkx.operators.functions import UserFunctions, own_selector
from pyflinkx.operators.partial_batches import PartialBatches
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.function_copies import copy_for_subtask

Parts = list[tuple[int, Any]]


class Scatter:
    """Spreads the batches of one producing subtask; ``open`` and ``close`` frame the calls, as for an operator."""

    def __call__(self, batch: Any) -> Parts:
        """The parts of a batch, none of them empty, each with the index of the consuming subtask."""
        raise NotImplementedError

    def open(self, context: OperatorContext) -> None:
        """Called once before the first batch, with the context of the producing operator."""

    def close(self) -> None:
        """Called once whenever ``open`` was, also after a failure."""


def make_scatter(
    partitioner: Partitioner,
    subtask: int,
    producers: int,
    consumers: int,
    max_parallelism: int,
    site: CallSite,
    copied: bool = False,
    in_order: bool = True,
) -> Scatter:
    """What spreads the batches of one producing subtask.

    Args:
        partitioner: of the edge.
        subtask: index of the producer.
        producers: parallelism of the producing operator.
        consumers: parallelism of the consuming operator.
        max_parallelism: number of key groups of the consumer.
        site: the consumer, for errors.
        copied: whether others are made from this partitioner too, so that its function objects must be copied.
        in_order: whether partial aggregates come in the order of the subtasks; not those that were made for another
            number of them.

    Raises:
        GraphError: the partitioner is none of those known, or holds a function object that cannot be copied.
    """
    targets = partitioner.targets(subtask, producers, consumers)
    match partitioner:
        case ForwardPartitioner() | GlobalPartitioner():
            return ToOne(targets[0])
        case RebalancePartitioner():
            return RoundRobin(targets, subtask % consumers)
        case RescalePartitioner():
            return RoundRobin(targets)
        case ShufflePartitioner():
            return Shuffle(consumers, f"{site.uid}/{subtask}")
        case BroadcastPartitioner():
            return ToAll(consumers)
        case PartialPartitioner():
            return ByName(partitioner, consumers, max_parallelism, site, in_order)
        case HashPartitioner():
            return ByKeyGroup(partitioner, consumers, max_parallelism, site)
        case CustomPartitioner():
            own = copy_for_subtask(partitioner, site.name, site.location) if copied else partitioner
            return ByRule(own, consumers, site)
    raise GraphError(f"operator '{site.name}': no exchange for partitioner {partitioner.name}")


def exchange_scatter(graph: JobGraph, edge: StreamEdge, subtask: int, copied: bool) -> Scatter:
    """What spreads the batches of one producing subtask of an exchange; ``copied`` as for ``make_scatter``."""
    source, target = graph.node_of(edge.source), graph.node_of(edge.target)
    return make_scatter(
        edge.partitioner,
        subtask,
        source.parallelism,
        target.parallelism,
        target.max_parallelism,
        site_of(target),
        copied,
    )


class ToOne(Scatter):
    """All to the one subtask ``index``."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __call__(self, batch: Any) -> Parts:
        return [(self.index, batch)] if len(batch) else []


class ToAll(Scatter):
    """A copy of each batch to each of ``consumers`` subtasks; columns are shared, as nobody changes them."""

    def __init__(self, consumers: int) -> None:
        self.consumers = consumers
        self.last = consumers - 1
        self.copier: Copier | None = None

    def open(self, context: OperatorContext) -> None:
        self.copier = context.copier

    def __call__(self, batch: Any) -> Parts:
        if not len(batch):
            return []
        if not isinstance(batch, ObjectBatch):
            return [(index, batch) for index in range(self.last + 1)]
        return [*((index, batch.copy(self.copier)) for index in range(self.last)), (self.last, batch)]


class RoundRobin(Scatter):
    """Runs of records in turn to ``targets``; at any time these have got the same number, give or take one.

    Args:
        targets: indexes of the consuming subtasks.
        start: which of them is the first.
    """

    def __init__(self, targets: range, start: int = 0) -> None:
        self.targets = targets
        self.position = start

    def __call__(self, batch: Any) -> Parts:
        targets = self.targets
        if len(targets) == 1:
            return [(targets[0], batch)] if len(batch) else []
        share, rest = divmod(len(batch), len(targets))
        parts = []
        start = 0
        for turn in range(len(targets) if share else rest):
            stop = start + share + (turn < rest)
            parts.append((targets[(self.position + turn) % len(targets)], batch.slice(start, stop)))
            start = stop
        self.position = (self.position + rest) % len(targets)
        return parts


class Shuffle(Scatter):
    """Each record to one of ``consumers`` subtasks at random, by numbers that follow from ``seed``."""

    def __init__(self, consumers: int, seed: str) -> None:
        self.consumers = range(consumers)
        self.random = random.Random(seed)

    def __call__(self, batch: Any) -> Parts:
        return divide(batch, array("i", self.random.choices(self.consumers, k=len(batch))), len(self.consumers))


class ByKeyGroup(Scatter):
    """To the subtask that has the key's group.

    Args:
        partitioner: says what the key is.
        consumers: parallelism of the consumer.
        max_parallelism: its number of key groups.
        site: the consumer, for errors.
    """

    def __init__(self, partitioner: HashPartitioner, consumers: int, max_parallelism: int, site: CallSite) -> None:
        self.key_selector = own_selector(partitioner.key_selector)
        self.functions = UserFunctions([self.key_selector], " of its key selector")
        self.index = self.key_selector.index if isinstance(self.key_selector, ItemKey) else None
        self.columns = partitioner.columns
        self.consumers = consumers
        self.max_parallelism = max_parallelism
        self.site = site

    def open(self, context: OperatorContext) -> None:
        self.functions.open(self.site, RuntimeContext(context))

    def close(self) -> None:
        self.functions.close()

    def keys(self, values: list[Any]) -> list[Any]:
        """The key of each record."""
        # The consumer calls the selector again for each record; here that costs a tenth of the whole exchange.
        found = select_items(values, self.index) if self.index is not None else None
        return select_keys(self.site, self.key_selector, values) if found is None else found

    def __call__(self, batch: Any) -> Parts:
        try:
            if self.columns is not None and isinstance(batch, ColumnBatch):
                parts = scatter_by_key(batch, self.columns, self.max_parallelism, self.consumers)
                return [(index, part) for index, part in enumerate(parts) if part is not None]
            groups = key_groups(self.keys(values_of(batch)), self.max_parallelism)
        except KeyTypeError as error:
            raise self.site.wrap(error, "on a key") from error
        return divide(batch, subtasks_of(groups, self.max_parallelism, self.consumers), self.consumers)


class ByName(ByKeyGroup):
    """Partial aggregates by the key group that they name; anything else by its key.

    Args:
        partitioner: says what partial aggregates are.
        consumers: parallelism of the consumer.
        max_parallelism: its number of key groups.
        site: the consumer, for errors.
        in_order: whether they come in the order of the subtasks.
    """

    def __init__(
        self, partitioner: PartialPartitioner, consumers: int, max_parallelism: int, site: CallSite, in_order: bool
    ) -> None:
        super().__init__(partitioner, consumers, max_parallelism, site)
        self.partials = PartialBatches(partitioner.partials)
        self.in_order = in_order

    def __call__(self, batch: Any) -> Parts:
        if batch not in self.partials:
            return super().__call__(batch)
        if not self.in_order:
            groups = array("i", [group for (group,) in batch.select([0]).to_rows("tuple")])
            return divide(batch, subtasks_of(groups, self.max_parallelism, self.consumers), self.consumers)
        parts = slice_by_key_group(batch, 0, self.max_parallelism, self.consumers)
        return [(index, part) for index, part in enumerate(parts) if part is not None]


class ByRule(Scatter):
    """To the subtask that the user's partitioner names.

    Args:
        partitioner: the user's functions.
        consumers: parallelism of the consumer.
        site: the consumer, for errors.
    """

    def __init__(self, partitioner: CustomPartitioner, consumers: int, site: CallSite) -> None:
        self.partition, self.key_selector = partitioner.partition.call, partitioner.key_selector.call
        self.functions = UserFunctions((partitioner.partition, partitioner.key_selector), " of its custom partitioner")
        self.consumers = consumers
        self.site = site

    def open(self, context: OperatorContext) -> None:
        self.functions.open(self.site, RuntimeContext(context))

    def close(self) -> None:
        self.functions.close()

    def __call__(self, batch: Any) -> Parts:
        values = values_of(batch)
        partition, key_selector = self.partition, self.key_selector
        subtasks = array("i", bytes(4 * len(values)))
        for row, key in enumerate(select_keys(self.site, key_selector, values)):
            try:
                subtasks[row] = self.checked(partition(key, self.consumers), key)
            except BaseException as error:
                raise self.site.wrap(error, f"in partition_custom() on record {short_repr(values[row])}") from error
        return divide(batch, subtasks, self.consumers)

    def checked(self, index: Any, key: Any) -> int:
        """The partitioner's answer, if it is the index of a subtask."""
        try:
            number = operator.index(index)
        except TypeError:
            number = -1
        if not 0 <= number < self.consumers:
            raise ValueError(
                f"the partitioner returned {short_repr(index)} for key {short_repr(key)}, which is no int from 0 to "
                f"{self.consumers - 1}"
            )
        return number


def values_of(batch: Any) -> list[Any]:
    """The records of a batch as Python functions see them."""
    values: list[Any] = (to_objects(batch) if isinstance(batch, ColumnBatch) else batch).values
    return values


def divide(batch: Any, subtasks: array[int], consumers: int) -> Parts:
    """The parts of a batch by the subtask of each record."""
    if isinstance(batch, ColumnBatch):
        return [(i, part) for i, part in enumerate(scatter_columns(batch, subtasks, consumers)) if part is not None]
    return [(i, part) for i, part in enumerate(scatter_objects(batch, subtasks, consumers)) if part is not None]

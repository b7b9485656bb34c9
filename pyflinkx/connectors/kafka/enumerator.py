"""Finds the partitions that a Kafka source reads, and deals them out to its readers."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.kafka.cluster import Cluster, Topics, listed
from pyflinkx.connectors.kafka.offsets import KafkaOffsetsInitializer, KafkaTopicPartition
from pyflinkx.connectors.kafka.splits import KafkaSplit
from pyflinkx.errors import SourceError

log = logging.getLogger("pyflinkx.connectors.kafka")


@dataclass(frozen=True)
class KafkaEnumeratorState:
    """Where an enumerator is.

    Args:
        known: the partitions that readers were given.
        waiting: splits that no reader was given yet.
        begun: whether the partitions were found that there were at the start of the job.
    """

    known: frozenset[KafkaTopicPartition] = frozenset()
    waiting: tuple[KafkaSplit, ...] = ()
    begun: bool = False


@dataclass(frozen=True)
class Plan:
    """What an enumerator looks for.

    Args:
        topics: which partitions.
        starting: where those of the start of the job begin. Those that come later begin at their first message.
        stopping: where they end; None where they do not.
        bounded: whether what there is at the start is all.
        interval: milliseconds between two looks; None to look once.
    """

    topics: Topics
    starting: KafkaOffsetsInitializer
    stopping: KafkaOffsetsInitializer | None
    bounded: bool
    interval: int | None


@dataclass(frozen=True)
class Gone:
    """To readers: these partitions are not there any more. Whoever is still reading one fails."""

    partitions: frozenset[KafkaTopicPartition]


class KafkaEnumerator(SplitEnumerator):
    """Looks for partitions in a thread of its own, at the start and then at intervals.

    Each partition has its reader, whichever reader is there first.

    Args:
        context: of the job.
        plan: what to look for.
        connect: makes the cluster; called in that thread.
        state: where another one was.
    """

    def __init__(
        self,
        context: SplitEnumeratorContext,
        plan: Plan,
        connect: Callable[[], Cluster],
        state: KafkaEnumeratorState | None = None,
    ) -> None:
        self.restored = state is not None
        self.gone: frozenset[KafkaTopicPartition] = frozenset()
        state = state or KafkaEnumeratorState()
        self.context = context
        self.plan = plan
        self.connect = connect
        self.cluster: Cluster | None = None
        self.known = set(state.known)
        self.waiting = list(state.waiting)
        self.begun = state.begun

    def start(self) -> None:
        if self.plan.interval is not None or not self.begun or self.restored:
            self._look()

    def _look(self) -> None:
        known, begun = frozenset(self.known), self.begun

        def look() -> tuple[Cluster, list[KafkaSplit], frozenset[KafkaTopicPartition]]:
            cluster = self.cluster or self.connect()
            found = cluster.partitions(self.plan.topics, begun)
            return cluster, new_splits(cluster, self.plan, found, known, begun), known - found

        self.context.call_async(look, self._found)

    def _found(self, found: Any, failure: BaseException | None) -> None:
        if failure is None:
            self.cluster, splits, self.gone = found
            if splits and self.begun:
                log.info("new: %s", listed(split.partition for split in splits))
            self.begun = True
            self.known.update(split.partition for split in splits)
            self.waiting += splits
            self._assign()
            for reader in self.context.registered_readers():
                self._tell_gone(reader)
        elif not self.begun or not isinstance(failure, SourceError):
            raise failure
        else:  # the readers know better whether this matters
            log.warning("new partitions could not be looked for, which is tried again: %s", failure)
        if self.plan.interval is not None:
            self.context.call_at(self.context.current_processing_time() + self.plan.interval, self._look)

    def _assign(self) -> None:
        readers = self.context.registered_readers()
        count = self.context.current_parallelism()
        left = []
        given: dict[int, list[KafkaSplit]] = {}
        for split in self.waiting:
            reader = owner_of(split.partition, count)
            if reader in readers:
                given.setdefault(reader, []).append(split)
            else:
                left.append(split)
        self.waiting = left
        self.context.assign_splits(given)
        if self.begun and self.plan.bounded:
            for reader in readers:
                self.context.signal_no_more_splits(reader)

    def _tell_gone(self, reader: int) -> None:
        if self.gone:
            self.context.send_event_to_source_reader(reader, Gone(self.gone))

    def add_reader(self, subtask_id: int) -> None:
        self._assign()
        self._tell_gone(subtask_id)

    def handle_split_request(self, subtask_id: int, requester_hostname: str | None) -> None:
        self._assign()

    def add_splits_back(self, splits: list[KafkaSplit], subtask_id: int) -> None:
        self.waiting += splits
        self._assign()

    def snapshot_state(self, checkpoint_id: int) -> KafkaEnumeratorState:
        return KafkaEnumeratorState(frozenset(self.known), tuple(self.waiting), self.begun)

    def close(self) -> None:
        if self.cluster is not None:
            self.cluster.close()


def new_splits(
    cluster: Cluster,
    plan: Plan,
    found: set[KafkaTopicPartition],
    known: frozenset[KafkaTopicPartition],
    begun: bool,
) -> list[KafkaSplit]:
    """The partitions that are not known yet, with where they begin and end.

    Args:
        cluster: where they are.
        plan: what to look for.
        found: those that there are.
        known: those that readers have had.
        begun: whether all that there were at the start are known.

    Raises:
        SourceError: there are none, an offset is not there, or the brokers cannot be asked.
    """
    if begun and plan.interval is None:
        return []
    if not found and not begun and plan.bounded:
        raise SourceError(f"there are no {plan.topics} at {cluster.servers}")
    new = sorted(found - known)
    begins = cluster.earliest(new) if begun else cluster.offsets(plan.starting, new)
    stops = {} if plan.stopping is None else cluster.offsets(plan.stopping, new)
    if plan.bounded:
        ends = cluster.latest_offsets(new)
        for partition in new:
            if stops[partition] > ends[partition]:
                raise SourceError(
                    f"{partition} is to be read up to offset {stops[partition]}, but ends at {ends[partition]}: "
                    "set_unbounded() instead of set_bounded() waits for what is still to be written"
                )
    return [KafkaSplit(partition, begins[partition], stops.get(partition)) for partition in new]


def owner_of(partition: KafkaTopicPartition, readers: int) -> int:
    """The reader that gets a partition: those of a topic are spread evenly."""
    return (zlib.crc32(partition.topic.encode()) + partition.partition) % readers

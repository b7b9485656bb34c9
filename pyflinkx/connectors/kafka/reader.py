"""Reads partitions of Kafka."""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.connectors.kafka.clients import made_client
from pyflinkx.connectors.kafka.cluster import listed, native, refusal
from pyflinkx.connectors.kafka.enumerator import Gone
from pyflinkx.connectors.kafka.feed import ASK_SECONDS, Feed, Outage
from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.connectors.kafka.offsets import KafkaOffsetResetStrategy, KafkaTopicPartition
from pyflinkx.connectors.kafka.records import KafkaRecordDeserializationSchema, bad_record, looks_for_end, record_of
from pyflinkx.connectors.kafka.splits import KafkaSplit
from pyflinkx.connectors.source import BAD_RECORDS_TAG, END, WAIT, ReaderContext, SourceReader
from pyflinkx.errors import SourceError

log = logging.getLogger("pyflinkx.connectors.kafka")

BAD_RECORDS_COUNTER = "numBadRecords"
RESETS_COUNTER = "numOffsetResets"
COMMITS_COUNTER = "commitsSucceeded"
FAILED_COMMITS_COUNTER = "commitsFailed"

ERROR = methodcaller("error")
OFFSET = methodcaller("offset")
PARTITION = methodcaller("partition")
TIMESTAMP = methodcaller("timestamp")


@dataclass(frozen=True)
class Reading:
    """How a source reads.

    Args:
        properties: of the consumer.
        schema: makes records of messages.
        skips: whether messages that cannot be read go to the side output, and do not fail the job.
        most: messages that are taken at once.
        commits: whether positions are committed with checkpoints.
        first_reset: what is done where the offset is not there that the source was to begin with.
        later_reset: what is done where an offset is not kept any more, of what was read in part.
        patience: how long (s) all brokers may be away.
        covers: whether a partition is among those that the source reads.
    """

    properties: dict[str, Any]
    schema: KafkaRecordDeserializationSchema
    skips: bool
    most: int
    commits: bool
    first_reset: KafkaOffsetResetStrategy
    later_reset: KafkaOffsetResetStrategy
    patience: float
    covers: Callable[[KafkaTopicPartition], bool]


@dataclass
class Progress:
    """A partition that is being read: ``offset`` is that of the next message to be given out."""

    partition: KafkaTopicPartition
    offset: int
    stop: int | None
    read: bool

    def split(self) -> KafkaSplit:
        """What is left of it."""
        return KafkaSplit(self.partition, self.offset, self.stop, self.read)


class KafkaReader(SourceReader):
    """Reads several partitions in turn, in batches of one of them.

    Args:
        reading: how.
        context: of the task.
    """

    requests_splits = True
    outside = True

    def __init__(self, reading: Reading, context: ReaderContext) -> None:
        self.reading = reading
        self.counters = context.counters
        self.schema = context.own(reading.schema)
        self.decode = self.schema.decoder()
        self.looks_for_end = looks_for_end(self.schema)
        self.library = client_library()
        self.servers = reading.properties["bootstrap.servers"]
        self.partitions: dict[KafkaTopicPartition, Progress] = {}
        self.by_key: dict[Any, Progress] = {}
        self.key_of: Any = None  # gives what `by_key` goes by, for a message; None for one partition alone
        self.chunks: deque[tuple[Progress, list[Any]]] = deque()
        self.events: deque[Any] = deque()
        self.complete = False  # no more partitions will come
        self.failure: BaseException | None = None
        self.bad_records: list[Any] = []
        self.positions: dict[int, dict[KafkaTopicPartition, int]] = {}
        self.ended: dict[KafkaTopicPartition, int] = {}
        properties = dict(reading.properties)
        if "client.id" in properties:
            properties["client.id"] += f"-{context.subtask_index}"
        properties["error_cb"] = self._note
        properties["on_commit"] = self._committed
        consumer = made_client(self.library.Consumer, properties)
        self.consumer = consumer
        self.outage = Outage(lambda seconds: consumer.list_topics("__none", seconds), reading.patience)
        self.feed = Feed(consumer, context.wake, self._idle)

    # ---- splits ----

    def add_splits(self, splits: list[KafkaSplit]) -> None:
        added = []
        topics = {partition.topic for partition in self.partitions} | {partition.topic for partition in self.ended}
        for split in splits:
            if not self.reading.covers(split.partition):
                log.warning("%s is not read on, as the source does not name it any more", split.partition)
                continue
            progress = Progress(split.partition, split.offset, split.stop, split.read)
            if split.stop is not None and split.offset >= split.stop:
                self.ended[split.partition] = split.offset
                continue
            self.partitions[split.partition] = progress
            added.append(native(split.partition, split.offset))
        if added:
            self._learn(topics.intersection(place.topic for place in added))
            self.consumer.incremental_assign(added)
            self._index()

    def _learn(self, topics: set[str]) -> None:
        """Topics that the consumer knows have more partitions than it knows of: it would take minutes to find out."""
        for topic in topics:
            try:
                self.consumer.list_topics(topic, ASK_SECONDS)
            except self.library.KafkaException as error:
                log.warning("topic '%s': %s", topic, error.args[0].str())

    def _index(self) -> None:
        """Messages are told apart by as little as can be."""
        topics = {partition.topic for partition in self.partitions}
        if len(topics) == 1:
            self.by_key = {partition.partition: progress for partition, progress in self.partitions.items()}
            self.key_of = PARTITION
        else:
            self.by_key = {(key.topic, key.partition): progress for key, progress in self.partitions.items()}
            self.key_of = lambda message: (message.topic(), message.partition())

    def no_more_splits(self) -> None:
        self.complete = True

    def handle_event(self, event: Gone) -> None:
        gone = event.partitions.intersection(self.partitions)
        if gone:
            raise SourceError(f"{listed(gone)} is not there any more at {self.servers}, and was not read to its end")

    def open_splits(self) -> list[Any]:
        return list(self.partitions)

    def snapshot_state(self, checkpoint_id: int) -> list[KafkaSplit]:
        splits = [progress.split() for progress in self.partitions.values()]
        if self.reading.commits:
            self.positions[checkpoint_id] = {**self.ended, **{split.partition: split.offset for split in splits}}
        return splits

    # ---- reading ----

    def poll(self, limit: int) -> Any:
        if self.failure is not None:
            raise self.failure
        while True:
            while self.chunks:
                progress, messages = self.chunks.popleft()
                if progress.partition in self.partitions:
                    return self._batch(progress, messages, limit)
            while self.events:
                if self._handle(self.events.popleft()):
                    return ObjectBatch([])  # event time no longer waits for the partition
            if not self.partitions:
                return END if self.complete else WAIT
            messages = self.feed.take(self.reading.most)
            if not messages:
                return WAIT
            self._sort(messages)

    def _sort(self, messages: list[Any]) -> None:
        """Put messages by partition; what is no message comes behind those that came before it."""
        if any(map(ERROR, messages)):
            self.events.extend(message for message in messages if message.error() is not None)
            messages = [message for message in messages if message.error() is None]
            if not messages:
                return
        self.outage.end()
        keys = list(map(self.key_of, messages))
        first = keys[0]
        if keys.count(first) == len(keys):
            groups = {first: messages}
        else:
            groups = {}
            for key, message in zip(keys, messages, strict=True):
                groups.setdefault(key, []).append(message)
        for key, group in groups.items():
            progress = self.by_key.get(key)
            if progress is not None:  # else it has ended
                self.chunks.append((progress, group))

    def _batch(self, progress: Progress, messages: list[Any], limit: int) -> Any:
        if len(messages) > limit:
            self.chunks.appendleft((progress, messages[limit:]))
            messages = messages[:limit]
        self.current_split = progress.partition
        last = messages[-1].offset()
        ends = progress.stop is not None and last >= progress.stop - 1
        if ends and last >= progress.stop:
            messages = [message for message in messages if message.offset() < progress.stop]
        try:
            values = self.decode(messages)
        except Exception:
            messages, values, ends = self._decode_singly(progress, messages, ends)
        else:
            progress.offset = progress.stop if ends and progress.stop is not None else last + 1
            progress.read = True
        if self.looks_for_end and any(map(self.schema.is_end_of_stream, values)):
            index = next(index for index, value in enumerate(values) if self.schema.is_end_of_stream(value))
            progress.offset, ends = messages[index].offset(), True
            messages, values = messages[:index], values[:index]
        if ends:
            self._end(progress)
        times = timestamps_of(messages)
        if None in values:
            kept = [index for index, value in enumerate(values) if value is not None]
            values = [values[index] for index in kept]
            times = None if times is None else array("q", [times[index] for index in kept])
        return ObjectBatch(values, times)

    def _decode_singly(self, progress: Progress, messages: list[Any], ends: bool) -> tuple[list[Any], list[Any], bool]:
        """As one of the messages cannot be read: those before it, or all others where that is no failure."""
        good: list[Any] = []
        values: list[Any] = []
        for message in messages:
            try:
                value = self.schema.deserialize(record_of(message))
            except Exception as error:
                if not self.reading.skips:
                    self.failure = SourceError(
                        f"the message at offset {message.offset()} of {progress.partition} cannot be read: "
                        f"{bad_record(message, error).error}: {short_repr(message.value())}"
                    )
                    self.failure.__cause__ = error
                    if not good:
                        raise self.failure from error
                    return good, values, False
                self.counters[BAD_RECORDS_COUNTER] = self.counters.get(BAD_RECORDS_COUNTER, 0) + 1
                self.bad_records.append(bad_record(message, error))
            else:
                good.append(message)
                values.append(value)
            progress.offset, progress.read = message.offset() + 1, True
        return good, values, ends

    def take_side_records(self) -> dict[str, list[Any]]:
        if not self.bad_records:
            return {}
        taken, self.bad_records = self.bad_records, []
        return {BAD_RECORDS_TAG: taken}

    def _end(self, progress: Progress) -> None:
        """The partition has been read to its end."""
        del self.partitions[progress.partition]
        self.ended[progress.partition] = progress.offset
        self.consumer.incremental_unassign([native(progress.partition)])
        if self.partitions:
            self._index()

    # ---- what is no message ----

    def _handle(self, message: Any) -> bool:
        """See to what a consumer says of a partition, or of all; whether that has ended a partition."""
        error = message.error()
        codes = self.library.KafkaError
        if error.code() == codes._PARTITION_EOF:
            self.outage.end()
            progress = self.partitions.get(place_of(message))
            # There may be no message before the end: what is there may be the end of a transaction, or have been
            # aborted, or compacted away.
            if progress is not None and progress.stop is not None and message.offset() >= progress.stop:
                self._end(progress)
                return True
            return False
        if message.topic() is not None and message.partition() is not None and message.partition() >= 0:
            progress = self.partitions.get(place_of(message))
            if progress is None:
                return False
            if error.code() in (codes._AUTO_OFFSET_RESET, codes.OFFSET_OUT_OF_RANGE):
                return self._reset(progress)
            if error.code() in (codes.UNKNOWN_TOPIC_OR_PART, codes._UNKNOWN_PARTITION, codes._UNKNOWN_TOPIC):
                raise SourceError(f"{progress.partition} is not there any more at {self.servers}: {error.str()}")
            if not error.retriable():
                raise SourceError(f"{progress.partition} cannot be read: {error.str()}")
        elif error.fatal():
            raise SourceError(f"Kafka at {self.servers}: {error.str()}")
        log.warning("%s", error.str())
        return False

    def _reset(self, progress: Progress) -> bool:
        """The offset that comes next is not there."""
        where = native(progress.partition)
        lowest, highest = self.consumer.get_watermark_offsets(where, timeout=self.reading.patience)
        reset = self.reading.later_reset if progress.read else self.reading.first_reset
        kept = f"{lowest} to {highest} are kept"
        told = f"{progress.partition} was to be read from offset {progress.offset}, but only {kept}"
        if reset is KafkaOffsetResetStrategy.NONE:
            lost = ": messages are lost. " if progress.read else ". "
            raise SourceError(
                f"{told}{lost}Begin with other offsets, or give a reset strategy: "
                "KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.EARLIEST)"
            )
        self.counters[RESETS_COUNTER] = self.counters.get(RESETS_COUNTER, 0) + 1
        progress.offset = lowest if reset is KafkaOffsetResetStrategy.EARLIEST else highest
        log.warning("%s; it is read from %d, as the reset strategy is %s", told, progress.offset, reset.name)
        if progress.stop is not None and progress.offset >= progress.stop:
            self._end(progress)
            return True
        self.consumer.incremental_unassign([where])
        self.consumer.incremental_assign([native(progress.partition, progress.offset)])
        return False

    def _note(self, error: Any) -> None:
        """Called from within the consumer, in whichever thread fetches."""
        refused = refusal(error, self.servers)
        if refused is not None:
            self.failure = self.failure or refused
        elif error.code() == self.library.KafkaError._ALL_BROKERS_DOWN:
            if self.outage.since is None:
                log.warning("no broker of %s can be reached, which is tried again: %s", self.servers, error.str())
            self.outage.begin(error.str())

    def _idle(self) -> None:
        """Nothing has come for a while."""
        if self.failure is not None:
            raise self.failure
        if self.outage.lasts():
            raise SourceError(
                f"no broker of {self.servers} could be reached for {self.reading.patience:g} s "
                f"(brokers.down.timeout.ms): {self.outage.reason}"
            )

    # ---- checkpoints ----

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        positions = self.positions.pop(checkpoint_id, {})
        self._forget(checkpoint_id)
        if positions:
            offsets = [native(partition, offset) for partition, offset in positions.items()]
            try:
                self.consumer.commit(offsets=offsets, asynchronous=True)
            except self.library.KafkaException as error:
                self._committed(error.args[0], [])
            for partition, offset in positions.items():
                if self.ended.get(partition) == offset:
                    del self.ended[partition]

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        self.positions.pop(checkpoint_id, None)

    def _forget(self, checkpoint_id: int) -> None:
        self.positions = {number: known for number, known in self.positions.items() if number > checkpoint_id}

    def _committed(self, error: Any, partitions: list[Any]) -> None:
        """Others see the positions late; what is read does not depend on them."""
        counter = COMMITS_COUNTER if error is None else FAILED_COMMITS_COUNTER
        self.counters[counter] = self.counters.get(counter, 0) + 1
        if error is not None:
            log.warning("offsets could not be committed, which the next checkpoint tries again: %s", error.str())

    def close(self) -> None:
        self.feed.close()


def place_of(message: Any) -> KafkaTopicPartition:
    """The partition that a message, or an event, is of."""
    return KafkaTopicPartition(message.topic(), message.partition())


def timestamps_of(messages: list[Any]) -> array[int] | None:
    """The timestamps of messages (ms); None where none has any."""
    if not messages:
        return None
    kinds, times = zip(*map(TIMESTAMP, messages), strict=True)
    if 0 in kinds:  # such as the oldest brokers wrote
        return array("q", [time if kind else NO_TIMESTAMP for kind, time in zip(kinds, times, strict=True)])
    return array("q", times)

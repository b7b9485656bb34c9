"""The splits of a Kafka source: partitions, from an offset to another."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.connectors.kafka.offsets import KafkaTopicPartition


@dataclass(frozen=True)
class KafkaSplit:
    """A partition, or what is left of it.

    Args:
        partition: which.
        offset: of the first message to be read.
        stop: the offset before which it ends; None where it does not end.
        read: whether the offset follows from what was read, and not from the source's offsets initializer: if it is not
            there any more, messages are lost.
    """

    partition: KafkaTopicPartition
    offset: int
    stop: int | None = None
    read: bool = False

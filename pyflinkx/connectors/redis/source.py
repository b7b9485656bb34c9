"""Streams of Redis, read as a consumer group, each entry once."""

from __future__ import annotations

import time
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import STRING
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.source import COMMON, AcknowledgedSource, AcknowledgedSourceBuilder
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.option_table import Options
from pyflinkx.connectors.redis.client import SOCKET_TIMEOUT, URL, client, shown_url, told_as_lost
from pyflinkx.errors import SourceError

STREAMS = ConfigOption("streams", STRING, description="the streams to read, with commas between them")
GROUP = ConfigOption("group", STRING, description="the consumer group, made where it is missing")
CONSUMER = ConfigOption(
    "consumer.prefix", STRING, "pyflinkx", "what the consumer of each subtask is called; -0, -1, ... follow"
)
START = ConfigOption(
    "start",
    STRING,
    "0",
    "where a group begins that is made: 0 for the first entry, $ for those that come from then on, or an entry's id",
)
FIELD = ConfigOption("field", STRING, "value", "the field of an entry that a deserializer of values reads")
SOURCE_OPTIONS = (URL, STREAMS, GROUP, CONSUMER, START, FIELD, SOCKET_TIMEOUT, *COMMON)

# How often (s), while nothing comes, to look for entries that a process got in the moment of its end.
LOOK_SECONDS = 5.0
# Entries that are claimed at once.
CLAIMED = 1000


class RedisSource(AcknowledgedSource):
    """Reads streams of Redis as consumers of a group, one for each subtask.

    Entries are acknowledged when the checkpoint behind them is durable. Those that a job has had in a checkpoint are
    known by their ids when they come again, so each is given once.

    Example:
        >>> from pyflinkx.types.serialization import SimpleStringSchema
        >>> builder = RedisSource.builder().set_url("redis://localhost").set_streams("orders").set_group("billing")
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        RedisSource(redis://localhost, orders)
    """

    operation = "RedisSource"

    @staticmethod
    def builder() -> RedisSourceBuilder:
        """Begin to describe one."""
        return RedisSourceBuilder()

    def server(self) -> str:
        return f"{shown_url(self.options.get(URL))}, {self.options.get(STREAMS)}"

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return RedisConnection(self.options, subtask, parallelism)


class RedisSourceBuilder(AcknowledgedSourceBuilder):
    """Describes a RedisSource."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options("RedisSource", SOURCE_OPTIONS)

    def set_url(self, url: str) -> RedisSourceBuilder:
        """Set the server, as ``redis://user:password@host:6379/0``."""
        return self.set_option(URL.key, url)

    def set_streams(self, *streams: str) -> RedisSourceBuilder:
        """Set the streams to read."""
        return self.set_option(STREAMS.key, ",".join(streams))

    def set_group(self, group: str) -> RedisSourceBuilder:
        """Set the consumer group; it is made where it is missing."""
        return self.set_option(GROUP.key, group)

    def build(self) -> RedisSource:
        """The source.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        for option, method in ((URL, "set_url"), (STREAMS, "set_streams"), (GROUP, "set_group")):
            self.options.needed(option, method)
        return RedisSource(self.options, self._made_schema(), self._type)


class RedisConnection(Connection):
    """One consumer of the group.

    It begins with what consumers of its name, and of subtasks that there are no more, were given before and have not
    acknowledged; then come new entries.
    """

    confirms = True

    def __init__(self, options: Options, subtask: int, parallelism: int) -> None:
        self.group = options.get(GROUP)
        self.prefix = options.get(CONSUMER)
        self.name = f"{self.prefix}-{subtask}"
        self.field = options.get(FIELD).encode()
        self.streams = [name.strip() for name in options.get(STREAMS).split(",")]
        self.answers = library("redis.exceptions", "Redis", "redis", "redis").ResponseError
        self.client = client(options)
        with told_as_lost():
            for stream in self.streams:
                self._join(stream, options.get(START))
                self._inherit(stream, subtask, parallelism)
        self.given: set[Any] = set()  # by this connection, and not acknowledged
        self.left = dict.fromkeys(self.streams, "0")  # up to which entry what was given before has been read again
        self.looked = time.monotonic()

    def _join(self, stream: str, start: str) -> None:
        try:
            self.client.xgroup_create(stream, self.group, start, mkstream=True)
        except self.answers as error:
            if not str(error).startswith("BUSYGROUP"):  # it is there already
                raise SourceError(
                    f"the consumer group {self.group!r} of stream {stream!r} cannot be had: {error}"
                ) from error

    def _inherit(self, stream: str, subtask: int, parallelism: int) -> None:
        """Take over what was given to subtasks that there are no more."""
        for consumer in self.client.xinfo_consumers(stream, self.group):
            name = consumer["name"].decode()
            number = name.removeprefix(f"{self.prefix}-")
            if name == number or not number.isdigit() or int(number) < parallelism:
                continue
            if int(number) % parallelism == subtask:
                while pending := self.client.xpending_range(stream, self.group, "-", "+", CLAIMED, name):
                    ids = [entry["message_id"] for entry in pending]
                    self.client.xclaim(stream, self.group, self.name, 0, ids, justid=True)
                self.client.xgroup_delconsumer(stream, self.group, name)

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        with told_as_lost():
            if self.left:
                found = self._ask(dict(self.left), most, None)
                given = dict(found)
                for stream in list(self.left):
                    entries = given.get(stream, [])
                    if entries:
                        self.left[stream] = entries[-1][0]
                    else:
                        del self.left[stream]
            else:
                found = self._ask(dict.fromkeys(self.streams, ">"), most, max(1, int(seconds * 1000)))
                if not found and time.monotonic() - self.looked > LOOK_SECONDS:
                    self.looked = time.monotonic()
                    self.left = dict.fromkeys(self.streams, "0")
        messages = []
        for stream, entries in found:
            for number, fields in entries:
                if (stream, number) in self.given:
                    continue
                self.given.add((stream, number))
                if fields:
                    messages.append((self._message(stream, number, fields), (stream, number)))
                else:  # it was removed from the stream meanwhile
                    self.acknowledge([(stream, number)])
        return messages

    def _ask(self, places: dict[str, Any], most: int, wait: int | None) -> list[tuple[str, Any]]:
        """Entries by stream."""
        try:
            answer = self.client.execute_command(
                *("XREADGROUP", "GROUP", self.group, self.name, "COUNT", most),
                *(() if wait is None else ("BLOCK", wait)),
                *("STREAMS", *places, *places.values()),
            )
        except self.answers as error:
            if str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise SourceError(f"the consumer group {self.group!r} is not there any more: {error}") from error
            raise SourceError(f"{', '.join(self.streams)}: {error}") from error
        return [(text(stream), entries) for stream, entries in stream_parts(answer)]

    def _message(self, stream: str, number: bytes, fields: Any) -> Message:
        named = fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))
        stamp = int(number.split(b"-")[0])
        return Message(named.get(self.field, b""), stream, f"{stream} {number.decode()}", stamp, named)

    def acknowledge(self, tokens: list[Any]) -> None:
        by_stream: dict[str, list[bytes]] = {}
        for stream, number in tokens:
            by_stream.setdefault(stream, []).append(number)
        with told_as_lost():
            for stream, numbers in by_stream.items():
                for start in range(0, len(numbers), CLAIMED):
                    self.client.xack(stream, self.group, *numbers[start : start + CLAIMED])
        self.given.difference_update(tokens)

    def close(self) -> None:
        self.client.close()


def text(name: Any) -> str:
    """A name, which may come as bytes."""
    return name.decode() if isinstance(name, bytes) else str(name)


def stream_parts(answer: Any) -> list[tuple[Any, Any]]:
    """What XREADGROUP has answered, as (stream, entries), in either version of the protocol."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [(stream, [entry for part in parts for entry in part]) for stream, parts in answer.items()]
    return [(stream, entries) for stream, entries in answer]

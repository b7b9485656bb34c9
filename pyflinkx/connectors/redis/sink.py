"""Records into Redis: strings and hashes by key, which may be written again; entries of streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.config.arguments import check_text
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG
from pyflinkx.connectors.batched import COMMON, BatchingWriter, Target
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.option_table import Options, OptionsBuilder
from pyflinkx.connectors.redis.client import SOCKET_TIMEOUT, URL, client, shown_url, told_as_lost
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError

EXPIRE = ConfigOption(
    "expire.ms",
    LONG,
    None,
    "after how long a string or hash that was written goes by itself; by default never",
    minimum=1,
)
MAX_LENGTH = ConfigOption(
    "stream.max.length", LONG, None, "about how many entries a stream keeps; by default all", minimum=1
)
SINK_OPTIONS = (URL, EXPIRE, MAX_LENGTH, SOCKET_TIMEOUT, *COMMON)

# What Redis takes for a value.
PLAIN = (str, bytes, int, float)

Command = tuple[Any, ...]


class RedisSink(Sink):
    """Writes to Redis, each record at least once. Strings and hashes are the same when they are written again.

    Example:
        >>> builder = RedisSink.builder().set_url("redis://localhost")
        >>> builder.write_hashes(key=lambda user: f"user:{user['id']}", fields=lambda user: user).build()
        RedisSink(redis://localhost)
    """

    def __init__(self, options: Options, encode: Callable[[Any, bool], Any], changes: bool) -> None:
        self.options = options
        self.encode = encode
        self.changes = changes

    def __repr__(self) -> str:
        return f"RedisSink({shown_url(self.options.get(URL))})"

    @staticmethod
    def builder() -> RedisSinkBuilder:
        """Begin to describe one."""
        return RedisSinkBuilder()

    def create_writer(self, context: WriterContext) -> SinkWriter:
        server = shown_url(self.options.get(URL))
        return BatchingWriter(RedisTarget(self.options), server, self.encode, self.options, context, self.changes)


class RedisSinkBuilder(OptionsBuilder):
    """Describes a RedisSink."""

    def __init__(self) -> None:
        self.options = Options("RedisSink", SINK_OPTIONS)
        self._make: Callable[[], Callable[[Any, bool], Any]] | None = None
        self._changes = True

    def set_url(self, url: str) -> RedisSinkBuilder:
        """Set the server, as ``redis://user:password@host:6379/0``."""
        return self.set_option(URL.key, url)

    def write_strings(self, key: Callable[[Any], Any], value: Callable[[Any], Any]) -> RedisSinkBuilder:
        """Write a string for each record (SET); where a changelog takes the record away, the key goes (DEL).

        Args:
            key: gives the key of a record: text or bytes.
            value: gives its value: text, bytes or a number.
        """
        self._make = lambda: partial(string_commands, key, value, self.options.get(EXPIRE))
        self._changes = True
        return self

    def write_hashes(self, key: Callable[[Any], Any], fields: Callable[[Any], Mapping[Any, Any]]) -> RedisSinkBuilder:
        """Write a hash for each record (HSET); where a changelog takes the record away, the key goes (DEL).

        Args:
            key: gives the key of a record: text or bytes.
            fields: gives its fields: text, bytes or numbers by name. Those that are None are removed.
        """
        self._make = lambda: partial(hash_commands, key, fields, self.options.get(EXPIRE))
        self._changes = True
        return self

    def write_stream(self, stream: str, fields: Callable[[Any], Mapping[Any, Any]]) -> RedisSinkBuilder:
        """Write an entry of a stream for each record (XADD); a record that is written again has two.

        Args:
            stream: its key.
            fields: gives the fields of a record's entry: text, bytes or numbers by name.
        """
        check_text(stream, "stream")
        self._make = lambda: partial(entry_commands, stream, fields, self.options.get(MAX_LENGTH))
        self._changes = False
        return self

    def build(self) -> RedisSink:
        """The sink.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        self.options.needed(URL, "set_url")
        if self._make is None:
            raise ConfigurationError(
                "RedisSink needs to know what to write: write_strings, write_hashes or write_stream"
            )
        return RedisSink(self.options, self._make(), self._changes)


def checked(value: Any, what: str) -> Any:
    """A value that Redis takes."""
    if isinstance(value, bool) or not isinstance(value, PLAIN):
        raise SinkError(f"{what} is text, bytes or a number, not {short_repr(value)}")
    return value


def string_commands(key_of: Any, value_of: Any, expire: int | None, record: Any, gone: bool) -> list[Command]:
    """What writes a record as a string."""
    key = checked(key_of(record), "a key")
    if gone:
        return [("DEL", key)]
    return [
        ("SET", key, checked(value_of(record), f"the value of {key!r}"), *(() if expire is None else ("PX", expire)))
    ]


def hash_commands(key_of: Any, fields_of: Any, expire: int | None, record: Any, gone: bool) -> list[Command]:
    """What writes a record as a hash."""
    key = checked(key_of(record), "a key")
    if gone:
        return [("DEL", key)]
    fields = dict(fields_of(record))
    empty = [name for name, value in fields.items() if value is None]
    full = [
        part
        for name, value in fields.items()
        if value is not None
        for part in (name, checked(value, f"{key!r}, {name!r}"))
    ]
    commands: list[Command] = [("HDEL", key, *empty)] if empty else []
    if full:
        commands.append(("HSET", key, *full))
    if expire is not None:
        commands.append(("PEXPIRE", key, expire))
    return commands


def entry_commands(stream: str, fields_of: Any, length: int | None, record: Any, gone: bool) -> list[Command]:
    """What writes a record as an entry of a stream."""
    fields = [part for name, value in fields_of(record).items() for part in (name, checked(value, f"{name!r}"))]
    if not fields:
        raise SinkError(f"an entry of a stream has a field at least, and there is none for {short_repr(record)}")
    return [("XADD", stream, *(() if length is None else ("MAXLEN", "~", length)), "*", *fields)]


class RedisTarget(Target):
    """Sends the commands of a batch at once."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.client: Any = None
        self.server = shown_url(options.get(URL))
        self.answers = library("redis.exceptions", "Redis", "redis", "redis").ResponseError

    def send(self, items: list[Any]) -> list[Any]:
        if self.client is None:
            self.client = client(self.options)
        pipeline = self.client.pipeline(transaction=False)
        for commands in items:
            for command in commands:
                pipeline.execute_command(*command)
        with told_as_lost():
            answers = pipeline.execute(raise_on_error=False)
        for answer, command in zip(answers, (command for commands in items for command in commands), strict=True):
            if isinstance(answer, self.answers):
                raise SinkError(f"{self.server} does not take {' '.join(map(short_repr, command[:4]))}: {answer}")
            if isinstance(answer, Exception):
                with told_as_lost():
                    raise answer
        return []

    def close(self) -> None:
        if self.client is not None:
            connection, self.client = self.client, None
            connection.close()

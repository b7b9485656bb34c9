"""Files of records in folders (buckets), a new one from time to time; after Flink's FileSink.

Without checkpoints there is one moment at which files can become visible for good: the end of the job. So writers
leave them under hidden names, and the committer in the client gives all of them their names, or removes all.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import uuid
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.config.arguments import check_count, check_text
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.connectors.files.target_file import FileCommitter, HiddenFile, identity
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.formats.opening import os_error_text
from pyflinkx.types.serialization import Encoder

# Letters of Java's DateTimeFormatter that are numbers of fixed width.
PATTERN = re.compile(r"'((?:[^']|'')*)'|y+|M+|d+|H+|m+|s+|S+|[A-Za-z]+|[^A-Za-z']+")
FIELDS = {"M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second"}


class BucketAssigner:
    """Says which folder a record goes to; made by one of the static methods.

    Args:
        bucket: the folder's name, below the base path, by record and processing time (ms); "" for the base path.
    """

    def __init__(self, bucket: Callable[[Any, int], str]) -> None:
        self.bucket = bucket

    @staticmethod
    def base_path_bucket_assigner() -> BucketAssigner:
        """All files in the base path."""
        return BucketAssigner(base_path)

    @staticmethod
    def date_time_bucket_assigner(format_str: str = "yyyy-MM-dd--HH", timezone_id: str | None = None) -> BucketAssigner:
        """Folders by the time at which records are written.

        Args:
            format_str: a pattern of Java's DateTimeFormatter with y, M, d, H, m, s and S as numbers, and text.
            timezone_id: such as "Europe/Berlin"; by default the system's zone.

        Raises:
            ConfigurationError: the pattern has other letters, or the zone is unknown.
        """
        try:
            zone = None if timezone_id is None else zoneinfo.ZoneInfo(check_text(timezone_id, "timezone_id"))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigurationError(f"timezone {timezone_id!r} is unknown") from error
        assigner = TimeBuckets(format_str, zone)
        assigner(None, 0)
        return BucketAssigner(assigner)


def base_path(record: Any, now: int) -> str:
    """The bucket of all records where there are none."""
    return ""


class TimeBuckets:
    """Names buckets by the time."""

    def __init__(self, pattern: str, zone: datetime.tzinfo | None) -> None:
        self.pattern = check_text(pattern, "format_str")
        self.zone = zone
        self.last: tuple[int, str] | None = None

    def __call__(self, record: Any, now: int) -> str:
        if self.last is None or self.last[0] != now:
            self.last = now, self._name(now)
        return self.last[1]

    def _name(self, now: int) -> str:
        time = datetime.datetime.fromtimestamp(now // 1000, datetime.timezone.utc).astimezone(self.zone)
        time = time.replace(microsecond=now % 1000 * 1000)
        return PATTERN.sub(lambda match: self._field(match, time), self.pattern)

    def _field(self, match: re.Match[str], time: datetime.datetime) -> str:
        text = match[0]
        if text[0] == "'":
            return match[1].replace("''", "'") or "'"
        if not text[0].isalpha():
            return text
        width = len(text)
        if text[0] == "y":
            return f"{time.year % 100:02}" if width == 2 else f"{time.year:0{width}}"
        if text[0] == "S":
            return f"{time.microsecond:06}"[:width].ljust(width, "0")
        if text[0] not in FIELDS or width > 2:
            raise ConfigurationError(f"the pattern {self.pattern!r} has {text!r}, which has no number of fixed width")
        return f"{getattr(time, FIELDS[text[0]]):0{width}}"


class RollingPolicy:
    """Says when a file is closed and a new one begun; made by one of the static methods."""

    def is_due(self, size: int, begun: int, written: int, now: int) -> bool:
        """Whether a file is to be closed.

        Args:
            size: of the file, in bytes.
            begun: when it was begun (ms).
            written: when it was last written to (ms).
            now: the time (ms).
        """
        raise NotImplementedError

    @staticmethod
    def default_rolling_policy(
        part_size: int = 128 * 1024 * 1024, rollover_interval: int = 60_000, inactivity_interval: int = 60_000
    ) -> DefaultRollingPolicy:
        """By size, age and inactivity.

        Args:
            part_size: in bytes.
            rollover_interval: milliseconds since a file was begun.
            inactivity_interval: milliseconds since it was last written to.

        Raises:
            TypeError, ConfigurationError: one is no whole number above 0.
        """
        return DefaultRollingPolicy(part_size, rollover_interval, inactivity_interval)

    @staticmethod
    def on_checkpoint_rolling_policy() -> OnCheckpointRollingPolicy:
        """Only where files are made visible, so at the end of the input."""
        return OnCheckpointRollingPolicy()


class DefaultRollingPolicy(RollingPolicy):
    """By size, age and inactivity."""

    def __init__(self, part_size: int, rollover_interval: int, inactivity_interval: int) -> None:
        self.part_size = check_count(part_size, "part_size")
        self.rollover_interval = check_count(rollover_interval, "rollover_interval")
        self.inactivity_interval = check_count(inactivity_interval, "inactivity_interval")

    def is_due(self, size: int, begun: int, written: int, now: int) -> bool:
        return (
            size >= self.part_size or now - begun >= self.rollover_interval or now - written >= self.inactivity_interval
        )


class OnCheckpointRollingPolicy(RollingPolicy):
    """Only where files are made visible."""

    def is_due(self, size: int, begun: int, written: int, now: int) -> bool:
        return False


class OutputFileConfig:
    """How files are named: ``<prefix>-<id of the subtask>-<number><suffix>``.

    Args:
        part_prefix: what names begin with.
        part_suffix: what they end with, such as ".txt".

    Raises:
        ConfigurationError: one holds a separator of paths, or the prefix hides the file.
    """

    def __init__(self, part_prefix: str, part_suffix: str) -> None:
        for text in (check_text(part_prefix, "part_prefix"), check_text(part_suffix, "part_suffix")):
            if os.sep in text or "\0" in text:
                raise ConfigurationError(f"a part of a file name cannot be {text!r}")
        if part_prefix.startswith((".", "_")):
            raise ConfigurationError(f"files that begin with {part_prefix[0]!r} are hidden: {part_prefix!r}")
        self.part_prefix = part_prefix
        self.part_suffix = part_suffix

    @staticmethod
    def builder() -> OutputFileConfig.OutputFileConfigBuilder:
        """A builder with the prefix "part" and no suffix."""
        return OutputFileConfig.OutputFileConfigBuilder()

    def get_part_prefix(self) -> str:
        """What names begin with."""
        return self.part_prefix

    def get_part_suffix(self) -> str:
        """What names end with."""
        return self.part_suffix

    class OutputFileConfigBuilder:
        """Builds an OutputFileConfig."""

        def __init__(self) -> None:
            self._prefix, self._suffix = "part", ""

        def with_part_prefix(self, prefix: str) -> OutputFileConfig.OutputFileConfigBuilder:
            """Begin names with that."""
            self._prefix = prefix
            return self

        def with_part_suffix(self, suffix: str) -> OutputFileConfig.OutputFileConfigBuilder:
            """End names with that."""
            self._suffix = suffix
            return self

        def build(self) -> OutputFileConfig:
            """The configuration."""
            return OutputFileConfig(self._prefix, self._suffix)


class RowFileSink(Sink):
    """Describes the files.

    Args:
        path: the folder that all files are in, or in folders of.
        encoder: makes the bytes of a record.
    """

    def __init__(self, path: str | PathLike[str], encoder: Encoder) -> None:
        self.path = local_path(path)
        self.encoder = encoder
        self.assigner = BucketAssigner.date_time_bucket_assigner()
        self.policy: RollingPolicy = RollingPolicy.default_rolling_policy()
        self.names = OutputFileConfig.builder().build()
        self.check_interval = 60_000

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def check(self) -> None:
        existing = self.path
        while not os.path.lexists(existing):
            existing = os.path.dirname(existing)
        if not os.path.isdir(existing):
            raise SinkError(f"{self.path}: cannot be written: {existing} is not a folder")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise SinkError(f"{self.path}: cannot be written: no permission to make files in {existing}")

    def create_writer(self, context: WriterContext) -> RowFileWriter:
        return RowFileWriter(self, context)

    def create_committer(self) -> FileCommitter:
        return FileCommitter()


@dataclass
class Part:
    """A file that is being written."""

    path: str
    hidden: str
    file: Any
    begun: int
    written: int
    size: int = 0


class RowFileWriter(SinkWriter):
    """Writes the files of one subtask."""

    def __init__(self, sink: RowFileSink, context: WriterContext) -> None:
        self.sink = sink
        self.clock = context.clock
        self.id = str(uuid.uuid4())
        self.number = 0
        self.open: dict[str, Part] = {}
        self.closed: list[HiddenFile] = []
        self.checked: int = self.clock.now()

    def write(self, batch: Any) -> None:
        if first_change(batch) >= 0:
            raise SinkError(f"{self.sink.path}: the stream holds updates or deletions, which a file cannot take back")
        now = self.clock.now()
        if now - self.checked >= self.sink.check_interval:
            self.checked = now
            for bucket in list(self.open):
                self._roll(bucket, now)
        bucket_of, encode = self.sink.assigner.bucket, self.sink.encoder.encode
        for value in batch.values:
            bucket = bucket_of(value, now)
            self._roll(bucket, now)
            part = self.open.get(bucket)
            if part is None:
                part = self.open[bucket] = self._begin(bucket, now)
            data = encode(value)
            with self._errors(part.path):
                part.file.write(data)
            part.size += len(data)
            part.written = now

    def _roll(self, bucket: str, now: int) -> None:
        part = self.open.get(bucket)
        if part is not None and self.sink.policy.is_due(part.size, part.begun, part.written, now):
            self._end(bucket)

    def _begin(self, bucket: str, now: int) -> Part:
        folder = os.path.join(self.sink.path, bucket) if bucket else self.sink.path
        name = f"{self.sink.names.part_prefix}-{self.id}-{self.number}{self.sink.names.part_suffix}"
        self.number += 1
        path = os.path.join(folder, name)
        hidden = os.path.join(folder, f".{name}.inprogress.{uuid.uuid4()}")
        with self._errors(path):
            os.makedirs(folder, exist_ok=True)
            return Part(path, hidden, open(hidden, "xb"), now, now)

    def _end(self, bucket: str) -> None:
        part = self.open[bucket]
        with self._errors(part.path):
            part.file.flush()
            os.fsync(part.file.fileno())
            finished = HiddenFile(part.path, part.path, part.hidden, identity(part.file.fileno()))
            part.file.close()
        del self.open[bucket]
        self.closed.append(finished)

    @contextlib.contextmanager
    def _errors(self, path: str) -> Any:
        try:
            yield
        except OSError as error:
            raise SinkError(f"{path}: cannot be written: {os_error_text(error)}") from error

    def flush(self, end_of_input: bool) -> None:
        if end_of_input:
            for bucket in list(self.open):
                self._end(bucket)

    def prepare_commit(self) -> list[HiddenFile]:
        closed, self.closed = self.closed, []
        return closed

    def close(self) -> None:
        for part in self.open.values():
            with contextlib.suppress(OSError):
                part.file.close()
            with contextlib.suppress(OSError):
                os.unlink(part.hidden)
        FileCommitter().abort(self.closed)
        self.open, self.closed = {}, []

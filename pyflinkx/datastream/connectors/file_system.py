"""Files as sources, with PyFlink's names."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pyflinkx.config.arguments import check_count
from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.files.buckets import BucketAssigner
from pyflinkx.connectors.files.bulk import BulkWriter, BulkWriterFactory, RowDataBulkWriterFactory
from pyflinkx.connectors.files.enumerator import FileEnumerator, FilesLeft
from pyflinkx.connectors.files.part_files import WriteMode
from pyflinkx.connectors.files.part_names import OutputFileConfig
from pyflinkx.connectors.files.rolling import (
    CheckpointRollingPolicy,
    DefaultRollingPolicy,
    OnCheckpointRollingPolicy,
    PartFileInfo,
    RollingPolicy,
)
from pyflinkx.connectors.files.row_files import RowFileSink
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.source import Boundedness, ReaderContext, Source, SourceReader
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.types.changes import Changes
from pyflinkx.types.serialization import Encoder
from pyflinkx.types.time import Duration

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "BucketAssigner",
    "BulkFormat",
    "BulkWriter",
    "BulkWriterFactory",
    "CheckpointRollingPolicy",
    "DefaultRollingPolicy",
    "FileEnumeratorProvider",
    "FileSink",
    "FileSource",
    "FileSourceBuilder",
    "FileSplitAssignerProvider",
    "OnCheckpointRollingPolicy",
    "OutputFileConfig",
    "PartFileInfo",
    "RollingPolicy",
    "RowDataBulkWriterFactory",
    "StreamFormat",
    "StreamingFileSink",
    "WriteMode",
]


class StreamFormat:
    """How a file is read record by record."""

    def source(self, paths: tuple[str, ...]) -> Source:
        """The source that reads files in this format."""
        raise NotImplementedError

    @staticmethod
    def text_line_format(charset_name: str = "UTF-8") -> StreamFormat:
        r"""Lines of text, without their line ends (``\n``, ``\r\n`` or ``\r``).

        Args:
            charset_name: of the files. A byte-order mark is dropped; invalid bytes stop the job.
        """
        return TextLineFormat(charset_name)


class TextLineFormat(StreamFormat):
    """Lines of text."""

    def __init__(self, charset_name: str) -> None:
        self.charset_name = charset_name

    def source(self, paths: tuple[str, ...]) -> Source:
        return TextFileSource(paths, self.charset_name)


class BulkFormat:
    """How files are read whose content is columns, such as ``ParquetColumnarRowInputFormat``."""

    def source(self, paths: tuple[str, ...]) -> Source:
        """The source that reads files in this format."""
        raise NotImplementedError


@answers("datastream.connectors.file_system.FileSource")
class FileSource(Source, metaclass=Answering):
    """Reads local files, each by whichever reader is free. Made by ``for_record_stream_format`` or
    ``for_bulk_file_format``.

    Args:
        source: reads the files.
        interval: milliseconds between two looks for new files; None to read only those that are there at the start.

    Example:
        >>> FileSource.for_record_stream_format(StreamFormat.text_line_format(), "/var/log/access.log").build()
        FileSource(TextFileSource('/var/log/access.log'))
    """

    def __init__(self, source: Source, interval: int | None = None) -> None:
        self._source = source
        self._interval = interval
        self.boundedness = source.boundedness if interval is None else Boundedness.CONTINUOUS_UNBOUNDED

    def __repr__(self) -> str:
        return f"FileSource({self._source!r})"

    @property
    def output_type(self) -> Any:
        """Type of the records."""
        return self._source.output_type

    @property
    def changes(self) -> Changes | None:  # type: ignore[override] # that of what it reads with
        """The kinds of rows."""
        return self._source.changes

    @property
    def columnar(self) -> bool:  # type: ignore[override] # that of what it reads with
        """Whether it gives columns."""
        return self._source.columnar

    @property
    def schema(self) -> Any:
        """Of the columns."""
        return self._source.schema

    def check(self) -> None:
        self._source.check()

    def splits(self, parallelism: int) -> list[Any]:
        return self._source.splits(parallelism)

    def create_enumerator(self, enum_context: SplitEnumeratorContext) -> SplitEnumerator:
        return FileEnumerator(enum_context, lambda: self.splits(1), self._interval)

    def restore_enumerator(self, enum_context: SplitEnumeratorContext, checkpoint: FilesLeft) -> SplitEnumerator:
        return FileEnumerator(enum_context, lambda: self.splits(1), self._interval, checkpoint)

    def create_reader(self, context: ReaderContext) -> SourceReader:
        return self._source.create_reader(context)

    @staticmethod
    def for_record_stream_format(stream_format: StreamFormat, *paths: str) -> FileSourceBuilder:
        """A builder of a source that reads files record by record.

        Args:
            stream_format: such as ``StreamFormat.text_line_format()`` or ``CsvReaderFormat.for_schema(schema)``.
            paths: files and folders, also as ``file:`` URLs. Of a folder, all files in and below it are read, in order
                of their paths, but those whose names start with ``.`` or ``_``. Files ending in .gz, .gzip, .bz2, .xz,
                .deflate, .zst or .zstd are decompressed.

        Raises:
            ConfigurationError: it is no such format, or there are no paths.
        """
        if not isinstance(stream_format, StreamFormat):
            raise ConfigurationError(f"a stream format is a StreamFormat, not {stream_format!r}")
        return FileSourceBuilder(stream_format.source(paths))

    @staticmethod
    def for_bulk_file_format(bulk_format: BulkFormat, *paths: str) -> FileSourceBuilder:
        """A builder of a source that reads files of columns, in parts where they are large.

        Args:
            bulk_format: such as ``ParquetColumnarRowInputFormat``.
            paths: as for ``for_record_stream_format``.

        Raises:
            ConfigurationError: it is no such format, or there are no paths.
        """
        if not isinstance(bulk_format, BulkFormat):
            raise ConfigurationError(f"a bulk format is a BulkFormat, not {bulk_format!r}")
        return FileSourceBuilder(bulk_format.source(paths))


class FileEnumeratorProvider:
    """Says how files are found. Formats of columns and Avro are read in parts in either way, others as whole files."""

    @staticmethod
    def default_splittable_file_enumerator() -> FileEnumeratorProvider:
        """Files in folders and below, but those whose names start with ``.`` or ``_``."""
        return FileEnumeratorProvider()

    @staticmethod
    def default_non_splittable_file_enumerator() -> FileEnumeratorProvider:
        """The same."""
        return FileEnumeratorProvider()


class FileSplitAssignerProvider:
    """Says which reader gets which file."""

    @staticmethod
    def locality_aware_split_assigner() -> FileSplitAssignerProvider:
        """Whichever asks first: all files are as near to every reader."""
        return FileSplitAssignerProvider()


class FileSourceBuilder:
    """Builds a FileSource."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._interval: int | None = None

    def monitor_continuously(self, discovery_interval: Duration | timedelta) -> FileSourceBuilder:
        """Read the files that are there when the job starts, and those that come later; the source has no end.

        A file is known by its path and read once, when its turn comes; what is written to it after that is not seen. So
        write new files elsewhere or under a name with ``.`` at the front, and rename them when they are whole.

        Args:
            discovery_interval: between two looks for new files, at least a millisecond.

        Raises:
            TypeError: it is no Duration or timedelta.
            ConfigurationError: it is too short.
        """
        interval = discovery_interval
        if isinstance(interval, timedelta):
            interval = Duration.of_timedelta(interval)
        if not isinstance(interval, Duration):
            raise TypeError(f"discovery_interval is a Duration such as Duration.of_seconds(1), not {interval!r}")
        if interval.to_millis() < 1:
            raise ConfigurationError(f"discovery_interval is a millisecond or more, not {interval}")
        self._interval = interval.to_millis()
        return self

    def process_static_file_set(self) -> FileSourceBuilder:
        """Read the files that are there when the job starts, and end; this is the default."""
        self._interval = None
        return self

    def set_file_enumerator(self, file_enumerator: FileEnumeratorProvider) -> FileSourceBuilder:
        """Find files in that way.

        Raises:
            TypeError: it is no FileEnumeratorProvider.
        """
        if not isinstance(file_enumerator, FileEnumeratorProvider):
            raise TypeError(f"file_enumerator is a FileEnumeratorProvider, not {file_enumerator!r}")
        return self

    def set_split_assigner(self, split_assigner: FileSplitAssignerProvider) -> FileSourceBuilder:
        """Give files to readers in that way.

        Raises:
            TypeError: it is no FileSplitAssignerProvider.
        """
        if not isinstance(split_assigner, FileSplitAssignerProvider):
            raise TypeError(f"split_assigner is a FileSplitAssignerProvider, not {split_assigner!r}")
        return self

    def build(self) -> FileSource:
        """The source."""
        return FileSource(self._source, self._interval)


@answers("datastream.connectors.file_system.FileSink")
class FileSink(RowFileSink, metaclass=Answering):
    """Writes records to files in folders. Made by ``for_row_format`` or ``for_bulk_format``.

    Files are written under hidden names. They take their own when the checkpoint after their end is durable, each
    record once also when the job is restarted; without checkpoints when the job has ended well, and a job that fails,
    is cancelled or has no end leaves none.

    Example:
        >>> from pyflinkx.types.serialization import Encoder
        >>> FileSink.for_row_format("/data/out", Encoder.simple_string_encoder()).build()
        FileSink('/data/out')
    """

    class BaseBuilder:
        """What the builders have in common; every method but ``build`` returns the builder."""

        def __init__(self, sink: FileSink) -> None:
            self._sink = sink

        def with_bucket_assigner(self, bucket_assigner: BucketAssigner) -> Self:
            """Put records into folders in that way; by default by the hour in which they are written."""
            self._sink.assigner = checked(bucket_assigner, BucketAssigner, "bucket_assigner")
            return self

        def with_rolling_policy(self, rolling_policy: RollingPolicy) -> Self:
            """Begin new files in that way; by default as ``RollingPolicy.default_rolling_policy()``."""
            self._sink.policy = checked(rolling_policy, RollingPolicy, "rolling_policy")
            return self

        def with_output_file_config(self, output_file_config: OutputFileConfig) -> Self:
            """Name files in that way; by default ``part-<id of the subtask>-<number>``."""
            self._sink.names = checked(output_file_config, OutputFileConfig, "output_file_config")
            return self

        def with_bucket_check_interval(self, interval: int) -> Self:
            """How often to look whether files are due by the clock.

            Args:
                interval: milliseconds; a minute by default.
            """
            self._sink.check_interval = check_count(interval, "interval")
            return self

        def build(self) -> Any:
            """The sink."""
            return copy.copy(self._sink)

    class RowFormatBuilder(BaseBuilder):
        """Builds a FileSink that writes record by record."""

    class BulkFormatBuilder(BaseBuilder):
        """Builds a FileSink whose files are written as a whole, each at most from one checkpoint to the next."""

        def with_rolling_policy(self, rolling_policy: RollingPolicy) -> Self:
            """Begin new files also in that way, besides with every checkpoint.

            Raises:
                ConfigurationError: it is no CheckpointRollingPolicy, such as OnCheckpointRollingPolicy.
            """
            if not isinstance(rolling_policy, CheckpointRollingPolicy):
                raise ConfigurationError(
                    "rolling_policy must be OnCheckpointRollingPolicy for bulk format, or another "
                    f"CheckpointRollingPolicy, as such files cannot be gone on with later; not {rolling_policy!r}"
                )
            return super().with_rolling_policy(rolling_policy)

    @classmethod
    def for_row_format(cls, base_path: str, encoder: Encoder) -> Any:
        """A builder of a sink that writes record by record.

        Args:
            base_path: the folder that all files are in, or in folders of.
            encoder: makes the bytes of a record, such as ``Encoder.simple_string_encoder()``.

        Raises:
            TypeError: an argument is of another type.
        """
        return cls.RowFormatBuilder(cls(base_path, checked(encoder, Encoder, "encoder")))

    @classmethod
    def for_bulk_format(cls, base_path: str, writer_factory: BulkWriterFactory) -> Any:
        """A builder of a sink whose files are written as a whole.

        Args:
            base_path: as for ``for_row_format``.
            writer_factory: makes what writes a file, such as ``ParquetBulkWriters.for_row_type(row_type)``, or a
                BulkWriterFactory of one's own.

        Raises:
            TypeError: it is none.
        """
        sink = cls(base_path, checked(writer_factory, BulkWriterFactory, "writer_factory"))
        sink.policy = OnCheckpointRollingPolicy()
        return cls.BulkFormatBuilder(sink)


class StreamingFileSink(FileSink):
    """FileSink by its old name: ``add_sink`` takes it, too."""

    class DefaultRowFormatBuilder(FileSink.RowFormatBuilder):
        """As ``FileSink.RowFormatBuilder``."""

    class DefaultBulkFormatBuilder(FileSink.BulkFormatBuilder):
        """As ``FileSink.BulkFormatBuilder``."""

    RowFormatBuilder = DefaultRowFormatBuilder
    BulkFormatBuilder = DefaultBulkFormatBuilder


def checked(value: Any, kind: type[Any], name: str) -> Any:
    """``value``, if it is a ``kind``; TypeError otherwise."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} takes a {kind.__name__}, not {value!r}")
    return value


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)

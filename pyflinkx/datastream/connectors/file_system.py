"""Files as sources, with PyFlink's names."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.part_files import WriteMode
from pyflinkx.connectors.source import ReaderContext, Source, SourceReader
from pyflinkx.connectors.text import TextFileSource
from pyflinkx.errors import ConfigurationError

__all__ = ["FileSource", "FileSourceBuilder", "StreamFormat", "WriteMode"]


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


class FileSource(Source):
    """Reads local files. Made by ``for_record_stream_format``.

    Example:
        >>> FileSource.for_record_stream_format(StreamFormat.text_line_format(), "/var/log/access.log").build()
        FileSource(TextFileSource('/var/log/access.log'))
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.boundedness = source.boundedness

    def __repr__(self) -> str:
        return f"FileSource({self._source!r})"

    @property
    def output_type(self) -> Any:
        """Type of the records."""
        return self._source.output_type

    def check(self) -> None:
        self._source.check()

    def splits(self, parallelism: int) -> list[Any]:
        return self._source.splits(parallelism)

    def create_reader(self, context: ReaderContext) -> SourceReader:
        return self._source.create_reader(context)

    @staticmethod
    def for_record_stream_format(stream_format: StreamFormat, *paths: str) -> FileSourceBuilder:
        """A builder of a source that reads files record by record.

        Args:
            stream_format: such as ``StreamFormat.text_line_format()`` or ``CsvReaderFormat.for_schema(schema)``.
            paths: files and folders, also as ``file:`` URLs. Of a folder, all files in and below it are read, in order
                of their paths, but those whose names start with ``.`` or ``_``.

        Raises:
            ConfigurationError: it is no such format, or there are no paths.
        """
        if not isinstance(stream_format, StreamFormat):
            raise ConfigurationError(f"a stream format is a StreamFormat, not {stream_format!r}")
        return FileSourceBuilder(stream_format.source(paths))


class FileSourceBuilder:
    """Builds a FileSource."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def process_static_file_set(self) -> FileSourceBuilder:
        """Read the files that are there when the job starts, and end; this is the default."""
        return self

    def build(self) -> FileSource:
        """The source."""
        return FileSource(self._source)

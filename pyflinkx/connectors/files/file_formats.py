"""The formats of files by their names, with what can be said of each: the table of options, such as SQL has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, INT, MEMORY, STRING
from pyflinkx.connectors.files.arrow import ArrowSource
from pyflinkx.connectors.files.arrow_sink import BATCH_ROWS as ARROW_ROWS
from pyflinkx.connectors.files.arrow_sink import ArrowWriterFactory
from pyflinkx.connectors.files.avro import AvroSource
from pyflinkx.connectors.files.avro_sink import CODECS, AvroWriterFactory
from pyflinkx.connectors.files.bulk import BulkWriterFactory
from pyflinkx.connectors.files.column_writers import GROUP_BYTES, GROUP_ROWS
from pyflinkx.connectors.files.columnar import BATCH_ROWS, SPLIT_BYTES
from pyflinkx.connectors.files.orc import OrcSource
from pyflinkx.connectors.files.orc_sink import COMPRESSIONS as ORC_COMPRESSIONS
from pyflinkx.connectors.files.orc_sink import OrcWriterFactory
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.parquet_sink import COMPRESSIONS as PARQUET_COMPRESSIONS
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError


def one_of(*choices: str) -> Callable[[Any], str | None]:
    """What says that a value is none of several."""
    return lambda value: None if value in choices else f"is none of {', '.join(choices)}"


SPLIT_SIZE = ConfigOption("split-size", MEMORY, SPLIT_BYTES, "larger files are read in parts of about that size", 1)
BATCH_SIZE = ConfigOption("batch-size", INT, BATCH_ROWS, "rows that are decoded at once", 1)
CASE_SENSITIVE = ConfigOption(
    "case-sensitive", BOOLEAN, True, "whether columns are found by names in the same upper and lower case only"
)
MISSING_COLUMNS = ConfigOption(
    "missing-columns",
    STRING,
    "null",
    "what a column is that a file lacks: null, or error",
    fault=one_of("null", "error"),
)
GROUP_SIZE = ConfigOption("group-rows", INT, GROUP_ROWS, "the most rows that are written as one group", 1)
READING = (SPLIT_SIZE, BATCH_SIZE, CASE_SENSITIVE, MISSING_COLUMNS)

PARQUET_COMPRESSION = ConfigOption(
    "compression",
    STRING,
    "snappy",
    f"how columns are compressed: {', '.join(PARQUET_COMPRESSIONS)}",
    fault=one_of(*PARQUET_COMPRESSIONS),
)
PARQUET_BLOCK = ConfigOption(
    "block.size", MEMORY, GROUP_BYTES, "about the most bytes of a row group before compression; as much is in memory", 1
)
ORC_COMPRESSION = ConfigOption(
    "compress",
    STRING,
    "zlib",
    f"how stripes are compressed: {', '.join(ORC_COMPRESSIONS)}",
    fault=one_of(*ORC_COMPRESSIONS),
)
ORC_STRIPE = ConfigOption(
    "stripe.size", MEMORY, GROUP_BYTES, "about the most bytes of a stripe before compression; as much is in memory", 1
)
ARROW_COMPRESSION = ConfigOption(
    "compression",
    STRING,
    "none",
    "how buffers are compressed: none, lz4 or zstd",
    fault=one_of("none", "lz4", "zstd"),
)
ARROW_STREAM = ConfigOption("stream-format", BOOLEAN, False, "whether files are written in the format of streams")
ARROW_BATCH = ConfigOption("batch-rows", INT, ARROW_ROWS, "the most rows of a batch", 1)
AVRO_CODEC = ConfigOption(
    "codec", STRING, "deflate", f"how blocks are compressed: {', '.join(CODECS)}", fault=one_of(*CODECS)
)
AVRO_LEGACY = ConfigOption(
    "timestamp_mapping.legacy", BOOLEAN, True, "whether times without a zone are instants in UTC in the files"
)


@dataclass(frozen=True)
class FileFormat:
    """A format of files.

    Args:
        name: of it.
        options: that it has, for reading and writing.
        read: makes the source of paths, a row type and the options' values.
        write: makes the factory of bulk writers of a row type and the options' values.
    """

    name: str
    options: tuple[ConfigOption[Any], ...]
    read: Callable[[Any, Any, Mapping[str, Any]], Source]
    write: Callable[[Any, Mapping[str, Any]], BulkWriterFactory]

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The values of all options.

        Args:
            given: texts by name.

        Raises:
            ConfigurationError: there is no such option, or a text is no value of it.

        Example:
            >>> FORMATS["orc"].values({"compress": "zstd"})["compress"]
            'zstd'
        """
        known = {option.key: option for option in self.options}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ConfigurationError(
                f"the format '{self.name}' has no option {unknown[0]!r}; it has {', '.join(sorted(known))}"
            )
        return {key: option.parse(given[key]) if key in given else option.default for key, option in known.items()}

    def source(self, paths: Any, row_type: Any, given: Mapping[str, str] | None = None) -> Source:
        """What reads files.

        Args:
            paths: of files and folders.
            row_type: of the rows: type information or a data type; None for the columns of the first file.
            given: options as texts, by name.

        Raises:
            ConfigurationError: an option or the type cannot be.
            MissingExtraError: a package is missing.
        """
        return self.read(paths, row_type, self.values(given or {}))

    def writers(self, row_type: Any, given: Mapping[str, str] | None = None) -> BulkWriterFactory:
        """What writes files, for ``FileSink.for_bulk_format``.

        Args:
            row_type: as for ``source``.
            given: options as texts, by name.

        Raises:
            ConfigurationError: an option cannot be, or the format has nothing for a type.
            MissingExtraError: a package is missing.
        """
        return self.write(row_type, self.values(given or {}))


def _reading(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "split_size": values["split-size"],
        "batch_size": values["batch-size"],
        "case_sensitive": values["case-sensitive"],
        "missing_columns": values["missing-columns"],
    }


def _grouped(values: Mapping[str, Any], codec: str, size: str) -> dict[str, Any]:
    return {"compression": values[codec], "group_rows": values["group-rows"], "group_bytes": values[size]}


FORMATS = {
    made.name: made
    for made in (
        FileFormat(
            "parquet",
            (*READING, PARQUET_COMPRESSION, PARQUET_BLOCK, GROUP_SIZE),
            lambda paths, kind, values: ParquetSource(paths, kind, **_reading(values)),
            lambda kind, values: ParquetWriterFactory(kind, **_grouped(values, "compression", "block.size")),
        ),
        FileFormat(
            "orc",
            (*READING, ORC_COMPRESSION, ORC_STRIPE, GROUP_SIZE),
            lambda paths, kind, values: OrcSource(paths, kind, **_reading(values)),
            lambda kind, values: OrcWriterFactory(kind, **_grouped(values, "compress", "stripe.size")),
        ),
        FileFormat(
            "arrow",
            (*READING, ARROW_COMPRESSION, ARROW_STREAM, ARROW_BATCH),
            lambda paths, kind, values: ArrowSource(paths, kind, **_reading(values)),
            lambda kind, values: ArrowWriterFactory(
                kind,
                compression=values["compression"],
                stream_format=values["stream-format"],
                batch_rows=values["batch-rows"],
            ),
        ),
        FileFormat(
            "avro",
            (SPLIT_SIZE, AVRO_CODEC, AVRO_LEGACY),
            lambda paths, kind, values: AvroSource(
                paths, kind, legacy_timestamps=values["timestamp_mapping.legacy"], split_size=values["split-size"]
            ),
            lambda kind, values: AvroWriterFactory(kind, values["codec"], values["timestamp_mapping.legacy"]),
        ),
    )
}

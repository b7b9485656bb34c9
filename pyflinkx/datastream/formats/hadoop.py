"""What Hadoop's configuration says of writers of files, as options of those here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyflinkx.config.values import parse_memory
from pyflinkx.errors import ConfigurationError

PARQUET_CODECS = {
    "UNCOMPRESSED": "none",
    "SNAPPY": "snappy",
    "GZIP": "gzip",
    "BROTLI": "brotli",
    "ZSTD": "zstd",
    "LZ4": "lz4",
    "LZ4_RAW": "lz4",
}
ORC_CODECS = {"NONE": "uncompressed", "ZLIB": "zlib", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4"}


def parquet_options(configuration: Any) -> dict[str, Any]:
    """The options of ParquetWriterFactory.

    Raises:
        ConfigurationError: a value cannot be.
    """
    return _options(configuration, "parquet.compression", PARQUET_CODECS, "parquet.block.size")


def orc_options(configuration: Any) -> dict[str, Any]:
    """The options of OrcWriterFactory.

    Raises:
        ConfigurationError: a value cannot be.
    """
    return _options(configuration, "orc.compress", ORC_CODECS, "orc.stripe.size")


def _options(configuration: Any, codec_key: str, codecs: Mapping[str, str], size_key: str) -> dict[str, Any]:
    if configuration is None:
        return {}
    values = configuration if isinstance(configuration, Mapping) else configuration.to_dict()
    options: dict[str, Any] = {}
    codec = values.get(codec_key)
    if codec is not None:
        if str(codec).upper() not in codecs:
            raise ConfigurationError(f"{codec_key} is one of {', '.join(codecs)}, not {codec!r}")
        options["compression"] = codecs[str(codec).upper()]
    if values.get(size_key) is not None:
        try:
            options["group_bytes"] = parse_memory(str(values[size_key]))
        except ValueError:
            raise ConfigurationError(f"{size_key} is a number of bytes, not {values[size_key]!r}") from None
    return options

"""The connectors and formats that come with the engine: importing this enters all of them."""

from __future__ import annotations

from pyflinkx.relational.tables import (
    bulk_formats,
    csv_format,
    datagen,
    filesystem,
    jdbc,
    json_format,
    kafka,
    printing,
    raw_format,
)

__all__ = [
    "bulk_formats",
    "csv_format",
    "datagen",
    "filesystem",
    "jdbc",
    "json_format",
    "kafka",
    "printing",
    "raw_format",
]

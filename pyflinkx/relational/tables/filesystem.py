"""Tables in files: a file or a folder of them, read and written in a format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

from pyflinkx.config.values import BOOLEAN, DURATION, MEMORY, STRING
from pyflinkx.connectors.files.buckets import BucketAssigner
from pyflinkx.connectors.files.column_files import ColumnFileSink
from pyflinkx.connectors.files.part_names import OutputFileConfig
from pyflinkx.connectors.files.rolling import RollingPolicy
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.errors import ConfigurationError
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import table_columns, wire_columns
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import DataType

PATH = "path"
FORMAT = "format"

OPTIONS = (
    TableOption(PATH, STRING, None, "the file, or the folder of files", required=True),
    TableOption(FORMAT, STRING, None, "how rows are written in the files", required=True),
    TableOption("source.monitor-interval", DURATION, None, "how often to look for new files; by default never"),
    TableOption("partition.default-name", STRING, "__DEFAULT_PARTITION__", "of the folder of nulls and empty texts"),
    TableOption("sink.rolling-policy.file-size", MEMORY, 128 << 20, "a larger file is closed"),
    TableOption("sink.rolling-policy.rollover-interval", DURATION, 1_800_000, "an older file is closed"),
    TableOption("sink.rolling-policy.inactivity-interval", DURATION, 1_800_000, "a file nobody writes to is closed"),
    TableOption("sink.rolling-policy.check-interval", DURATION, 60_000, "how often to look whether one is"),
    TableOption("sink.shuffle-by-partition.enable", BOOLEAN, False, "not looked at: rows stay where they are"),
)


class FileTable:
    """The files of one table.

    Args:
        context: of the table.
    """

    changes = INSERT_ONLY
    takes = INSERT_ONLY
    bounded = True
    metadata: Mapping[str, DataType] = {}

    def __init__(self, context: TableContext) -> None:
        self.context = context
        self.settings = context.settings
        self.path = local_path(self.settings[PATH])
        self.columns = context.columns()
        self.format = context.format(FORMAT, self.columns)
        if context.definition.partition_keys:
            raise ConfigurationError(f"table {context.name}: files in partitions are not in this version")

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The rows of the files."""
        name = self.context.name
        made = building.source(self.format.file_source(self.path), name, self.settings["scan.parallelism"])
        return table_columns(made, self.columns, self.format.reading(), name)

    def end(self, stream: Stream, building: Building) -> None:
        """Write rows to new files in the folder."""
        wires = self.format.writing()
        stream = wire_columns(stream, self.columns, wires, self.context.name)
        sink = ColumnFileSink(self.path, self.format.lines())
        policy = "sink.rolling-policy."
        sink.policy = RollingPolicy.default_rolling_policy(
            part_size=self.settings[f"{policy}file-size"],
            rollover_interval=self.settings[f"{policy}rollover-interval"],
            inactivity_interval=self.settings[f"{policy}inactivity-interval"],
        )
        sink.check_interval = self.settings[f"{policy}check-interval"]
        sink.assigner = BucketAssigner.base_path_bucket_assigner()
        sink.names = OutputFileConfig.builder().with_part_prefix("part").build()
        building.sink(stream, sink, f"Sink: {self.context.name}", self.settings["sink.parallelism"])

    def overwritten(self) -> None:
        """Remove what is there, for rows that take its place."""
        removed(self.path)


def removed(path: str) -> None:
    """Remove a file, or what a folder holds."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            inner = os.path.join(path, name)
            shutil.rmtree(inner) if os.path.isdir(inner) else os.unlink(inner)
    elif os.path.lexists(path):
        os.unlink(path)


class FileSystemFactory(TableFactory):
    """The connector 'filesystem'."""

    name = "filesystem"
    options = OPTIONS
    format_options = (FORMAT,)

    def source(self, context: TableContext) -> Any:
        return FileTable(context)

    def sink(self, context: TableContext) -> Any:
        return FileTable(context)

    def truncate(self, context: TableContext) -> None:
        removed(local_path(context.settings[PATH]))


register_table_factory(FileSystemFactory())

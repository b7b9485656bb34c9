"""Tables in files: a file or a folder of them, read and written in a format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

from pyflinkx._core.columns.schema import Schema
from pyflinkx.config.values import BOOLEAN, DURATION, MEMORY, STRING
from pyflinkx.connectors.files.buckets import BucketAssigner
from pyflinkx.connectors.files.column_files import BulkFileSink, ColumnFileSink
from pyflinkx.connectors.files.part_names import OutputFileConfig
from pyflinkx.connectors.files.rolling import RollingPolicy
from pyflinkx.connectors.files.row_files import RowFileSink
from pyflinkx.connectors.files.splits import local_path
from pyflinkx.connectors.files.watched import WatchedFiles
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.file_rows import METADATA, PartitionAssigner, Partitions, PlacedFiles, listed_partitions
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import Wire, table_columns, wire_columns
from pyflinkx.relational.values import field
from pyflinkx.types.arrow import field_type
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
    metadata: Mapping[str, DataType] = METADATA

    def __init__(self, context: TableContext) -> None:
        self.context = context
        self.settings = context.settings
        self.path = local_path(self.settings[PATH])
        self.columns = context.columns()
        keys = context.definition.partition_keys
        kinds = dict(self.columns)
        self.stored = [(name, kind) for name, kind in self.columns if name not in keys]
        if not self.stored:
            raise ConfigurationError(f"{self.settings.where}: all columns are in PARTITIONED BY, and none in the files")
        self.format = context.format(FORMAT, self.stored)
        self.partitions = None
        if keys:
            default = self.settings["partition.default-name"]
            self.partitions = Partitions([(name, kinds[name]) for name in keys], default, self.settings.where)

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The rows of the files."""
        name = self.context.name
        source = self.format.file_source(self.path)
        wires = self.format.reading()
        columns = list(self.stored)
        if self.partitions is not None or metadata:
            source = PlacedFiles(source, self.partitions, dict(metadata))
            added = [*(() if self.partitions is None else self.partitions.columns)]
            added += [(column, METADATA[key]) for column, key in metadata.items()]
            columns += added
            wires = [*wires, *(Wire(field_type(field(*each))) for each in added)]
        interval = self.settings["source.monitor-interval"]
        if interval is not None:
            source = WatchedFiles(source, interval)
        made = building.source(source, name, self.settings["scan.parallelism"])
        made = table_columns(made, columns, wires, name)
        order = [*(column for column, _ in self.columns), *metadata]
        return in_order(made, order)

    def end(self, stream: Stream, building: Building) -> None:
        """Write rows to new files in the folder."""
        settings = self.settings
        if hasattr(self.format, "writer"):
            factory = self.format.writer()
            sink: RowFileSink = BulkFileSink(self.path, factory, [name for name, _ in self.stored])
        else:
            wires = dict(zip((name for name, _ in self.stored), self.format.writing(), strict=True))
            same = {name: Wire(field_type(stream.columns[name])) for name, _ in self.columns}
            stream = wire_columns(
                stream, self.columns, [wires.get(name, same[name]) for name in same], self.context.name
            )
            kept = None if self.partitions is None else [name for name, _ in self.stored]
            sink = ColumnFileSink(self.path, self.format.lines(), kept)
        policy = "sink.rolling-policy."
        sink.policy = RollingPolicy.default_rolling_policy(
            part_size=settings[f"{policy}file-size"],
            rollover_interval=settings[f"{policy}rollover-interval"],
            inactivity_interval=settings[f"{policy}inactivity-interval"],
        )
        sink.check_interval = settings[f"{policy}check-interval"]
        sink.assigner = BucketAssigner.base_path_bucket_assigner()
        if self.partitions is not None:
            sink.assigner = PartitionAssigner(self.partitions)
        sink.names = OutputFileConfig.builder().with_part_prefix("part").build()
        building.sink(stream, sink, f"Sink: {self.context.name}", settings["sink.parallelism"])

    def overwritten(self) -> None:
        """Remove what is there, for rows that take its place."""
        removed(self.path)

    def partition_names(self) -> list[str]:
        """The partitions that there are."""
        return [] if self.partitions is None else listed_partitions(self.path, self.partitions)


def in_order(stream: Stream, names: list[str]) -> Stream:
    """A stream with its columns in another order."""
    if stream.columns.names == names:
        return stream
    schema = Schema([stream.columns[name] for name in names])
    return columnar_operator("Select", OperatorSpec.of(OrderOperator, tuple(names)), [stream], schema)


def removed(path: str) -> None:
    """Remove a file, or what a folder holds."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            inner = os.path.join(path, name)
            shutil.rmtree(inner) if os.path.isdir(inner) else os.unlink(inner)
    elif os.path.lexists(path):
        os.unlink(path)


class OrderOperator(Operator):
    """Gives columns in another order.

    Args:
        names: of the columns.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.output.emit(batch.select(self.names))


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

"""Files of records in folders (buckets), a new one from time to time; after Flink's FileSink.

A file has a hidden name until it is committed. In a job with checkpoints that is once it was closed and the checkpoint
after that is durable; a file that is still open then is gone on with, and a restored job begins with a copy of what the
checkpoint has of it. Without checkpoints there is one moment at which files can become visible for good, the job's end.
"""

from __future__ import annotations

import os
from os import PathLike

from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.files.buckets import BucketAssigner
from pyflinkx.connectors.files.bulk import BulkWriterFactory
from pyflinkx.connectors.files.coordinator import FilesCoordinator
from pyflinkx.connectors.files.part_names import OutputFileConfig
from pyflinkx.connectors.files.remote_sink import RemoteCommitter, RemoteFilesCoordinator, RemoteFileWriter
from pyflinkx.connectors.files.rolling import RollingPolicy
from pyflinkx.connectors.files.row_writer import RowFileWriter
from pyflinkx.connectors.files.splits import any_path
from pyflinkx.connectors.files.target_file import FileCommitter
from pyflinkx.connectors.sink import Sink, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.remote import is_url, remote_system
from pyflinkx.types.serialization import Encoder


class RowFileSink(Sink):
    """Describes the files.

    Args:
        path: the folder that all files are in, or in folders of.
        encoder: makes the bytes of a record; or a BulkWriterFactory, whose writers write whole files.
    """

    def __init__(self, path: str | PathLike[str], encoder: Encoder | BulkWriterFactory) -> None:
        self.path = any_path(path)
        self.remote = is_url(self.path)
        self.encoder = encoder
        if isinstance(encoder, BulkWriterFactory) and encoder.columnar:
            self.columnar = True  # as well
        self.assigner = BucketAssigner.date_time_bucket_assigner()
        self.policy: RollingPolicy = RollingPolicy.default_rolling_policy()
        self.names = OutputFileConfig.builder().build()
        self.check_interval = 60_000

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def check(self) -> None:
        if self.remote:
            remote_system(self.path)
            return
        existing = self.path
        while not os.path.lexists(existing):
            existing = os.path.dirname(existing)
        if not os.path.isdir(existing):
            raise SinkError(f"{self.path}: cannot be written: {existing} is not a folder")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise SinkError(f"{self.path}: cannot be written: no permission to make files in {existing}")

    def create_writer(self, context: WriterContext) -> RowFileWriter:
        if self.remote:
            return RemoteFileWriter(self, context)
        return RowFileWriter(self, context)

    def create_committer(self) -> FileCommitter:
        if self.remote:
            return RemoteCommitter()
        return FileCommitter()

    def create_coordinator(self, context: CoordinatorContext) -> FilesCoordinator:
        if self.remote:
            return RemoteFilesCoordinator(self.path)
        return FilesCoordinator(self.create_committer(), [(self.path, True)], False)

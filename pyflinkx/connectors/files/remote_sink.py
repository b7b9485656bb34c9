"""Files of a FileSink behind a URL, by fsspec.

Nobody goes on with a file there, so each is closed with every checkpoint. A file is written under a hidden name, and is
whole before that is committed. Committing gives it its own, by what the file system has for that: an object store
copies the object, which then shows all at once, and removes the hidden one. Doing so twice is doing it once.
"""

from __future__ import annotations

import contextlib
import posixpath
from typing import Any

from pyflinkx import faults
from pyflinkx.connectors.files.coordinator import FilesCoordinator
from pyflinkx.connectors.files.hidden_names import in_progress_name, token_of
from pyflinkx.connectors.files.parts import Part
from pyflinkx.connectors.files.row_writer import RowFileWriter
from pyflinkx.connectors.files.target_file import FileCommitter, HiddenFile
from pyflinkx.errors import SinkError
from pyflinkx.formats.remote import remote_error_text, remote_system


class RemoteErrors:
    """What a file system raises within the block is a SinkError that names a file; errors of the program's stay.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, SinkError):
            raise SinkError(f"{self.path}: cannot be written: {remote_error_text(error)}") from error


class RemoteFileWriter(RowFileWriter):
    """Writes the files of one subtask."""

    def _begin(self, bucket: str, now: int) -> Part:
        folder = self._folder(bucket)
        name = f"{self.sink.names.part_prefix}-{self.id}-{self.number}{self.sink.names.part_suffix}"
        self.number += 1
        with RemoteErrors(f"{folder}/{name}"):
            return self._part(bucket, f"{folder}/{name}", f"{folder}/{in_progress_name(name, self.token)}", now)

    def _folder(self, bucket: str) -> str:
        base = self.sink.path
        if not isinstance(bucket, str) or "\0" in bucket:
            raise SinkError(f"{base}: a bucket is the name of a folder, not {bucket!r}")
        if not bucket:
            return base
        inner = posixpath.normpath(bucket)
        if inner.startswith(("/", "..")):
            raise SinkError(f"{base}: the bucket {bucket!r} leads out of this folder")
        return base if inner == "." else f"{base}/{inner}"

    def _end(self, bucket: str) -> None:
        with RemoteErrors(self.open[bucket].path):
            super()._end(bucket)

    def flush(self, end_of_input: bool) -> None:
        for bucket in list(self.open):
            self._end(bucket)
        faults.point("remote-file.flushed")

    def close(self) -> None:
        for part in self.open.values():
            part.file.discard()
        RemoteCommitter().abort(self.closed)
        self.open, self.closed = {}, []


class RemoteCommitter(FileCommitter):
    """Gives hidden files their names."""

    def commit(self, committables: list[HiddenFile]) -> None:
        for file in committables:
            with RemoteErrors(file.path):
                fs, hidden = remote_system(file.hidden)
                _, target = remote_system(file.target)
                fs.invalidate_cache()
                if fs.exists(hidden):
                    fs.mv(hidden, target)
                    faults.point("remote-commit.renamed")
                elif not fs.exists(target):
                    raise SinkError(f"{file.path}: cannot be written: {file.hidden} is gone")

    def commit_again(self, committables: list[HiddenFile]) -> None:
        # What has no hidden name any more had got its own, and whoever reads the files may have moved it since.
        self.commit([file for file in committables if remote_exists(file.hidden)])

    def abort(self, committables: list[HiddenFile]) -> None:
        for file in committables:
            remote_remove(file.hidden)


class RemoteFilesCoordinator(FilesCoordinator):
    """Has files committed, and removes those that no checkpoint needs.

    Args:
        url: the folder of the files.
    """

    def __init__(self, url: str) -> None:
        super().__init__(RemoteCommitter(), [(url, True)], False)

    def _sweep(self) -> None:
        if not self.tokens:
            return
        needed = {file.hidden.rpartition("/")[2] for first, file in self.pending if first <= self.durable}
        for url, _ in self.places:
            with contextlib.suppress(Exception):  # what is left over harms nobody
                fs, path = remote_system(url)
                fs.invalidate_cache()
                for found in fs.find(path):
                    name = found.rpartition("/")[2]
                    if token_of(name) in self.tokens and name not in needed:
                        fs.rm_file(found)


def remote_exists(url: str) -> bool:
    """Whether there is a file.

    Raises:
        SinkError: that cannot be told.
    """
    with RemoteErrors(url):
        fs, path = remote_system(url)
        fs.invalidate_cache()
        return bool(fs.exists(path))


def remote_remove(url: str) -> None:
    """Remove a file, if it is there and may be removed."""
    with contextlib.suppress(Exception):  # each file system raises what its library does
        fs, path = remote_system(url)
        fs.rm_file(path)

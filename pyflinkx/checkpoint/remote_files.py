"""Files behind a URL, wherever fsspec goes."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyflinkx.checkpoint.files import FileSystem, Input, Output, refused
from pyflinkx.errors import MissingExtraError

# Object stores: a folder is but the names of its objects, and making one could make a bucket that was misspelt.
WITHOUT_FOLDERS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "cos", "cosn", "obs", "b2"}


class RemoteFiles(FileSystem):
    """Files behind a URL, by fsspec. Object stores show a file when all of it is there; what others show of one that is
    not finished has no manifest yet, or one whose digest says so.

    Args:
        url: any of the file system.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError(
                f"checkpoints at {url} need fsspec: pip install 'pyflinkx[fsspec]', and the package for this protocol"
            ) from error
        try:
            with refused("reached", url, ValueError):
                self.fs, _ = fsspec.core.url_to_fs(url)
            protocols = {self.fs.protocol} if isinstance(self.fs.protocol, str) else set(self.fs.protocol)
            self.has_folders = not protocols & WITHOUT_FOLDERS
        except ImportError as error:  # fsspec's words name the package
            raise MissingExtraError(f"checkpoints at {url} need another package: {error}") from error

    def make_folder(self, folder: str) -> None:
        if self.has_folders:
            with self._refused("made", folder):
                self.fs.makedirs(self._inner(folder), exist_ok=True)

    def create(self, path: str) -> Output:
        return RemoteOutput(self, path)

    def open(self, path: str) -> Input:
        return RemoteInput(self, path)

    def list(self, folder: str) -> list[str]:
        with self._refused("listed", folder):
            self.fs.invalidate_cache()
            try:
                found = self.fs.ls(self._inner(folder), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
            own = self._inner(folder).rstrip("/")
            paths = {str(path).rstrip("/") for path in found} - {own}
            return sorted(path.rpartition("/")[2] for path in paths)

    def exists(self, path: str) -> bool:
        with self._refused("looked for", path):
            self.fs.invalidate_cache()
            return bool(self.fs.exists(self._inner(path)))

    def remove(self, path: str) -> None:
        with self._refused("removed", path), suppress(FileNotFoundError, NotADirectoryError):
            self.fs.rm_file(self._inner(path))

    def remove_folder(self, folder: str) -> bool:
        if self.list(folder):
            return False
        if self.has_folders:
            with self._refused("removed", folder), suppress(FileNotFoundError, NotADirectoryError):
                self.fs.rmdir(self._inner(folder))
        return True

    def _inner(self, path: str) -> str:
        return str(self.fs._strip_protocol(path))

    @staticmethod
    def _refused(action: str, path: str) -> Any:
        # Each file system raises what its library does.
        return refused(action, path, Exception)


class RemoteOutput(Output):
    def __init__(self, files: RemoteFiles, path: str) -> None:
        super().__init__(path)
        self.files = files
        self.done = False
        with files._refused("made", path):
            self.file = files.fs.open(files._inner(path), "wb")

    def _write(self, data: memoryview) -> None:
        with self.files._refused("written", self.path):
            while data:
                written = self.file.write(data)
                data = data[len(data) if written is None else written :]

    def finish(self) -> None:
        self._flush()
        with self.files._refused("written", self.path):
            self.file.close()
            self.done = True

    def abort(self) -> None:
        steps: list[Callable[[], Any]] = []
        if not self.done:
            # What is closed becomes visible, so whoever can throw it away does.
            steps.append(getattr(self.file, "discard", lambda: None))
            steps.append(getattr(self.file, "close", lambda: None))
        steps.append(lambda: self.files.remove(self.path))
        for step in steps:
            try:
                step()
            except Exception:  # what made the caller abort has been said
                continue


class RemoteInput(Input):
    def __init__(self, files: RemoteFiles, path: str) -> None:
        self.files = files
        with files._refused("opened", path):
            files.fs.invalidate_cache()
            size = files.fs.size(files._inner(path))
            if size is None:
                raise OSError(errno.EINVAL, "its size is unknown")
        super().__init__(path, size)

    def _read(self, offset: int, size: int) -> bytes:
        if size == 0:
            return b""
        with self.files._refused("read", self.path):
            data: bytes = self.files.fs.cat_file(self.files._inner(self.path), start=offset, end=offset + size)
            if len(data) != size:
                raise OSError(errno.EIO, f"{len(data)} bytes came from {offset}, where {size} should be")
            return data

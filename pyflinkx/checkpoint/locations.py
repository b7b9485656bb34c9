"""Paths and URLs, and the file systems behind them."""

from __future__ import annotations

import os
import re

from pyflinkx.checkpoint.files import FileSystem
from pyflinkx.checkpoint.local_files import LocalFiles, SystemCalls
from pyflinkx.checkpoint.remote_files import RemoteFiles

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(path: str) -> bool:
    """Whether a path names a protocol."""
    return URL.match(path) is not None


def normal_path(path: str) -> str:
    """A path or URL in the form that ``FileSystem`` takes: absolute, and without a protocol if it is local.

    Example:
        >>> normal_path("file:///tmp/checkpoints/")
        '/tmp/checkpoints'
    """
    if path.startswith("file:"):
        path = path.removeprefix("file://") if path.startswith("file://") else path.removeprefix("file:")
        path = "/" + path.lstrip("/")
    if is_url(path):
        return path.rstrip("/")
    return os.path.abspath(os.path.expanduser(path))


def file_system(path: str, system: SystemCalls | None = None) -> FileSystem:
    """The file system of a path or URL.

    Args:
        path: as ``normal_path`` gives it.
        system: the calls of the operating system, for local files.

    Raises:
        MissingExtraError: its protocol needs a package that is not installed.
        StorageError: there is no such protocol.
    """
    return RemoteFiles(path) if is_url(path) else LocalFiles(system)

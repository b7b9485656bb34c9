"""Files opened to be decoded."""

from __future__ import annotations

import os
import stat
from typing import Any

from pyflinkx.errors import SourceError
from pyflinkx.formats.remote import is_url, remote_error_text, remote_system


def os_error_text(error: OSError) -> str:
    """What the operating system said, without the path that the message names already."""
    return error.strerror or str(error)


def open_file(path: str) -> Any:
    """Open a regular file for reading bytes: unbuffered, or behind a URL by fsspec.

    Raises:
        SourceError: it is missing, unreadable, or no regular file.
    """
    if is_url(path):
        return open_remote(path)
    # Opening a pipe without O_NONBLOCK would wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
        try:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if regular:
                return os.fdopen(descriptor, "rb", buffering=0)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {os_error_text(error)}") from error
    raise SourceError(f"{path}: is not a regular file")


def file_size(path: str) -> int:
    """How many bytes a regular file has.

    Raises:
        SourceError: it is missing, unreadable, or no regular file.
    """
    if is_url(path):
        return remote_size(path)
    file = open_file(path)
    try:
        return os.fstat(file.fileno()).st_size
    finally:
        file.close()


def open_remote(url: str) -> Any:
    """Open a file behind a URL.

    Raises:
        SourceError: it is missing or unreadable.
        MissingExtraError: it needs a package that is not installed.
    """
    fs, path = remote_system(url)
    try:
        return fs.open(path, "rb")
    except Exception as error:  # each file system raises what its library does
        raise SourceError(f"{url}: cannot be read: {remote_error_text(error)}") from error


def remote_size(url: str) -> int:
    """How many bytes a file behind a URL has.

    Raises:
        SourceError: it is missing, or no file.
        MissingExtraError: it needs a package that is not installed.
    """
    fs, path = remote_system(url)
    try:
        fs.invalidate_cache()
        found = fs.info(path)
    except Exception as error:  # each file system raises what its library does
        raise SourceError(f"{url}: cannot be read: {remote_error_text(error)}") from error
    if found.get("type") != "file" or found.get("size") is None:
        raise SourceError(f"{url}: is not a regular file")
    return int(found["size"])


def check_size(path: str, size: int) -> None:
    """See whether a file has as many bytes as it had.

    Raises:
        SourceError: it has not, or cannot be read.
    """
    found = file_size(path)
    if found != size:
        raise SourceError(f"{path}: has {found} bytes, but had {size} when it was found: it was changed")

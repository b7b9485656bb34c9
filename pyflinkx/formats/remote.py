"""Files behind a URL, by fsspec; imported on use."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import Any

from pyflinkx.errors import ConfigurationError, MissingExtraError

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_url(path: str) -> bool:
    """Whether a path names a protocol."""
    return URL.match(path) is not None


def remote_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, of fsspec, and the path in it.

    Raises:
        MissingExtraError: it needs a package that is not installed.
        ConfigurationError: there is no such protocol.
    """
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(
            f"files at {url} need fsspec: pip install 'pyflinkx[fsspec]', and the package for this protocol"
        ) from error
    try:
        found = fsspec.core.url_to_fs(url)
    except ImportError as error:  # fsspec's words name the package
        raise MissingExtraError(f"files at {url} need another package: {error}") from error
    except ValueError as error:
        raise ConfigurationError(f"{url}: {error}") from error
    return found[0], str(found[1])


def url_of(url: str, path: str) -> str:
    """The URL of a path in the file system of another URL."""
    match = URL.match(url)
    assert match is not None
    return path if is_url(path) else f"{match[1]}://{path.lstrip('/') if match[1] != 'memory' else path}"


def remote_error_text(error: Exception) -> str:
    """What a file system said, whatever its library raises."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


# Object stores: a folder is but the names of its objects, and making one could make a bucket that was misspelt.
WITHOUT_FOLDERS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "cos", "cosn", "obs", "b2"}


class RemoteOutput:
    """A new file behind a URL; it is whole when ``close`` returns, and may show before.

    Args:
        url: of the file.
    """

    def __init__(self, url: str) -> None:
        self.fs, self.path = remote_system(url)
        protocols = {self.fs.protocol} if isinstance(self.fs.protocol, str) else set(self.fs.protocol)
        if not protocols & WITHOUT_FOLDERS:
            self.fs.makedirs(self.path.rpartition("/")[0], exist_ok=True)
        self.file = self.fs.open(self.path, "wb")

    def write(self, data: Any) -> int:
        """Append bytes; how many were taken."""
        written = self.file.write(data)
        return len(data) if written is None else int(written)

    def close(self) -> None:
        """All is written."""
        self.file.close()

    def discard(self) -> None:
        """Write no more, and leave nothing."""
        steps: list[Any] = [getattr(self.file, "discard", None), self.file.close, partial(self.fs.rm_file, self.path)]
        for step in filter(None, steps):
            with suppress(Exception):  # what made the caller give up has been said
                step()

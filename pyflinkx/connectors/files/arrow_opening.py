"""Files opened for pyarrow, and what it raises about them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pyflinkx.errors import SourceError
from pyflinkx.formats.opening import open_file
from pyflinkx.formats.remote import is_url


@contextlib.contextmanager
def arrow_errors(path: str, what: str) -> Iterator[None]:
    """What pyarrow raises within the block is said of a file.

    Args:
        path: of the file.
        what: it should be, such as ``"a Parquet file"``.

    Raises:
        SourceError: for an error of pyarrow's.
    """
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise SourceError(f"{path}: cannot be read as {what}, or not on: {text}") from error


def each_batch(path: str, what: str, batches: Iterator[Any]) -> Iterator[Any]:
    """Batches, and errors that name their file."""
    while True:
        with arrow_errors(path, what):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def opened(path: str, what: str, make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """A file, and what reads it.

    Args:
        path: of the file.
        what: it should be, such as ``"a Parquet file"``.
        make: makes what reads it.

    Raises:
        SourceError: it is missing, unreadable, or something else.
    """
    import pyarrow

    raw = open_file(path)  # says what is wrong in the words of all sources
    if not is_url(path):
        raw.close()
    with arrow_errors(path, what):
        file = pyarrow.PythonFile(raw, "r") if is_url(path) else pyarrow.OSFile(path, "rb")
        try:
            return file, make(file)
        except BaseException:
            file.close()
            raise

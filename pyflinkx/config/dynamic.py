"""Options given from outside of the program: ``pyflinkx run -D key=value``, and those of a configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pyflinkx.config.files import default_file, read_file

_files: ContextVar[dict[str, str] | None] = ContextVar("pyflinkx_file_properties", default=None)
_properties: ContextVar[dict[str, str] | None] = ContextVar("pyflinkx_dynamic_properties", default=None)


def dynamic_properties() -> dict[str, str]:
    """The options in force here, by key; they win over those that the program sets when it makes its environment."""
    return dict(_properties.get() or {})


@contextmanager
def with_dynamic_properties(properties: dict[str, str]) -> Iterator[None]:
    """Put options in force for the block."""
    token = _properties.set({**dynamic_properties(), **properties})
    try:
        yield
    finally:
        _properties.reset(token)


def file_properties() -> dict[str, str]:
    """The options of the configuration file in force here; a program's own win over them.

    That is the file of ``pyflinkx run --config``, else ``config.yaml`` in the folder of FLINK_CONF_DIR, if it is there.

    Raises:
        ConfigurationError: it cannot be read.
        MissingExtraError: reading it needs a package that is not installed.
    """
    found = _files.get()
    if found is not None:
        return dict(found)
    path = default_file()
    return {} if path is None else read_file(path)


@contextmanager
def with_file_properties(path: str) -> Iterator[None]:
    """Put the options of a configuration file in force for the block; errors as for ``file_properties``."""
    token = _files.set(read_file(path))
    try:
        yield
    finally:
        _files.reset(token)

"""Options given from outside of the program, such as ``pyflinkx run -D key=value``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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

"""Paths of files that a program brings along, as options hold them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pyflinkx.config.dependencies import local_path
from pyflinkx.datastream.operator_settings import text
from pyflinkx.errors import ConfigurationError, GraphError


def dependency_path(path: Any, call: str, exists: Callable[[str], bool], delimiters: str) -> str:
    """The absolute path of a file or folder that can stand in an option.

    Args:
        path: what the user passed.
        call: the API call, for the error.
        exists: whether it is what is wanted.
        delimiters: characters that separate paths in the option.

    Raises:
        GraphError: it is no text, not there, or has such a character.
    """
    try:
        found = local_path(text(path, call), call)
    except ConfigurationError as error:
        raise GraphError(str(error)) from None
    if not exists(found):
        raise GraphError(f"{call}: {found} {'is no folder' if exists is os.path.isdir else 'does not exist'}")
    return without(found, call, delimiters)


def without(path: str, call: str, delimiters: str) -> str:
    """``path``, if it has none of the characters; GraphError otherwise."""
    for delimiter in delimiters:
        if delimiter in path:
            raise GraphError(f"{call}: {path} has a {delimiter!r}, which separates paths in the configuration")
    return path

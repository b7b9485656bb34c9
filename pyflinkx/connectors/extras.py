"""Client libraries that come with an extra, imported when a job uses them."""

from __future__ import annotations

import importlib
from typing import Any

from pyflinkx.errors import MissingExtraError


def library(module: str, what: str, package: str, extra: str) -> Any:
    """A module of a client library.

    Args:
        module: its name, with dots.
        what: needs it, for the error.
        package: that has it.
        extra: of pyflinkx that brings it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"{what} needs {package}: pip install 'pyflinkx[{extra}]'") from error

"""The library of Delta Lake, imported on use."""

from __future__ import annotations

import importlib
from typing import Any

from pyflinkx.errors import MissingExtraError


def delta_module(name: str = "deltalake") -> Any:
    """deltalake, or a module of it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError("Delta Lake needs deltalake: pip install 'pyflinkx[delta]'") from error

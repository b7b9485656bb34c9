"""Names that PyFlink has in one module and pyflinkx in several."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


def from_elsewhere(module: str, names: Mapping[str, str], name: str) -> Any:
    """A name that a module offers but does not define, for its ``__getattr__``.

    It is imported when it is asked for, since where it is defined builds on the module.

    Args:
        module: the module that is asked.
        names: for each name it offers so, the module that defines it.
        name: what is asked for.

    Raises:
        AttributeError: the module has no such name.
    """
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return getattr(importlib.import_module(names[name]), name)

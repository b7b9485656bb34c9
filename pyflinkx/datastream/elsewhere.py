"""Names that PyFlink has in one module and pyflinkx in several."""

from __future__ import annotations

import importlib
from typing import Any

# Module that offers names -> name -> module that defines it.
ELSEWHERE = {
    "pyflinkx.datastream.data_stream": {
        "AllWindowedStream": "pyflinkx.datastream.windowed_stream",
        "BroadcastConnectedStream": "pyflinkx.datastream.broadcast_stream",
        "BroadcastStream": "pyflinkx.datastream.broadcast_stream",
        "CachedDataStream": "pyflinkx.datastream.cached_data_stream",
        "ConnectedStreams": "pyflinkx.datastream.connected_streams",
        "KeyedStream": "pyflinkx.datastream.keyed_stream",
        "WindowedStream": "pyflinkx.datastream.windowed_stream",
    },
}


def from_elsewhere(module: str, name: str) -> Any:
    """A name that a module offers but does not define, for its ``__getattr__``.

    It is imported when it is asked for, since where it is defined builds on the module.

    Args:
        module: the module that is asked.
        name: what is asked for.

    Raises:
        AttributeError: the module has no such name.
    """
    names = ELSEWHERE[module]
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return getattr(importlib.import_module(names[name]), name)

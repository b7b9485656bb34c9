"""Whether a program gives its results as records come, or once at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflinkx.connectors.source import Boundedness
from pyflinkx.errors import GraphError

STREAMING = "STREAMING"
BATCH = "BATCH"
AUTOMATIC = "AUTOMATIC"


def runs_as_batch(mode: str, sources: Iterable[Any]) -> bool:
    """Whether a program runs in batch mode.

    Args:
        mode: STREAMING, BATCH, or AUTOMATIC: batch when every source is bounded.
        sources: nodes or transformations; those without a ``source`` are passed over.

    Raises:
        GraphError: BATCH with a source that never ends.
    """
    if mode == STREAMING:
        return False
    for node in sources:
        if node.source is not None and node.source.boundedness is not Boundedness.BOUNDED:
            if mode == AUTOMATIC:
                return False
            raise GraphError(
                f"source '{node.name}' ({node.location}) never ends, so the program cannot run in BATCH mode "
                "(execution.runtime-mode)"
            )
    return True

"""Whether a program gives its results as records come, or once at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflinkx.connectors.source import Boundedness
from pyflinkx.errors import GraphError

STREAMING = "STREAMING"
BATCH = "BATCH"
AUTOMATIC = "AUTOMATIC"


def runs_as_batch(mode: str, nodes: Iterable[Any]) -> bool:
    """Whether a program runs in batch mode.

    Args:
        mode: STREAMING, BATCH, or AUTOMATIC: batch when every source is bounded and there is no loop.
        nodes: all nodes or transformations.

    Raises:
        GraphError: BATCH with a source that never ends, or with a loop.
    """
    if mode == STREAMING:
        return False
    for node in nodes:
        if node.iteration_head:
            if mode == AUTOMATIC:
                return False
            raise GraphError(
                f"iterate() ({node.location}) cannot run in BATCH mode, where records that come back would wait for "
                "an end of the input that has passed: set execution.runtime-mode to STREAMING"
            )
        if node.source is not None and node.source.boundedness is not Boundedness.BOUNDED:
            if mode == AUTOMATIC:
                return False
            raise GraphError(
                f"source '{node.name}' ({node.location}) never ends, so the program cannot run in BATCH mode "
                "(execution.runtime-mode)"
            )
    return True

"""What errors say of an operator, source or sink."""

from __future__ import annotations

from pyflinkx._core.calls.records import CallSite
from pyflinkx.graph.nodes import StreamNode


def site_of(node: StreamNode) -> CallSite:
    """Its name, its uid and the user's line that made it."""
    return CallSite(node.name, node.uid, node.location)

"""PyFlink's module path of :class:`SlotSharingGroup` and :class:`MemorySize`."""

from pyflinkx.config.memory_size import MemorySize
from pyflinkx.graph.slot_sharing import SlotSharingGroup

__all__ = ["MemorySize", "SlotSharingGroup"]

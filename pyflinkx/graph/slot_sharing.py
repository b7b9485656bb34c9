"""Groups of operators whose subtasks may share slots, and what a slot of a group needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from pyflinkx.config.memory_size import MemorySize
from pyflinkx.errors import GraphError
from pyflinkx.names.asking import answers

DEFAULT_SLOT_SHARING_GROUP = "default"


@answers("datastream.slot_sharing_group.SlotSharingGroup")
@dataclass(frozen=True)
class SlotSharingGroup:
    """The name of a slot sharing group, and the resources of each of its slots; made by :meth:`builder`.

    Either CPU cores and heap memory are both given, or no resource is: then all of them are None.

    Example:
        >>> SlotSharingGroup.builder("heavy").set_cpu_cores(2.0).set_task_heap_memory_mb(512).build().get_cpu_cores()
        2.0
    """

    Builder: ClassVar[type[SlotSharingGroupBuilder]]

    name: str
    cpu_cores: float | None = None
    task_heap_memory: MemorySize | None = None
    task_off_heap_memory: MemorySize | None = None
    managed_memory: MemorySize | None = None
    external_resources: tuple[tuple[str, float], ...] = ()

    @staticmethod
    def builder(name: str) -> SlotSharingGroupBuilder:
        """What makes a group of that name.

        Raises:
            GraphError: the name is no text, or empty.
        """
        return SlotSharingGroupBuilder(name)

    @property
    def has_resources(self) -> bool:
        """Whether resources are given."""
        return self.cpu_cores is not None

    def get_name(self) -> str:
        """The name."""
        return self.name

    def get_cpu_cores(self) -> float | None:
        """CPU cores of a slot."""
        return self.cpu_cores

    def get_task_heap_memory(self) -> MemorySize | None:
        """Heap memory of a slot."""
        return self.task_heap_memory

    def get_task_off_heap_memory(self) -> MemorySize | None:
        """Off-heap memory of a slot."""
        return self.task_off_heap_memory

    def get_managed_memory(self) -> MemorySize | None:
        """Managed memory of a slot."""
        return self.managed_memory

    def get_external_resources(self) -> dict[str, float]:
        """Other resources of a slot, by name."""
        return dict(self.external_resources)


class SlotSharingGroupBuilder:
    """Makes a :class:`SlotSharingGroup`; each setter returns the builder.

    Args:
        name: of the group.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise GraphError(f"the name of a slot sharing group is a non-empty str, not {name!r}")
        self._name = name
        self._cpu_cores: float | None = None
        self._memory: dict[str, MemorySize] = {}
        self._external: dict[str, float] = {}

    def set_cpu_cores(self, cpu_cores: float) -> SlotSharingGroupBuilder:
        """CPU cores of a slot, above 0."""
        if number(cpu_cores, "set_cpu_cores()") == 0:
            raise GraphError("set_cpu_cores() takes a number above 0")
        self._cpu_cores = float(cpu_cores)
        return self

    def set_task_heap_memory(self, task_heap_memory: MemorySize) -> SlotSharingGroupBuilder:
        """Heap memory of a slot, above 0."""
        if memory(task_heap_memory, "set_task_heap_memory()").bytes_size == 0:
            raise GraphError("set_task_heap_memory() takes a memory size above 0")
        return self._set("task_heap_memory", task_heap_memory)

    def set_task_heap_memory_mb(self, task_heap_memory_mb: int) -> SlotSharingGroupBuilder:
        """Heap memory of a slot in mebibytes, above 0."""
        return self.set_task_heap_memory(MemorySize.of_mebi_bytes(task_heap_memory_mb))

    def set_task_off_heap_memory(self, task_off_heap_memory: MemorySize) -> SlotSharingGroupBuilder:
        """Off-heap memory of a slot; none unless it is set."""
        return self._set("task_off_heap_memory", memory(task_off_heap_memory, "set_task_off_heap_memory()"))

    def set_task_off_heap_memory_mb(self, task_off_heap_memory_mb: int) -> SlotSharingGroupBuilder:
        """Off-heap memory of a slot in mebibytes."""
        return self.set_task_off_heap_memory(MemorySize.of_mebi_bytes(task_off_heap_memory_mb))

    def set_managed_memory(self, managed_memory: MemorySize) -> SlotSharingGroupBuilder:
        """Managed memory of a slot; none unless it is set."""
        return self._set("managed_memory", memory(managed_memory, "set_managed_memory()"))

    def set_managed_memory_mb(self, managed_memory_mb: int) -> SlotSharingGroupBuilder:
        """Managed memory of a slot in mebibytes."""
        return self.set_managed_memory(MemorySize.of_mebi_bytes(managed_memory_mb))

    def set_external_resource(self, name: str, value: float) -> SlotSharingGroupBuilder:
        """Another resource of a slot; replaces what was set for that name.

        Args:
            name: such as "gpu".
            value: how much of it, at least 0.
        """
        if not isinstance(name, str) or not name:
            raise GraphError(f"set_external_resource() takes a non-empty name, not {name!r}")
        self._external[name] = number(value, "set_external_resource()")
        return self

    def build(self) -> SlotSharingGroup:
        """The group.

        Raises:
            GraphError: some resources are set, but not both CPU cores and heap memory.
        """
        if self._cpu_cores is None and not self._memory and not self._external:
            return SlotSharingGroup(self._name)
        if self._cpu_cores is None or "task_heap_memory" not in self._memory:
            raise GraphError(
                f"slot sharing group '{self._name}': with any resource, CPU cores and task heap memory are needed too"
            )
        return SlotSharingGroup(
            self._name,
            self._cpu_cores,
            self._memory["task_heap_memory"],
            self._memory.get("task_off_heap_memory", MemorySize(0)),
            self._memory.get("managed_memory", MemorySize(0)),
            tuple(sorted(self._external.items())),
        )

    def _set(self, kind: str, size: MemorySize) -> SlotSharingGroupBuilder:
        self._memory[kind] = size
        return self


SlotSharingGroup.Builder = SlotSharingGroupBuilder


def number(value: Any, call: str) -> float:
    """``value`` as a float, if it is a finite number of at least 0; GraphError otherwise."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise GraphError(f"{call} takes a number of at least 0, not {value!r}")
    return float(value)


def memory(value: Any, call: str) -> MemorySize:
    """``value``, if it is a MemorySize; GraphError otherwise."""
    if not isinstance(value, MemorySize):
        raise GraphError(f"{call} takes a MemorySize, not {value!r}")
    return value

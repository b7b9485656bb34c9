"""Slots and the workers that have them: Flink's ResourceManager."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.memory_size import MemorySize
from pyflinkx.config.option import ConfigOption
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.slots import SlotPlan
from pyflinkx.runtime.control.launcher import WorkerHandle, WorkerLauncher

# What a worker has, the option that says how much, and what a slot sharing group calls it.
KINDS: tuple[tuple[str, ConfigOption[Any], str], ...] = (
    ("CPU cores", options.WORKER_CPU_CORES, "cpu_cores"),
    ("bytes of task heap memory", options.TASK_HEAP_MEMORY, "task_heap_memory"),
    ("bytes of task off-heap memory", options.TASK_OFF_HEAP_MEMORY, "task_off_heap_memory"),
    ("bytes of managed memory", options.MANAGED_MEMORY, "managed_memory"),
)
Amounts = tuple[float, ...]


@dataclass(frozen=True)
class WorkerResources:
    """What a worker has for its slots.

    Args:
        slots: how many it has.
        amounts: of each of KINDS; infinite where nothing limits it.
    """

    slots: int
    amounts: Amounts = (math.inf,) * len(KINDS)

    @classmethod
    def from_configuration(cls, configuration: Configuration) -> WorkerResources:
        """``taskmanager.numberOfTaskSlots``, and the resources that the configuration gives a worker."""
        found = (configuration.get(option) for _, option, _ in KINDS)
        amounts = tuple(math.inf if amount is None else float(amount) for amount in found)
        return cls(configuration.value_of(options.TASK_SLOTS), amounts)

    def of_slot(self, group: SlotSharingGroup) -> Amounts:
        """What a slot of a group takes: what the group says, else an equal share of what is limited.

        Raises:
            ConfigurationError: no worker has so much.
        """
        if not group.has_resources:
            return tuple(0.0 if math.isinf(amount) else amount / self.slots for amount in self.amounts)
        wanted = tuple(amount_of(getattr(group, name)) for _, _, name in KINDS)
        for (what, option, _), amount, most in zip(KINDS, wanted, self.amounts, strict=True):
            if amount > most:
                raise ConfigurationError(
                    f"slot sharing group '{group.name}' asks for {amount:.15g} {what} a slot, but a worker has "
                    f"{most:.15g} ({option.key})"
                )
        return wanted


def amount_of(value: float | MemorySize | None) -> float:
    """A number, or bytes."""
    return float(value.bytes_size if isinstance(value, MemorySize) else value or 0)


def place_slots(plan: SlotPlan, worker: WorkerResources) -> dict[int, int]:
    """The worker of each slot: slots fill one worker after the other, as far as its resources go.

    Args:
        plan: the job's slots.
        worker: what each worker has.

    Raises:
        ConfigurationError: a slot needs more than a worker has.
    """
    placed: dict[int, int] = {}
    number = used_slots = 0
    left = list(worker.amounts)
    for group in plan.groups:
        wanted = worker.of_slot(group.group)
        for slot in range(group.first, group.first + group.size):
            # A share of a limit is not exact, so a full worker may be a little over it.
            fits = all(amount <= rest * (1 + 1e-9) + 1e-9 for amount, rest in zip(wanted, left, strict=True))
            if used_slots == worker.slots or not fits:
                number += 1
                used_slots = 0
                left = list(worker.amounts)
            placed[slot] = number
            used_slots += 1
            left = [rest - amount for amount, rest in zip(wanted, left, strict=True)]
    return placed


class ResourceManager:
    """The workers of a job: starts them, knows which slots they have, and ends them.

    Whoever needs slots asks it, and it alone asks the launcher for workers; so workers that come from elsewhere change
    nothing but this.

    Args:
        workers: the worker of each slot.
        launcher: starts workers.
    """

    def __init__(self, workers: Mapping[int, int], launcher: WorkerLauncher) -> None:
        self.workers = dict(workers)
        self.launcher = launcher
        self.handles: dict[int, WorkerHandle] = {}
        self.lost: set[int] = set()

    @property
    def worker_count(self) -> int:
        """How many workers the job needs."""
        return max(self.workers.values()) + 1

    def slots_of(self, worker: int) -> list[int]:
        """The slots of a worker, in ascending order."""
        return sorted(slot for slot, number in self.workers.items() if number == worker)

    def available_slots(self) -> list[int]:
        """The slots whose worker has been started and is not lost, in ascending order."""
        return sorted(slot for slot, number in self.workers.items() if number in self.handles.keys() - self.lost)

    def start(self, worker: int) -> WorkerHandle:
        """Start a worker.

        Raises:
            ConfigurationError: there is no way to start one.
            OSError: the system refuses.
        """
        handle = self.launcher.launch(worker)
        self.handles[worker] = handle
        return handle

    def declare_lost(self, worker: int) -> None:
        """A worker is gone, or has to go: it is killed if it still runs, and its slots are no more."""
        self.lost.add(worker)
        self.handles[worker].kill()

    def release_all(self) -> None:
        """The job needs no worker any longer: end them all, and give back what belongs to them."""
        while self.handles:
            _, handle = self.handles.popitem()
            handle.kill()
            handle.close()

"""Which slots which workers have, and what becomes of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Configuration
from pyflinkx.config.memory_size import MemorySize
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.slot_sharing_group import SlotSharingGroup
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.slots import SlotGroup, SlotPlan
from pyflinkx.runtime.control.resource_manager import ResourceManager, WorkerResources, place_slots

MEBIBYTE = 1 << 20


def group(name, cpu=None, heap=1, off_heap=0, managed=0):
    if cpu is None:
        return SlotSharingGroup(name)
    return (
        SlotSharingGroup.builder(name)
        .set_cpu_cores(cpu)
        .set_task_heap_memory_mb(heap)
        .set_task_off_heap_memory_mb(off_heap)
        .set_managed_memory_mb(managed)
        .build()
    )


def plan_of(*groups):
    """A plan of (group, number of slots)."""
    found, first = [], 0
    for sharing, size in groups:
        found.append(SlotGroup(sharing, first, size, ()))
        first += size
    return SlotPlan(tuple(found), ())


def worker(slots, **entries):
    configuration = Configuration.from_dict({"taskmanager.numberOfTaskSlots": str(slots), **entries})
    return WorkerResources.from_configuration(configuration)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 6))
def test_without_resources_slots_fill_one_worker_after_the_other(sizes, slots):
    plan = plan_of(*((group(str(number)), size) for number, size in enumerate(sizes)))
    assert place_slots(plan, worker(slots)) == {slot: slot // slots for slot in range(sum(sizes))}


def test_a_worker_takes_no_more_than_it_has():
    plan = plan_of((group("a", 1.0, 10), 3), (group("b", 0.5, 30), 2))
    offer = worker(4, **{"taskmanager.cpu.cores": "2", "taskmanager.memory.task.heap.size": "40m"})
    assert place_slots(plan, offer) == {0: 0, 1: 0, 2: 1, 3: 1, 4: 2}


AMOUNTS = st.tuples(st.floats(0.1, 4.0), st.integers(1, 64), st.integers(0, 64), st.integers(0, 64))


@given(st.lists(st.tuples(st.none() | AMOUNTS, st.integers(1, 4)), min_size=1, max_size=5), st.integers(1, 4))
def test_every_slot_has_a_place_and_no_worker_is_full_beyond_its_resources(groups, slots):
    sharing = [group(str(i)) if amounts is None else group(str(i), *amounts) for i, (amounts, _) in enumerate(groups)]
    plan = plan_of(*zip(sharing, (size for _, size in groups), strict=True))
    offer = WorkerResources(slots, (4.0, 64.0 * MEBIBYTE, 64.0 * MEBIBYTE, math.inf))
    placed = place_slots(plan, offer)
    assert list(placed) == list(range(plan.count))
    assert sorted(set(placed.values())) == list(range(max(placed.values()) + 1))
    for number in set(placed.values()):
        here = [
            found.group
            for found in plan.groups
            for slot in range(found.first, found.first + found.size)
            if placed[slot] == number
        ]
        assert len(here) <= slots
        shares = sum(not found.has_resources for found in here) / slots
        cores = sum(found.cpu_cores for found in here if found.has_resources)
        heap = sum(found.task_heap_memory.bytes_size for found in here if found.has_resources)
        assert cores + shares * 4.0 <= 4.0 + 1e-6
        assert heap + shares * 64 * MEBIBYTE <= 64 * MEBIBYTE + 1


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (
            {"taskmanager.cpu.cores": "1.5"},
            r"asks for 2 CPU cores a slot, but a worker has 1.5 \(taskmanager.cpu.cores",
        ),
        ({"taskmanager.memory.task.heap.size": "1m"}, r"2097152 bytes of task heap memory.*\(.*task.heap.size"),
        ({"taskmanager.memory.task.off-heap.size": "1m"}, r"3145728 bytes of task off-heap memory.*off-heap.size"),
        ({"taskmanager.memory.managed.size": "1m"}, r"4194304 bytes of managed memory.*managed.size"),
    ],
)
def test_a_group_that_asks_for_more_than_a_worker_has_is_refused(entries, words):
    plan = plan_of((group("heavy", 2.0, 2, 3, 4), 1))
    assert place_slots(plan, worker(1)) == {0: 0}
    with pytest.raises(ConfigurationError, match=f"'heavy' .*{words}" if "asks" not in words else f"'heavy' {words}"):
        place_slots(plan, worker(1, **entries))


def test_a_program_whose_slots_no_worker_has_does_not_start():
    configuration = Configuration.from_dict(
        {"pyflinkx.workers": "processes", "taskmanager.memory.task.heap.size": "256 mb"}
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    heavy = SlotSharingGroup.builder("heavy").set_cpu_cores(1.0).set_task_heap_memory(MemorySize.of_mebi_bytes(512))
    env.from_collection([1]).slot_sharing_group(heavy.build()).print()
    with pytest.raises(ConfigurationError, match="'heavy' asks for 536870912 bytes of task heap memory"):
        env.execute()


class Handle:
    def __init__(self, number):
        self.number = number
        self.events = []

    def kill(self):
        self.events.append("kill")

    def close(self):
        self.events.append("close")


class Launcher:
    def launch(self, number):
        if number == 2:
            raise OSError("no more processes")
        return Handle(number)


def test_the_life_of_workers():
    manager = ResourceManager({0: 0, 1: 0, 2: 1, 3: 2}, Launcher())
    assert manager.worker_count == 3
    assert manager.available_slots() == []
    first, second = manager.start(0), manager.start(1)
    assert (first.number, second.number) == (0, 1)
    assert manager.slots_of(0) == [0, 1]
    assert manager.available_slots() == [0, 1, 2]
    with pytest.raises(OSError, match="no more processes"):
        manager.start(2)
    manager.declare_lost(0)
    assert manager.available_slots() == [2]
    assert first.events == ["kill"]
    manager.release_all()
    assert first.events == ["kill", "kill", "close"]
    assert second.events == ["kill", "close"]
    assert manager.available_slots() == []

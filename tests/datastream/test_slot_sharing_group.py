import pytest

from pyflinkx.datastream import MemorySize, SlotSharingGroup, StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, GraphError


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


# What PyFlink 2.3 gives.
@pytest.mark.parametrize(
    ("size", "text", "units"),
    [
        (0, "0 bytes", (0, 0, 0, 0)),
        (1023, "1023 bytes", (0, 0, 0, 0)),
        (1024, "1 kb", (1, 0, 0, 0)),
        (5 << 20, "5 mb", (5120, 5, 0, 0)),
        ((3 << 30) + 5, "3221225477 bytes", (3145728, 3072, 3, 0)),
        (1 << 40, "1 tb", (1073741824, 1048576, 1024, 1)),  # there "1099511627776 bytes": it skips this unit
    ],
)
def test_memory_size(size, text, units):
    memory = MemorySize(bytes_size=size)
    assert str(memory) == text
    assert memory.get_bytes() == size
    assert units == (
        memory.get_kibi_bytes(),
        memory.get_mebi_bytes(),
        memory.get_gibi_bytes(),
        memory.get_tebi_bytes(),
    )


def test_memory_sizes_compare_by_their_bytes():
    assert MemorySize.of_mebi_bytes(2) == MemorySize(bytes_size=2 << 20)
    assert hash(MemorySize.of_mebi_bytes(2)) == hash(MemorySize(bytes_size=2 << 20))
    assert MemorySize(1) < MemorySize(2) <= MemorySize(2)
    with pytest.raises(TypeError):
        MemorySize(1) < 2  # noqa: B015


@pytest.mark.parametrize("size", [-1, 1 << 63, 1.0, True, None, "1"])
def test_what_is_no_memory_size_is_refused(size):
    with pytest.raises(ConfigurationError):
        MemorySize(size)
    with pytest.raises(ConfigurationError):
        MemorySize.of_mebi_bytes(size)


def resources(group):
    return (
        group.get_cpu_cores(),
        group.get_task_heap_memory(),
        group.get_task_off_heap_memory(),
        group.get_managed_memory(),
        group.get_external_resources(),
    )


def test_a_group_without_resources():
    group = SlotSharingGroup.builder("a").build()
    assert group.get_name() == "a"
    assert resources(group) == (None, None, None, None, {})


def test_a_group_with_resources():
    builder = SlotSharingGroup.builder("a").set_cpu_cores(1).set_task_heap_memory_mb(10)
    assert isinstance(builder, SlotSharingGroup.Builder)
    none, ten = MemorySize(0), MemorySize.of_mebi_bytes(10)
    small = builder.build()
    assert resources(small) == (1.0, ten, none, none, {})
    assert small == SlotSharingGroup.builder("a").set_cpu_cores(1.0).set_task_heap_memory(ten).build()
    assert small != SlotSharingGroup.builder("a").build()
    builder.set_task_off_heap_memory_mb(1).set_managed_memory(ten).set_managed_memory_mb(2)
    builder.set_external_resource("gpu", 2).set_external_resource("fpga", 0).set_external_resource("gpu", 1.5)
    big = builder.build()
    assert resources(big) == (
        1.0,
        ten,
        MemorySize.of_mebi_bytes(1),
        MemorySize.of_mebi_bytes(2),
        {"gpu": 1.5, "fpga": 0.0},
    )
    assert hash(big) != hash(small)


@pytest.mark.parametrize(
    "incomplete",
    [
        lambda builder: builder.set_cpu_cores(1.0),
        lambda builder: builder.set_task_heap_memory_mb(1),
        lambda builder: builder.set_managed_memory_mb(1),
        lambda builder: builder.set_external_resource("gpu", 1.0),
    ],
)
def test_resources_need_cores_and_heap_memory(incomplete):
    with pytest.raises(GraphError, match=r"'a': .* CPU cores and task heap memory are needed too"):
        incomplete(SlotSharingGroup.builder("a")).build()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda builder: builder.set_cpu_cores(0),
        lambda builder: builder.set_cpu_cores(float("nan")),
        lambda builder: builder.set_cpu_cores(float("inf")),
        lambda builder: builder.set_cpu_cores("1"),
        lambda builder: builder.set_task_heap_memory_mb(0),
        lambda builder: builder.set_task_heap_memory(1),
        lambda builder: builder.set_managed_memory(1),
        lambda builder: builder.set_task_off_heap_memory(None),
        lambda builder: builder.set_external_resource("gpu", -1),
        lambda builder: builder.set_external_resource("", 1),
        lambda _: SlotSharingGroup.builder(""),
        lambda _: SlotSharingGroup.builder(None),
    ],
)
def test_wrong_resources_are_refused(wrong):
    with pytest.raises(GraphError):
        wrong(SlotSharingGroup.builder("a"))


def groups_of(env):
    return [node.slot_sharing_group for node in env._graph(None).nodes]


def test_streams_and_sinks_name_their_group(env):
    group = SlotSharingGroup.builder("b").build()
    first = env.from_collection([1]).slot_sharing_group("a")
    sink = first.map(str).map(str).slot_sharing_group(group).print()
    assert groups_of(env) == ["a", "a", "b", "b"]
    assert sink.slot_sharing_group("c").co_location_group("together") is sink
    assert groups_of(env) == ["a", "a", "b", "c"]
    assert env._graph(None).nodes[3].co_location_group == "together"


def test_registered_groups_describe_those_that_are_named(env):
    group = SlotSharingGroup.builder("a").set_cpu_cores(1.0).set_task_heap_memory_mb(10).build()
    other = SlotSharingGroup.builder("a").set_cpu_cores(2.0).set_task_heap_memory_mb(10).build()
    assert env.register_slot_sharing_group(other).register_slot_sharing_group(group) is env
    env.from_collection([1]).slot_sharing_group("a").print()
    assert env._graph(None).slot_sharing_groups == (group,)


def test_a_job_of_several_groups_runs(env):
    numbers = env.from_collection([1, 2, 3]).map(lambda value: value * 2).slot_sharing_group("other")
    assert list(numbers.execute_and_collect()) == [2, 4, 6]


@pytest.mark.parametrize("wrong", ["", None, 3])
def test_what_is_no_group_is_refused(env, wrong):
    stream = env.from_collection([1])
    with pytest.raises(GraphError, match="slot_sharing_group"):
        stream.slot_sharing_group(wrong)
    with pytest.raises(GraphError, match="co_location_group"):
        stream.co_location_group(wrong)
    with pytest.raises(GraphError, match="register_slot_sharing_group"):
        env.register_slot_sharing_group(wrong)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import GraphError
from pyflinkx.graph.job_graph import build_job_graph
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.slots import plan_slots
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.stream_graph import build_stream_graph
from pyflinkx.graph.transformation import Transformation, Upstream

HEAVY = SlotSharingGroup.builder("heavy").set_cpu_cores(1.0).set_task_heap_memory_mb(1).build()


def operator(name, *inputs, parallelism=1, group=None, key=None):
    return Transformation(
        operation=name,
        kind="operator" if inputs else "source",
        spec=OperatorSpec.of(object) if inputs else None,
        source=None if inputs else object(),
        inputs=tuple((Upstream(upstream),) for upstream in inputs),
        settings=Settings(
            parallelism=parallelism,
            slot_sharing_group=SlotSharingGroup(group) if isinstance(group, str) else group,
            co_location_group=key,
        ),
        location=f"{name}.py:1",
    )


def job_graph(*roots, chaining=True, groups=()):
    return build_job_graph(build_stream_graph(roots, "job", chaining=chaining, slot_sharing_groups=groups))


@st.composite
def programs(draw):
    """A chain of operators with now and then a second input, over three groups."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        inputs = {made[-1], draw(st.sampled_from(made))} if made else ()
        group = draw(st.sampled_from([None, "a", "b", "default"]))
        made.append(operator(f"o{number}", *inputs, parallelism=draw(st.integers(1, 5)), group=group))
    return job_graph(made[-1], chaining=draw(st.booleans()))


@given(programs())
def test_every_subtask_has_a_slot_of_its_group_at_its_index(graph):
    plan = plan_slots(graph)
    slots = plan.slots()
    subtasks = [(vertex.id, index) for vertex in graph.vertices for index in range(vertex.parallelism)]
    assert sorted(slots) == sorted(subtasks)
    assert len(plan.assignment) == len(subtasks)
    assert sorted(set(slots.values())) == list(range(plan.count))
    group_of_slot = {}
    index_of_slot = {}
    for vertex in graph.vertices:
        for index in range(vertex.parallelism):
            slot = slots[vertex.id, index]
            assert group_of_slot.setdefault(slot, vertex.slot_sharing_group) == vertex.slot_sharing_group
            assert index_of_slot.setdefault(slot, index) == index
    assert len({(group_of_slot[slot], index_of_slot[slot]) for slot in group_of_slot}) == plan.count


@given(programs())
def test_a_job_needs_the_widest_vertex_of_each_group(graph):
    widest = {}
    for vertex in graph.vertices:
        name = vertex.slot_sharing_group
        widest[name] = max(widest.get(name, 0), vertex.parallelism)
    plan = plan_slots(graph)
    assert plan.count == sum(widest.values())
    assert {group.group.name: group.size for group in plan.groups} == widest


@given(programs())
def test_no_vertex_holds_operators_of_two_groups(graph):
    for vertex in graph.vertices:
        assert {node.slot_sharing_group for node in vertex.nodes} == {vertex.slot_sharing_group}


def test_slots_of_groups_follow_each_other():
    source = operator("source", parallelism=2)
    other = operator("other", source, parallelism=3, group="b")
    last = operator("last", other, parallelism=1, group="default")
    plan = plan_slots(job_graph(last))
    assert [(group.group, group.first, group.size, group.vertices) for group in plan.groups] == [
        (SlotSharingGroup("default"), 0, 2, (0, 2)),
        (SlotSharingGroup("b"), 2, 3, (1,)),
    ]
    assert plan.slots() == {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 3, (1, 2): 4, (2, 0): 0}


@given(st.integers(1, 5), st.booleans())
def test_co_located_operators_share_slots_index_by_index(parallelism, chaining):
    first = operator("first", parallelism=parallelism, key="together")
    between = operator("between", first, parallelism=parallelism + 1)
    graph = job_graph(operator("last", between, parallelism=parallelism, key="together"), chaining=chaining)
    slots = plan_slots(graph).slots()
    located = [vertex.id for vertex in graph.vertices if vertex.co_location_groups == {"together"}]
    assert len(located) == 2
    for index in range(parallelism):
        assert len({slots[vertex, index] for vertex in located}) == 1


def test_co_location_across_slot_sharing_groups_is_refused():
    first = operator("first", key="k")
    with pytest.raises(
        GraphError,
        match=r"'k' joins operator 'first' \(first\.py:1\) of slot sharing group 'default' and operator 'last' "
        r"\(last\.py:1\) of slot sharing group 'b'",
    ):
        job_graph(operator("last", first, group="b", key="k"))


def test_co_location_of_unequal_parallelism_is_refused():
    first = operator("first", parallelism=2, key="k")
    with pytest.raises(
        GraphError, match=r"'first' \(first\.py:1\) of parallelism 2 and operator 'last' .* of parallelism 3"
    ):
        job_graph(operator("last", first, parallelism=3, key="k"))


def test_resources_come_from_the_environment_or_an_operator():
    first = operator("first", group="heavy")
    by_name = plan_slots(job_graph(first, groups=[HEAVY, SlotSharingGroup("unused")]))
    by_operator = plan_slots(job_graph(operator("first", group=HEAVY), operator("last", first)))
    assert [group.group for group in by_name.groups] == [group.group for group in by_operator.groups] == [HEAVY]


def test_two_descriptions_of_one_group_are_refused():
    other = SlotSharingGroup.builder("heavy").set_cpu_cores(2.0).set_task_heap_memory_mb(1).build()
    with pytest.raises(GraphError, match=r"operator 'last'.*'heavy' has been given other resources before"):
        job_graph(operator("last", operator("first", group=HEAVY), group=other))
    with pytest.raises(GraphError, match=r"operator 'first'.*'heavy' has been given other resources before"):
        job_graph(operator("first", group=HEAVY), groups=[other])

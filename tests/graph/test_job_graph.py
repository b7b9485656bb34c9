import json

import pytest

from pyflinkx.errors import GraphError
from pyflinkx.graph.job_graph import build_job_graph
from pyflinkx.graph.partitioners import (
    BroadcastPartitioner,
    CustomPartitioner,
    ForwardPartitioner,
    HashPartitioner,
    RebalancePartitioner,
)
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.stream_graph import build_stream_graph, default_max_parallelism
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.operators.functions import UserFunction


def source(name="source", **settings):
    return Transformation(operation=name, kind="source", source=object(), settings=Settings(**settings))


def operator(name, *inputs, partitioner=None, **settings):
    ports = tuple((Upstream(upstream, partitioner),) for upstream in inputs)
    return Transformation(
        operation=name, kind="operator", spec=OperatorSpec.of(object), inputs=ports, settings=Settings(**settings)
    )


def vertices(*roots, **settings):
    graph = build_job_graph(build_stream_graph(roots, "job", **settings))
    return [[node.name for node in vertex.nodes] for vertex in graph.vertices]


def test_everything_of_parallelism_one_is_one_task():
    first = source()
    keyed = operator("sum", first, partitioner=HashPartitioner(len))
    assert vertices(operator("sink", keyed)) == [["source", "sum", "sink"]]


def test_hash_partitioning_splits_tasks_of_higher_parallelism():
    first = source()
    keyed = operator("sum", operator("map", first), partitioner=HashPartitioner(len))
    assert vertices(operator("sink", keyed), parallelism=2) == [["source", "map"], ["sum", "sink"]]


def test_different_parallelism_splits_and_rebalances():
    first = source(parallelism=1)
    graph = build_stream_graph([operator("map", first)], "job", parallelism=3)
    assert isinstance(graph.edges[0].partitioner, RebalancePartitioner)
    assert len(build_job_graph(graph).vertices) == 2


def test_chaining_can_be_switched_off_for_one_operator_and_for_all():
    first = source()
    lonely = operator("lonely", operator("map", first), chain_with_input=False, chain_with_output=False)
    assert vertices(operator("sink", lonely)) == [["source", "map"], ["lonely"], ["sink"]]
    assert vertices(operator("sink", operator("map", first)), chaining=False) == [["source"], ["map"], ["sink"]]


def test_no_fusion_makes_two_vertices_wait_for_each_other():
    first = source()
    detour = operator("detour", first, partitioner=HashPartitioner(len))
    joined = operator("join", first, detour, parallelism=2)
    found = vertices(joined, parallelism=2)
    # source -> join could be fused, but then detour would both follow and precede that vertex.
    assert ["source", "join"] not in found
    assert [name for vertex in found for name in vertex] == ["source", "detour", "join"]


def test_forward_between_different_parallelisms_is_refused():
    first = source(parallelism=2)
    with pytest.raises(GraphError, match=r"operator 'map'.*from 2 to 1"):
        build_stream_graph([operator("map", first, partitioner=ForwardPartitioner())], "job")


def test_an_empty_program_is_refused():
    with pytest.raises(GraphError, match="no operators"):
        build_stream_graph([], "job")


def test_one_uid_for_two_operators_is_refused():
    first = source(uid="a")
    with pytest.raises(GraphError, match=r"uid 'a'.*'source'.*'map'"):
        build_stream_graph([operator("map", first, uid="a")], "job")


def test_parallelism_above_its_maximum_is_refused():
    with pytest.raises(GraphError, match="parallelism 5 exceeds its maximum parallelism 4"):
        build_stream_graph([source(parallelism=5, max_parallelism=4)], "job")


def test_derived_uids_are_the_same_for_the_same_program_and_differ_within_it():
    def uids():
        first = source()
        return [node.uid for node in build_stream_graph([operator("b", operator("a", first))], "job").nodes]

    assert uids() == uids()
    assert len(set(uids())) == 3


@pytest.mark.parametrize(("parallelism", "expected"), [(1, 128), (85, 128), (86, 256), (100, 256), (30000, 32768)])
def test_default_max_parallelism_follows_flinks_rule(parallelism, expected):
    assert default_max_parallelism(parallelism) == expected


def test_plan_names_operators_and_ship_strategies():
    first = source("Collection Source")
    keyed = operator("Reduce", operator("Map", first), partitioner=HashPartitioner(len))
    sink = Transformation(operation="Print", kind="sink", spec=OperatorSpec.of(object), inputs=((Upstream(keyed),),))
    plan = json.loads(build_stream_graph([sink], "job").to_json())
    assert [(node["id"], node["type"], node["pact"]) for node in plan["nodes"]] == [
        (1, "Source: Collection Source", "Data Source"),
        (2, "Map", "Operator"),
        (3, "Reduce", "Operator"),
        (4, "Sink: Print", "Data Sink"),
    ]
    assert plan["nodes"][2]["predecessors"] == [{"id": 2, "ship_strategy": "HASH", "side": "second"}]


def test_an_operator_inherits_the_slot_sharing_group_that_all_its_inputs_have():
    first, second = source("first", slot_sharing_group=SlotSharingGroup("a")), source("second")
    mapped = operator("map", first)
    mixed = operator("mixed", mapped, second)
    named = operator("named", mixed, slot_sharing_group=SlotSharingGroup("b"))
    graph = build_stream_graph([operator("last", named)], "job")
    assert {node.name: node.slot_sharing_group for node in graph.nodes} == {
        "first": "a",
        "second": "default",
        "map": "a",
        "mixed": "default",
        "named": "b",
        "last": "b",
    }


def test_operators_of_different_slot_sharing_groups_are_not_chained():
    first = source()
    found = vertices(operator("last", operator("map", first, slot_sharing_group=SlotSharingGroup("other"))))
    assert found == [["source"], ["map", "last"]]


def test_a_custom_partitioner_is_asked_even_between_single_subtasks():
    custom = CustomPartitioner(UserFunction(max), UserFunction(len))
    assert vertices(operator("map", source(), partitioner=custom)) == [["source"], ["map"]]


@pytest.mark.parametrize("partitioner", [HashPartitioner(len), RebalancePartitioner(), BroadcastPartitioner()])
@pytest.mark.parametrize("keyed_first", [True, False])
def test_an_edge_that_changes_the_subtask_is_never_within_a_task(partitioner, keyed_first):
    """Two ways lead to the last operator, which may be chained to the end of either; not to both."""
    first = source(parallelism=2)
    keyed = operator("keyed", first, partitioner=partitioner, parallelism=2)
    plain = operator("plain", first, parallelism=2)
    last = operator("last", *((keyed, plain) if keyed_first else (plain, keyed)), parallelism=2)
    graph = build_job_graph(build_stream_graph([last], "job"))
    inner = [edge.partitioner for vertex in graph.vertices for edge in vertex.inner_edges]
    assert all(isinstance(found, ForwardPartitioner) for found in inner)
    assert partitioner in [edge.partitioner for edge in graph.exchanges]

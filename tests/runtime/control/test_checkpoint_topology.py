"""What the coordinator of checkpoints is told of real programs."""

from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.runtime.control.checkpoints import vertices_of


def topology(build):
    env = StreamExecutionEnvironment.get_execution_environment().set_parallelism(2)
    build(env)
    graph = env._job(env._graph("job"), None).graph
    return vertices_of(graph), graph


def test_every_task_knows_who_sends_to_it():
    def build(env):
        stream = env.from_collection([1, 2, 3]).map(abs).set_parallelism(4)
        stream.rescale().map(abs).key_by(lambda value: value % 2).map(str).print()

    job, graph = topology(build)
    source, spread, rescaled, keyed = (vertex.id for vertex in graph.vertices)
    assert [job.vertices[vertex].inputs for vertex in (source, spread, rescaled, keyed)] == [
        (),
        (source,),
        (spread,),
        (rescaled,),
    ]
    assert len(job.tasks) == 1 + 4 + 2 + 2
    assert job.feeders((source, 0)) == frozenset()
    assert job.feeders((spread, 3)) == {(source, 0)}
    assert job.feeders((rescaled, 0)) == {(spread, 0), (spread, 1)}
    assert job.feeders((rescaled, 1)) == {(spread, 2), (spread, 3)}
    assert job.feeders((keyed, 1)) == {(rescaled, 0), (rescaled, 1)}
    assert job.without_barrier([(source, 0), (spread, 2), (spread, 3)]) == [
        (spread, 0),
        (spread, 1),
        (rescaled, 1),
    ]


def test_operators_of_a_chain_keep_their_uids():
    job, graph = topology(lambda env: env.from_collection([1]).uid("read").map(abs).uid("double").print().uid("out"))
    uids = [operator.uid for vertex in job.vertices.values() for operator in vertex.operators]
    assert len(uids) == len(set(uids)) == sum(len(vertex.nodes) for vertex in graph.vertices)


def test_a_loop_has_no_channel_back():
    def build(env):
        loop = env.from_collection([3]).iterate(0)
        counted = loop.map(lambda value: value - 1)
        loop.close_with(counted.filter(lambda value: value > 0))
        counted.filter(lambda value: value <= 0).print()

    job, _ = topology(build)
    finished = set()
    while len(finished) < len(job.tasks):
        ready = job.without_barrier(finished)
        assert ready  # so no circle
        finished.update(ready)

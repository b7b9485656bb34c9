"""Jobs without Python functions run on threads that share the data of their sources."""

import gc

import numpy as np
import pyarrow as pa
import pytest

from pyflinkx.common import Configuration
from pyflinkx.config.options import WORKERS
from pyflinkx.datastream import StreamExecutionEnvironment, col
from pyflinkx.graph.job_graph import build_job_graph
from pyflinkx.runtime.control import job_pickle
from pyflinkx.runtime.drivers import local_cluster, worker_jobs
from pyflinkx.runtime.drivers.job import Job


def environment(parallelism=2, mode="auto"):
    configuration = Configuration()
    configuration.set(WORKERS, mode)
    return StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)


@pytest.fixture
def modes(monkeypatch):
    """How the jobs of the test were run on workers."""
    seen = []
    run = worker_jobs.job_on_workers

    def noted(mode, *others):
        seen.append(mode)
        return run(mode, *others)

    monkeypatch.setattr(worker_jobs, "job_on_workers", noted)
    return seen


def native(env):
    stream = env.from_numpy({"n": np.arange(50_000)}).key_by("n").filter(col("n") % 2 == 0)
    return stream.rebalance().select(m=col("n") + 1)


def test_a_native_job_runs_on_threads(modes):
    table = native(environment()).to_arrow()
    assert sorted(table["m"].to_pylist()) == list(range(1, 50_000, 2))
    assert modes == ["threads"]


def test_a_native_job_of_parallelism_1_runs_inline(modes):
    assert native(environment(1)).to_arrow().num_rows == 25_000
    assert modes == []


@pytest.mark.parametrize(
    "build",
    [
        lambda env: native(env).map(lambda row: row),
        lambda env: env.from_collection([1]),
        lambda env: native(env).partition_custom(lambda key, n: 0, lambda row: row.m).select("m"),
        lambda env: env.from_numpy({"n": np.arange(3)}).key_by(lambda row: row.n).select("n"),
    ],
)
def test_a_job_with_python_functions_does_not_count_as_native(build):
    env = environment()
    build(env).print()
    assert not build_job_graph(env._graph(None)).native


def test_threads_read_the_source_itself():
    values = np.arange(1000)
    env = environment(mode="threads")
    source = env.from_numpy({"n": values})._transformation.source
    data = job_pickle.dump((source, "x"), [], sharing=True)
    assert len(data) < 200
    assert job_pickle.JobUnpickler(data, lambda number: None).load()[0] is source
    number = id(source)
    del source, env
    gc.collect()
    assert number not in job_pickle._shared


def test_processes_get_a_copy():
    env = environment()
    source = env.from_arrow(pa.table({"n": np.arange(1000)}))._transformation.source
    assert len(job_pickle.dump(source, [])) > 8000


def test_the_mode_is_chosen_by_the_graph(monkeypatch):
    chosen = []

    def job(mode, graph, settings, configuration, listener, dependencies, restarts):
        chosen.append(mode)
        return Job(graph, listener, dependencies, restarts)

    monkeypatch.setattr(worker_jobs, "job_on_workers", job)
    for build in (native, lambda env: env.from_collection([1])):
        env = environment()
        stream = build(env)
        stream._end("Collect", stream_sink(stream))
        graph = build_job_graph(env._graph(None))
        local_cluster.make_job(graph, env._configuration, env._clock, {})
    assert chosen == ["threads", "processes"]


def stream_sink(stream):
    from pyflinkx.connectors.collect import CollectColumnsSink, CollectSink

    return CollectSink() if stream._value.schema is None else CollectColumnsSink()

"""Delta Lake: exactly once wherever the job crashes; held to deltalake and DuckDB's reading of the files."""

import pickle
import random
from collections import Counter

import pyarrow as pa
import pytest

from pyflinkx import faults
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.connectors.delta.sink import DeltaCoordinator, DeltaSink
from pyflinkx.connectors.delta.source import DeltaSource
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import SinkError, SourceError
from tests import fault_points
from tests.connectors.positions import check_positions
from tests.connectors.sink_job import Job, crash

deltalake = pytest.importorskip("deltalake", reason="Delta Lake is not tested without deltalake")
RECORDS = [(number, f"text {number % 7}") for number in range(60)]
PAIRS = Types.ROW_NAMED(["n", "t"], [Types.INT(), Types.STRING()])
POINTS = [point for point in fault_points.points() if point.startswith("delta.")]


def seen(path):
    table = deltalake.DeltaTable(str(path)).to_pyarrow_table()
    return Counter(tuple(row.values()) for row in table.to_pylist())


def job_of(path, seed):
    def make():
        sink = DeltaSink(str(path), PAIRS)
        sink.check()
        return sink

    return Job(make, RECORDS, random.Random(seed), (1, 2, 3))


@pytest.mark.parametrize("act", [crash, faults.error], ids=["crash", "error"])
@pytest.mark.parametrize("point", POINTS)
def test_a_fault_at_every_point(point, act, tmp_path):
    for nth in (1, 3):
        path = tmp_path / str(nth)
        job = job_of(path, f"{point} {nth}")
        job.run({point: faults.Fault(act, nth)})
        assert seen(path) == Counter(RECORDS)


def test_faults_at_random(tmp_path):
    for seed in range(4):
        rng = random.Random(seed)

        def act(name, rng=rng):
            if rng.random() < 0.08:
                crash(name)

        path = tmp_path / str(seed)
        job_of(path, seed).run({point: faults.Fault(act) for point in POINTS})
        assert seen(path) == Counter(RECORDS)


def test_a_job_appends_and_another_reads(tmp_path):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(2)
    rows = [Row(n=number, t=text) for number, text in RECORDS]
    for _ in range(2):
        env.from_collection(rows, PAIRS).sink_to(DeltaSink(str(tmp_path / "t"), PAIRS))
        env.execute()
    read = env.from_source(DeltaSource(str(tmp_path / "t")), WatermarkStrategy.no_watermarks(), "t")
    assert Counter(map(tuple, read.execute_and_collect())) == Counter(RECORDS + RECORDS)


def test_versions_and_positions(tmp_path):
    path = str(tmp_path / "t")
    for start in (0, 30):
        deltalake.write_deltalake(path, pa.table({"n": range(start, start + 30)}), mode="append")
    first = DeltaSource(path, 0, split_size=200, batch_size=7)
    check_positions(first, first.splits(1), [1, 1], 4, [[number] for number in range(30)])
    newest = pickle.loads(pickle.dumps(DeltaSource(path, filters=[("n", ">=", 28), ("n", "<", 33)])))
    check_positions(newest, newest.splits(1), [], 4, [[number] for number in range(28, 33)])


def test_what_cannot_be(tmp_path):
    with pytest.raises(SourceError, match="nowhere: cannot be read"):
        DeltaSource(str(tmp_path / "nowhere"))
    path = str(tmp_path / "t")
    deltalake.write_deltalake(path, pa.table({"n": [1], "p": ["x"]}), partition_by=["p"])
    with pytest.raises(SourceError, match="it has partitions"):
        DeltaSource(path)
    with pytest.raises(SinkError, match="cannot be written: it is partitioned"):
        DeltaSink(path, Types.ROW_NAMED(["n", "p"], [Types.LONG(), Types.STRING()])).check()
    other = str(tmp_path / "o")
    deltalake.write_deltalake(other, pa.table({"n": [1]}))
    with pytest.raises(SinkError, match="it has the columns"):
        DeltaSink(other, PAIRS).check()


def test_what_was_committed_is_not_added_again(tmp_path):
    """Not even when somebody has merged the files since, who takes their names out of the log."""
    path = tmp_path / "t"
    sink = DeltaSink(str(path), PAIRS)
    sink.check()
    coordinator, states = DeltaCoordinator(sink), []
    for number in (1, 2):
        writer = sink.create_writer(WriterContext())
        writer.write(ObjectBatch([RECORDS[number]]))
        writer.flush(False)
        coordinator.handle_event(0, (number, writer.prepare_commit()))
        states.append(coordinator.snapshot_state(number))
        coordinator.checkpoint_completed(number)
    deltalake.DeltaTable(str(path)).optimize.compact()
    for number in (1, 2):
        DeltaCoordinator(sink).restore(number, states[number - 1])
    assert seen(path) == Counter(RECORDS[1:3])

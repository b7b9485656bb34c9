"""Sources one after the other: each record once, whatever the sources are and wherever a job crashes."""

import sqlite3
from contextlib import closing

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.hybrid import Done, HybridState
from pyflinkx.datastream import MapFunction
from pyflinkx.datastream.connectors.file_system import FileSource
from pyflinkx.datastream.connectors.hybrid_source import HybridSource
from pyflinkx.datastream.connectors.jdbc import JdbcConnectionOptions, JdbcSource
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.errors import ConfigurationError
from pyflinkx.testing.conformance import check_source
from tests.connectors.acknowledging import Failing, environment


def following(folder):
    """A source without an end, of one reader: a table."""
    path = folder / "numbers.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS numbers (n)")
        if not database.execute("SELECT 1 FROM numbers").fetchone():
            database.executemany("INSERT INTO numbers VALUES (?)", [(number,) for number in range(300, 340)])
    options = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(f"jdbc:sqlite:{path}").build()
    builder = JdbcSource.builder().set_connection_options(options).set_result_extractor(lambda row: str(row[0]))
    return builder.follow("numbers", "n").build()


def files(folder):
    (folder / "lines").mkdir(exist_ok=True)
    for start in range(0, 100, 20):
        (folder / "lines" / f"{start}.txt").write_text("".join(f"{number}\n" for number in range(start, start + 20)))
    return FileSource(TextFileSource(folder / "lines"))


@pytest.mark.parametrize("seed", range(12))
def test_numbers_behind_numbers(seed):
    def source():
        first = HybridSource.builder(NumberSequenceSource(0, 49))
        return first.add_source(NumberSequenceSource(50, 59)).add_source(NumberSequenceSource(60, 130)).build()

    check_source(source, range(131), seed)


@pytest.mark.parametrize("seed", range(8))
def test_files_then_a_table_that_grows(seed, tmp_path):
    def source():
        return HybridSource.builder(files(tmp_path)).add_source(following(tmp_path)).build()

    check_source(source, map(str, [*range(100), *range(300, 340)]), seed)


class Placed(MapFunction):
    """Says by which subtask a number came."""

    def open(self, runtime_context):
        self.subtask = runtime_context.get_index_of_this_subtask()

    def map(self, value):
        return self.subtask, int(value)


def test_one_begins_when_the_one_before_it_has_ended(tmp_path):
    env = environment()
    source = HybridSource.builder(files(tmp_path)).add_source(CollectionSource([str(n) for n in range(100, 150)], None))
    numbers = env.from_source(source.build(), WatermarkStrategy.no_watermarks(), "both").set_parallelism(1)
    found = [int(number) for number in numbers.execute_and_collect()]
    assert sorted(found) == list(range(150))
    assert set(found[:100]) == set(range(100))


def test_each_subtask_of_several_reads_one_behind_the_other(tmp_path):
    env = environment()
    source = HybridSource.builder(files(tmp_path)).add_source(CollectionSource([str(n) for n in range(100, 150)], None))
    numbers = env.from_source(source.build(), WatermarkStrategy.no_watermarks(), "both").set_parallelism(2)
    found = list(numbers.map(Placed()).set_parallelism(2).execute_and_collect())
    assert sorted(number for _, number in found) == list(range(150))
    for subtask in range(2):
        later = [number >= 100 for place, number in found if place == subtask]
        assert later == sorted(later)


def test_a_job_that_fails_goes_on():
    env = environment()
    source = HybridSource.builder(NumberSequenceSource(1, 500)).add_source(NumberSequenceSource(501, 1000)).build()
    numbers = env.from_source(source, WatermarkStrategy.no_watermarks(), "both").set_parallelism(1)
    assert list(numbers.map(Failing(700)).execute_and_collect()) == list(range(1, 1001))


def test_a_source_that_begins_while_a_checkpoint_is_under_way():
    class Late(NumberSequenceSource):
        def create_coordinator(self, context):
            class Asked(Coordinator):
                snapshot_last = True

            return Asked()

    sent = []
    context = CoordinatorContext("both", 1, lambda *event: sent.append(event), None, None, None, None)
    source = HybridSource.builder(NumberSequenceSource(1, 5)).add_source(Late(6, 9)).build()
    coordinator = source.create_coordinator(context)
    coordinator.start()
    assert not coordinator.snapshot_last
    early = coordinator.snapshot_state(1)
    coordinator.handle_event(0, Done(0))
    assert coordinator.snapshot_last
    assert coordinator.snapshot_state(1) == early == HybridState(0, None)
    assert coordinator.snapshot_state(2) == HybridState(1, None)


def test_what_cannot_be(tmp_path):
    with pytest.raises(ConfigurationError, match="does not end, so that nothing can be read behind it"):
        HybridSource.builder(following(tmp_path)).add_source(NumberSequenceSource(1, 2))
    with pytest.raises(TypeError, match="a source is one such as FileSource or KafkaSource, not 5"):
        HybridSource.builder(5)

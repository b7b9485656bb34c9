"""The conformance kit: it finds what is wrong with a source or a sink, and nothing is wrong with ours."""

import pickle
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from pyflinkx.common import Encoder
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.sink import Committer, Sink, SinkWriter
from pyflinkx.connectors.source import END, Source, SourceReader
from pyflinkx.connectors.source_function import FunctionSource
from pyflinkx.datastream.connectors.file_system import FileSink, FileSource, OutputFileConfig, RollingPolicy
from pyflinkx.datastream.connectors.jdbc import JdbcConnectionOptions, JdbcSink, JdbcSource
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.testing.conformance import ConformanceError, check_sink, check_source
from pyflinkx.testing.exactly_once import ExactlyOnceCommitter, ExactlyOnceSink, shown_records
from tests.connectors.sink_job import let_go
from tests.connectors.test_source_positions import Bursts

SEEDS = range(10)
WORDS = [f"line {number}" for number in range(120)]


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE lines (id INTEGER PRIMARY KEY, text TEXT)")
    return path


def options(path):
    return JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(f"jdbc:sqlite:{path}").build()


# ---- ours ----


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers(seed):
    check_source(lambda: NumberSequenceSource(1, 200), range(1, 201), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_functions(seed):
    check_source(lambda: FunctionSource(Bursts(90, [4, 1])), range(90), seed, crashes=3)


@pytest.mark.parametrize("seed", SEEDS)
def test_files(seed, tmp_path):
    for number in range(0, 120, 20):
        (tmp_path / f"{number}.txt").write_text("\n".join(WORDS[number : number + 20]))
    check_source(lambda: FileSource(TextFileSource(tmp_path)), WORDS, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_queries(seed, database):
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.executemany("INSERT INTO lines VALUES (?, ?)", enumerate(WORDS))
    builder = JdbcSource.builder().set_connection_options(options(database)).set_result_extractor(lambda row: row[0])
    sql = "SELECT text FROM lines WHERE id BETWEEN ? AND ? ORDER BY id"
    ranges = builder.set_sql(sql).set_numeric_ranges(0, 119, 5).build()
    check_source(lambda: ranges, WORDS, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_that_is_followed(seed, database):
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.executemany("INSERT INTO lines VALUES (?, ?)", enumerate(WORDS))
    builder = JdbcSource.builder().set_connection_options(options(database)).set_result_extractor(lambda row: row[1])
    source = builder.follow("lines", "id", columns=["id", "text"]).build()
    check_source(lambda: source, WORDS, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_written_files(seed, tmp_path):
    def sink():
        return (
            FileSink.for_row_format(str(tmp_path), Encoder.simple_string_encoder())
            .with_rolling_policy(RollingPolicy.default_rolling_policy(100, 5000, 5000))
            .with_output_file_config(OutputFileConfig.builder().with_part_suffix(".txt").build())
            .build()
        )

    def shown():
        files = [path for path in Path(tmp_path).rglob("part-*.txt") if not path.name.startswith(".")]
        return [line for path in files for line in path.read_text().splitlines()]

    check_sink(sink, WORDS, shown, seed, crashed=let_go)


@pytest.mark.parametrize("seed", SEEDS)
def test_upserts(seed, database):
    def shown():
        with closing(sqlite3.connect(database)) as opened:
            return opened.execute("SELECT id, text FROM lines").fetchall()

    sink = JdbcSink.upsert("lines", ["id", "text"], ["id"], options(database))
    check_sink(lambda: sink, list(enumerate(WORDS)), shown, seed, at_least_once=True, crashed=let_go)


# ---- what the kit has to find ----


class Count(Source):
    """Numbers, each split a range of them; ``wrong`` is added to the position in a checkpoint."""

    def __init__(self, wrong=0):
        self.wrong = wrong

    def splits(self, parallelism):
        return [(start, start + 20) for start in range(0, 200, 20)]

    def create_reader(self, context):
        return CountReader(self.wrong)


class CountReader(SourceReader):
    def __init__(self, wrong):
        self.wrong = wrong
        self.waiting = []

    def add_splits(self, splits):
        self.waiting += splits

    def snapshot_state(self, checkpoint_id):
        (start, stop), *rest = self.waiting or [(0, 0)]
        return [(start + self.wrong if start % 20 > 0 else start, stop), *rest] if self.waiting else []

    def poll(self, limit):
        from pyflinkx._core.records.objects import ObjectBatch

        if not self.waiting:
            return END
        (start, stop), *rest = self.waiting
        end = min(start + limit, stop)
        self.waiting = rest if end == stop else [(end, stop), *rest]
        return ObjectBatch(list(range(start, end)))


def failures(check):
    """What is said by those of the seeds that find something."""
    found = []
    for seed in SEEDS:
        try:
            check(seed)
        except ConformanceError as error:
            found.append(str(error))
    return found


def test_a_good_source_passes():
    assert failures(lambda seed: check_source(Count, range(200), seed)) == []


def test_a_position_too_far_is_a_loss():
    found = failures(lambda seed: check_source(lambda: Count(1), range(200), seed))
    assert found
    assert all("lost, such as" in error for error in found)


def test_a_position_too_early_is_a_duplicate():
    found = failures(lambda seed: check_source(lambda: Count(-1), range(200), seed))
    assert found
    assert all("too many, such as" in error for error in found)
    assert failures(lambda seed: check_source(lambda: Count(-1), range(200), seed, at_least_once=True)) == []


def test_a_source_that_waits_for_nothing():
    class Silent(CountReader):
        def poll(self, limit):
            from pyflinkx.connectors.source import WAIT

            return WAIT

    class Waiting(Count):
        def create_reader(self, context):
            return Silent(0)

    with pytest.raises(ConformanceError, match=r"nothing has come for 0.1 s"):
        check_source(Waiting, range(200), 1, timeout=0.1)


class Early(ExactlyOnceSink):
    """Shows what was written before the checkpoint is there."""

    def create_writer(self, context):
        class Showing(type(super().create_writer(context))):
            def prepare_commit(self):
                names = super().prepare_commit()
                ExactlyOnceCommitter(self.folder).commit(names)
                return names

        return Showing(self.folder)


class Twice(Sink):
    """Commits what was committed before."""

    def __init__(self, folder):
        self.folder = folder

    def create_writer(self, context):
        return Kept()

    def create_committer(self):
        return Appended(self.folder)


class Kept(SinkWriter):
    def __init__(self):
        self.records = []

    def write(self, batch):
        self.records += batch.values

    def prepare_commit(self):
        records, self.records = self.records, []
        return [records]


class Appended(Committer):
    def __init__(self, folder):
        self.folder = Path(folder)

    def commit(self, committables):
        for records in committables:
            (self.folder / uuid.uuid4().hex).write_bytes(pickle.dumps(records))

    def abort(self, committables):
        pass


class Forgetful(Appended):
    """Takes what a restored checkpoint lists for committed."""

    def commit_again(self, committables):
        pass


def appended(folder):
    return [record for path in folder.iterdir() for record in pickle.loads(path.read_bytes())]


def of_folders(tmp_path, check):
    def in_folder(seed):
        folder = tmp_path / str(seed)
        folder.mkdir()
        check(folder, seed)

    return failures(in_folder)


def test_a_good_sink_passes(tmp_path):
    def check(folder, seed):
        check_sink(lambda: ExactlyOnceSink(str(folder)), WORDS, lambda: shown_records(str(folder)), seed)

    assert of_folders(tmp_path, check) == []


def test_a_sink_that_shows_too_early(tmp_path):
    def check(folder, seed):
        check_sink(lambda: Early(str(folder)), WORDS, lambda: shown_records(str(folder)), seed)

    found = of_folders(tmp_path, check)
    assert found
    assert all("can be seen before checkpoint" in error or "too many" in error for error in found)


def test_a_sink_that_commits_twice(tmp_path):
    found = of_folders(
        tmp_path, lambda folder, seed: check_sink(lambda: Twice(folder), WORDS, lambda: appended(folder), seed)
    )
    assert found
    assert all("too many" in error or "can be seen" in error for error in found)


def test_a_sink_that_forgets(tmp_path):
    class Losing(Twice):
        def create_committer(self):
            return Forgetful(self.folder)

    found = of_folders(
        tmp_path, lambda folder, seed: check_sink(lambda: Losing(folder), WORDS, lambda: appended(folder), seed)
    )
    assert found
    assert any("lost" in error for error in found)

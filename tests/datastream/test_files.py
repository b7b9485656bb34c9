"""Jobs over real files: what a user meets when sources and sinks work together."""

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.text_sink import TextSink
from pyflinkx.connectors.source import BadRecord
from pyflinkx.datastream import OutputTag, StreamExecutionEnvironment
from pyflinkx.errors import GraphError, JobExecutionError, SinkError, SourceError
from tests.datastream.conftest import make_environment

PAIR = Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,name\n1,a\nx,b\n3,c\n")
    return path


def read(env, source):
    return env.from_source(source, WatermarkStrategy.no_watermarks(), "csv")


def test_csv_to_csv_with_bad_records_aside(env, path, tmp_path):
    records = read(env, CsvSource(path, PAIR, on_error="skip"))
    records.sink_to(CsvSink(tmp_path / "out.csv"))
    bad = records.get_side_output(OutputTag("bad-records"))
    with bad.execute_and_collect() as collected:
        assert list(collected) == [BadRecord(str(path), 3, "x,b", "column 'id' (1): expected LONG, got 'x'")]
    assert (tmp_path / "out.csv").read_text() == "id,name\n1,a\n3,c\n"


def test_a_bad_record_stops_the_job_and_leaves_no_file(env, path, tmp_path):
    read(env, CsvSource(path, PAIR)).sink_to(CsvSink(tmp_path / "out.csv"))
    with pytest.raises(SourceError, match=r"in.csv:3: column 'id' \(1\): expected LONG, got 'x'"):
        env.execute()
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_a_user_s_exception_leaves_no_file(env, tmp_path):
    env.from_collection([1, 0]).map(lambda number: (1 / number,)).sink_to(CsvSink(tmp_path / "out.csv"))
    with pytest.raises(JobExecutionError, match="division by zero"):
        env.execute()
    assert list(tmp_path.iterdir()) == []


def test_nothing_runs_when_an_input_or_output_cannot_be(env, path, tmp_path):
    seen = []
    read(env, CsvSource(path, PAIR, on_error="skip")).map(seen.append).sink_to(TextSink(tmp_path / "none" / "out.txt"))
    with pytest.raises(SinkError, match=r"out.txt: cannot be written: No such file or directory"):
        env.execute()
    path.write_text("id\n1\n")
    read(env, CsvSource(path, PAIR)).map(seen.append).print()
    with pytest.raises(SourceError, match=r"in.csv:1: the header lacks 'name' of the schema; it has 'id'"):
        env.execute()
    assert seen == []


def test_columns_of_an_unknown_file_are_asked_for_at_once(env, tmp_path):
    with pytest.raises(SourceError, match=r"none.csv: cannot be read: No such file or directory"):
        read(env, CsvSource(tmp_path / "none.csv"))


def test_lines_to_lines(env, path, tmp_path):
    env.read_text_file(str(path)).map(str.upper).sink_to(TextSink(tmp_path / "out.txt"))
    env.execute()
    assert (tmp_path / "out.txt").read_text() == "ID,NAME\n1,A\nX,B\n3,C\n"


def test_printing(env, path, capsys):
    read(env, CsvSource(path)).print("row")
    env.execute()
    assert capsys.readouterr().out == "row> +I[1,a]\nrow> +I[x,b]\nrow> +I[3,c]\n"


def test_a_sink_of_one_file_has_one_writer_whatever_the_parallelism(tmp_path):
    env = make_environment("spawned-2")
    numbers = list(range(5000))
    env.from_collection(numbers).rebalance().map(str).sink_to(TextSink(str(tmp_path / "out.txt")))
    env.execute()
    assert sorted((tmp_path / "out.txt").read_text().split()) == sorted(map(str, numbers))


def test_a_sink_of_one_file_cannot_have_two_writers(env, tmp_path):
    env.from_collection(["a"]).sink_to(TextSink(str(tmp_path / "out.txt"))).set_parallelism(2)
    with pytest.raises(GraphError, match=r"out\.txt.*runs with parallelism 1, not 2"):
        env.execute()

"""write_as_text, write_as_csv and print_to_err."""

import os

import pytest

from pyflinkx.common import Row, Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import WriteMode
from pyflinkx.errors import ConfigurationError, JobExecutionError, SinkError


@pytest.fixture
def single():
    return StreamExecutionEnvironment.get_execution_environment()


def parts(path):
    """The lines of the file, or of the files of the folder, by name."""
    if path.is_file():
        return {"": path.read_text().splitlines()}
    return {part.name: part.read_text().splitlines() for part in path.iterdir()}


def test_a_file_or_a_folder_of_files(env, tmp_path):
    env.from_collection(list(range(100))).rebalance().map(lambda x: x).write_as_text(tmp_path / "out")
    env.execute()
    parallelism = env.get_parallelism()
    found = parts(tmp_path / "out")
    assert set(found) == ({""} if parallelism == 1 else {str(n) for n in range(1, parallelism + 1)})
    assert sorted(int(line) for lines in found.values() for line in lines) == list(range(100))
    assert os.listdir(tmp_path) == ["out"]


def test_records_are_written_as_they_are_printed(single, tmp_path):
    rows = [Row(1, "a"), Row(2, None)]
    single.from_collection(rows, Types.ROW([Types.INT(), Types.STRING()])).write_as_text(str(tmp_path / "rows"))
    single.from_collection([True], Types.BOOLEAN()).write_as_text(tmp_path / "bools")
    single.from_collection([True]).write_as_text(tmp_path / "undeclared")
    single.execute()
    assert (tmp_path / "rows").read_text() == "+I[1,a]\n+I[2,None]\n"
    assert (tmp_path / "bools").read_text() == "true\n"
    assert (tmp_path / "undeclared").read_text() == "True\n"


def test_csv(single, tmp_path):
    single.from_collection([(1, "a,b"), (2, None)]).write_as_csv(tmp_path / "a.csv")
    single.from_collection([(1, "a,b")]).write_as_csv(tmp_path / "b.csv", WriteMode.OVERWRITE, "\r\n", "|")
    single.execute()
    assert (tmp_path / "a.csv").read_bytes() == b'1,"a,b"\n2,\n'
    assert (tmp_path / "b.csv").read_bytes() == b"1|a,b\r\n"


def test_csv_in_parallel(env, tmp_path):
    env.from_sequence(1, 20).rebalance().map(lambda x: (x, -x)).write_as_csv(tmp_path / "out", WriteMode.OVERWRITE)
    env.execute()
    lines = [line for part in parts(tmp_path / "out").values() for line in part]
    assert sorted(lines) == sorted(f"{x},{-x}" for x in range(1, 21))


def test_what_is_there_already(env, tmp_path):
    for content in ("first", "second"):
        env.from_collection([content]).rebalance().map(lambda x: x).write_as_text(tmp_path / "out", WriteMode.OVERWRITE)
        env.execute()
        assert [line for lines in parts(tmp_path / "out").values() for line in lines] == [content]
    env.from_collection(["third"]).rebalance().map(lambda x: x).write_as_text(tmp_path / "out")
    with pytest.raises(SinkError, match="exists already"):
        env.execute()
    assert [line for lines in parts(tmp_path / "out").values() for line in lines] == ["second"]


def test_a_failed_job_leaves_nothing(single, tmp_path):
    single.from_collection([1, 0]).map(lambda x: 1 // x).write_as_text(tmp_path / "out")
    with pytest.raises(JobExecutionError):
        single.execute()
    assert os.listdir(tmp_path) == []


def test_where_nothing_can_be_written(single, tmp_path):
    single.from_collection([1]).write_as_text(tmp_path / "none" / "out")
    with pytest.raises(SinkError, match="cannot be written: No such file"):
        single.execute()
    (tmp_path / "file").write_text("")
    single.from_collection([1]).map(lambda x: x).set_parallelism(2).write_as_text(
        tmp_path / "file", WriteMode.OVERWRITE
    ).set_parallelism(2)
    with pytest.raises(SinkError, match="cannot be made"):
        single.execute()


def test_what_cannot_be(single, tmp_path):
    stream = single.from_collection([1])
    with pytest.raises(TypeError, match="write_mode is a WriteMode, not 'overwrite'"):
        stream.write_as_text(tmp_path / "out", "overwrite")
    with pytest.raises(ConfigurationError, match="line_separator"):
        stream.write_as_csv(tmp_path / "out", None, ";")
    with pytest.raises(TypeError):
        stream.write_as_text(5)


def test_standard_error(single, capfd):
    single.from_collection(["a"]).print_to_err("id")
    single.execute()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "id> a\n")

import os
import resource
import stat
from array import array

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.files.text_sink import TextSink
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.errors import ConfigurationError, SinkError, WrongStateError
from tests.connectors.reading import Writing


def names(folder):
    return sorted(os.listdir(folder))


def test_lines(tmp_path):
    path = tmp_path / "out.txt"
    Writing(TextSink(path)).write([1, "é"]).write([None]).finish()
    assert path.read_bytes() == "1\né\nNone\n".encode()
    Writing(TextSink(f"file://{path}", "latin-1", line_separator="\r\n")).write(["é"]).finish()
    assert path.read_bytes() == b"\xe9\r\n"
    Writing(TextSink(path)).finish()
    assert path.read_bytes() == b""


def test_the_file_appears_at_the_end_of_the_input(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    writing = Writing(TextSink(path)).write(["new"])
    writing.writer.flush(False)
    assert path.read_text() == "old"
    assert [name for name in names(tmp_path) if not name.startswith(".")] == ["out.txt"]
    writing.writer.flush(True)
    with pytest.raises(WrongStateError, match=r"out.txt was written to its end already"):
        writing.write(["more"])
    finished = writing.writer.prepare_commit()
    assert writing.writer.prepare_commit() == []
    writing.writer.close()
    assert path.read_text() == "old"
    writing.committer.commit(finished)
    assert path.read_text() == "new\n"
    assert names(tmp_path) == ["out.txt"]
    writing.committer.commit(finished)  # as after a recovery
    writing.committer.abort(finished)
    assert path.read_text() == "new\n"


def test_after_a_failure_nothing_is_left(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    Writing(TextSink(path)).write(["new"]).fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.txt"]
    writing = Writing(TextSink(path)).write(["new"])
    writing.writer.flush(True)
    writing.fail()  # what was not handed out is the writer's
    assert names(tmp_path) == ["out.txt"]
    writing = Writing(TextSink(path)).write(["new"])
    writing.writer.flush(True)
    finished = writing.writer.prepare_commit()
    writing.fail()
    writing.committer.abort(finished)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.txt"]


def test_permissions(tmp_path):
    path = tmp_path / "out.txt"
    before = os.umask(0o027)
    try:
        Writing(TextSink(path)).finish()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        Writing(TextSink(path)).finish()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_link_is_kept(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "out.txt")
    Writing(TextSink(tmp_path / "link")).write(["a"]).finish()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "out.txt").read_text() == "a\n"


def test_a_long_name(tmp_path):
    Writing(TextSink(tmp_path / ("x" * 255))).write(["a"]).finish()
    assert names(tmp_path) == ["x" * 255]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing/out.txt", "cannot be written: No such file or directory"),
        ("file/out.txt", "is not a folder|Not a directory"),
        ("folder", "cannot be written: it is a folder"),
        ("pipe", "cannot be written: it is no regular file"),
        ("loop", "cannot be written: Too many levels of symbolic links"),
        ("loop/out.txt", "cannot be written: Too many levels of symbolic links"),
    ],
)
def test_targets_that_cannot_be_are_found_before_the_job_starts(tmp_path, path, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SinkError, match=message):
        TextSink(tmp_path / path).check()


def test_devices_are_not_replaced():
    with pytest.raises(SinkError, match="/dev/full: cannot be written: it is no regular file"):
        TextSink("/dev/full").check()


def test_folder_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SinkError, match="cannot be written: no permission to make files in"):
        TextSink(tmp_path / "out.txt").check()


def test_folder_in_which_no_file_can_be_made():
    with pytest.raises(SinkError, match=r"/proc/out.txt: cannot be written: ") as caught:
        TextSink("/proc/out.txt").create_writer(WriterContext())
    assert isinstance(caught.value.__cause__, OSError)


def test_no_overwrite(tmp_path):
    path = tmp_path / "out.txt"
    sink = TextSink(path, write_mode="no_overwrite")
    writing = Writing(sink).write(["a"])
    writing.writer.flush(True)
    finished = writing.writer.prepare_commit()
    os.link(finished[0].hidden, path)  # as a commit that came no further
    writing.committer.commit(finished)
    writing.committer.commit(finished)
    assert path.read_text() == "a\n"
    assert names(tmp_path) == ["out.txt"]
    writing.writer.close()
    with pytest.raises(SinkError, match=r"out.txt: exists already, and write_mode is 'no_overwrite'"):
        sink.check()
    path.unlink()
    writing = Writing(sink).write(["b"])
    path.write_text("of someone else")
    with pytest.raises(SinkError, match=r"out.txt: exists already, and write_mode is 'no_overwrite'"):
        writing.finish()
    assert path.read_text() == "of someone else"
    finished = [name for name in names(tmp_path) if name != "out.txt"]
    assert len(finished) == 1  # until the job's end removes it
    (tmp_path / finished[0]).unlink()
    assert names(tmp_path) == ["out.txt"]


def test_no_overwrite_without_hard_links(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "out.txt"
    Writing(TextSink(path, write_mode="no_overwrite")).write(["a"]).finish()
    assert path.read_text() == "a\n"
    assert names(tmp_path) == ["out.txt"]


def test_full_disk(tmp_path):
    path = tmp_path / "out.txt"
    writing = Writing(TextSink(path)).write(["a"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SinkError, match=r"out.txt: cannot be written: File too large") as caught:
            writing.write(["x" * 6_000] * 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(caught.value.__cause__, OSError)
    writing.fail()
    assert names(tmp_path) == []


def test_folder_removed_meanwhile(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    writing = Writing(TextSink(folder / "out.txt")).write(["a"])
    for name in names(folder):
        (folder / name).unlink()
    folder.rmdir()
    with pytest.raises(SinkError, match=r"out.txt: cannot be written: No such file or directory"):
        writing.finish()


def test_a_file_lost_before_it_got_its_name_is_not_taken_for_an_older_one(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    writing = Writing(TextSink(path)).write(["new"])
    writing.writer.flush(True)
    finished = writing.writer.prepare_commit()
    os.unlink(finished[0].hidden)
    with pytest.raises(SinkError, match=r"out.txt: cannot be written: No such file or directory"):
        writing.committer.commit(finished)
    assert path.read_text() == "old"


def test_one_file_needs_one_writer(tmp_path):
    with pytest.raises(SinkError, match=r"out.txt'\) writes one file: give it a parallelism of 1"):
        TextSink(tmp_path / "out.txt").create_writer(WriterContext(0, 2))


def test_updates_cannot_be_written(tmp_path):
    writing = Writing(TextSink(tmp_path / "out.txt"))
    with pytest.raises(SinkError, match="the stream holds updates or deletions"):
        writing.writer.write(ObjectBatch(["a"], None, array("b", [1])))
    writing.writer.write(ObjectBatch(["a"], None, array("b", [0])))
    writing.finish()
    assert (tmp_path / "out.txt").read_text() == "a\n"


def test_paths_that_cannot_be():
    with pytest.raises(ConfigurationError, match="only local files"):
        TextSink("s3://bucket/key")
    with pytest.raises(TypeError, match="a path is a str"):
        TextSink(["a", "b"])

"""What is left of files when not all of them can be given their names."""

import os

import pytest

from pyflinkx.connectors.files.coordinator import FilesCoordinator, FoldersMade
from pyflinkx.connectors.files.hidden_names import make_folders
from pyflinkx.connectors.files.target_file import FileCommitter, TargetFile
from pyflinkx.connectors.sink import CommitterCoordinator
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import WriteMode
from pyflinkx.errors import SinkError


def hidden(path, text, write_mode="no_overwrite"):
    file = TargetFile(str(path), write_mode, "utf-8")
    file.write(text)
    return file.finish()


def names(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("taken", range(3))
def test_none_of_several_files_appears_where_one_is_taken(tmp_path, taken):
    coordinator = CommitterCoordinator(FileCommitter())
    for number in range(3):
        coordinator.handle_event(number, (1, [hidden(tmp_path / str(number), "ours")]))
    (tmp_path / str(taken)).write_text("theirs")
    with pytest.raises(SinkError, match=f"{taken}: exists already"):
        coordinator.close(None)
    assert names(tmp_path) == [str(taken)]
    assert (tmp_path / str(taken)).read_text() == "theirs"


def test_a_link_that_leads_nowhere_is_a_taken_name(tmp_path):
    file = hidden(tmp_path / "out", "ours")
    (tmp_path / "out").symlink_to(tmp_path / "none")
    with pytest.raises(SinkError, match="exists already"):
        FileCommitter().commit([file])


def test_what_cannot_be_renamed_goes(tmp_path):
    (tmp_path / "folder").mkdir()
    coordinator = CommitterCoordinator(FileCommitter())
    for name in ("a", "folder/b", "c"):
        coordinator.handle_event(0, (1, [hidden(tmp_path / name, name, "overwrite")]))
    (tmp_path / "folder" / "b").mkdir()
    with pytest.raises(SinkError, match="cannot be written"):
        coordinator.close(None)
    # The first was visible before anybody knew of the second.
    assert names(tmp_path) == ["a", "folder"]
    assert names(tmp_path / "folder") == ["b"]


def test_an_earlier_call_that_came_half_way_is_finished(tmp_path):
    file = hidden(tmp_path / "out", "ours")
    os.link(file.hidden, file.target)
    FileCommitter().commit([file])
    FileCommitter().commit([file])
    assert names(tmp_path) == ["out"]


def test_sinks_after_the_one_that_cannot_commit_show_nothing(tmp_path):
    def taking(number):
        (tmp_path / "second").write_text("theirs")
        return number

    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([1]).map(taking).write_as_text(tmp_path / "second")
    env.from_collection([1]).write_as_text(tmp_path / "third", WriteMode.OVERWRITE)
    with pytest.raises(SinkError, match="second: exists already"):
        env.execute()
    assert names(tmp_path) == ["second"]
    assert (tmp_path / "second").read_text() == "theirs"


def test_a_folder_that_somebody_removes_meanwhile_is_made_again(tmp_path, monkeypatch):
    """With all that were made for it, so that they can be removed if the job fails."""
    inner = tmp_path / "a" / "b" / "c"
    make, removed = os.mkdir, []

    def mkdir(path, *arguments):
        if os.fspath(path) == os.fspath(inner) and len(removed) < 2:
            removed.append(path)
            (tmp_path / "a" / "b").rmdir()
        make(path, *arguments)

    monkeypatch.setattr(os, "mkdir", mkdir)
    assert make_folders(str(inner)) == [str(tmp_path / "a"), str(tmp_path / "a" / "b"), str(inner)]
    assert len(removed) == 2
    assert inner.is_dir()
    assert make_folders(str(inner)) == []


def test_folders_that_several_writers_have_made_go_whoever_was_heard_first(tmp_path):
    """One has made the outer folder, another the inner one, and its word comes first."""
    outer, inner = tmp_path / "a", tmp_path / "a" / "out"
    inner.mkdir(parents=True)
    coordinator = FilesCoordinator(FileCommitter(), [(str(inner), True)], False)
    coordinator.handle_event(1, FoldersMade([str(inner)]))
    coordinator.handle_event(0, FoldersMade([str(outer)]))
    coordinator.close(RuntimeError("the job has failed"))
    assert list(tmp_path.iterdir()) == []

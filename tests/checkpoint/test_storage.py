"""What is written of a checkpoint is what is read."""

import pickle
import shutil

import pytest

from pyflinkx.errors import StorageError, UntrustedStateError, WrongStateError

from .states import JOB, checkpoint_of, keyed_batch, native_batch, pickled_batch, same, storage_at, written

BATCHES = [keyed_batch(1000), native_batch(500), pickled_batch([1, "a", {2}]), keyed_batch(0, "empty")]


def read_all(storage, checkpoint):
    with storage.reader(checkpoint) as reader:
        return [reader.read(part) for part in checkpoint.parts()]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("threshold", [0, 1 << 30])
def test_a_checkpoint_comes_back(tmp_path, compressed, threshold):
    storage = storage_at(tmp_path, compressed=compressed, memory_threshold=threshold)
    made = written(storage, 7, BATCHES)
    assert made.folder == f"{tmp_path}/{JOB}/chk-7"
    back = pickle.loads(pickle.dumps(storage)).read_manifest(made.folder)
    assert back == made
    assert all(map(same, read_all(storage, back), BATCHES))
    parts = list(back.parts())
    assert [(part.state, part.kind, part.rows, part.groups, part.pickled) for part in parts] == [
        ("total", "ValueState", 1000, (0, 127), False),
        ("native", "native", 500, (0, 127), False),
        ("things", "split", 3, None, True),
        ("empty", "ValueState", 0, None, False),
    ]
    assert {bool(part.file) for part in parts} == {threshold == 0}
    assert [name.name for name in (tmp_path / JOB / "chk-7").glob("*.state")] == ["subtask-0.state"] * (threshold == 0)


def test_without_a_folder_all_stays_in_memory():
    storage = storage_at(None, memory_threshold=0)
    made = written(storage, 1, BATCHES)
    assert made.folder == ""
    assert all(map(same, read_all(storage, made), BATCHES))
    storage.discard(made)
    storage.discard_number(1)
    assert storage.leftovers() == []
    assert storage.list_checkpoints() == []


def test_a_moved_folder_is_as_good(tmp_path):
    storage = storage_at(tmp_path / "a", memory_threshold=0)
    made = written(storage, 1, BATCHES)
    shutil.move(made.folder, tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere", tmp_path / "elsewhere" / "_metadata", f"file://{tmp_path}/elsewhere"):
        back = storage.read_manifest(str(path))
        assert all(map(same, read_all(storage, back), BATCHES))


def test_a_savepoint_lies_where_it_was_asked_for(tmp_path):
    storage = storage_at(None, memory_threshold=0)
    folder = storage.new_savepoint_folder(str(tmp_path / "mine"))
    assert folder != storage.new_savepoint_folder(str(tmp_path / "mine"))
    writer = storage.writer(3, "op/1 of 2", folder)
    writer.add(BATCHES[0])
    made = storage.write_manifest(checkpoint_of(3, writer.finish()), folder)
    assert made.folder == folder
    assert folder.startswith(f"{tmp_path}/mine/savepoint-{JOB[:6]}-")
    assert [part.file for part in made.parts()] == ["op_1_of_2.state"]
    assert [found.folder for found in storage.list_checkpoints(str(tmp_path / "mine"))] == [folder]
    storage.discard(made)
    assert list((tmp_path / "mine").iterdir()) == []


def test_bytes_come_back(tmp_path):
    storage = storage_at(tmp_path)
    writer = storage.writer(1, "a")
    assert writer.add_bytes("enumerator", "source", pickle.dumps([1]), rows=1) == range(1)
    assert writer.add_bytes("plain", "source", b"abc", pickled=False) == range(1, 2)
    made = storage.write_manifest(checkpoint_of(1, writer.finish()))
    with storage.reader(storage.read_manifest(made.folder)) as reader:
        first, second = made.parts()
        assert pickle.loads(reader.read_bytes(first)) == [1]
        assert reader.read_bytes(second, pickled=False) == b"abc"
        with pytest.raises(UntrustedStateError, match=f"the manifest of {made.folder}: state 'plain'"):
            reader.read_bytes(second)


def test_large_batches_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("pyflinkx.checkpoint.writer.TARGET", 4096)
    storage = storage_at(tmp_path, memory_threshold=0)
    writer = storage.writer(1, "a")
    batch = keyed_batch(1000)
    places = writer.add(batch)
    assert len(places) > 5
    assert writer.add(keyed_batch(1)) == range(len(places), len(places) + 1)
    made = storage.write_manifest(checkpoint_of(1, writer.finish()))
    pieces = read_all(storage, made)[:-1]
    assert [row for piece in pieces for row in piece.to_rows("tuple")] == batch.to_rows("tuple")


def test_discarding_leaves_what_is_not_ours(tmp_path):
    storage = storage_at(tmp_path, memory_threshold=0)
    made = written(storage, 1, BATCHES)
    note = tmp_path / JOB / "chk-1" / "note.txt"
    note.write_text("mine")
    storage.discard(made)
    assert list(note.parent.iterdir()) == [note]
    note.unlink()
    storage.discard(made)
    storage.discard(made)
    assert not note.parent.exists()


def test_what_was_never_finished_is_found_and_removed(tmp_path):
    storage = storage_at(tmp_path, memory_threshold=0)
    written(storage, 1, BATCHES)
    for number in (2, 3):
        writer = storage.writer(number, "a")
        writer.add(BATCHES[0])
        writer.finish()
    assert storage.leftovers() == [2, 3]
    assert storage.leftovers(pending=[3]) == [2]
    storage.discard_number(2)
    storage.discard_number(2)
    storage.discard_number(3)
    assert storage.leftovers() == []
    assert [found.number for found in storage.list_checkpoints()] == [1]


def test_an_aborted_writer_leaves_no_file(tmp_path):
    storage = storage_at(tmp_path, memory_threshold=0)
    writer = storage.writer(1, "a")
    writer.add(BATCHES[0])
    writer.abort()
    with pytest.raises(WrongStateError, match="given up"):
        writer.add(BATCHES[0])
    finished = storage.writer(1, "b")
    finished.add(BATCHES[0])
    finished.finish()
    finished.abort()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_where_nothing_lies_the_error_says_so(tmp_path):
    with pytest.raises(StorageError, match=f"no checkpoint or savepoint at {tmp_path}"):
        storage_at(tmp_path).read_manifest(str(tmp_path))


def test_shared_files_go_with_the_last_checkpoint_that_names_them(tmp_path):
    storage = storage_at(tmp_path, memory_threshold=0)
    shared = tmp_path / JOB / "shared"
    shared.mkdir(parents=True)
    checkpoints = []
    for number in (1, 2):
        writer = storage.writer(number, "a")
        writer.add(BATCHES[0])
        (part,) = writer.finish()
        made = storage.write_manifest(checkpoint_of(number, [part]))
        name = f"../shared/{number - 1}.sst"
        (shared / f"{number - 1}.sst").write_bytes((tmp_path / JOB / f"chk-{number}" / part.file).read_bytes())
        (shared / f"{number}.sst").write_bytes(b"later")
        moved = type(part)(**{**part.__dict__, "file": name})
        later = type(part)(**{**part.__dict__, "file": f"../shared/{number}.sst"})
        checkpoints.append(storage.write_manifest(checkpoint_of(number, [moved, later])))
        with storage.reader(made) as reader:
            assert same(reader.read(moved), BATCHES[0])
    storage.discard(checkpoints[0], retained=checkpoints[1:])
    assert sorted(path.name for path in shared.iterdir()) == ["1.sst", "2.sst"]
    storage.discard(checkpoints[1])
    assert list(shared.iterdir()) == []


def test_a_job_may_have_no_folder_of_its_own(tmp_path):
    storage = storage_at(tmp_path, subfolder=False)
    made = written(storage, 4, BATCHES)
    assert made.folder == f"{tmp_path}/chk-4"
    assert storage.list_checkpoints() == [made]
    assert storage.leftovers() == []
    assert storage.new_savepoint_folder("/x").startswith(f"/x/savepoint-{JOB[:6]}-")


def test_the_secret_is_that_of_the_file_that_is_named(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"k" * 40)
    path.chmod(0o600)
    storage = storage_at(tmp_path / "a", secret=None, secret_file=str(path))
    made = written(storage, 1, BATCHES)
    assert storage_at(None, secret=b"k" * 40).read_manifest(made.folder).signed
    assert not storage_at(None).read_manifest(made.folder).signed

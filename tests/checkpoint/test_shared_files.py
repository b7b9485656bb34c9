"""Files that several checkpoints of a job name: each stays as long as one of them does, and no longer."""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.checkpoint.actions import Discard, DiscardPending, StoreManifest, TriggerTasks
from pyflinkx.checkpoint.coordinator import CheckpointCoordinator
from pyflinkx.checkpoint.metadata import TaskSnapshot
from pyflinkx.checkpoint.settings import CheckpointSettings, Retention
from pyflinkx.checkpoint.topology import Vertex, VertexOperator, Vertices
from pyflinkx.errors import CorruptDataError, StorageError, UntrustedStateError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.runtime.task.snapshots import HeldStates, RestoredStates, restored_task, write_states
from pyflinkx.state.rocksdb.files import FilesSnapshot, KeptFiles, SnapshotFile
from pyflinkx.state.rocksdb.folders import WorkingFolder
from pyflinkx.state.spec import FILE, FILES

from .damage import flipped
from .states import JOB, checkpoint_of, storage_at

UID = "uid-1"
GROUPS = (0, 127)


@dataclass
class Database:
    """Stands for one of RocksDB: files that come and go, and never change."""

    folder: Path
    groups: tuple = GROUPS
    names: int = 0
    files: dict = field(default_factory=dict)
    kept: KeptFiles = field(default_factory=KeptFiles)
    working: WorkingFolder | None = None

    def grow(self, rng):
        """Write something, and perhaps merge files."""
        for _ in range(rng.randint(0, 2)):
            self.names += 1
            self.files[f"{self.names:06}.sst"] = rng.randbytes(rng.randint(1, 3_000))
        if len(self.files) > 3 and rng.random() < 0.4:
            for name in rng.sample(sorted(self.files), 2):
                del self.files[name]

    def snapshot(self, number):
        if self.working is None:
            self.working = WorkingFolder((str(self.folder),))
        folder = Path(self.working.hold(f"snapshot-{number}"))
        folder.mkdir()
        found = []
        for name, data in {**self.files, "CURRENT": b"%d" % number}.items():
            (folder / name).write_bytes(data)
            found.append(SnapshotFile(name, str(folder / name), len(data), name.endswith(".sst")))
        return FilesSnapshot(self.working, folder.name, tuple(found), b"meta", self.groups, (), self.kept)


def write(storage, database, number, bases=(), name="subtask-0"):
    """What a task has in a checkpoint."""
    held = HeldStates(UID, files=database.snapshot(number))
    return write_states(storage.writer(number, name), [held], number, bases)[UID]


def made(storage, database, number, bases=()):
    """A checkpoint of one task."""
    return storage.write_manifest(checkpoint_of(number, write(storage, database, number, bases).parts))


def laid_out(storage, checkpoint, folder):
    """The files of a checkpoint's one subtask, as a restored one gets them."""
    [files] = restored(storage, checkpoint)
    folder.mkdir()
    files.lay_out(str(folder))
    return {path.name: path.read_bytes() for path in folder.iterdir()}, files


def restored(storage, checkpoint):
    task = restored_task(checkpoint, storage, [(UID, 128)], 0, 1, lambda *_: range(128))
    return RestoredStates(task, 0, 1).files(UID)


def shared(folder):
    return sorted(path.name for path in Path(folder).glob(f"{JOB}/shared/*"))


@pytest.fixture(params=["here", "elsewhere", "memory"])
def place(request, tmp_path, monkeypatch):
    """Where checkpoints lie: beside the files, where no links can be made, and behind a URL."""
    if request.param == "memory":
        fsspec = pytest.importorskip("fsspec", reason="URLs are not tested without fsspec")
        yield f"memory://shared-{id(request)}"
        fsspec.filesystem("memory").store.clear()
        return
    if request.param == "elsewhere":
        monkeypatch.setattr("pyflinkx.checkpoint.local_files.SystemCalls.link", staticmethod(refused))
    yield str(tmp_path / "checkpoints")


def refused(source, target):
    raise OSError(18, "another disk")


def test_only_what_no_base_has_is_written(place, tmp_path):
    rng = random.Random(3)
    storage, database = storage_at(place), Database(tmp_path / "db")
    database.files = {"000001.sst": rng.randbytes(5_000), "000002.sst": rng.randbytes(100)}
    first = made(storage, database, 1)
    database.files["000003.sst"] = rng.randbytes(3_000_000)
    writer = storage.writer(2, "subtask-0")
    states = write_states(writer, [HeldStates(UID, files=database.snapshot(2))], 2, (1,))[UID]
    assert (writer.named, writer.size - writer.named) == (5_100, 3_000_000 + len("meta") + 1)
    second = storage.write_manifest(checkpoint_of(2, states.parts))
    named = {part.state: part.file for part in second.parts() if part.file}
    assert named == {
        "000001.sst": f"../shared/{JOB}-1-subtask-0-0.sst",
        "000002.sst": f"../shared/{JOB}-1-subtask-0-1.sst",
        "000003.sst": f"../shared/{JOB}-2-subtask-0-0.sst",
    }
    storage.discard(first, [second])
    for each in (second, storage.read_manifest(second.folder)):
        storage.verify(each)
    found, files = laid_out(storage, second, tmp_path / "restored")
    assert found == {**database.files, "CURRENT": b"2"}
    assert (files.number, files.meta, sorted(files.places)) == (2, b"meta", sorted(database.files))
    storage.discard(second, [])
    assert storage._files(place).list(f"{storage.job_folder}/shared") == []


def test_what_is_no_base_is_written_again(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x" * 100}
    first = made(storage, database, 1)  # durable, but not for long
    second = made(storage, database, 2, bases=())
    storage.discard(first, [second])
    storage.verify(second)
    third = made(storage, database, 3, bases=(1, 2))
    assert {part.file for part in third.parts()} & {part.file for part in second.parts() if part.file}


def test_a_checkpoint_that_is_aborted_leaves_what_others_have(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x" * 100}
    first = made(storage, database, 1)
    database.files["000002.sst"] = b"y" * 100
    write(storage, database, 2, (1,))
    (tmp_path / JOB / "shared" / f".{JOB}-2-subtask-0-1.sst.abcdef.part").touch()
    assert len(shared(tmp_path)) == 3
    storage.discard_number(2, retained=[first])
    assert shared(tmp_path) == [f"{JOB}-1-subtask-0-0.sst"]
    third = made(storage, database, 3, (1,))
    storage.discard(first, [third])
    # Somebody says late of the first one that it is over.
    storage.discard_number(1, retained=[third])
    storage.discard_number(1)
    storage.verify(third)
    writer = storage.writer(4, "a")
    writer.add_file("f", FILE, str(tmp_path / JOB / "shared" / shared(tmp_path)[0]), GROUPS, shared=True)
    writer.finish()
    writer.abort()
    assert len(shared(tmp_path)) == 2


def test_names_of_one_checkpoint_are_no_others(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x"}
    for number in (1, 11):
        write(storage, database, number)
    storage.discard_number(1, retained=[])
    assert shared(tmp_path) == [f"{JOB}-11-subtask-0-0.sst"]


def test_without_knowing_the_others_they_are_looked_for(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x", "000002.sst": b"y"}
    first = made(storage, database, 1)
    del database.files["000002.sst"]
    second = made(storage, database, 2, (1,))
    other = storage_at(None)  # as that of the command line
    other.discard(first)
    assert shared(tmp_path) == [f"{JOB}-1-subtask-0-0.sst"]
    storage.verify(second)
    third = made(storage, database, 3, (2,))
    manifest = Path(third.folder) / "_metadata"
    manifest.write_bytes(manifest.read_bytes()[:-1])
    other.discard(second)
    assert len(shared(tmp_path)) == 1  # nobody knows what the third one names
    third = storage.write_manifest(third)
    other.discard(third)
    assert shared(tmp_path) == []


def test_files_that_another_jobs_checkpoints_have_stay(tmp_path):
    """A job without a folder of its own has claimed the newest checkpoint of another, which had kept two."""
    old = storage_at(tmp_path, subfolder=False)
    database = Database(tmp_path / "db")
    database.files = {"000001.sst": b"x"}
    kept = made(old, database, 1)
    claimed = made(old, database, 2, (1,))
    new = storage_at(tmp_path, subfolder=False)
    new.job_id = "other"
    assert new.owns(claimed.folder)
    own = made(new, database, 3, (2,))
    new.discard(claimed, [own])
    new.discard(own, [])
    new.verify(kept)


@pytest.mark.parametrize("kind", ["flip", "cut", "longer", "gone", "other"])
def test_damage_of_a_shared_file_is_noticed_and_the_file_named(place, tmp_path, kind):
    storage, database = storage_at(place), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x" * 100, "000002.sst": bytes(100)}
    checkpoint = made(storage, database, 1)
    files = storage._files(place)
    name = f"{storage.job_folder}/shared/{JOB}-1-subtask-0-0.sst"
    data = bytes(files.read_all(name))
    files.remove(name)
    if kind != "gone":
        output = files.create(name)
        output.write({"flip": flipped(data, 50, 2), "cut": data[:-1], "longer": data + b"x"}.get(kind, bytes(100)))
        output.finish()
    said = r"000001|-1-subtask-0-0\.sst"
    with pytest.raises((CorruptDataError, StorageError), match=said):
        storage.verify(checkpoint)
    with pytest.raises((CorruptDataError, StorageError), match=said):
        laid_out(storage, checkpoint, tmp_path / "restored")
    assert not (tmp_path / "restored" / "000001.sst").exists()


def test_files_that_another_installation_has_written_are_refused(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x" * 100}
    checkpoint = made(storage, database, 1)
    other = storage_at(tmp_path, secret=b"o" * 32)
    with pytest.raises(UntrustedStateError, match="chk-1"):
        restored(other, checkpoint)
    with pytest.raises(UntrustedStateError, match=r"-1-subtask-0-0\.sst"):
        other.verify(checkpoint_of(1, [part for part in checkpoint.parts() if part.file], folder=checkpoint.folder))
    [files] = restored(storage, checkpoint)
    files._reader.secret = b"o" * 32
    with pytest.raises(UntrustedStateError):
        files.lay_out(str(tmp_path))


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "", "..", "a/b"])
def test_files_with_names_that_lead_elsewhere_are_refused(tmp_path, name):
    storage = storage_at(tmp_path)
    source = tmp_path / "source"
    source.write_bytes(b"x")
    writer = storage.writer(1, "a")
    writer.add_bytes("files", FILES, b"meta", groups=GROUPS)
    writer.add_file(name, FILE, str(source), GROUPS, shared=False)
    checkpoint = storage.write_manifest(checkpoint_of(1, writer.finish()))
    with pytest.raises(CorruptDataError, match="no name of a file"):
        restored(storage, checkpoint)


def test_files_of_which_nothing_says_what_they_are_are_refused(tmp_path):
    storage, database = storage_at(tmp_path), Database(tmp_path / "db")
    database.files = {"000001.sst": b"x"}
    parts = [part for part in write(storage, database, 1).parts if part.kind == FILE]
    checkpoint = storage.write_manifest(checkpoint_of(1, parts))
    with pytest.raises(CorruptDataError, match="nothing says what they are"):
        restored(storage, checkpoint)


# ---- random jobs ----


class Job:
    """A job's checkpoints: the real coordinator, storage and tasks' files; what happens is drawn."""

    def __init__(self, folder, rng, retained, concurrent):
        self.rng, self.folder = rng, folder
        self.storage = storage_at(folder / "checkpoints")
        self.tasks = [(0, subtask) for subtask in range(2)]
        vertices = Vertices({0: Vertex(2, (), (VertexOperator(UID, "counts", 128),))})
        self.settings = CheckpointSettings(
            interval=1,
            timeout=10**9,
            max_concurrent=concurrent,
            tolerable_failures=10**6,
            retained=retained,
            retention=Retention.DELETE_ON_CANCELLATION,
        )
        self.coordinator = CheckpointCoordinator(self.settings, vertices, JOB)
        self.now = self.attempt = self.databases = 0
        self.under_way = {}  # number -> bases, tasks that have not spoken
        self.stores = []
        self.written = {}  # task and number -> files
        self.begin_attempt()

    def begin_attempt(self):
        self.attempt += 1
        latest = self.coordinator.latest
        self.data = {}
        for task in self.tasks:
            self.databases += 1
            groups = key_groups(task[1], 128, 2)
            database = Database(self.folder / f"db-{self.databases}", (groups.start, groups.stop - 1))
            if latest is not None:
                found = restored_task(latest, self.storage, [(UID, 128)], task[1], 2, key_groups)
                [files] = RestoredStates(found, task[1], 2).files(UID)
                target = self.folder / f"restored-{self.databases}"
                target.mkdir()
                files.lay_out(str(target))
                current = (target / "CURRENT").read_bytes()
                names = {path.name: path.read_bytes() for path in target.iterdir() if path.name != "CURRENT"}
                assert names == self.written[task, int(current)]
                # As RocksDB does, it gives names of the attempt before to other files.
                database.files, database.names = names, max((int(name[:6]) for name in names), default=0)
                database.kept.keep(files.number, files.places)
            self.data[task] = database
        self.do(self.coordinator.attempt_started(self.now, self.attempt))

    def do(self, actions):
        for action in actions:
            if isinstance(action, TriggerTasks):
                self.under_way[action.number] = (action.options.bases, set(self.tasks))
            elif isinstance(action, StoreManifest):
                self.stores.append(action.checkpoint)
            elif isinstance(action, DiscardPending):
                self.storage.discard_number(action.number, retained=action.retained)
            elif isinstance(action, Discard):
                self.storage.discard(action.checkpoint, action.retained)

    def step(self):
        rng, coordinator = self.rng, self.coordinator
        self.now += 1
        what = rng.choice(["time", "task", "task", "task", "store", "store", "fail", "grow", "decline", "die"])
        waiting = [(number, task) for number, (_, tasks) in self.under_way.items() for task in sorted(tasks)]
        # A task writes its snapshots in their order.
        waiting = [each for each in waiting if each == min(other for other in waiting if other[1] == each[1])]
        if what == "time":
            self.do(coordinator.time(self.now))
        elif what in ("task", "decline") and waiting:
            number, task = rng.choice(waiting)
            bases, tasks = self.under_way[number]
            tasks.discard(task)
            if what == "decline" and rng.random() < 0.3:
                self.do(coordinator.declined(self.now, self.attempt, number, task, "no"))
                return
            database = self.data[task]
            database.grow(rng)
            states = write(self.storage, database, number, bases, f"{task[1]}-{self.attempt}")
            self.written[task, number] = dict(database.files)
            snapshot = TaskSnapshot({UID: states})
            self.do(coordinator.acknowledged(self.now, self.attempt, number, task, snapshot))
        elif what in ("store", "fail") and self.stores:
            checkpoint = self.stores.pop(rng.randrange(len(self.stores)))
            if what == "fail" and rng.random() < 0.5:
                self.do(coordinator.store_failed(self.now, checkpoint.number, "no"))
            else:
                written = self.storage.write_manifest(checkpoint)
                self.do(coordinator.stored(self.now, checkpoint.number, written))
        elif what == "die" and rng.random() < 0.3:
            self.do(coordinator.attempt_over(self.now, "it died"))
            while self.stores:
                checkpoint = self.stores.pop()
                self.do(coordinator.stored(self.now, checkpoint.number, self.storage.write_manifest(checkpoint)))
            self.under_way.clear()
            self.begin_attempt()

    def check(self):
        """What is retained is whole; what nobody needs is gone."""
        kept = [*self.coordinator.retained, *self.coordinator.dropped]
        for checkpoint in kept:
            self.storage.verify(checkpoint)
        needed = {part.file.rpartition("/")[2] for checkpoint in kept for part in checkpoint.parts() if part.file}
        found = set(shared(self.folder / "checkpoints"))
        assert needed <= found
        more = {int(name.split("-")[1]) for name in found - needed}
        assert more <= self.coordinator.pending.keys() | self.coordinator.storing.keys()

    def end(self):
        self.do(self.coordinator.job_ended(self.now, JobState.FINISHED))
        while self.stores:
            checkpoint = self.stores.pop()
            self.do(self.coordinator.stored(self.now, checkpoint.number, self.storage.write_manifest(checkpoint)))


def key_groups(subtask, max_parallelism, parallelism):
    return range(64 * subtask, 64 * subtask + 64)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 3))
def test_retained_checkpoints_stay_whole_and_nothing_else(tmp_path_factory, seed, retained, concurrent):
    folder = tmp_path_factory.mktemp("job")
    job = Job(folder, random.Random(seed), retained, concurrent)
    for _ in range(120):
        job.step()
        job.check()
    job.end()
    assert shared(folder / "checkpoints") == []
    assert list((folder / "checkpoints").glob(f"{JOB}/chk-*")) == []
    shutil.rmtree(folder)

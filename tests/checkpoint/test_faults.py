"""Whatever fails while a checkpoint is written, the one before it stays and nothing else does."""

import errno
import random
from functools import partial
from pathlib import Path

import pytest

from pyflinkx.errors import CorruptDataError, StorageError
from pyflinkx.state.spec import FILE

from .disk import CountedCalls, Crash, SimulatedDisk, failing_at, full_from, short_writes
from .states import JOB, checkpoint_of, keyed_batch, native_batch, pickled_batch, same, storage_at

BATCHES = [keyed_batch(200), native_batch(100), pickled_batch(["a", 1])]
# A file that nobody changes.
LASTING = __file__
CODES = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS]


def write(storage, number):
    """A checkpoint of two subtasks, as a job writes it; what fails is cleaned away."""
    writers = []
    try:
        parts = []
        for subtask in range(2):
            writers.append(storage.writer(number, f"subtask-{subtask}"))
            for batch in BATCHES:
                writers[-1].add(batch, "native" if b"pyflinkx.state" in batch.schema.metadata else None)
            writers[-1].add_file("lasting", FILE, LASTING, (0, 127), shared=True)
            parts += writers[-1].finish()
        return storage.write_manifest(checkpoint_of(number, parts))
    except StorageError:
        for writer in writers:
            writer.abort()
        assert list(Path(storage.folder).glob(f"*/chk-{number}/*")) == []
        assert list(Path(storage.folder).glob(f"*/shared/*-{number}-*")) == []
        storage.discard_number(number)
        raise


def assert_whole(storage, checkpoint):
    back = storage.read_manifest(checkpoint.folder)
    assert back == checkpoint
    with storage.reader(back) as reader:
        parts = list(back.parts())
        for part, batch in zip([part for part in parts if part.kind != FILE], BATCHES * 2, strict=True):
            assert same(reader.read(part), batch)
        for part in parts:
            if part.kind == FILE:
                assert reader.check(part) == Path(LASTING).read_bytes()


def write_and_discard(storage, sound):
    made = write(storage, 2)
    assert_whole(sound, made)
    sound.discard(made)


def refusal(call):
    """What an error of storage says; None where there was none."""
    try:
        call()
    except StorageError as error:
        return str(error)
    return None


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def number_of_calls(folder):
    write(storage_at(folder, memory_threshold=0), 0)
    system = CountedCalls()
    made = write(storage_at(folder, memory_threshold=0, system=system), 1)
    storage_at(folder).discard(made)
    return system.count


@pytest.mark.parametrize("kind", ["EIO", "ENOSPC", "EDQUOT", "EROFS", "full", "short", "short and full"])
def test_each_call_may_fail(tmp_path, kind):
    count = number_of_calls(tmp_path / "count")
    folder = tmp_path / "checkpoints"
    sound = storage_at(folder, memory_threshold=0)
    first = write(sound, 1)
    before = names(folder)
    failed = 0
    assert count > 20
    for place in range(count + 1):
        system = {
            "full": lambda place=place: full_from(place),
            "short": lambda place=place: short_writes(random.Random(place)),
            "short and full": lambda place=place: short_writes(random.Random(place), place),
        }.get(kind, lambda place=place: failing_at(place, getattr(errno, kind)))()
        storage = storage_at(folder, memory_threshold=0, system=system)
        error = refusal(partial(write_and_discard, storage, sound))
        failed += error is not None
        assert error is None or str(tmp_path) in error
        assert names(folder) == before, (place, kind)
        assert not system.open_files
        assert_whole(sound, first)
    # The last round had no call left that could fail.
    assert (failed == 0) if kind == "short" else failed > count // 10
    if kind in ("EIO", "EROFS"):
        assert failed > count * 0.8


@pytest.mark.parametrize("kind", [errno.EIO, errno.EACCES])
def test_reading_says_which_file_cannot_be_read(tmp_path, kind):
    sound = storage_at(tmp_path, memory_threshold=0)
    made = write(sound, 1)
    system = CountedCalls()
    assert_whole(storage_at(tmp_path, system=system), made)
    for place in range(system.count):
        failing = failing_at(place, kind)
        failing_storage = storage_at(tmp_path, system=failing)
        error = refusal(partial(assert_whole, failing_storage, made))
        assert error is None or "chk-1" in error or f"{JOB}-1-" in error
        assert not failing.open_files


def test_what_cannot_be_removed_is_named_and_removed_later(tmp_path):
    sound = storage_at(tmp_path, memory_threshold=0)
    for place in range(20):
        made = write(sound, 1)
        error = refusal(partial(storage_at(tmp_path, system=failing_at(place, errno.EIO)).discard, made))
        assert error is None or "chk-1" in error or f"{JOB}/shared" in error or error.startswith(f"{tmp_path}/{JOB} ")
        sound.discard(made)
        assert names(tmp_path) == [JOB, f"{JOB}/shared"]


def rounds(storage, durable, under_way, last=3):
    """A job that keeps its newest checkpoint: what it believes to be durable is in ``durable`` when a crash comes."""
    for number in range(1, last + 1):
        made = write(storage, number)
        durable.append(made)
        while len(durable) > 1:
            under_way.append(durable.pop(0))
            storage.discard(under_way[-1])


def test_a_crash_loses_nothing_that_was_durable():
    whole = SimulatedDisk()
    rounds(storage_at("/a/checkpoints", memory_threshold=0, system=whole), [], [])
    survived_unfinished = 0
    for crash_at in range(whole.count):
        disk = SimulatedDisk(crash_at=crash_at)
        durable, _ = [], []
        with pytest.raises(Crash):
            rounds(storage_at("/a/checkpoints", memory_threshold=0, system=disk), durable, [])
        for seed in range(6):
            after = storage_at("/a/checkpoints", system=disk.crash(random.Random(seed)))
            for checkpoint in durable:
                assert_whole(after, checkpoint)
            found = after.list_checkpoints()
            # Whatever has a manifest has its states, also if nobody was told of it.
            for checkpoint in found:
                assert_whole(after, checkpoint)
            survived_unfinished += len(found) > len(durable)
            # And the next attempt can clean up and go on.
            for number in after.leftovers():
                after.discard_number(number)
            assert_whole(after, write(after, 17))
    assert survived_unfinished


def test_the_simulated_disk_loses_what_was_not_synced():
    """The crash test can fail: a storage that syncs nothing is caught by it."""
    lost = 0
    for seed in range(20):
        disk = SimulatedDisk()
        disk.fsync = lambda number: None
        made = write(storage_at("/a", memory_threshold=0, system=disk), 1)
        after = storage_at("/a", system=disk.crash(random.Random(seed)))
        try:
            assert_whole(after, made)
        except (StorageError, CorruptDataError):
            lost += 1
    assert lost > 15

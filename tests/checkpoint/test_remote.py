"""Checkpoints on file systems behind URLs: in memory, and on an S3 server."""

import os
import shutil
import sys
import time

import pytest

from pyflinkx.checkpoint.locations import file_system, normal_path
from pyflinkx.errors import CorruptDataError, MissingExtraError, StorageError, UntrustedStateError
from tests.servers.s3 import bucket, needs_packages, s3_server

from .states import JOB, checkpoint_of, keyed_batch, native_batch, pickled_batch, same, storage_at, written

__all__ = ["bucket", "s3_server"]  # fixtures

BATCHES = [keyed_batch(1000), native_batch(500), pickled_batch([1, "a"])]


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec", reason="URLs are not tested without fsspec")
    url = f"memory://checkpoints-{time.time_ns()}"
    yield url
    fsspec.filesystem("memory").store.clear()


def goes_round(url):
    storage = storage_at(url, memory_threshold=0)
    made = written(storage, 7, BATCHES)
    assert made.folder == f"{url}/{JOB}/chk-7"
    small = written(storage_at(url), 8, [keyed_batch(3)])
    for path in (made.folder, f"{made.folder}/", f"{made.folder}/_metadata"):
        back = storage.read_manifest(path)
        assert back == made
    with storage.reader(back) as reader:
        assert all(same(reader.read(part), batch) for part, batch in zip(back.parts(), BATCHES, strict=True))
    storage.verify(back)
    assert storage.list_checkpoints() == [made, small]
    assert file_system(url).list(made.folder) == ["_metadata", "subtask-0.state"]

    storage.discard(made)
    storage.discard(made)
    assert storage.list_checkpoints() == [small]
    with pytest.raises(StorageError, match=r"no checkpoint or savepoint at .*chk-7"):
        storage.read_manifest(made.folder)

    writer = storage.writer(9, "a")
    writer.add(BATCHES[0])
    writer.finish()
    assert storage.leftovers() == [9]
    storage.discard_number(9)
    assert storage.leftovers() == []

    aborted = storage.writer(10, "a")
    aborted.add(BATCHES[0])
    aborted.abort()
    assert file_system(url).list(storage.checkpoint_folder(10)) == []

    folder = storage.new_savepoint_folder(f"{url}/mine")
    writer = storage.writer(11, "a", folder)
    writer.add(BATCHES[0])
    saved = storage.write_manifest(checkpoint_of(11, writer.finish()), folder)
    assert storage.read_manifest(folder) == saved


def notices_damage(url):
    import fsspec

    storage = storage_at(url, memory_threshold=0)
    made = written(storage, 1, BATCHES)
    files, _ = fsspec.core.url_to_fs(url)
    path = f"{made.folder}/subtask-0.state"
    whole = file_system(url).read_all(path)
    for changed in (whole[:-1], whole[:100] + b"!" + whole[101:], b""):
        files.pipe_file(path, bytes(changed))
        with pytest.raises((CorruptDataError, StorageError), match=f"{made.folder}/subtask-0.state"):
            storage.verify(made)
    files.rm_file(path)
    with pytest.raises(StorageError, match=f"{made.folder}/subtask-0.state cannot be opened"):
        storage.verify(made)


def test_a_checkpoint_in_fsspec_memory_comes_back(memory):
    goes_round(memory)


def test_damage_in_fsspec_memory_is_noticed(memory):
    notices_damage(memory)


@needs_packages
def test_a_checkpoint_on_s3_comes_back(bucket):
    goes_round(bucket)


@needs_packages
def test_damage_on_s3_is_noticed(bucket):
    notices_damage(bucket)


@needs_packages
def test_a_large_state_goes_to_s3_in_several_parts(bucket, monkeypatch):
    monkeypatch.setattr("pyflinkx.checkpoint.writer.TARGET", 1 << 22)
    storage = storage_at(bucket, memory_threshold=0)
    batch = native_batch(3_000_000)
    made = written(storage, 1, [batch])
    assert made.size > 50 << 20
    with storage.reader(made) as reader:
        rows = sum(len(reader.read(part)) for part in made.parts())
    assert rows == len(batch)
    # What is given up in the middle is nowhere to be seen, also as a part of an upload.
    aborted = storage.writer(2, "a")
    aborted.add(batch, "native")
    aborted.abort()
    assert file_system(bucket).list(storage.checkpoint_folder(2)) == []
    assert uploads(bucket) == []


def uploads(url):
    """What has begun to be uploaded to the bucket of a URL, and has not ended."""
    import fsspec

    files, path = fsspec.core.url_to_fs(url)
    found = files.call_s3("list_multipart_uploads", Bucket=path.partition("/")[0])
    return found.get("Uploads", [])


@needs_packages
def test_a_server_that_is_gone_is_named(bucket, monkeypatch):
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageError, match=bucket):
        written(storage_at(bucket, memory_threshold=0), 1, BATCHES)


@needs_packages
def test_a_bucket_that_is_not_there_is_named(bucket):
    with pytest.raises(StorageError, match="s3://not-there/x"):
        written(storage_at("s3://not-there/x", memory_threshold=0), 1, BATCHES)


def test_an_unknown_protocol_is_named():
    pytest.importorskip("fsspec")
    with pytest.raises(StorageError, match=r"nonsense://a/b cannot be reached.*nonsense"):
        file_system("nonsense://a/b")


def test_without_fsspec_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"s3://a need fsspec: pip install 'pyflinkx\[fsspec\]'"):
        file_system("s3://a")


def test_without_the_package_of_a_protocol_the_error_names_it(monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingExtraError, match="gcsfs"):
        file_system("gs://a/b")


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("file:///a/b/", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("/a//b/../c", "/a/c"),
        ("s3://bucket/a/", "s3://bucket/a"),
        ("~/x", os.path.expanduser("~/x")),
        ("relative", os.path.abspath("relative")),
    ],
)
def test_paths_have_one_form(path, normal):
    assert normal_path(path) == normal


def test_a_pickle_behind_a_url_is_refused_too(memory):
    made = written(storage_at(memory, secret=b"x" * 32), 1, [pickled_batch([1])])
    own = storage_at(memory)
    with own.reader(own.read_manifest(made.folder)) as reader, pytest.raises(UntrustedStateError, match=made.folder):
        reader.read(*made.parts())


def test_a_file_url_is_a_local_folder(tmp_path):
    made = written(storage_at(f"file://{tmp_path}"), 1, BATCHES)
    assert made.folder == f"{tmp_path}/{JOB}/chk-1"
    shutil.rmtree(tmp_path)

"""Whose states are loaded, and what keeps the secret."""

import logging
import multiprocessing
import os
import pickle
import random
import stat

import pytest

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx.checkpoint.secret import installation_secret, made_secret, process_secret, read_secret
from pyflinkx.errors import ConfigurationError, UntrustedStateError
from pyflinkx.state.rows import state_batch, state_rows

from .attacks import RUN, attack, payload_batches
from .states import checkpoint_of, keyed_batch, same, storage_at, written


def test_a_pickle_that_nobody_signed_is_refused_and_not_run(tmp_path):
    rng = random.Random(1)
    seen = set()
    for number in range(120):
        what, error, run = attack(tmp_path, number, rng)
        seen.add(what)
        assert isinstance(error, UntrustedStateError), what
        assert "not signed with the secret of this installation" in str(error)
        assert f"chk-{number}" in str(error)
        assert run == [], what
    assert len(seen) > 25


def test_what_was_signed_is_loaded(tmp_path):
    """The attacks would do harm, were they signed."""
    storage = storage_at(tmp_path)
    writer = storage.writer(1, "a")
    batches = [pair for pair in payload_batches().values() if not isinstance(pair[1], bytes)]
    for _, batch in batches:
        writer.add(batch, "s" if b"pyflinkx.state" in batch.schema.metadata else None)
    writer.add_bytes("s", "source", payload_batches()["bytes"][1])
    made = storage.write_manifest(checkpoint_of(1, writer.finish()))
    RUN.clear()
    with storage.reader(storage.read_manifest(made.folder)) as reader:
        *parts, last = made.parts()
        for part, (codecs, _) in zip(parts, batches, strict=True):
            batch = reader.read(part)
            if codecs is not None:
                list(state_rows(batch, codecs, range(128) if "key" in codecs else None))
        pickle.loads(reader.read_bytes(last))
    assert RUN == ["run"] * 7


def test_typed_state_of_another_installation_is_read(tmp_path):
    made = written(storage_at(tmp_path, secret=b"x" * 32), 1, [keyed_batch(10)])
    own = storage_at(tmp_path)
    back = own.read_manifest(made.folder)
    assert not back.signed
    with own.reader(back) as reader:
        assert same(reader.read(*back.parts()), keyed_batch(10))


def test_a_column_of_pickles_without_any_is_read(tmp_path):
    """Such is the namespace of states that belong to no window."""
    codecs = {"key": LongCodec(), "namespace": PickleCodec(), "value": LongCodec()}
    batch = state_batch("s", "ValueState", codecs, [1, 2], [(1, None, 5), (2, None, 6)])
    made = written(storage_at(tmp_path, secret=b"x" * 32), 1, [batch])
    own = storage_at(tmp_path)
    with own.reader(own.read_manifest(made.folder)) as reader:
        assert same(reader.read(*made.parts()), batch)


def test_a_storage_shows_no_secret():
    storage = storage_at("/x", secret=b"very secret, truly")
    assert "secret" not in repr(storage)


def test_a_secret_is_made_once(tmp_path):
    home = {"HOME": str(tmp_path)}
    first = installation_secret(environment=home)
    path = tmp_path / ".pyflinkx" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first) == 32
    assert installation_secret(environment=home) == first
    assert installation_secret(environment={"PYFLINKX_SECRET_FILE": str(path)}) == first
    assert installation_secret(str(path), environment={"HOME": "/nowhere"}) == first
    assert os.listdir(path.parent) == ["secret"]


def make(path, results):
    results.put(made_secret(path))


def test_processes_that_race_have_one_secret(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    path = str(tmp_path / "new" / "secret")
    processes = [context.Process(target=make, args=(path, results)) for _ in range(8)]
    for process in processes:
        process.start()
    secrets = {results.get(timeout=120) for _ in processes}
    for process in processes:
        process.join()
    assert secrets == {read_secret(path)}
    assert os.listdir(tmp_path / "new") == ["secret"]


@pytest.mark.parametrize("mode", [0o660, 0o604, 0o622, 0o640])
def test_a_secret_that_others_know_is_none(tmp_path, mode):
    path = tmp_path / "secret"
    path.write_bytes(bytes(32))
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=r"others than its owner.*chmod 600"):
        read_secret(str(path))
    path.chmod(0o400)
    assert read_secret(str(path)) == bytes(32)


@pytest.mark.parametrize("size", [0, 31, 4097])
def test_a_file_that_is_no_secret_is_refused(tmp_path, size):
    path = tmp_path / "secret"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=f"{path} holds"):
        read_secret(str(path))


def test_a_secret_that_is_named_has_to_be_there(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot be read from .*missing"):
        installation_secret(str(tmp_path / "missing"))


def test_without_a_home_the_process_has_a_secret_and_says_so(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    home = {"HOME": str(tmp_path / "file")}
    process_secret.cache_clear()
    with caplog.at_level(logging.WARNING, logger="pyflinkx.checkpoint"):
        first = installation_secret(environment=home)
        assert installation_secret(environment=home) == first
    assert len(caplog.records) == 1
    assert "can be read by this process alone" in caplog.text

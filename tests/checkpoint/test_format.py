"""The bytes of checkpoints: what a release has written, every later one reads."""

import hashlib
import json
import shutil
from pathlib import Path
from struct import unpack, unpack_from

import pytest
import xxhash

from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx.checkpoint.metadata import SAVEPOINT, Checkpoint, OperatorStates, SubtaskStates
from pyflinkx.checkpoint.parts import encoded_part

from .states import JOB, SECRET, keyed_batch, native_batch, pickled_batch, same, storage_at

GOLDEN = Path(__file__).parent / "golden"
BATCHES = [keyed_batch(3), pickled_batch(["a"]), native_batch(2)]


def savepoint(storage, folder):
    """The golden savepoint, as this release writes it."""
    writer = storage.writer(5, "uid-1-0", folder)
    for batch in BATCHES:
        writer.add(batch, "native" if b"pyflinkx.state" in batch.schema.metadata else None)
    inside = storage_at(None).writer(5, "uid-1")
    inside.add_bytes("enumerator", "source", b"\x80\x05K\x01.")
    (coordinator,) = inside.finish()
    subtasks = (SubtaskStates(writer.finish()), SubtaskStates((), finished=True))
    operator = OperatorStates("uid-1", "counts", 128, subtasks, coordinator)
    saved = Checkpoint(5, SAVEPOINT, JOB, "job", 1_700_000_000_000, {"uid-1": operator}, "", {"by": "a test"})
    return storage.write_manifest(saved, folder)


# 1 and 1-compressed have pickles of pickle's own; plain data is pickled without frames and memos since, as in 1-plain.
@pytest.mark.parametrize("version", ["1", "1-compressed", "1-plain"])
def test_a_savepoint_of_each_version_is_read(tmp_path, version):
    shutil.copytree(GOLDEN / version, tmp_path / "moved")
    storage = storage_at(None)
    found = storage.read_manifest(str(tmp_path / "moved"))
    operator = found.operators["uid-1"]
    assert (found.number, found.kind, found.job_id, found.job_name, found.time) == (
        5,
        "savepoint",
        JOB,
        "job",
        1_700_000_000_000,
    )
    assert (operator.name, operator.max_parallelism, operator.parallelism) == ("counts", 128, 2)
    assert found.properties == {"by": "a test"}
    assert found.signed
    storage.verify(found)
    with storage.reader(found) as reader:
        assert reader.read_bytes(operator.coordinator) == b"\x80\x05K\x01."
        parts = operator.subtasks[0].parts
        keyed, things, native = (reader.read(part) for part in parts)
        assert same(keyed, BATCHES[0])
        assert same(native, BATCHES[2])
        assert things.schema == BATCHES[1].schema
        assert things.schema.metadata == BATCHES[1].schema.metadata
        assert [PickleCodec().decode_one(value) for (value,) in things.to_rows("tuple")] == ["a"]


def test_this_release_writes_the_same_bytes(tmp_path):
    savepoint(storage_at(None, memory_threshold=0), str(tmp_path / "new"))
    for name in ("_metadata", "uid-1-0.state"):
        assert (tmp_path / "new" / name).read_bytes() == (GOLDEN / "1-plain" / name).read_bytes()


def test_the_manifest_is_as_its_page_says():
    whole = (GOLDEN / "1" / "_metadata").read_bytes()
    magic, version, zero, count = unpack_from("<8sHHI", whole)
    assert (magic, version, zero, count) == (b"pyflinkx", 1, 0, 2)
    assert whole[-16:] == xxhash.xxh3_128_digest(whole[:-16])
    assert whole[-48:-16] == hashlib.blake2b(whole[:-48], key=SECRET, digest_size=32, person=b"pyflinkx manif").digest()
    sections, at = {}, 16
    for _ in range(count):
        kind, ignorable, zero, size = unpack_from("<HHIQ", whole, at)
        assert (ignorable, zero) == (0, 0)
        sections[kind] = whole[at + 16 : at + 16 + size]
        at += 16 + size
    assert at == len(whole) - 48
    assert sections[2] == b"\x80\x05K\x01."
    states = (GOLDEN / "1" / "uid-1-0.state").read_bytes()
    document = json.loads(sections[1])
    assert sections[1] == json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")
    parts = document["operators"][0]["subtasks"][0]["parts"]
    places = [(part["offset"], part["size"]) for part in parts]
    ends = [offset + size for offset, size in places]
    assert [offset for offset, _ in places] == [0, *ends[:-1]]
    assert ends[-1] == len(states)
    for part, (offset, size) in zip(parts, places, strict=True):
        data = states[offset : offset + size]
        assert part["digest"] == xxhash.xxh3_128_hexdigest(data)
        tag = hashlib.blake2b(data, key=SECRET, digest_size=32, person=b"pyflinkx state").hexdigest()
        assert part.get("tag") == (tag if part["state"] == "things" else None)
    assert parts[0] | {"digest": "", "size": 0} == {
        "digest": "",
        "file": "uid-1-0.state",
        "groups": [0, 2],
        "kind": "ValueState",
        "offset": 0,
        "rows": 3,
        "size": 0,
        "state": "total",
    }


def test_a_part_is_as_its_page_says():
    plain = b"".join(map(bytes, encoded_part(keyed_batch(3), False)))
    magic, version, flags, zero, count, size = unpack_from("<4sBBHII", plain)
    assert (magic, version, flags, zero) == (b"pfxS", 1, 0, 0)
    fields, metadata = json.loads(plain[16 : 16 + size])
    assert [field[:3] for field in fields] == [["key_group", "i", False], ["key", "z", True], ["value", "z", False]]
    assert metadata == [["version", "1"], ["state", "total"], ["kind", "ValueState"]]
    assert unpack_from("<q", plain, 16 + size) == (3,)
    first = -(-(16 + size + 8 * count) // 64) * 64
    assert unpack("<3i", plain[first : first + 12]) == (0, 1, 2)

    packed = b"".join(map(bytes, encoded_part(keyed_batch(3), True)))
    assert packed[:5] == plain[:5]
    assert packed[5] == 1
    assert packed[6:16] == plain[6:16]
    stored, how, length, _ = unpack_from("<IBII", packed, 16)
    assert (how, length, stored) == (1, len(plain) - 16, len(packed) - 20)

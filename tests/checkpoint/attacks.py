"""Checkpoints of somebody who has not the secret, and wants code of theirs to run when one is restored."""

import dataclasses
import pickle

import xxhash

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.collection import ListCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.checkpoint.secret import STATE, tag_of
from pyflinkx.state.rows import state_batch, state_rows

from .states import checkpoint_of, pickled_batch, storage_at

RUN = []


def run(what):
    RUN.append(what)


class Payload:
    """Its pickle runs code."""

    def __reduce__(self):
        return run, ("run",)


class Carrier:
    """What a column carries, with code in its pickle."""

    def __reduce__(self):
        return run, ("run",)


def payload_batches():
    return {
        "list": ({"value": PickleCodec()}, pickled_batch([Payload()], "s")),
        "keyed": (
            {"key": LongCodec(), "value": PickleCodec()},
            state_batch("s", "ValueState", {"key": LongCodec(), "value": PickleCodec()}, [3], [(1, Payload())]),
        ),
        "nested": (
            {"value": ListCodec(PickleCodec())},
            state_batch("s", "split", {"value": ListCodec(PickleCodec())}, None, [([Payload()],)]),
        ),
        "carried": (
            None,
            ColumnBatch.from_rows(
                [(1,)], Schema([Field("key_group", "i", carried=Carrier())], {b"pyflinkx.state": b"running 1"})
            ),
        ),
        "carried inside": (
            None,
            ColumnBatch.from_rows(
                [([1],)],
                Schema([Field("a", "+l", children=[Field("item", "i", carried=Carrier())])], {b"pyflinkx.state": b"x"}),
            ),
        ),
        "among nulls": (
            {"namespace": PickleCodec(), "value": LongCodec()},
            state_batch(
                "s", "split", {"namespace": PickleCodec(), "value": LongCodec()}, None, [(None, 1), (Payload(), 2)]
            ),
        ),
        "bytes": (None, pickle.dumps(Payload())),
    }


def without_tag(part, data, rng):
    return dataclasses.replace(part, tag=b"", pickled=rng.random() < 0.5)


def tag_by_chance(part, data, rng):
    return dataclasses.replace(part, tag=rng.randbytes(32))


def tag_of_another(part, data, rng):
    return dataclasses.replace(part, tag=tagged(b"s" * 31 + rng.randbytes(1) + b"!", data))


def tag_of_other_bytes(part, data, rng):
    return dataclasses.replace(part, tag=tagged(b"s" * 32, data + b"x"))


def tag_cut(part, data, rng):
    return dataclasses.replace(part, tag=tagged(b"s" * 32, data)[: rng.randrange(32)])


def not_marked(part, data, rng):
    return dataclasses.replace(part, tag=tag_by_chance(part, data, rng).tag, pickled=False)


FORGERIES = [without_tag, tag_by_chance, tag_of_another, tag_of_other_bytes, tag_cut, not_marked]


def tagged(secret, data):
    tag = tag_of(secret, STATE)
    tag.update(data)
    return tag.digest()


def attack(folder, number, rng):
    """Writes a forged checkpoint and restores it with the real secret.

    Returns:
        What it was, the errors of reading its parts (None where there was none), and what of it was run.
    """
    RUN.clear()
    name = rng.choice(sorted(payload_batches()))
    forgery = rng.choice(FORGERIES)
    codecs, content = payload_batches()[name]
    compressed = rng.random() < 0.5
    threshold = rng.choice([0, 1 << 20])
    foreign = storage_at(folder, secret=rng.randbytes(32), compressed=compressed, memory_threshold=threshold)
    writer = foreign.writer(number, "a")
    if isinstance(content, bytes):
        writer.add_bytes("s", "source", content)
    else:
        writer.add(content, "s" if b"pyflinkx.state" in content.schema.metadata else None)
    (part,) = writer.finish()
    data = part.data
    if part.file:
        with open(f"{foreign.checkpoint_folder(number)}/{part.file}", "rb") as file:
            data = file.read()
    assert xxhash.xxh3_128_digest(data) == part.digest
    forged = foreign.write_manifest(checkpoint_of(number, [forgery(part, data, rng)]))
    reader_storage = storage_at(folder)
    error = None
    try:
        checkpoint = reader_storage.read_manifest(forged.folder)
        with reader_storage.reader(checkpoint) as reader:
            for read in checkpoint.parts():
                if isinstance(content, bytes):
                    pickle.loads(reader.read_bytes(read))
                else:
                    batch = reader.read(read)
                    if codecs is not None:
                        list(state_rows(batch, codecs, range(128) if name == "keyed" else None))
    except Exception as caught:
        error = caught
    foreign.discard(forged)
    return f"{name}, {forgery.__name__}", error, list(RUN)

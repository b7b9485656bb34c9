"""Batches of state and checkpoints for the tests of how they are stored."""

from pyflinkx._core.codecs.basic import LongCodec, StringCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.checkpoint.metadata import CHECKPOINT, Checkpoint, OperatorStates, SubtaskStates
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.state.rows import state_batch

SECRET = b"s" * 32
JOB = "0123456789abcdef0123456789abcdef"


def keyed_batch(count, name="total", kind="ValueState", start=0):
    """A state of ``count`` keys, typed."""
    rows = [(key, f"value {key}") for key in range(start, start + count)]
    groups = [key % 128 for key in range(start, start + count)]
    return state_batch(name, kind, {"key": LongCodec(), "value": StringCodec()}, groups, rows)


def pickled_batch(values, name="things"):
    """A list of a subtask, pickled."""
    return state_batch(name, "split", {"value": PickleCodec()}, None, [(value,) for value in values])


def native_batch(count):
    """As a native operator exports its states."""
    fields = [Field("key_group", "i", False), Field("key.user", "l"), Field("count.n", "l", False)]
    rows = [(key % 128, key, 3 * key) for key in range(count)]
    return ColumnBatch.from_rows(rows, Schema(fields, {b"pyflinkx.state": b"running 1; count 1"}))


def storage_at(folder, **settings):
    return CheckpointStorage(None if folder is None else str(folder), JOB, **{"secret": SECRET, **settings})


def written(storage, number, batches, name="subtask-0", **other):
    """A checkpoint of one operator with one subtask, with its manifest."""
    writer = storage.writer(number, name)
    for batch in batches:
        writer.add(batch, "native" if b"pyflinkx.state" in batch.schema.metadata else None)
    return storage.write_manifest(checkpoint_of(number, writer.finish(), **other))


def checkpoint_of(number, parts, **other):
    operator = OperatorStates("uid-1", "counts", 128, (SubtaskStates(tuple(parts)),))
    return Checkpoint(number, CHECKPOINT, JOB, "job", 1000 + number, {operator.uid: operator}, **other)


def same(left, right):
    """Whether two batches say the same."""
    return left.schema == right.schema and left.schema.metadata == right.schema.metadata and rows(left) == rows(right)


def rows(batch):
    return batch.to_rows("tuple")

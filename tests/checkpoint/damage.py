"""Ways in which the files of a checkpoint are damaged, and whether anybody notices."""

from pathlib import Path

from pyflinkx.errors import CorruptDataError, StorageError, UntrustedStateError

from .states import checkpoint_of, keyed_batch, native_batch, pickled_batch, storage_at

NOTICED = (CorruptDataError, StorageError, UntrustedStateError)


def made_in(folder, compressed=False):
    """A checkpoint in two files of states, and what is in them; some of it is in the manifest."""
    storage = storage_at(folder, compressed=compressed, memory_threshold=0)
    parts = []
    for subtask in range(2):
        writer = storage.writer(1, f"subtask-{subtask}")
        for batch in (keyed_batch(50, start=subtask), native_batch(30 + subtask), pickled_batch([subtask, "x"])):
            writer.add(batch, "native" if b"pyflinkx.state" in batch.schema.metadata else None)
        parts += writer.finish()
    inside = storage_at(folder, memory_threshold=1 << 20).writer(1, "inside")
    inside.add(keyed_batch(3, "small"))
    return storage, storage.write_manifest(checkpoint_of(1, [*parts, *inside.finish()]))


def contents(storage, folder):
    """All that a checkpoint holds."""
    checkpoint = storage.read_manifest(folder)
    with storage.reader(checkpoint) as reader:
        found = [reader.read(part).to_rows("tuple") for part in checkpoint.parts()]
    storage.verify(checkpoint)
    return checkpoint, found


def flipped(data, place, bit):
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def damage(rng, folder):
    """Does one thing to the files of a folder.

    Returns:
        What was done, the names of the files, and what undoes it.
    """
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    before = {path: path.read_bytes() for path in files}
    path = rng.choice(files)
    data = before[path]
    kind = rng.choice(["flip", "flip", "flip", "flip", "truncate", "append", "delete", "swap", "zero", "move", "empty"])
    names = [path.name]
    if kind == "flip":
        changed = flipped(data, rng.randrange(len(data)), rng.randrange(8))
        path.write_bytes(changed)
    elif kind == "truncate":
        path.write_bytes(data[: rng.randrange(len(data))])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "append":
        path.write_bytes(data + rng.randbytes(rng.randint(1, 100)))
    elif kind == "delete":
        path.unlink()
    elif kind == "zero":
        start = rng.randrange(len(data))
        end = rng.randint(start + 1, len(data))
        # A page that was lost: zeros, unless there were only zeros before.
        if any(data[start:end]):
            path.write_bytes(data[:start] + bytes(end - start) + data[end:])
        else:
            path.unlink()
    elif kind == "move":
        size = rng.randint(1, len(data) // 2)
        changed = data[size:] + data[:size]
        path.write_bytes(changed if changed != data else b"")
    else:
        other = rng.choice([other for other in files if other != path])
        path.write_bytes(before[other])
        other.write_bytes(data)
        names.append(other.name)

    def undo():
        for each, content in before.items():
            if not each.exists() or each.read_bytes() != content:
                each.write_bytes(content)

    return kind, names, undo


def noticed(storage, folder):
    """What is said about a folder; None where nothing is."""
    try:
        contents(storage, folder)
    except NOTICED as error:
        return str(error)
    return None

"""States go to their file as they come: writing and reading much of them needs the memory of a part."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import resource, sys
from tests.checkpoint.states import checkpoint_of, native_batch, pickled_batch, storage_at

storage = storage_at(sys.argv[1], memory_threshold=1000, compressed=sys.argv[2] == "compressed")
batch = native_batch(500_000)
things = pickled_batch([bytes(10_000)] * 100)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

def write(count, number):
    writer = storage.writer(number, "a")
    for _ in range(count):
        writer.add(batch, "native")
        writer.add(things)
    return storage.write_manifest(checkpoint_of(number, writer.finish()))

def read(checkpoint):
    with storage.reader(checkpoint) as reader:
        return sum(len(reader.read(part)) for part in checkpoint.parts())

read(write(1, 1))
before = peak()
made = write(20, 2)
assert read(made) == 20 * 500_100
print(made.size >> 20, peak() - before)
"""


def used(folder, compressed):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), compressed],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    return map(int, run.stdout.split())


def test_memory_does_not_grow_with_the_state(tmp_path):
    written, more = used(tmp_path, "plain")
    assert written > 200
    assert more < 20


def test_nor_where_it_is_compressed(tmp_path):
    _, more = used(tmp_path, "compressed")
    assert more < 20

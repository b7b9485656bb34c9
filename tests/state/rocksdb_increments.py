"""A program: what incremental checkpoints write. Arguments: MB of state, checkpoints (each behind a change of 1 %)."""

import random
import statistics
import sys
import tempfile
import time

from pyflinkx.state import KeyedStateBackend, ValueStateDescriptor
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend

VALUE = 200
MEBIBYTE = 1 << 20


def written(operator, number):
    """Bytes of a checkpoint's files that the one before has not, and of all of them, and how long it took (ms)."""
    started = time.monotonic()
    snapshot = operator.files_snapshot(number)
    took = (time.monotonic() - started) * 1000
    shared = {file.name: file.size for file in snapshot.files if file.shared}
    new = sum(file.size for file in snapshot.files if snapshot.kept.find(file.name, {number - 1}) is None)
    snapshot.kept.keep(number, shared)
    snapshot.release()
    return new, sum(file.size for file in snapshot.files), took


def main(state, checkpoints):
    rng = random.Random(5)
    keys = state * MEBIBYTE // VALUE
    with tempfile.TemporaryDirectory() as folder:
        operator = KeyedStateBackend(backend=RocksDBStateBackend(RocksDBSettings(folders=(folder,))))
        values = operator.get_state(ValueStateDescriptor("v"))
        for operator.context.key in range(keys):
            values.update(rng.randbytes(VALUE))
        written(operator, 1)
        operator.tables["v"].cache.store.compact()
        _, size, _ = written(operator, 2)
        shares = []
        for number in range(3, 3 + checkpoints):
            for operator.context.key in rng.sample(range(keys), keys // 100):
                values.update(rng.randbytes(VALUE))
            new, size, took = written(operator, number)
            shares.append(new / size)
            print(f"checkpoint {number}: {new} of {size} bytes, {100 * new / size:.1f} %, {took:.0f} ms", flush=True)
        operator.close()
        print(
            f"{size} bytes of state; of it each checkpoint wrote {100 * shares[0]:.1f} % (the first), "
            f"{100 * statistics.median(shares):.1f} % (median), {100 * statistics.mean(shares):.1f} % (mean), "
            f"{100 * max(shares):.1f} % (most)"
        )


main(*map(int, sys.argv[1:]))

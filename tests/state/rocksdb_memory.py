"""A program: the memory that state in RocksDB takes. Arguments: MB of state, MB of budget; 0 MB for no state."""

import random
import sys
import tempfile

from pyflinkx.state import KeyedStateBackend, ValueStateDescriptor
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend

VALUE = 1000
MEBIBYTE = 1 << 20


def peak():
    """The most bytes of memory that this process has had."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def main(state, budget):
    rng = random.Random(5)
    payload = rng.randbytes(VALUE * 1000)
    keys = state * MEBIBYTE // VALUE
    with tempfile.TemporaryDirectory() as folder:
        backend = RocksDBStateBackend(RocksDBSettings(folders=(folder,), memory=budget * MEBIBYTE))
        operator = KeyedStateBackend(backend=backend)
        values = operator.get_state(ValueStateDescriptor("v"))
        operator.context.key = -1
        values.update(b"")
        before = peak()
        for turn in range(2):
            for number in range(keys):
                operator.context.key = rng.randrange(keys) if turn else number
                stored = values.value()
                start = number * 7 % (VALUE * 999)
                values.update((turn, number, payload[start : start + VALUE]) if turn or stored is None else stored)
        taken = 0
        if keys:
            snapshot = operator.files_snapshot(1)
            taken = sum(file.size for file in snapshot.files)
            snapshot.release()
        operator.close()
        print(before, peak(), taken)


main(*map(int, sys.argv[1:]))

"""State by key, in memory and in RocksDB: ratios of processor time, in turns.

    python -m bench.micro.bench_rocksdb [--records 200000]

Each record reads and updates a value of one of so many keys; 10,000 fit the cache of objects, 200,000 do not.
"""

import argparse
import tempfile
import time

from pyflinkx.state import KeyedStateBackend, StateBackend, ValueStateDescriptor
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend
from pyflinkx.types.typeinfo import Types

TURNS = 3


def seconds(backend: StateBackend, records: int, keys: int) -> float:
    """Processor time of so many reads and updates, once all keys are there."""
    state = KeyedStateBackend(backend=backend, key_type=Types.LONG())
    handle = state.get_state(ValueStateDescriptor("count", Types.LONG()))
    context = state.context
    for context.key in range(keys):
        handle.update(1)
    start = time.process_time()
    for number in range(records):
        context.key = number * 7919 % keys
        handle.update(handle.value() + 1)
    taken = time.process_time() - start
    total = 0
    for context.key in range(keys):
        total += handle.value()
    assert total == keys + records
    state.close()
    return taken


def main() -> None:
    """Print a line for each number of keys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    records = parser.parse_args().records
    for keys in (10_000, 200_000):
        with tempfile.TemporaryDirectory() as folder:
            rocksdb = RocksDBStateBackend(RocksDBSettings((folder,), 64 << 20))
            pairs = [(seconds(StateBackend(), records, keys), seconds(rocksdb, records, keys)) for _ in range(TURNS)]
        heap, stored = (min(times) for times in zip(*pairs, strict=True))
        print(
            f"{keys:>9,} keys: memory {heap / records * 1e6:.2f} us a record, RocksDB {stored / records * 1e6:.2f} us, "
            f"{stored / heap:.1f} times as long"
        )


if __name__ == "__main__":
    main()

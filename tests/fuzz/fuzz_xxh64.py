"""Compares XXH64 with the xxhash package: random bytes of 0 to 1,024 bytes at every alignment, random seeds."""

import argparse
import random

import xxhash

from pyflinkx._core.keys.partition import xxh64


def compare(runs: int, seed: int) -> int:
    """The number of inputs that were compared; raises AssertionError at the first difference."""
    rng = random.Random(seed)
    pool = rng.randbytes(1 << 16)
    view = memoryview(pool)
    for run in range(runs):
        if run % 1024 == 1023:
            pool = rng.randbytes(1 << 16)
            view = memoryview(pool)
        length = rng.randrange(1025)
        start = rng.randrange(len(pool) - length + 1)
        data, hash_seed = view[start : start + length], rng.getrandbits(64)
        ours, theirs = xxh64(data, hash_seed), xxhash.xxh64_intdigest(data, hash_seed)
        assert ours == theirs, f"xxh64({data.tobytes().hex()}, {hash_seed}): {ours:#x}, expected {theirs:#x}"
    return runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    compared = compare(arguments.runs, arguments.seed)
    print(f"xxh64: {compared:,} inputs, seed {arguments.seed}: all equal to xxhash {xxhash.VERSION}")

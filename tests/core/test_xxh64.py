import random

import pytest
import xxhash

from pyflinkx._core.keys.partition import canonical_key_bytes, key_group, xxh64
from tests.fuzz.fuzz_xxh64 import compare


def test_known_digests():
    # Of the xxhash package; the first is the one that xxHash publishes for no input.
    assert xxh64(b"") == 0xEF46DB3751D8E999
    assert xxh64(b"a") == 0xD24EC4F1A98C6E5B
    assert xxh64(b"as") == 0x1C330FB2D66BE179
    assert xxh64(b"Call me Ishmael. Some years ago--never mind how long precisely-") == 0x02A2E85470D6FD96


def test_golden_digest_over_every_short_length():
    data = bytes(range(256)) * 5
    combined = 0
    for length in range(1025):
        combined = xxh64(combined.to_bytes(8, "little") + data[:length], seed=length)
    assert combined == 0x659E377D47ADFF7B


def test_equal_to_the_xxhash_package():
    assert compare(runs=100_000, seed=20_240_229) == 100_000


def test_unaligned_views():
    data = random.Random(5).randbytes(200)
    for start in range(16):
        view = memoryview(data)[start:]
        assert xxh64(view, 9) == xxhash.xxh64_intdigest(bytes(view), 9)


def test_large_input():
    data = random.Random(6).randbytes(1_000_003)
    assert xxh64(data, 2**64 - 1) == xxhash.xxh64_intdigest(data, 2**64 - 1)


@pytest.mark.parametrize("key", [0, 1, -1, 255, -(2**63), 2**63 - 1, 0x0123456789ABCDEF])
def test_hash_from_registers_is_the_hash_of_the_bytes(key):
    # key_group takes a way of its own for ints of 64 bits.
    assert key_group(key, 32_767) == xxhash.xxh64_intdigest(canonical_key_bytes(key)) % 32_767


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seed_must_fit_64_bits(seed):
    with pytest.raises(OverflowError):
        xxh64(b"", seed)


def test_input_must_be_bytes():
    with pytest.raises((TypeError, BufferError)):
        xxh64("text")

"""Compression of segments: round trips, damage, hostile lengths."""

import random
import struct
import tracemalloc

import lz4.block
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.exchange.compress import HEADER_SIZE, MAX_LENGTH, compress, decompress
from pyflinkx._core.exchange.segment import SegmentPool
from pyflinkx.errors import CorruptDataError

RUNS = st.lists(st.tuples(st.binary(min_size=1, max_size=6), st.integers(1, 200)), max_size=12).map(
    lambda runs: b"".join(piece * count for piece, count in runs)
)


@settings(max_examples=150)
@given(RUNS | st.binary(max_size=300))
def test_round_trip(data):
    packed = compress(data)
    assert len(packed) <= len(data) + HEADER_SIZE
    assert decompress(packed, len(data)) == data


@settings(max_examples=50)
@given(RUNS | st.binary(max_size=300))
def test_layout_is_readable_with_lz4_and_xxhash_alone(data):
    packed = compress(data)
    storage, length, checksum = struct.unpack("<BII", packed[:9])
    body = packed[9:]
    assert (body if storage == 0 else lz4.block.decompress(body, uncompressed_size=length)) == data
    assert length == len(data)
    assert checksum == xxhash.xxh3_64_intdigest(data) % 2**32


def test_bytes_are_pinned():
    assert compress(b"").hex() == "0000000000c294d338"
    assert compress(b"segment").hex() == "0007000000c4415218" + b"segment".hex()
    # One literal run "ab", a match of 93 bytes two bytes back, the last five bytes as literals.
    assert compress(b"ab" * 50).hex() == "01640000001b10a8b72f616202004a506261626162"


def test_a_segment_is_compressed_in_place():
    segment = SegmentPool(32768).request()
    segment.put_bytes(0, bytes(32768))
    packed = compress(segment)
    assert len(packed) < 200
    segment.put_int8(0, 1)
    assert decompress(packed, segment.size) == bytes(32768)
    with memoryview(segment) as view:
        assert decompress(compress(view[:3]), 3) == b"\x01\0\0"
    segment.release()


def test_numbers_are_compressed_as_their_bytes():
    numbers = struct.pack("<4q", 1, 2, 3, 4)
    assert decompress(compress(memoryview(numbers).cast("q")), 32) == numbers


def test_what_does_not_shrink_is_stored():
    noise = random.Random(1).randbytes(32768)
    packed = compress(noise)
    assert packed[0] == 0
    assert packed[HEADER_SIZE:] == noise


@pytest.mark.parametrize("data", [b"", b"stored", bytes(range(256)) + bytes(500)], ids=["empty", "stored", "lz4"])
def test_no_damaged_bit_and_no_cut_gives_other_data(data):
    packed = compress(data)
    noticed = 0
    for position in range(len(packed) * 8):
        damaged = bytearray(packed)
        damaged[position // 8] ^= 1 << position % 8
        try:
            # Some damage to an LZ4 block says the same in other words: a run of zeros copied from two bytes back.
            assert decompress(damaged, 4096) == data
        except CorruptDataError:
            noticed += 1
    assert noticed >= len(packed) * 8 - (0 if packed[0] == 0 else 16)
    for end in range(len(packed)):
        with pytest.raises(CorruptDataError):
            decompress(packed[:end], 4096)
    with pytest.raises(CorruptDataError):
        decompress(packed + b"\0", 4096)


@settings(max_examples=200)
@given(st.binary(max_size=80), st.integers(0, 1), st.integers(0, 100))
def test_arbitrary_bytes_are_refused(body, storage, length):
    with pytest.raises(CorruptDataError):
        decompress(struct.pack("<BII", storage, length, 0xDEADBEEF) + body, 100)


@pytest.mark.parametrize("length", [4097, MAX_LENGTH, 2**31, 2**32 - 1])
@pytest.mark.parametrize("storage", [0, 1])
def test_a_hostile_length_is_refused_before_anything_is_allocated(storage, length):
    hostile = struct.pack("<BII", storage, length, 0) + b"\x1f\0\1\0" + b"\xff" * 100
    tracemalloc.start()
    try:
        with pytest.raises(CorruptDataError, match=f"claims to hold {length} bytes, but 4096 are allowed"):
            decompress(hostile, 4096)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_length_that_lz4_cannot_have_is_refused_whatever_is_allowed():
    with pytest.raises(CorruptDataError, match=f"{MAX_LENGTH} are allowed"):
        decompress(struct.pack("<BII", 1, 2**32 - 1, 0), 2**40)


def test_a_block_that_holds_less_than_it_claims_is_refused():
    packed = bytearray(compress(bytes(1000)))
    struct.pack_into("<I", packed, 1, 1001)
    with pytest.raises(CorruptDataError, match="claims to hold 1001 bytes, but holds 1000"):
        decompress(packed, 4096)


def test_a_view_with_gaps_is_refused():
    with pytest.raises((TypeError, BufferError)):
        compress(memoryview(b"abcdef")[::2])

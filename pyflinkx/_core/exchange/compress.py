"""Compression of memory segments and of anything else that travels or rests as bytes.

Layout: one byte that says how the rest is stored (0 as it is, 1 as an LZ4 block), the length of the data and the low 32
bits of its XXH3-64 (both 4 bytes, little-endian), then the stored bytes.

Callers compress when ``taskmanager.network.compression.codec``, Flink 2's key, asks for it: "LZ4" by default, "NONE"
to switch it off.

LZ4 blocks rather than frames: on 32 KiB segments both shrink data alike, but a frame notices damage only with its
content checksum, an XXH32 of some 8 microseconds, and then takes up to twice as long to decompress as a block summed
with XXH3, which takes 1.5. Measured by ``bench/micro/bench_segment.py``.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

import lz4.block
import xxhash

from pyflinkx.errors import CorruptDataError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_HEADER = Struct("<BII")
_STORED, _LZ4 = 0, 1

HEADER_SIZE = _HEADER.size
# LZ4's own bound on the input of one block.
MAX_LENGTH = 0x7E000000


def compress(view: Buffer) -> bytes:
    """Compress the bytes of a contiguous buffer; what does not become smaller is stored as it is.

    Args:
        view: up to MAX_LENGTH bytes, for example a Segment or a slice of its memoryview.

    Returns:
        bytes for ``decompress``, never more than HEADER_SIZE longer than the data.

    Raises:
        ValueError: the data is longer than MAX_LENGTH.

    Example:
        >>> len(compress(bytes(32768))) < 200
        True
    """
    with memoryview(view).cast("B") as data:
        if len(data) > MAX_LENGTH:
            raise ValueError(f"{len(data)} bytes are too many to compress at once; the most is {MAX_LENGTH}")
        checksum = xxhash.xxh3_64_intdigest(data) & 0xFFFFFFFF
        packed: bytes = lz4.block.compress(data, store_size=False)
        if len(packed) < len(data):
            return _HEADER.pack(_LZ4, len(data), checksum) + packed
        return b"".join((_HEADER.pack(_STORED, len(data), checksum), data))


def decompress(view: Buffer, max_size: int) -> bytes:
    """The data that ``compress`` was given.

    Args:
        view: what ``compress`` returned, all of it and nothing more.
        max_size: the most bytes that the data may have; checked before anything is allocated.

    Raises:
        CorruptDataError: the bytes are damaged, or claim to hold more than ``max_size`` bytes.

    Example:
        >>> decompress(compress(b"segment"), max_size=32768)
        b'segment'
    """
    with memoryview(view).cast("B") as packed:
        if len(packed) < HEADER_SIZE:
            raise CorruptDataError(
                f"{len(packed)} bytes of compressed data are shorter than their header, {HEADER_SIZE}"
            )
        storage, length, checksum = _HEADER.unpack_from(packed)
        allowed = min(max_size, MAX_LENGTH)
        if length > allowed:
            raise CorruptDataError(f"compressed data claims to hold {length} bytes, but {allowed} are allowed")
        with packed[HEADER_SIZE:] as body:
            if storage == _STORED:
                data = _stored(body, length)
            elif storage == _LZ4:
                data = _lz4_block(body, length)
            else:
                raise CorruptDataError(f"compressed data is stored in an unknown way, {storage}")
    if xxhash.xxh3_64_intdigest(data) & 0xFFFFFFFF != checksum:
        raise CorruptDataError(f"{length} bytes of compressed data do not match their checksum")
    return data


def _stored(body: memoryview, length: int) -> bytes:
    if len(body) != length:
        raise CorruptDataError(f"compressed data claims to hold {length} bytes, but holds {len(body)}")
    return bytes(body)


def _lz4_block(body: memoryview, length: int) -> bytes:
    try:
        data: bytes = lz4.block.decompress(body, uncompressed_size=length)
    except lz4.block.LZ4BlockError as error:
        raise CorruptDataError(f"compressed data of {len(body)} bytes is damaged: {error}") from None
    if len(data) != length:
        raise CorruptDataError(f"compressed data claims to hold {length} bytes, but holds {len(data)}")
    return data

"""A batch of state as bytes: docs/formats/checkpoints.md.

A head of 16 bytes, the schema as text, the table of the batch and its buffers (``_core.columns.frame``), each at a
multiple of 64. Compressed, what follows the head is LZ4 blocks, each behind its length.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from struct import Struct
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.frame import columns_as_parts, columns_from_frame
from pyflinkx._core.columns.schema import Field
from pyflinkx._core.exchange.compress import HEADER_SIZE, compress, decompress
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.schema_text import schema_from, schema_text

MAGIC = b"pfxS"
VERSION = 1
# Magic, version, flags, numbers in the table, length of the schema's text.
HEAD = Struct("<4sBBxxII")
COMPRESSED, BIG_ENDIAN = 1, 2
BYTE_ORDER = BIG_ENDIAN if sys.byteorder == "big" else 0
BLOCK_LENGTH = Struct("<I")
# Bytes that are compressed at once.
BLOCK = 1 << 22
# The name that codecs give to pickles in their description.
PICKLE = "PICKLED_BYTE_ARRAY"
KEY_GROUP = "key_group"


def encoded_part(batch: ColumnBatch, compressed: bool) -> Iterator[Any]:
    """The bytes of a batch, piece by piece; they may be views of it."""
    text = schema_text(batch.schema)
    count, pieces = columns_as_parts(batch, HEAD.size + len(text))
    yield HEAD.pack(MAGIC, VERSION, BYTE_ORDER | (COMPRESSED if compressed else 0), count, len(text))
    if compressed:
        yield from blocks([text, *pieces])
    else:
        yield text
        yield from pieces


def blocks(pieces: list[Any]) -> Iterator[bytes]:
    """The bytes of some buffers as compressed blocks."""
    waiting = bytearray()
    for piece in pieces:
        with memoryview(piece) as whole, whole.cast("B") as view:
            at = 0
            while at < len(view):
                taken = min(BLOCK - len(waiting), len(view) - at)
                waiting += view[at : at + taken]
                at += taken
                if len(waiting) == BLOCK:
                    yield block(waiting)
                    waiting = bytearray()
    if waiting:
        yield block(waiting)


def block(data: bytearray) -> bytes:
    packed = compress(data)
    return BLOCK_LENGTH.pack(len(packed)) + packed


def decoded_part(part: bytes | bytearray | memoryview, trusted: bool) -> ColumnBatch | None:
    """The batch of such bytes, which it keeps.

    Args:
        part: all of them.
        trusted: whether pickles in it may be loaded.

    Returns:
        None where it has pickles that may not.

    Raises:
        CorruptDataError: these are not the bytes of a batch of state.
    """
    if len(part) < HEAD.size:
        raise CorruptDataError(f"{len(part)} bytes hold no state")
    magic, version, flags, count, size = HEAD.unpack_from(part)
    if magic != MAGIC:
        raise CorruptDataError("the bytes hold no state where it should begin")
    if version != VERSION or flags & ~(COMPRESSED | BIG_ENDIAN):
        raise CorruptDataError(
            f"the state has format version {version} with flags {flags}, and this release of pyflinkx reads version "
            f"{VERSION} only"
        )
    if flags & BIG_ENDIAN != BYTE_ORDER:
        raise CorruptDataError("the state was written by a machine of the other byte order, which cannot be read here")
    frame = unpacked(memoryview(part)) if flags & COMPRESSED else part
    table = HEAD.size + size
    if table > len(frame):
        raise CorruptDataError(f"a state of {len(frame)} bytes cannot hold a schema of {size}")
    with memoryview(frame) as view:
        text = bytes(view[HEAD.size : table])
    if not trusted and carries_pickles(text):
        return None
    schema = schema_from(text)
    try:
        batch = columns_from_frame(frame, schema, table, count)
        batch.validate(full=True)  # nulls are counted again, so that no value hides behind a wrong number
    except ValueError as error:
        raise CorruptDataError(f"the state's columns do not fit each other: {error}") from None
    return None if not trusted and holds_pickles(batch) else batch


def unpacked(view: memoryview) -> bytearray:
    """The bytes of a part as they would be without compression."""
    result = bytearray(view[: HEAD.size])
    at = HEAD.size
    while at < len(view):
        if len(view) - at < BLOCK_LENGTH.size:
            raise CorruptDataError("a compressed state ends within the length of a block")
        (size,) = BLOCK_LENGTH.unpack_from(view, at)
        at += BLOCK_LENGTH.size
        if not HEADER_SIZE <= size <= len(view) - at:
            raise CorruptDataError(f"a compressed state has no block of {size} bytes at {at}")
        result += decompress(view[at : at + size], BLOCK)
        at += size
    return result


def carries_pickles(text: bytes) -> bool:
    """Whether reading a schema's text would load pickles.

    Raises:
        CorruptDataError: the text is none that ``schema_text`` has made.
    """
    try:
        parsed = json.loads(text)
        if type(parsed) is list and len(parsed) == 2 and type(parsed[0]) is list:
            return any(carries(field) for field in parsed[0])
    except (ValueError, RecursionError):
        pass
    raise CorruptDataError("the schema of a state cannot be read")


def carries(field: Any) -> bool:
    # What is not exactly as it was written could be read in another way than here.
    if type(field) is not list or len(field) not in (5, 6) or type(field[3]) is not list:
        raise CorruptDataError("the schema of a state cannot be read")
    return len(field) == 6 or any(carries(child) for child in field[3])


def holds_pickles(batch: ColumnBatch) -> bool:
    """Whether anything in a batch is a pickle: what a column carries, or a value that its codec wrote."""
    return any(
        holds_pickled_type(column.field) and (column.field.carried is not None or column.null_count < len(column))
        for column in batch.columns
    )


def holds_pickled_type(field: Field) -> bool:
    """Whether values of a column may be pickles."""
    if field.carried is not None:
        return True
    codec = (field.metadata or {}).get(b"codec")
    if codec is not None and f'"{PICKLE}"'.encode() in codec:
        return True
    return any(holds_pickled_type(child) for child in field.children)


def key_groups(batch: ColumnBatch) -> tuple[int, int] | None:
    """The least and the greatest key group of a batch's rows; None where it has none."""
    if not len(batch) or KEY_GROUP not in batch.schema.names:
        return None
    import numpy as np

    groups = np.asarray(memoryview(batch.column(KEY_GROUP)))
    return int(groups.min()), int(groups.max())

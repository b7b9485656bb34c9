"""Batches as bytes: what travels between processes.

A frame is a header of 16 bytes: kind, flags, number of records, size of what holds them. Of records, timestamps, row
kinds and, where typed ones are None, a byte each (1 for None) follow where the flags say so, then the records: by the
codec of their declared type; else packed as columns, if they are all alike and plain (``_core.packed``); else pickled.
Of a columnar batch, its schema as text follows, whose size the header has, then a table, whose numbers the header
counts, and the buffers (``_core.columns_frame``).
"""

from __future__ import annotations

import logging
import pickle
from array import array
from struct import Struct
from typing import Any

import cloudpickle

from pyflinkx._core.batch import ColumnBatch
from pyflinkx._core.calls import CallSite
from pyflinkx._core.codec import Codec
from pyflinkx._core.columns_frame import columns_as_parts, columns_from_frame
from pyflinkx._core.compress import MAX_LENGTH, compress, decompress
from pyflinkx._core.objects import ObjectBatch
from pyflinkx._core.packed import pack, unpack
from pyflinkx._core.schema import Schema
from pyflinkx.errors import CorruptDataError, TypeInformationError
from pyflinkx.runtime.schema_text import schema_from, schema_text
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import TypeInformation

HEADER = Struct("<BBxxIQ")
PICKLED, TYPED, COLUMNS, PACKED = 1, 2, 3, 4
TIMESTAMPS, KINDS, COMPRESSED, NONES = 1, 2, 4, 8

log = logging.getLogger("pyflinkx.runtime")


class FrameFormat:
    """Writes the batches of one stream as frames, and reads them.

    Args:
        site: the operator whose records these are, for errors and the log.
        record_type: their declared type, whose codec is used; None where there is none.
        compressed: whether frames are LZ4 blocks.
    """

    def __init__(self, site: CallSite, record_type: TypeInformation | None = None, compressed: bool = False) -> None:
        self.site = site
        self.codec = usable_codec(record_type)
        self.compressed = compressed
        self.said: set[str] = set()
        self.sent_schema: Schema | None = None
        self.sent_text = b""
        self.received_schema = Schema([])
        self.received_text: bytes | None = None

    def encode(self, batch: Any) -> list[Any]:
        """The parts of the batch's frame, in order; they may be views of the batch.

        Raises:
            JobExecutionError: a record can neither be encoded nor pickled.
        """
        parts = self._columns(batch) if isinstance(batch, ColumnBatch) else self._objects(batch)
        if not self.compressed:
            return parts
        body = b"".join(parts[1:])
        if len(body) > MAX_LENGTH:
            return parts
        kind, flags, count, head = HEADER.unpack(parts[0])
        rest = compress(body)
        return [HEADER.pack(kind, flags | COMPRESSED, count, head), rest]

    def _objects(self, batch: ObjectBatch) -> list[Any]:
        values = batch.values
        kind, payload, nones = self._payload(values)
        flags = 0
        parts: list[Any] = [b"", payload]
        for flag, column in ((NONES, nones), (KINDS, batch.kinds), (TIMESTAMPS, batch.timestamps)):
            if column is not None:
                flags |= flag
                parts.insert(1, column)
        parts[0] = HEADER.pack(kind, flags, len(values), len(payload))
        return parts

    def _payload(self, values: list[Any]) -> tuple[int, bytes, array[int] | None]:
        if self.codec is None:
            return *self._untyped(values), None
        try:
            try:
                return TYPED, self.codec.encode_batch(values), None
            except TypeInformationError:
                # No codec takes None as a value. As a record it is rare: looking for it here costs the others nothing.
                if not any(value is None for value in values):
                    raise
            present = [value for value in values if value is not None]
            return TYPED, self.codec.encode_batch(present), array("b", [value is None for value in values])
        except TypeInformationError as error:
            raise self.site.wrap(error, "while its records were encoded") from error

    def _untyped(self, values: list[Any]) -> tuple[int, bytes]:
        packed = pack(values)
        if packed is not None:
            return PACKED, packed
        self._say_once("pickled", "its records have no declared type and are pickled between workers")
        try:
            return PICKLED, pickle.dumps(values, 5)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            self._say_once("by value", f"its records are pickled with their classes, which is slow: {error}")
        try:
            return PICKLED, cloudpickle.dumps(values, 5)
        except Exception as error:
            culprit = first_unpicklable(values)
            raise self.site.wrap(error, f"a record cannot travel to another worker: {culprit}") from error

    def _say_once(self, what: str, text: str) -> None:
        if what not in self.said:
            self.said.add(what)
            log.info("operator '%s' (%s): %s", self.site.name, self.site.location or self.site.uid, text)

    def _columns(self, batch: ColumnBatch) -> list[Any]:
        if batch.schema is not self.sent_schema:
            self.sent_schema, self.sent_text = batch.schema, schema_text(batch.schema)
        text = self.sent_text
        count, parts = columns_as_parts(batch, HEADER.size + len(text))
        return [HEADER.pack(COLUMNS, 0, count, len(text)), text, *parts]

    def decode(self, frame: Any) -> Any:
        """The batch of a frame (anything with the buffer protocol, which columns keep).

        Raises:
            CorruptDataError: these are not the bytes of a frame.
        """
        with memoryview(frame) as view:
            kind, flags, count, size = read_header(view)
            if flags & COMPRESSED:
                # Columns stay where their frame is, so what they refer to begins as the sender's frame did.
                body = decompress(view[HEADER.size :], MAX_LENGTH)
                return self._body(memoryview(bytes(HEADER.size) + body), kind, flags, count, size)
        return self._body(memoryview(frame), kind, flags, count, size)

    def _body(self, view: memoryview, kind: int, flags: int, count: int, size: int) -> Any:
        if kind == COLUMNS:
            return self._read_columns(view, count, size)
        at = HEADER.size
        timestamps = kinds = None
        if flags & TIMESTAMPS:
            timestamps, at = read_array("q", view, at, count)
        if flags & KINDS:
            kinds, at = read_array("b", view, at, count)
        nones = None
        if flags & NONES:
            nones, at = read_array("b", view, at, count)
        payload = view[at : at + size]
        if len(payload) != size:
            raise CorruptDataError(f"a frame ends after {len(payload)} of its {size} bytes")
        if kind == PICKLED:
            values = pickle.loads(payload)
        elif kind == TYPED and self.codec is not None:
            values = self.codec.decode_batch(payload)
        elif kind == PACKED:
            values = unpack(payload, count)
        else:
            raise CorruptDataError(f"a frame of unknown kind {kind}")
        if nones is not None:
            values = with_nones(values, nones)
        if len(values) != count:
            raise CorruptDataError(f"a frame of {count} records holds {len(values)}")
        return ObjectBatch(values, timestamps, kinds)

    def _read_columns(self, view: memoryview, count: int, size: int) -> ColumnBatch:
        table = HEADER.size + size
        if table > len(view):
            raise CorruptDataError(f"a frame of {len(view)} bytes cannot hold a schema of {size}")
        text = bytes(view[HEADER.size : table])
        # Nearly all batches of a stream have one schema object, so both sides make its text, and read it, once.
        if text != self.received_text:
            self.received_schema, self.received_text = schema_from(text), text
        return columns_from_frame(view, self.received_schema, table, count)


def usable_codec(record_type: TypeInformation | None) -> Codec | None:
    """The codec of a type; None where that would pickle too."""
    if record_type is None:
        return None
    codec = codec_of(record_type)
    return None if codec.contains_pickle else codec


def read_header(view: memoryview) -> tuple[int, int, int, int]:
    """Kind, flags, count and size of a frame."""
    if len(view) < HEADER.size:
        raise CorruptDataError(f"a frame of {len(view)} bytes has no header")
    return HEADER.unpack_from(view)


def read_array(code: str, view: memoryview, at: int, count: int) -> tuple[array[int], int]:
    """``count`` numbers at that position, and the position after them."""
    result = array(code)
    end = at + count * result.itemsize
    if end > len(view):
        raise CorruptDataError(f"a frame of {len(view)} bytes cannot hold {count} numbers at {at}")
    result.frombytes(view[at:end])
    return result, end


def with_nones(values: list[Any], nones: array[int]) -> list[Any]:
    """The values with None put between them wherever there is a 1."""
    if len(values) != nones.count(0):
        raise CorruptDataError(f"a frame holds {len(values)} records that are not None instead of {nones.count(0)}")
    rest = iter(values)
    return [None if none else next(rest) for none in nones]


def first_unpicklable(values: list[Any]) -> str:
    """Which record it is, and of which type."""
    for value in values:
        try:
            cloudpickle.dumps(value)
        except Exception:
            return f"{type(value).__module__}.{type(value).__qualname__} {value!r:.200}"
    return "the records together"

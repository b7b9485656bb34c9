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
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any

from pyflinkx._core.calls.records import CallSite, short_repr
from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.frame import columns_as_parts, columns_from_frame
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.exchange.compress import MAX_LENGTH, compress, decompress
from pyflinkx._core.exchange.packed import pack, unpack
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import CorruptDataError, JobExecutionError, TypeInformationError
from pyflinkx.runtime.control.pickles import dump_by_value
from pyflinkx.runtime.exchange.weights import RecordCutter
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.schema_text import schema_from, schema_text
from pyflinkx.types.typeinfo import TypeInformation

HEADER = Struct("<BBxxIQ")
PICKLED, TYPED, COLUMNS, PACKED = 1, 2, 3, 4
TIMESTAMPS, KINDS, COMPRESSED, NONES = 1, 2, 4, 8

# Bytes of the longest frame that a reader does not take for damage.
MAX_FRAME = 1 << 31
# Bytes of a frame that is long enough. That of records is a copy of them, in memory that is used again if it is no more
# than this; that of columns is their own memory, and whoever reads it gains by many rows.
TARGET_FRAME = 1 << 24
TARGET_COLUMNS = 1 << 28

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
        self.cutter = RecordCutter(TARGET_FRAME)
        self.said: set[str] = set()
        self.sent_schema: Schema | None = None
        self.sent_text = b""
        self.received_schema = Schema([])
        self.received_text: bytes | None = None

    def frames(self, batch: Any) -> Iterator[list[Any]]:
        """The frames of a batch, each as its parts: one, unless that would be longer than a frame should be.

        Raises:
            JobExecutionError: a record can neither be encoded nor pickled, or alone is longer than a frame can be.
        """
        while True:
            count = self._first_rows(batch)
            first = batch if count == len(batch) else batch.slice(0, count)
            parts = self.encode(first)
            size = bytes_of(parts)
            self.cutter.took(count, size)
            if size <= MAX_FRAME:
                yield parts
            elif count == 1:
                error = ValueError(f"a record of {size} bytes is longer than the {MAX_FRAME} that can travel at once")
                raise self.site.wrap(error, "while a record was sent to another worker") from error
            else:
                parts.clear()
                for half in (first.slice(0, count // 2), first.slice(count // 2, count)):
                    yield from self.frames(half)
            if count == len(batch):
                return
            batch = batch.slice(count, len(batch))

    def _first_rows(self, batch: Any) -> int:
        """How many of the first rows go into one frame."""
        if not isinstance(batch, ColumnBatch):
            return self.cutter.next_run(batch.values)
        count, nbytes = len(batch), batch.nbytes
        return count if nbytes <= TARGET_COLUMNS else max(count * TARGET_COLUMNS // nbytes, 1)

    def encode(self, batch: Any) -> list[Any]:
        """The parts of the frame with all of a batch, in order; they may be views of the batch.

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
        except BaseException as error:  # a property of a user's class, perhaps
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
        except BaseException as error:  # code of the records' classes runs here
            raise self._cannot_travel(error, values) from error
        try:
            return PICKLED, dump_by_value(values)
        except BaseException as error:
            raise self._cannot_travel(error, values) from error

    def _cannot_travel(self, error: BaseException, values: list[Any]) -> JobExecutionError:
        culprit = first_unpicklable(values)
        return self.site.wrap(error, f"a record cannot travel to another worker: {culprit}")

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
            values = self._unpickled(payload)
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
        return sound(ObjectBatch, values, timestamps, kinds)

    def _unpickled(self, payload: memoryview) -> list[Any]:
        try:
            values: list[Any] = pickle.loads(payload)
        except BaseException as error:  # code of the records' classes runs here
            raise self.site.wrap(error, "while its records were unpickled in another worker") from error
        return values

    def _read_columns(self, view: memoryview, count: int, size: int) -> ColumnBatch:
        table = HEADER.size + size
        if table > len(view):
            raise CorruptDataError(f"a frame of {len(view)} bytes cannot hold a schema of {size}")
        text = bytes(view[HEADER.size : table])
        # Nearly all batches of a stream have one schema object, so both sides make its text, and read it, once.
        if text != self.received_text:
            self.received_schema, self.received_text = schema_from(text), text
        return sound(columns_from_frame, view, self.received_schema, table, count)


def sound(make: Callable[..., Any], *arguments: Any) -> Any:
    """What a call makes of the parts of a frame.

    Raises:
        CorruptDataError: they do not fit each other, or hold a row kind that is none.
    """
    try:
        return make(*arguments)
    except ValueError as error:
        raise CorruptDataError(f"a frame is damaged: {error}") from None


def bytes_of(parts: list[Any]) -> int:
    """How long the frame of these parts is."""
    return sum(memoryview(part).nbytes for part in parts)


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
    """Which record it is that no pickle takes, and of which type."""
    for value in values:
        try:
            dump_by_value(value)
        except BaseException as error:
            if is_interrupt(error):
                raise
            return f"{type(value).__module__}.{type(value).__qualname__} {short_repr(value)}"
    return "the records together"

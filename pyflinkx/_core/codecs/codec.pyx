"""Codecs: one encode/decode pair per type. `docs/formats/values.md` gives the wire format."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp

import json

from pyflinkx._core.pfx.bytes cimport (
    pfx_read_bytes,
    pfx_read_i64,
    pfx_read_u8,
    pfx_read_varint,
    pfx_reader_left,
    pfx_write_bytes,
    pfx_write_i64,
    pfx_write_u8,
    pfx_write_varint,
    pfx_writer_free,
    pfx_writer_init,
)
from pyflinkx._core.pfx.xxh64 cimport pfx_xxh64
from pyflinkx._core.memory.budget cimport default_budget

from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import CorruptDataError, TypeInformationError

cdef enum:
    VERSION = 1
    DEEPEST = 100
    LONGEST_REPR = 200
    LARGEST_SPARE = 65536  # a writer that grew beyond is not kept for the next value
    LARGEST_MIN_SIZE = 1 << 20

FORMAT_VERSION = VERSION
MAX_DEPTH = DEEPEST

cdef const char *MAGIC = b"pfxb"


@cython.no_gc_clear  # the budget is needed to give the memory back
cdef class Writer:
    """Owns the bytes that codecs encode into, charged to the process's budget."""

    def __cinit__(self):
        self.budget = default_budget
        pfx_writer_init(&self.out, &self.budget.budget)

    def __dealloc__(self):
        pfx_writer_free(&self.out)


cdef list items_of(object items, Py_ssize_t count):
    cdef Py_ssize_t i
    cdef list copy = PyList_New(count)
    for i in range(count):
        item = item_of(items, i, count)
        Py_INCREF(item)
        PyList_SET_ITEM(copy, i, item)
    return copy


cdef int raise_changed() except -1:
    raise RuntimeError("a collection changed while it was encoded")


cdef str short_repr(object value):
    try:
        text = repr(value)
    except BaseException as error:
        if is_interrupt(error):
            raise
        text = f"<repr raised {type(error).__name__}>"
    return text if len(text) <= LONGEST_REPR else text[:LONGEST_REPR] + "..."


cdef str describe_value(object value):
    if value is None:
        return "None"
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name} {short_repr(value)}"


cdef int add_step(object fault, str step) except -1:
    path = getattr(fault, "field_path", None)
    if path is None:
        fault.reason = str(fault)
        fault.field_path = step
    else:
        fault.field_path = step + path if path.startswith("[") else f"{step}.{path}"
    fault.args = (f"field {fault.field_path!r}: {fault.reason}",)
    return 0


cdef int include_part(Codec whole, Codec part) except -1:
    if part.depth >= DEEPEST:
        raise TypeInformationError(f"the type nests more than {DEEPEST} levels deep: {whole.name} of {part.name}")
    whole.depth = max(whole.depth, part.depth + 1)
    whole.contains_pickle = whole.contains_pickle or part.contains_pickle
    whole.hashable = whole.hashable and part.hashable
    whole.min_size = min(whole.min_size, <Py_ssize_t>LARGEST_MIN_SIZE)
    return 0


cdef inline Writer take_writer(Codec codec):
    """An empty writer that is the caller's own: user code may call this codec again meanwhile."""
    cdef Writer writer = codec.spare
    if writer is None:
        return Writer()
    codec.spare = None
    return writer


cdef inline int give_writer(Codec codec, Writer writer) noexcept:
    if writer.out.capacity <= LARGEST_SPARE:
        writer.out.size = 0
        codec.spare = writer
    return 0


cdef class Codec:
    """Turns the values of one type into bytes and back.

    Every value has one encoding, and decoding refuses bytes that no encoder wrote. Encoding runs no user code but the
    special methods of the values; decoding runs none except the constructors of record classes and what pickles name,
    and ``contains_pickle`` tells whether there are any.

    A subclass implements ``encode`` (append the value's bytes to ``out``; None is never a value, its container marks
    it), ``decode`` (read one value from ``source``, whose bytes the caller keeps alive) and ``conform`` (what
    ``decode`` would give for the bytes of ``encode``, without making them: the same object where it is that already,
    else another one; the value itself is never changed), reports a value of a wrong type with ``refuse``, checks every
    length that it reads against what is left before it allocates, and sets ``min_size``, the fewest bytes that an
    encoding has, at least 1. Containers take in their parts through ``include_part`` and name the way to a fault with
    ``add_step``.

    Attributes:
        name: the type's name in messages and descriptions.
        min_size: the fewest bytes that an encoded value takes.
        depth: levels of nesting; 1 for a type without parts, 100 at most.
        contains_pickle: whether decoding may unpickle.
        hashable: whether decoded values can be keys of a dict.
    """

    def __cinit__(self):
        self.name = type(self).__name__
        self.min_size = 1
        self.depth = 1
        self.hashable = True

    cdef int encode(self, object value, pfx_writer *out) except -1:
        raise NotImplementedError(f"{self.name} does not encode")

    cdef object decode(self, pfx_reader *source):
        raise NotImplementedError(f"{self.name} does not decode")

    cdef object conform(self, object value):
        raise NotImplementedError(f"{self.name} has no shape")

    cdef dict describe(self, bint classes):
        """The type as JSON values; `classes` adds the Python class of its values, which the bytes do not depend on."""
        return {"type": self.name, "version": 1}

    cdef int refuse(self, object value) except -1:
        raise TypeInformationError(f"expected {self.name}, got {describe_value(value)}")

    cdef object locate(self, object fault, const pfx_reader *source, Py_ssize_t size, Py_ssize_t record):
        """The fault with the place in the bytes where it was found, and the record's number if that is not negative."""
        where = f"byte {size - <Py_ssize_t>pfx_reader_left(source)} of {size}"
        if record >= 0:
            where = f"record {record}, {where}"
        fault.args = (f"{where}: {fault} (decoding {self.name})",)
        return fault

    @property
    def fingerprint(self):
        """A 64-bit number, equal for types with equal descriptions: XXH64 of the description without class names."""
        cdef bytes description
        if self.known_fingerprint is None:
            description = canonical_json(self.describe(False))
            self.known_fingerprint = pfx_xxh64(
                PyBytes_AS_STRING(description), <size_t>PyBytes_GET_SIZE(description), 0
            )
        return self.known_fingerprint

    def snapshot(self):
        """The type's description as canonical JSON: its name, the version of its encoding, and its parts.

        Returns:
            bytes: to be kept beside encoded values, and read by :func:`read_snapshot`.

        Example:
            >>> from pyflinkx._core.codecs.basic import LongCodec
            >>> LongCodec().snapshot()
            b'{"codec":{"type":"LONG","version":1},"format":1}'
        """
        return canonical_json({"format": FORMAT_VERSION, "codec": self.describe(True)})

    # Not bound as a Python method is: the call of one value counts.
    @cython.binding(False)
    def encode_one(self, value, /):
        """The bytes of one value.

        Raises:
            TypeInformationError: the value, or a part of it, does not have the declared type; the message names the
                field, the value and both types.

        Example:
            >>> from pyflinkx._core.codecs.basic import StringCodec
            >>> StringCodec().encode_one("hi")
            b'\\x02hi'
        """
        cdef Writer writer = take_writer(self)
        cdef bytes result
        self.encode(value, &writer.out)
        result = PyBytes_FromStringAndSize(<char *>writer.out.data, <Py_ssize_t>writer.out.size)
        give_writer(self, writer)
        return result

    @cython.binding(False)
    def decode_one(self, buffer, /):
        """The value whose bytes these are.

        Args:
            buffer: bytes, or any contiguous buffer.

        Raises:
            CorruptDataError: the bytes are no encoding of this type, or more follow.
        """
        cdef Py_buffer view
        if PyBytes_CheckExact(buffer):
            return self.decode_span(<const uint8_t *>PyBytes_AS_STRING(buffer), PyBytes_GET_SIZE(buffer))
        PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE)
        try:
            return self.decode_span(<const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    cdef object decode_span(self, const uint8_t *data, Py_ssize_t size):
        cdef pfx_reader source
        source.at = data
        source.end = data + size
        try:
            value = self.decode(&source)
            if source.at != source.end:
                raise CorruptDataError(f"{pfx_reader_left(&source)} bytes follow the value")
        except CorruptDataError as fault:
            self.locate(fault, &source, size, -1)
            raise
        return value

    def encode_batch(self, list values not None, /):
        """The bytes of several values, with a header that names format and type.

        Raises:
            TypeInformationError: as ``encode_one``; the message also names the record by its index.
        """
        cdef Writer writer = take_writer(self)
        cdef pfx_writer *out = &writer.out
        cdef Py_ssize_t count = PyList_GET_SIZE(values)
        cdef Py_ssize_t i = 0
        cdef bytes result
        ok(pfx_write_bytes(out, MAGIC, 4))
        ok(pfx_write_u8(out, VERSION))
        ok(pfx_write_i64(out, <int64_t><uint64_t>self.fingerprint))
        ok(pfx_write_varint(out, <uint64_t>count))
        try:
            for i in range(count):
                self.encode(item_of(values, i, count), out)
        except TypeInformationError as fault:
            fault.args = (f"record {i}: {fault}",)
            raise
        result = PyBytes_FromStringAndSize(<char *>out.data, <Py_ssize_t>out.size)
        give_writer(self, writer)
        return result

    def decode_batch(self, buffer, /):
        """The values that ``encode_batch`` encoded.

        Args:
            buffer: bytes, or any contiguous buffer.

        Raises:
            CorruptDataError: the bytes are of an unknown format version, another type, or damaged.
        """
        cdef Py_buffer view
        cdef pfx_reader source
        cdef Py_ssize_t i = -1
        cdef uint64_t count
        cdef list values
        PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE)
        try:
            source.at = <const uint8_t *>view.buf
            source.end = source.at + view.len
            try:
                count = self.read_batch_header(&source)
                values = PyList_New(<Py_ssize_t>count)
                for i in range(<Py_ssize_t>count):
                    value = self.decode(&source)
                    Py_INCREF(value)
                    PyList_SET_ITEM(values, i, value)
                if source.at != source.end:
                    raise CorruptDataError(f"{pfx_reader_left(&source)} bytes follow the last of {count} records")
            except CorruptDataError as fault:
                self.locate(fault, &source, view.len, i)
                raise
            return values
        finally:
            PyBuffer_Release(&view)

    @cython.binding(False)
    def conform_one(self, value, /):
        """The value in the one shape that values of this type have: what ``decode_one(encode_one(value))`` gives.

        Returns:
            the same object where it has that shape, at all depths; else a new one, which shares the parts that have it.

        Raises:
            TypeInformationError: as ``encode_one``.

        Example:
            >>> from pyflinkx._core.codecs.basic import DoubleCodec
            >>> DoubleCodec().conform_one(1)
            1.0
        """
        return self.conform(value)

    def conform_batch(self, list values not None, /):
        """The values in the shape of the type; None passes as a record.

        Returns:
            the same list where every value has the shape; else another.

        Raises:
            TypeInformationError: as ``conform_one``; the message also names the record by its index.
        """
        cdef Py_ssize_t count = PyList_GET_SIZE(values)
        cdef Py_ssize_t i = 0
        cdef list result = None
        try:
            for i in range(count):
                value = item_of(values, i, count)
                if value is None:
                    continue
                shaped = self.conform(value)
                if shaped is not value:
                    if result is None:
                        result = items_of(values, count)
                    result[i] = shaped
        except TypeInformationError as fault:
            fault.args = (f"record {i}: {fault}",)
            raise
        return values if result is None else result

    cdef uint64_t read_batch_header(self, pfx_reader *source) except? 0:
        """The number of records that follow; no more than there are bytes for."""
        cdef const uint8_t *magic = NULL
        cdef uint8_t version = 0
        cdef int64_t fingerprint = 0
        cdef uint64_t count = 0
        ok(pfx_read_bytes(source, 4, &magic))
        if memcmp(magic, MAGIC, 4) != 0:
            raise CorruptDataError("these bytes are no batch of records: they do not start with 'pfxb'")
        ok(pfx_read_u8(source, &version))
        if version != VERSION:
            raise CorruptDataError(
                f"the batch has format version {version}, and this release reads version {VERSION} only"
            )
        ok(pfx_read_i64(source, &fingerprint))
        if <uint64_t>fingerprint != <uint64_t>self.fingerprint:
            raise CorruptDataError(
                f"the batch holds records of another type: its fingerprint is {<uint64_t>fingerprint:016x}, "
                f"that of the expected type is {self.fingerprint:016x}"
            )
        ok(pfx_read_varint(source, &count))
        if count > pfx_reader_left(source) // <size_t>self.min_size:
            raise CorruptDataError(
                f"{count} records of at least {self.min_size} bytes are not in the {pfx_reader_left(source)} bytes left"
            )
        return count

    def __repr__(self):
        return f"<codec of {self.name}>"


cdef class NullableCodec(Codec):
    """Values of a type, or None: a byte 0 for None, a byte 1 before a value.

    Args:
        part: the codec of the values.
    """

    cdef readonly Codec part

    def __init__(self, Codec part not None):
        if isinstance(part, NullableCodec):
            raise TypeInformationError(f"{part.name} is optional already")
        self.part = part
        self.name = f"OPTIONAL {part.name}"
        include_part(self, part)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        if value is None:
            return ok(pfx_write_u8(out, 0))
        ok(pfx_write_u8(out, 1))
        return self.part.encode(value, out)

    cdef object decode(self, pfx_reader *source):
        cdef uint8_t flag = 0
        ok(pfx_read_u8(source, &flag))
        if flag == 0:
            return None
        if flag != 1:
            raise CorruptDataError(f"the flag before an optional value is {flag}, not 0 or 1")
        return self.part.decode(source)

    cdef object conform(self, object value):
        return None if value is None else self.part.conform(value)

    cdef dict describe(self, bint classes):
        return {"type": "OPTIONAL", "version": 1, "part": self.part.describe(classes)}


cdef bytes canonical_json(object value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_snapshot(data):
    """The description of a type that ``Codec.snapshot`` wrote.

    Args:
        data: the bytes of a snapshot.

    Returns:
        dict: ``type`` (its name), ``version`` (of its encoding), and its parts: ``element``, ``key`` and ``value``,
        ``part``, or ``fields``.

    Raises:
        CorruptDataError: the bytes are no snapshot, or one of an unknown format version.
    """
    try:
        document = json.loads(bytes(data).decode("ascii"))
        version, description = document["format"], document["codec"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptDataError(f"these bytes are no snapshot of a type: {error}") from error
    if version != FORMAT_VERSION:
        raise CorruptDataError(
            f"the snapshot has format version {version!r}, and this release reads version {FORMAT_VERSION} only"
        )
    check_description(description, 1)
    return description


cdef int check_description(object description, int level) except -1:
    if level > DEEPEST:
        raise CorruptDataError(f"a snapshot describes a type that nests more than {DEEPEST} levels deep")
    if not isinstance(description, dict) or not isinstance(description.get("type"), str):
        raise CorruptDataError(f"a snapshot describes no type where it should: {describe_value(description)}")
    if description.get("version") != 1:
        raise CorruptDataError(
            f"{description['type']} has encoding version {description.get('version')!r} in the snapshot, and this "
            "release reads version 1 only"
        )
    for name in ("part", "element", "key", "value"):
        if name in description:
            check_description(description[name], level + 1)
    fields = description.get("fields", [])
    for field in fields if isinstance(fields, list) else [fields]:
        check_description(field.get("codec") if isinstance(field, dict) else field, level + 1)
    return 0

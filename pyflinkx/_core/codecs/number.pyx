"""Codecs of integers and decimals of any size."""
from cpython.bool cimport PyBool_Check
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_Check, PyLong_CheckExact
from cpython.number cimport PyNumber_Index
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport UINT64_MAX, int64_t, uint8_t, uint64_t

from decimal import Context, Decimal, DecimalException

from pyflinkx._core.codecs.codec cimport Codec, ok
from pyflinkx._core.codecs.basic cimport integer_object
from pyflinkx._core.pfx.bytes cimport (
    pfx_read_bytes,
    pfx_read_varint,
    pfx_reader,
    pfx_write_bytes,
    pfx_write_varint,
    pfx_writer,
)

from pyflinkx.errors import CorruptDataError

# str() follows the thread's own context (its `capitals`); this one never changes.
cdef object SCIENTIFIC = Context(capitals=1, traps=[]).to_sci_string


cdef class BigIntCodec(Codec):
    """BIG_INT: int as the varint of a length, then that many bytes of two's complement, lowest first, as few as can be
    (none for 0)."""

    def __cinit__(self):
        self.name = "BIG_INT"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int overflow = 0
        cdef int64_t small
        cdef uint64_t magnitude
        cdef uint8_t image[8]
        cdef size_t size, i
        cdef bytes large
        if not PyLong_CheckExact(value):
            value = integer_object(self, value)
        small = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow != 0:
            bits = int.bit_length(~value if overflow < 0 else value)
            large = int.to_bytes(value, bits // 8 + 1, "little", signed=True)
            ok(pfx_write_varint(out, <uint64_t>PyBytes_GET_SIZE(large)))
            return ok(pfx_write_bytes(out, PyBytes_AS_STRING(large), <size_t>PyBytes_GET_SIZE(large)))
        magnitude = <uint64_t>(~small if small < 0 else small)
        size = 0 if small == 0 else 1
        while magnitude >= 128:
            magnitude >>= 8
            size += 1
        for i in range(size):
            image[i] = <uint8_t>(<uint64_t>small >> (8 * i))
        ok(pfx_write_varint(out, size))
        return ok(pfx_write_bytes(out, image, size))

    cdef object conform(self, object value):
        return value if PyLong_CheckExact(value) else PyNumber_Index(integer_object(self, value))

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t size = 0
        cdef const uint8_t *image = NULL
        cdef uint64_t small, i
        cdef uint8_t highest, sign_before
        ok(pfx_read_varint(source, &size))
        ok(pfx_read_bytes(source, size, &image))
        if size == 0:
            return 0
        highest = image[size - 1]
        sign_before = image[size - 2] >> 7 if size > 1 else 0
        if highest == 0 and sign_before == 0 or highest == 0xff and sign_before == 1:
            raise CorruptDataError("an integer takes more bytes than it needs")
        if size > 8:
            large = PyBytes_FromStringAndSize(<const char *>image, <Py_ssize_t>size)
            return int.from_bytes(large, "little", signed=True)
        small = UINT64_MAX if highest >= 128 else 0
        for i in range(size):
            small = (small << 8) | image[size - 1 - i]
        return <int64_t>small


cdef class BigDecCodec(Codec):
    """BIG_DEC: Decimal, kept exactly (sign of zero, exponent, infinities and NaNs with their payload), as the varint of
    a length, then the ASCII of its "scientific string" (General Decimal Arithmetic, as `str` and Java's BigDecimal
    print it). An int counts as a decimal."""

    def __cinit__(self):
        self.name = "BIG_DEC"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef bytes text
        if isinstance(value, Decimal):
            text = SCIENTIFIC(value).encode("ascii")
        elif PyLong_Check(value) and not PyBool_Check(value):
            text = SCIENTIFIC(Decimal(value)).encode("ascii")
        else:
            return self.refuse(value)
        ok(pfx_write_varint(out, <uint64_t>PyBytes_GET_SIZE(text)))
        return ok(pfx_write_bytes(out, PyBytes_AS_STRING(text), <size_t>PyBytes_GET_SIZE(text)))

    cdef object conform(self, object value):
        if type(value) is Decimal:
            return value
        if isinstance(value, Decimal) or PyLong_Check(value) and not PyBool_Check(value):
            return Decimal(value)
        self.refuse(value)

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t size = 0
        cdef const uint8_t *data = NULL
        ok(pfx_read_varint(source, &size))
        ok(pfx_read_bytes(source, size, &data))
        try:
            text = PyUnicode_DecodeASCII(<const char *>data, <Py_ssize_t>size, "strict")
            value = Decimal(text)
        except (UnicodeDecodeError, DecimalException) as error:
            raise CorruptDataError("these bytes are no decimal number") from error
        if SCIENTIFIC(value) != text:
            raise CorruptDataError(f"{text[:40]!r} is not how a decimal number is written")
        return value

"""Codecs of booleans, integers, floats, text and bytes."""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cpython.bool cimport PyBool_Check
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check, PyFloat_CheckExact
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_Check, PyLong_CheckExact
from cpython.number cimport PyIndex_Check, PyNumber_Index
from cpython.unicode cimport (
    PyUnicode_AsUTF8AndSize,
    PyUnicode_Check,
    PyUnicode_CheckExact,
    PyUnicode_DATA,
    PyUnicode_FromObject,
    PyUnicode_FromOrdinal,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
    PyUnicode_New,
    PyUnicode_READ_CHAR,
)
from libc.math cimport NAN, isinf
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from pyflinkx._core.codecs.codec cimport Codec, describe_value, ok
from pyflinkx._core.pfx.bytes cimport (
    pfx_read_bytes,
    pfx_read_f32,
    pfx_read_f64,
    pfx_read_u8,
    pfx_read_varint,
    pfx_read_zigzag,
    pfx_reader,
    pfx_write_bytes,
    pfx_write_f32,
    pfx_write_f64,
    pfx_write_u8,
    pfx_write_varint,
    pfx_write_zigzag,
    pfx_writer,
)
from pyflinkx._core.pfx.utf8 cimport (
    pfx_utf8_ascii_prefix,
    pfx_utf8_decode_16,
    pfx_utf8_decode_32,
    pfx_utf8_decode_8,
    pfx_utf8_scan,
    pfx_utf8_shape,
)
from pyflinkx._core.python cimport PyUnicode_IS_ASCII

from pyflinkx.errors import CorruptDataError, TypeInformationError

cdef bint is_numpy(object value) except -1:
    """Whether the value is a NumPy scalar: those convert, like the numbers that they are; no import is needed."""
    return type(value).__module__ == "numpy"


cdef int refuse_surrogates(Codec codec, object value) except -1:
    raise TypeInformationError(
        f"expected {codec.name}, got a str with surrogates, which UTF-8 cannot hold: {describe_value(value)}"
    ) from None


cdef bint has_surrogates(object text) noexcept:
    """Whether UTF-8 cannot hold a str. The loops have no way out, so that they are vectorised."""
    cdef Py_ssize_t count = PyUnicode_GET_LENGTH(text)
    cdef Py_ssize_t i
    cdef int kind = PyUnicode_KIND(text)
    cdef const uint16_t *units
    cdef const uint32_t *points
    cdef bint found = False
    if kind == 2:
        units = <const uint16_t *>PyUnicode_DATA(text)
        for i in range(count):
            found |= (units[i] & 0xf800) == 0xd800
    elif kind == 4:
        points = <const uint32_t *>PyUnicode_DATA(text)
        for i in range(count):
            found |= (points[i] & <uint32_t>0xfffff800) == 0xd800
    return found


cdef object float_as(object value, double number):
    """A float of that number: the value itself if it is one to the bit. All NaNs become one, as in bytes."""
    cdef double held
    if number != number:
        number = NAN
    if PyFloat_CheckExact(value):
        held = PyFloat_AS_DOUBLE(value)
        if memcmp(&held, &number, sizeof(double)) == 0:
            return value
    return number


cdef object integer_within(Codec codec, object value, int64_t low, int64_t high):
    """The value as a plain int, which it mostly is."""
    cdef int overflow = 0
    cdef int64_t number
    if PyLong_CheckExact(value):
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow == 0 and low <= number <= high:
            return value
        integer_of(codec, value, low, high)
    value = integer_object(codec, value)
    integer_of(codec, value, low, high)
    return PyNumber_Index(value)


cdef bint bool_of(Codec codec, object value) except? -1:
    if value is True:
        return True
    if value is False:
        return False
    if is_numpy(value) and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    return codec.refuse(value)


cdef object integer_object(Codec codec, object value):
    if PyLong_Check(value) and not PyBool_Check(value):
        return value
    if PyIndex_Check(value) and not PyBool_Check(value):
        try:
            return PyNumber_Index(value)
        except TypeError:
            pass
    codec.refuse(value)


cdef int64_t integer_of(Codec codec, object value, int64_t low, int64_t high) except? -1:
    cdef int overflow = 0
    cdef int64_t number
    if not PyLong_CheckExact(value):
        value = integer_object(codec, value)
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow != 0 or number < low or number > high:
        raise TypeInformationError(f"expected {codec.name} ({low} to {high}), got {describe_value(value)}")
    return number


cdef double double_of(Codec codec, object value) except? -1:
    cdef double number = 0
    if PyFloat_Check(value):
        return PyFloat_AS_DOUBLE(value)
    if PyLong_Check(value) and not PyBool_Check(value):
        try:
            number = value
        except OverflowError:
            codec.refuse(value)
        if <object>number != value:
            raise TypeInformationError(f"expected {codec.name}, got {describe_value(value)}, which is no float exactly")
        return number
    if is_numpy(value) and type(value).__name__ in ("float16", "float32") or is_numpy(value) and PyIndex_Check(value):
        return double_of(codec, value.item())
    return codec.refuse(value)


cdef float float_of(Codec codec, object value) except? -1:
    cdef double wide = PyFloat_AS_DOUBLE(value) if PyFloat_CheckExact(value) else double_of(codec, value)
    cdef float number = <float>wide
    if isinf(number) and not isinf(wide):
        raise TypeInformationError(f"expected {codec.name} (32 bits), got {describe_value(value)}: out of range")
    return number


cdef uint32_t point_of(Codec codec, object value) except? 0xffffffff:
    cdef uint32_t point
    if not PyUnicode_Check(value) or PyUnicode_GET_LENGTH(value) != 1:
        raise TypeInformationError(f"expected {codec.name} (a str of one character), got {describe_value(value)}")
    point = PyUnicode_READ_CHAR(value, 0)
    if 0xd800 <= point <= 0xdfff:
        raise TypeInformationError(f"expected {codec.name}, got a surrogate: {describe_value(value)}")
    return point


cdef object bool_from(uint8_t value):
    if value > 1:
        raise CorruptDataError(f"a boolean is {value}, not 0 or 1")
    return value == 1


cdef object character_from(uint32_t point):
    if point > 0x10ffff or 0xd800 <= point <= 0xdfff:
        raise CorruptDataError(f"{point:#x} is no character")
    return PyUnicode_FromOrdinal(point)


cdef object text_from(const uint8_t *data, size_t count):
    cdef pfx_utf8_shape shape
    if pfx_utf8_ascii_prefix(data, count) == count:
        if count == 1:
            return PyUnicode_FromOrdinal(data[0])  # CPython keeps one object for each
        text = PyUnicode_New(<Py_ssize_t>count, 0x7f)
        memcpy(PyUnicode_DATA(text), data, count)
        return text
    shape.characters = 0
    shape.widest = 0
    ok(pfx_utf8_scan(data, count, &shape))
    text = PyUnicode_New(<Py_ssize_t>shape.characters, shape.widest)
    if shape.widest == 0xff:
        pfx_utf8_decode_8(data, count, <uint8_t *>PyUnicode_DATA(text))
    elif shape.widest == 0xffff:
        pfx_utf8_decode_16(data, count, <uint16_t *>PyUnicode_DATA(text))
    else:
        pfx_utf8_decode_32(data, count, <uint32_t *>PyUnicode_DATA(text))
    return text


cdef class BooleanCodec(Codec):
    """BOOLEAN: bool (or numpy.bool) as a byte 0 or 1."""

    def __cinit__(self):
        self.name = "BOOLEAN"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_u8(out, bool_of(self, value)))

    cdef object conform(self, object value):
        if value is True or value is False:
            return value
        return bool_of(self, value) != 0

    cdef object decode(self, pfx_reader *source):
        cdef uint8_t value = 0
        ok(pfx_read_u8(source, &value))
        return bool_from(value)


cdef class ByteCodec(Codec):
    """BYTE: int from -128 to 127 as one byte, two's complement."""

    def __cinit__(self):
        self.name = "BYTE"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_u8(out, <uint8_t>integer_of(self, value, -128, 127)))

    cdef object conform(self, object value):
        return integer_within(self, value, -128, 127)

    cdef object decode(self, pfx_reader *source):
        cdef uint8_t value = 0
        ok(pfx_read_u8(source, &value))
        return <int>value - (256 if value > 127 else 0)


cdef object zigzag_within(pfx_reader *source, int64_t low, int64_t high):
    cdef int64_t value = 0
    ok(pfx_read_zigzag(source, &value))
    if value < low or value > high:
        raise CorruptDataError(f"the integer {value} does not lie within {low} and {high}")
    return value


cdef class ShortCodec(Codec):
    """SHORT: int of 16 bits as a zigzag."""

    def __cinit__(self):
        self.name = "SHORT"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_zigzag(out, integer_of(self, value, -(1 << 15), (1 << 15) - 1)))

    cdef object conform(self, object value):
        return integer_within(self, value, -(1 << 15), (1 << 15) - 1)

    cdef object decode(self, pfx_reader *source):
        return zigzag_within(source, -(1 << 15), (1 << 15) - 1)


cdef class IntCodec(Codec):
    """INT: int of 32 bits as a zigzag."""

    def __cinit__(self):
        self.name = "INT"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_zigzag(out, integer_of(self, value, -2147483648, 2147483647)))

    cdef object conform(self, object value):
        return integer_within(self, value, -2147483648, 2147483647)

    cdef object decode(self, pfx_reader *source):
        return zigzag_within(source, -2147483648, 2147483647)


cdef class LongCodec(Codec):
    """LONG: int of 64 bits as a zigzag."""

    def __cinit__(self):
        self.name = "LONG"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int overflow = 0
        cdef int64_t number
        if PyLong_CheckExact(value):
            number = PyLong_AsLongLongAndOverflow(value, &overflow)
            if overflow == 0:
                return ok(pfx_write_zigzag(out, number))
        return ok(pfx_write_zigzag(out, integer_of(self, value, INT64_MIN, INT64_MAX)))

    cdef object conform(self, object value):
        cdef int overflow = 0
        if PyLong_CheckExact(value):
            PyLong_AsLongLongAndOverflow(value, &overflow)
            if overflow == 0:
                return value
        return integer_within(self, value, INT64_MIN, INT64_MAX)

    cdef object decode(self, pfx_reader *source):
        cdef int64_t value = 0
        ok(pfx_read_zigzag(source, &value))
        return value


cdef class FloatCodec(Codec):
    """FLOAT: float, rounded to 32 bits, as IEEE 754; all NaNs become one. An int counts as a float when it is one
    exactly."""

    def __cinit__(self):
        self.name = "FLOAT"
        self.min_size = 4

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_f32(out, float_of(self, value)))

    cdef object conform(self, object value):
        cdef double number = float_of(self, value)
        if PyFloat_CheckExact(value) and number == PyFloat_AS_DOUBLE(value):
            return value
        return float_as(value, number)

    cdef object decode(self, pfx_reader *source):
        cdef float value = 0
        ok(pfx_read_f32(source, &value))
        return <double>value


cdef class DoubleCodec(Codec):
    """DOUBLE: float as IEEE 754; all NaNs become one. An int counts as a float when it is one exactly."""

    def __cinit__(self):
        self.name = "DOUBLE"
        self.min_size = 8

    cdef int encode(self, object value, pfx_writer *out) except -1:
        if PyFloat_CheckExact(value):
            return ok(pfx_write_f64(out, PyFloat_AS_DOUBLE(value)))
        return ok(pfx_write_f64(out, double_of(self, value)))

    cdef object conform(self, object value):
        cdef double number
        if PyFloat_CheckExact(value):
            number = PyFloat_AS_DOUBLE(value)
            return value if number == number else float_as(value, number)
        return float_as(value, double_of(self, value))

    cdef object decode(self, pfx_reader *source):
        cdef double value = 0
        ok(pfx_read_f64(source, &value))
        return value


cdef class StringCodec(Codec):
    """STRING: str as the varint of its length in bytes, then UTF-8."""

    def __cinit__(self):
        self.name = "STRING"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef const char *text
        cdef Py_ssize_t size = 0
        if not PyUnicode_Check(value):
            return self.refuse(value)
        if PyUnicode_IS_ASCII(value):
            text = <const char *>PyUnicode_DATA(value)
            size = PyUnicode_GET_LENGTH(value)
        else:
            try:
                text = PyUnicode_AsUTF8AndSize(value, &size)
            except UnicodeEncodeError:
                return refuse_surrogates(self, value)
        ok(pfx_write_varint(out, <uint64_t>size))
        return ok(pfx_write_bytes(out, text, <size_t>size))

    cdef object conform(self, object value):
        if PyUnicode_CheckExact(value) and PyUnicode_IS_ASCII(value):
            return value
        if not PyUnicode_Check(value):
            self.refuse(value)
        if has_surrogates(value):
            refuse_surrogates(self, value)
        return value if PyUnicode_CheckExact(value) else PyUnicode_FromObject(value)

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t size = 0
        cdef const uint8_t *data = NULL
        ok(pfx_read_varint(source, &size))
        ok(pfx_read_bytes(source, size, &data))
        return text_from(data, <size_t>size)


cdef class CharCodec(Codec):
    """CHAR: str of one character as the varint of its code point."""

    def __cinit__(self):
        self.name = "CHAR"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return ok(pfx_write_varint(out, point_of(self, value)))

    cdef object conform(self, object value):
        point_of(self, value)
        return value if PyUnicode_CheckExact(value) else PyUnicode_FromObject(value)

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t point = 0
        ok(pfx_read_varint(source, &point))
        return character_from(<uint32_t>min(point, <uint64_t>0xffffffff))


cdef class BytesCodec(Codec):
    """PRIMITIVE_ARRAY(BYTE): bytes, or any contiguous buffer of bytes, as the varint of the length, then the bytes."""

    def __cinit__(self):
        self.name = "PRIMITIVE_ARRAY(BYTE)"

    cdef dict describe(self, bint classes):
        return {"type": "PRIMITIVE_ARRAY", "version": 1, "element": {"type": "BYTE", "version": 1}}

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef Py_buffer view
        if PyBytes_CheckExact(value):
            ok(pfx_write_varint(out, <uint64_t>PyBytes_GET_SIZE(value)))
            return ok(pfx_write_bytes(out, PyBytes_AS_STRING(value), <size_t>PyBytes_GET_SIZE(value)))
        self.open_view(value, &view)
        try:
            ok(pfx_write_varint(out, <uint64_t>view.len))
            return ok(pfx_write_bytes(out, view.buf, <size_t>view.len))
        finally:
            PyBuffer_Release(&view)

    cdef int open_view(self, object value, Py_buffer *view) except -1:
        """The bytes of a value that is no plain bytes; the caller releases the view."""
        if not isinstance(value, (bytes, bytearray, memoryview)) or not PyObject_CheckBuffer(value):
            return self.refuse(value)
        try:
            return PyObject_GetBuffer(value, view, PyBUF_SIMPLE)
        except (BufferError, ValueError):
            return self.refuse(value)

    cdef object conform(self, object value):
        cdef Py_buffer view
        if PyBytes_CheckExact(value):
            return value
        self.open_view(value, &view)
        try:
            return PyBytes_FromStringAndSize(<const char *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t size = 0
        cdef const uint8_t *data = NULL
        ok(pfx_read_varint(source, &size))
        ok(pfx_read_bytes(source, size, &data))
        return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>size)

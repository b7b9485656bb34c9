"""Codecs of lists, arrays and maps."""
from cpython.dict cimport PyDict_CheckExact, PyDict_Next, PyDict_SetItem, PyDict_Size
from cpython.list cimport PyList_Check, PyList_CheckExact, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_Check
from libc.stdint cimport INT64_MAX, INT64_MIN, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from pyflinkx._core.codecs.codec cimport (
    Codec,
    add_step,
    describe_value,
    include_part,
    item_of,
    items_of,
    ok,
    raise_changed,
    short_repr,
)
from pyflinkx._core.codecs.basic cimport (
    bool_from,
    bool_of,
    character_from,
    double_of,
    float_of,
    integer_of,
    point_of,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get, pfx_bit_set, pfx_bits_count
from pyflinkx._core.pfx.bytes cimport (
    pfx_check_bitmap,
    pfx_read_bytes,
    pfx_read_f32,
    pfx_read_f64,
    pfx_read_i16,
    pfx_read_i32,
    pfx_read_i64,
    pfx_read_u8,
    pfx_read_varint,
    pfx_reader,
    pfx_reader_left,
    pfx_write_f32,
    pfx_write_f64,
    pfx_write_i16,
    pfx_write_i32,
    pfx_write_i64,
    pfx_write_u8,
    pfx_write_varint,
    pfx_write_zeros,
    pfx_writer,
    pfx_writer_reserve,
)

from pyflinkx.errors import CorruptDataError, TypeInformationError


cdef int write_count(pfx_writer *out, Py_ssize_t count, Py_ssize_t nulls) except -1:
    """The header of a collection: twice the count, plus 1 when a bitmap of nulls (all 0 for now) follows."""
    ok(pfx_write_varint(out, (<uint64_t>count << 1) | (nulls > 0)))
    if nulls > 0:
        ok(pfx_write_zeros(out, (<size_t>count + 7) >> 3))
    return 0


cdef uint64_t read_count(pfx_reader *source, uint64_t item_size, uint64_t value_size, const uint8_t **nulls) except? 0:
    """The count of a collection whose items take at least item_size bytes and value_size more when they are not null.

    *nulls becomes the bitmap, or NULL when no item is null. No more items are reported than there can be bytes for: for
    a null without any other bytes, its bit.
    """
    cdef uint64_t header = 0
    cdef uint64_t count, present, left
    ok(pfx_read_varint(source, &header))
    count = present = header >> 1
    nulls[0] = NULL
    if header & 1:
        ok(pfx_read_bytes(source, (count + 7) >> 3, nulls))
        ok(pfx_check_bitmap(nulls[0], <size_t>(count + 7) >> 3, <int64_t>count))
        present -= <uint64_t>pfx_bits_count(nulls[0], 0, <int64_t>count)
        if present == count:
            raise CorruptDataError("a collection has a bitmap of nulls, but no null")
    left = pfx_reader_left(source)
    if item_size > 0 and count > left // item_size or present > (left - count * item_size) // value_size:
        raise CorruptDataError(f"{count} items cannot be in the {left} bytes left")
    return count


cdef object conformed(Codec element, object items, bint nulls):
    """A list of the items of a list or tuple in the shape of their type: the same list where they have it."""
    cdef Py_ssize_t count = len(items)
    cdef Py_ssize_t i = 0
    cdef list result = None if PyList_CheckExact(items) else items_of(items, count)
    try:
        for i in range(count):
            item = item_of(items, i, count)
            if item is None and nulls:
                continue
            shaped = element.conform(item)
            if shaped is not item:
                if result is None:
                    result = items_of(items, count)
                result[i] = shaped
    except TypeInformationError as fault:
        add_step(fault, f"[{i}]")
        raise
    return items if result is None else result


cdef class ListCodec(Codec):
    """LIST, BASIC_ARRAY and OBJECT_ARRAY: list (or tuple, which becomes a list) of values or None.

    Twice the count, plus 1 if there are nulls, as a varint; with nulls, a bitmap of them; the other elements.

    Args:
        element: the codec of the elements.
        kind: the type's name.
    """

    cdef readonly Codec element
    cdef readonly str kind

    def __init__(self, Codec element not None, str kind="LIST"):
        self.element = element
        self.kind = kind
        self.name = f"{kind}({element.name})"
        include_part(self, element)
        self.hashable = False

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef Py_ssize_t count, i
        cdef Py_ssize_t nulls = 0
        cdef size_t bitmap
        cdef Codec element = self.element
        if not PyList_Check(value) and not PyTuple_Check(value):
            return self.refuse(value)
        count = len(value)
        for i in range(count):
            nulls += item_of(value, i, count) is None
        write_count(out, count, nulls)
        bitmap = out.size - ((<size_t>count + 7) >> 3)
        i = 0
        try:
            for i in range(count):
                item = item_of(value, i, count)
                if item is not None:
                    element.encode(item, out)
                elif nulls > 0:
                    nulls -= 1
                    pfx_bit_set(out.data + bitmap, i, 1)
                else:
                    raise_changed()
        except TypeInformationError as fault:
            add_step(fault, f"[{i}]")
            raise
        return 0 if nulls == 0 else raise_changed()

    cdef object conform(self, object value):
        if not PyList_Check(value) and not PyTuple_Check(value):
            self.refuse(value)
        return conformed(self.element, value, True)

    cdef object decode(self, pfx_reader *source):
        cdef const uint8_t *nulls = NULL
        cdef Py_ssize_t count = <Py_ssize_t>read_count(source, 0, <uint64_t>self.element.min_size, &nulls)
        cdef Py_ssize_t i = 0
        cdef list values = PyList_New(count)
        cdef Codec element = self.element
        try:
            for i in range(count):
                item = None if nulls != NULL and pfx_bit_get(nulls, i) else element.decode(source)
                Py_INCREF(item)
                PyList_SET_ITEM(values, i, item)
        except CorruptDataError as fault:
            add_step(fault, f"[{i}]")
            raise
        return values

    cdef dict describe(self, bint classes):
        return {"type": self.kind, "version": 1, "element": self.element.describe(classes)}


cdef class MapCodec(Codec):
    """MAP: dict; its values may be None, its keys may not. The order of the entries is kept.

    Twice the count, plus 1 if there are null values, as a varint; with nulls, a bitmap of them; then each key, followed
    by its value when that is not null.

    Args:
        key: the codec of the keys.
        value: the codec of the values.
    """

    cdef readonly Codec key
    cdef readonly Codec value

    def __init__(self, Codec key not None, Codec value not None):
        if not key.hashable:
            raise TypeInformationError(f"values of type {key.name} cannot be hashed, so they cannot be keys of a MAP")
        self.key = key
        self.value = value
        self.name = f"MAP({key.name}, {value.name})"
        include_part(self, key)
        include_part(self, value)
        self.hashable = False

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef Py_ssize_t i = 0
        cdef Py_ssize_t nulls = 0
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t count
        cdef PyObject *item = NULL
        cdef size_t bitmap
        cdef dict entries
        if not isinstance(value, dict):
            return self.refuse(value)
        entries = value if PyDict_CheckExact(value) else dict(value)  # a subclass may have an order of its own
        count = PyDict_Size(entries)
        while PyDict_Next(entries, &at, NULL, &item):
            nulls += item == <PyObject *>None
        write_count(out, count, nulls)
        bitmap = out.size - ((<size_t>count + 7) >> 3)
        for key, part in entries.items():
            self.encode_key(key, out)
            if part is not None:
                self.encode_value(key, part, out)
            elif nulls > 0:
                nulls -= 1
                pfx_bit_set(out.data + bitmap, i, 1)
            else:
                raise_changed()
            i += 1
        return 0 if nulls == 0 else raise_changed()

    cdef int encode_key(self, object key, pfx_writer *out) except -1:
        try:
            if key is None:
                return self.refuse_none()
            return self.key.encode(key, out)
        except TypeInformationError as fault:
            add_step(fault, f"[key {short_repr(key)}]")
            raise

    cdef int encode_value(self, object key, object part, pfx_writer *out) except -1:
        try:
            return self.value.encode(part, out)
        except TypeInformationError as fault:
            add_step(fault, f"[{short_repr(key)}]")
            raise

    cdef object conform(self, object value):
        cdef dict entries, result
        if not isinstance(value, dict):
            self.refuse(value)
        entries = value if PyDict_CheckExact(value) else dict(value)
        for key, part in entries.items():
            if self.conform_key(key) is not key or part is not None and self.conform_value(key, part) is not part:
                break
        else:
            return entries
        result = {}
        for key, part in entries.items():
            shaped = self.conform_key(key)
            result[shaped] = None if part is None else self.conform_value(key, part)
        if PyDict_Size(result) != PyDict_Size(entries):
            raise TypeInformationError(f"expected {self.name}, got keys that become the same: {describe_value(value)}")
        return result

    cdef object conform_key(self, object key):
        try:
            if key is None:
                self.refuse_none()
            return self.key.conform(key)
        except TypeInformationError as fault:
            add_step(fault, f"[key {short_repr(key)}]")
            raise

    cdef object conform_value(self, object key, object part):
        try:
            return self.value.conform(part)
        except TypeInformationError as fault:
            add_step(fault, f"[{short_repr(key)}]")
            raise

    cdef int refuse_none(self) except -1:
        raise TypeInformationError(f"expected {self.key.name}, got None; a key of a map cannot be None")

    cdef object decode(self, pfx_reader *source):
        cdef const uint8_t *nulls = NULL
        cdef Py_ssize_t count = <Py_ssize_t>read_count(
            source, <uint64_t>self.key.min_size, <uint64_t>self.value.min_size, &nulls
        )
        cdef Py_ssize_t i = 0
        cdef dict entries = {}
        try:
            for i in range(count):
                key = self.key.decode(source)
                part = None if nulls != NULL and pfx_bit_get(nulls, i) else self.value.decode(source)
                self.add_entry(entries, key, part)
            if PyDict_Size(entries) != count:
                raise CorruptDataError("a map has the same key twice")
        except CorruptDataError as fault:
            add_step(fault, f"[entry {i}]")
            raise
        return entries

    cdef int add_entry(self, dict entries, object key, object part) except -1:
        try:
            return PyDict_SetItem(entries, key, part)
        except Exception as error:
            raise CorruptDataError(f"{short_repr(key)} cannot be the key of a map: {error}") from error

    cdef dict describe(self, bint classes):
        return {"type": "MAP", "version": 1, "key": self.key.describe(classes), "value": self.value.describe(classes)}


cdef enum Element:
    BOOLEANS
    SHORTS
    INTS
    LONGS
    FLOATS
    DOUBLES
    CHARS

# The element's name, how to treat it, and its bytes.
cdef dict ELEMENTS = {
    "BOOLEAN": (BOOLEANS, 1),
    "SHORT": (SHORTS, 2),
    "INT": (INTS, 4),
    "LONG": (LONGS, 8),
    "FLOAT": (FLOATS, 4),
    "DOUBLE": (DOUBLES, 8),
    "CHAR": (CHARS, 4),
}


cdef class ArrayCodec(Codec):
    """PRIMITIVE_ARRAY of all but BYTE: list (or tuple, array.array or a one-dimensional NumPy array, which become
    lists) without nulls as the varint of the count, then elements of fixed width, little-endian; a CHAR is its code
    point in 4 bytes.

    Args:
        element: the codec of one of these elements.
    """

    cdef readonly Codec element
    cdef Element treat
    cdef size_t width

    def __init__(self, Codec element not None):
        if element.name not in ELEMENTS:
            raise TypeInformationError(f"{element.name} cannot be the element of a PRIMITIVE_ARRAY")
        self.element = element
        self.name = f"PRIMITIVE_ARRAY({element.name})"
        self.treat, self.width = ELEMENTS[element.name]
        include_part(self, element)
        self.hashable = False

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef Py_ssize_t count
        cdef Py_ssize_t i = 0
        cdef object items = self.items(value)
        count = len(items)
        ok(pfx_write_varint(out, <uint64_t>count))
        ok(pfx_writer_reserve(out, <size_t>count * self.width))
        try:
            for i in range(count):
                self.encode_element(item_of(items, i, count), out)
        except TypeInformationError as fault:
            add_step(fault, f"[{i}]")
            raise
        return 0

    cdef int encode_element(self, object item, pfx_writer *out) except -1:
        if self.treat == DOUBLES:
            return ok(pfx_write_f64(out, double_of(self.element, item)))
        if self.treat == LONGS:
            return ok(pfx_write_i64(out, integer_of(self.element, item, INT64_MIN, INT64_MAX)))
        if self.treat == INTS:
            return ok(pfx_write_i32(out, <int32_t>integer_of(self.element, item, -2147483648, 2147483647)))
        if self.treat == SHORTS:
            return ok(pfx_write_i16(out, <int16_t>integer_of(self.element, item, -(1 << 15), (1 << 15) - 1)))
        if self.treat == FLOATS:
            return ok(pfx_write_f32(out, float_of(self.element, item)))
        if self.treat == CHARS:
            return ok(pfx_write_i32(out, <int32_t>point_of(self.element, item)))
        return ok(pfx_write_u8(out, bool_of(self.element, item)))

    cdef object conform(self, object value):
        return conformed(self.element, self.items(value), False)

    cdef object items(self, object value):
        """The elements as a list or tuple."""
        if PyList_Check(value) or PyTuple_Check(value):
            return value
        if not hasattr(value, "tolist"):
            self.refuse(value)
        items = value.tolist()
        if not PyList_Check(items):
            self.refuse(value)
        return items

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t count = 0
        cdef Py_ssize_t i = 0
        cdef list values
        ok(pfx_read_varint(source, &count))
        if count > pfx_reader_left(source) // self.width:
            raise CorruptDataError(f"{count} items cannot be in the {pfx_reader_left(source)} bytes left")
        values = PyList_New(<Py_ssize_t>count)
        try:
            for i in range(<Py_ssize_t>count):
                item = self.decode_element(source)
                Py_INCREF(item)
                PyList_SET_ITEM(values, i, item)
        except CorruptDataError as fault:
            add_step(fault, f"[{i}]")
            raise
        return values

    cdef object decode_element(self, pfx_reader *source):
        cdef double wide = 0
        cdef float narrow = 0
        cdef int64_t long_value = 0
        cdef int32_t int_value = 0
        cdef int16_t short_value = 0
        cdef uint8_t byte = 0
        if self.treat == DOUBLES:
            ok(pfx_read_f64(source, &wide))
            return wide
        if self.treat == LONGS:
            ok(pfx_read_i64(source, &long_value))
            return long_value
        if self.treat == INTS:
            ok(pfx_read_i32(source, &int_value))
            return int_value
        if self.treat == SHORTS:
            ok(pfx_read_i16(source, &short_value))
            return short_value
        if self.treat == FLOATS:
            ok(pfx_read_f32(source, &narrow))
            return <double>narrow
        if self.treat == CHARS:
            ok(pfx_read_i32(source, &int_value))
            return character_from(<uint32_t>int_value)
        ok(pfx_read_u8(source, &byte))
        return bool_from(byte)

    cdef dict describe(self, bint classes):
        return {"type": "PRIMITIVE_ARRAY", "version": 1, "element": self.element.describe(classes)}

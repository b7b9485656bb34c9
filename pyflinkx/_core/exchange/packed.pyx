"""Plain Python records as packed columns, and back: how untyped records travel between the processes of one machine.

Packed records, in this machine's byte order: a byte with the arity (0 where the records are no tuples), then for each
column a byte with its kind and a byte that says whether it has nulls; if so, a byte for each record, 1 where it is
None; then

- LONG and DOUBLE: 8 bytes for each record;
- BOOL: a byte for each record, 0 or 1;
- STRING: a u64 with the size of the text, a u32 with the size of each record's, and the text in UTF-8;
- NONE (every record is None): nothing.

What stands for a None is 0.
"""
from cpython.bool cimport PyBool_FromLong
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_FromDouble
from cpython.list cimport PyList_GET_ITEM, PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_FromLongLong
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport INT64_MAX, UINT32_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from pyflinkx._core.pfx.xxh64 cimport pfx_xxh64
from pyflinkx._core.python cimport PyObject_GC_Track, PyObject_GC_UnTrack

from pyflinkx.errors import CorruptDataError

cdef enum:
    MAX_ARITY = 16
    NOT_TUPLES = 0

cdef enum:
    UNKNOWN = 0
    NONE = 1
    LONG = 2
    DOUBLE = 3
    BOOL = 4
    STRING = 5

cdef enum:
    KNOWN_TEXTS = 256
    LONGEST_KNOWN = 64


cdef struct packed_column:
    int kind
    bint nullable
    int64_t text


# The value of a record in a column; borrowed. The caller knows that the record has so many.
cdef inline PyObject *value_of(list values, Py_ssize_t row, int arity, int column) noexcept:
    cdef PyObject *record = <PyObject *> PyList_GET_ITEM(values, row)
    return record if arity == NOT_TUPLES else <PyObject *> PyTuple_GET_ITEM(<object> record, column)


cdef inline int kind_of(object value) noexcept:
    kind = type(value)
    if kind is int:
        return LONG
    if kind is str:
        return STRING
    if kind is float:
        return DOUBLE
    if kind is bool:
        return BOOL
    return NONE if value is None else UNKNOWN


# What a column must hold besides what it holds by now to take a value; False when it cannot.
cdef bint widen(packed_column *column, object value) except -1:
    cdef int kind = kind_of(value)
    cdef int overflow = 0
    cdef Py_ssize_t size = 0
    if kind == NONE:
        column.nullable = True
        return True
    if kind == UNKNOWN:
        return False
    if kind != column.kind:
        if column.kind != UNKNOWN:
            return False
        column.kind = kind
    if kind == LONG:
        PyLong_AsLongLongAndOverflow(value, &overflow)
        return overflow == 0
    if kind == STRING:
        try:
            PyUnicode_AsUTF8AndSize(value, &size)
        except UnicodeEncodeError:  # surrogates
            return False
        if size > <Py_ssize_t> UINT32_MAX:
            return False
        column.text += size
    return True


cdef inline uint8_t *put_column(uint8_t *out, list values, int arity, int index, packed_column *column) except NULL:
    cdef Py_ssize_t count = len(values)
    cdef Py_ssize_t row
    cdef Py_ssize_t size = 0
    cdef int64_t number
    cdef double real
    cdef uint32_t length
    cdef uint8_t *text
    cdef const char *chars
    cdef int overflow = 0
    cdef PyObject *value
    out[0] = <uint8_t> (column.kind if column.kind != UNKNOWN else NONE)
    out[1] = column.nullable
    out += 2
    if column.nullable:
        for row in range(count):
            out[row] = <object> value_of(values, row, arity, index) is None
        out += count
    if column.kind == LONG:
        for row in range(count):
            value = value_of(values, row, arity, index)
            number = 0
            if <object> value is not None:
                number = PyLong_AsLongLongAndOverflow(<object> value, &overflow)
            memcpy(out + 8 * row, &number, 8)
        out += 8 * count
    elif column.kind == DOUBLE:
        for row in range(count):
            value = value_of(values, row, arity, index)
            real = 0.0 if <object> value is None else PyFloat_AS_DOUBLE(<object> value)
            memcpy(out + 8 * row, &real, 8)
        out += 8 * count
    elif column.kind == BOOL:
        for row in range(count):
            out[row] = <object> value_of(values, row, arity, index) is True
        out += count
    elif column.kind == STRING:
        memcpy(out, &column.text, 8)
        out += 8
        text = out + 4 * count
        for row in range(count):
            value = value_of(values, row, arity, index)
            length = 0
            if <object> value is not None:
                chars = PyUnicode_AsUTF8AndSize(<object> value, &size)
                length = <uint32_t> size
                memcpy(text, chars, size)
                text += size
            memcpy(out + 4 * row, &length, 4)
        out = text
    return out


def pack(list values not None):
    """Records as packed columns; None where they are not all alike and plain.

    Alike and plain are records that are all tuples of one length from 1 to 16, or none of them a tuple, when the
    values of each column are ints of 64 bits, floats, bools, or strs that UTF-8 can hold, of one of these exact types,
    or None.

    Args:
        values: the records.

    Returns:
        bytes for ``unpack``, or None.

    Example:
        >>> unpack(pack([(1, "a"), (2, None)]), 2)
        [(1, 'a'), (2, None)]
    """
    cdef packed_column columns[MAX_ARITY]
    cdef Py_ssize_t count = len(values)
    cdef Py_ssize_t row
    cdef Py_ssize_t size = 1
    cdef int arity = NOT_TUPLES
    cdef int width, i
    cdef PyObject *record
    cdef bytes result
    cdef uint8_t *out
    if count == 0:
        return None
    first = values[0]
    if type(first) is tuple:
        if not 1 <= len(<tuple> first) <= MAX_ARITY:
            return None
        arity = <int> len(<tuple> first)
    width = arity if arity != NOT_TUPLES else 1
    memset(columns, 0, sizeof(columns))
    # No code of the user's runs from here on, so the list stays as it is.
    for row in range(count):
        record = <PyObject *> PyList_GET_ITEM(values, row)
        if arity == NOT_TUPLES:
            if not widen(columns, <object> record):
                return None
            continue
        if type(<object> record) is not tuple or PyTuple_GET_SIZE(<object> record) != arity:
            return None
        for i in range(arity):
            if not widen(columns + i, <object> PyTuple_GET_ITEM(<object> record, i)):
                return None
    for i in range(width):
        size += 2 + columns[i].nullable * count
        if columns[i].kind == LONG or columns[i].kind == DOUBLE:
            size += 8 * count
        elif columns[i].kind == BOOL:
            size += count
        elif columns[i].kind == STRING:
            size += 8 + 4 * count + columns[i].text
    result = PyBytes_FromStringAndSize(NULL, size)
    out = <uint8_t *> PyBytes_AS_STRING(result)
    out[0] = <uint8_t> arity
    out += 1
    for i in range(width):
        out = put_column(out, values, arity, i, columns + i)
    return result


# ---- and back ----


cdef struct packed_reader:
    const uint8_t *at
    Py_ssize_t left


# The next `size` bytes.
cdef const uint8_t *take(packed_reader *source, Py_ssize_t size) except NULL:
    cdef const uint8_t *start = source.at
    if size < 0 or size > source.left:
        raise CorruptDataError(f"packed records have {source.left} bytes where {size} are needed")
    source.at += size
    source.left -= size
    return start


cdef inline int put(list values, Py_ssize_t row, int arity, int column, object value) except -1:
    Py_INCREF(value)
    if arity == NOT_TUPLES:
        PyList_SET_ITEM(values, row, value)
    else:
        PyTuple_SET_ITEM(<object> PyList_GET_ITEM(values, row), column, value)
    return 0


# Strings seen not long ago, found by their bytes: streams repeat keys and names, and a str that is there already costs
# no memory and knows its hash. The objects are borrowed from the records made so far.
cdef struct known_text:
    const uint8_t *start
    uint32_t size
    PyObject *value


cdef int take_texts(packed_reader *source, list values, int arity, int column, const uint8_t *nulls) except -1:
    cdef known_text known[KNOWN_TEXTS]
    cdef known_text *seen
    cdef Py_ssize_t count = len(values)
    cdef Py_ssize_t row
    cdef uint64_t total = 0
    cdef uint32_t size = 0
    cdef const uint8_t *sizes
    cdef packed_reader text
    cdef const uint8_t *start
    memset(known, 0, sizeof(known))
    memcpy(&total, take(source, 8), 8)
    sizes = take(source, 4 * count)
    if total > <uint64_t> INT64_MAX:
        raise CorruptDataError(f"packed records cannot have {total} bytes of text")
    text.at = take(source, <Py_ssize_t> total)
    text.left = <Py_ssize_t> total
    for row in range(count):
        memcpy(&size, sizes + 4 * row, 4)
        start = take(&text, size)
        if nulls != NULL and nulls[row]:
            put(values, row, arity, column, None)
            continue
        if size > LONGEST_KNOWN:
            put(values, row, arity, column, decoded(start, size))
            continue
        seen = &known[pfx_xxh64(start, size, 0) % KNOWN_TEXTS]
        if seen.value == NULL or seen.size != size or memcmp(seen.start, start, size) != 0:
            value = decoded(start, size)
            seen.start = start
            seen.size = size
            seen.value = <PyObject *> value
        else:
            value = <object> seen.value
        put(values, row, arity, column, value)
    if text.left:
        raise CorruptDataError(f"packed records have {text.left} bytes of text too many")
    return 0


cdef object decoded(const uint8_t *start, Py_ssize_t size):
    try:
        return PyUnicode_DecodeUTF8(<const char *> start, size, NULL)
    except UnicodeDecodeError as error:
        raise CorruptDataError(f"packed records have text that is not UTF-8: {error}") from error


# `count` bytes that are 0 or 1.
cdef const uint8_t *take_flags(packed_reader *source, Py_ssize_t count) except NULL:
    cdef const uint8_t *flags = take(source, count)
    cdef Py_ssize_t row
    cdef uint8_t all = 0
    for row in range(count):
        all |= flags[row]
    if all > 1:
        raise CorruptDataError("packed records have a flag that is neither 0 nor 1")
    return flags


cdef int take_column(packed_reader *source, list values, int arity, int column) except -1:
    cdef Py_ssize_t count = len(values)
    cdef Py_ssize_t row
    cdef const uint8_t *head = take(source, 2)
    cdef const uint8_t *nulls = NULL
    cdef const uint8_t *data
    cdef int64_t number = 0
    cdef double real = 0
    cdef int kind = head[0]
    if head[1] > 1 or (kind == NONE and not head[1]):
        raise CorruptDataError(f"packed records have no column of kind {kind} with {head[1]} for its nulls")
    if head[1]:
        nulls = take_flags(source, count)
    if kind == LONG:
        data = take(source, 8 * count)
        for row in range(count):
            if nulls != NULL and nulls[row]:
                put(values, row, arity, column, None)
                continue
            memcpy(&number, data + 8 * row, 8)
            put(values, row, arity, column, PyLong_FromLongLong(number))
    elif kind == DOUBLE:
        data = take(source, 8 * count)
        for row in range(count):
            if nulls != NULL and nulls[row]:
                put(values, row, arity, column, None)
                continue
            memcpy(&real, data + 8 * row, 8)
            put(values, row, arity, column, PyFloat_FromDouble(real))
    elif kind == BOOL:
        data = take_flags(source, count)
        for row in range(count):
            put(values, row, arity, column, None if nulls != NULL and nulls[row] else PyBool_FromLong(data[row]))
    elif kind == STRING:
        take_texts(source, values, arity, column, nulls)
    elif kind == NONE:
        for row in range(count):
            if not nulls[row]:
                raise CorruptDataError("packed records have a value in a column without any")
            put(values, row, arity, column, None)
    else:
        raise CorruptDataError(f"packed records have a column of unknown kind {kind}")
    return 0


def unpack(const unsigned char[::1] data, Py_ssize_t count):
    """The records of packed columns.

    They are equal to those packed, and of the same types; equal strs of one column may have become one object.

    Args:
        data: from ``pack``; any contiguous buffer of bytes.
        count: how many records there are.

    Raises:
        CorruptDataError: these are not the packed columns of so many records.

    Example:
        >>> unpack(pack([1.5, None]), 2)
        [1.5, None]
    """
    cdef packed_reader source
    cdef int arity, i
    cdef Py_ssize_t row
    cdef list values
    cdef tuple record
    if len(data) == 0 or not 1 <= count <= len(data):  # a record has at least a byte
        raise CorruptDataError(f"{len(data)} bytes cannot be {count} packed records")
    source.at = &data[0]
    source.left = len(data)
    arity = take(&source, 1)[0]
    if arity > MAX_ARITY:
        raise CorruptDataError(f"packed records are tuples of at most {MAX_ARITY} values, not {arity}")
    values = PyList_New(count)
    # Nobody may see what is half made. Tuples of plain values cannot be part of a cycle, so the collector need never
    # look at them; it would find that out itself, one by one, when it first comes by.
    PyObject_GC_UnTrack(values)
    if arity != NOT_TUPLES:
        for row in range(count):
            record = PyTuple_New(arity)
            PyObject_GC_UnTrack(record)
            Py_INCREF(record)
            PyList_SET_ITEM(values, row, record)
    for i in range(arity if arity != NOT_TUPLES else 1):
        take_column(&source, values, arity, i)
    if source.left:
        raise CorruptDataError(f"packed records have {source.left} bytes too many")
    PyObject_GC_Track(values)
    return values

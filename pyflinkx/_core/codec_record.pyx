"""Codecs of records: tuples, rows, named tuples, dataclasses and typed dicts."""
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.dict cimport PyDict_Check, PyDict_GetItemWithError, PyDict_Size
from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject, PyObject_GetAttr
from cpython.ref cimport Py_INCREF
from cpython.sequence cimport PySequence_Fast_ITEMS
from cpython.tuple cimport PyTuple_Check, PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport uint8_t

from pyflinkx._core.codec cimport Codec, add_step, describe_value, include_part, item_of, ok
from pyflinkx._core.cpfx cimport (
    pfx_bit_get,
    pfx_bit_set,
    pfx_check_bitmap,
    pfx_read_bytes,
    pfx_reader,
    pfx_write_u8,
    pfx_write_zeros,
    pfx_writer,
)
from pyflinkx._core.row cimport Row, new_row

import sys

from pyflinkx.errors import CorruptDataError, TypeInformationError

cdef enum:
    KIND_BITS = 2  # a row kind, before the nulls of a row


cdef class RecordCodec(Codec):
    """What the codecs of records share: a bitmap of nulls (with the row kind before it for rows), at least one byte,
    then the fields that are not null, in the order of their declaration."""

    cdef readonly tuple names
    cdef readonly tuple codecs
    cdef PyObject **parts  # the items of codecs, borrowed
    cdef bytes required  # per field, whether None is refused
    cdef const char *needs  # the bytes of required, borrowed
    cdef Py_ssize_t count
    cdef Py_ssize_t shift  # bits before the first null bit
    cdef size_t header  # bytes of the bitmap

    cdef int set_fields(self, names, codecs, required, Py_ssize_t shift) except -1:
        self.codecs = tuple(codecs)
        self.count = len(self.codecs)
        self.names = tuple(sys.intern(str(name)) for name in names)
        self.parts = PySequence_Fast_ITEMS(self.codecs)
        self.required = bytes(map(bool, required))
        self.needs = PyBytes_AS_STRING(self.required)
        if len(self.names) != self.count or len(self.required) != self.count:
            raise TypeInformationError(
                f"{self.name}: {len(self.names)} names and {len(self.required)} marks for {self.count} field types"
            )
        if len(set(self.names)) != self.count:
            raise TypeInformationError(f"{self.name}: a field name occurs twice in {self.names}")
        self.shift = shift
        self.min_size = max(<Py_ssize_t>1, (self.count + shift + 7) >> 3)
        self.header = <size_t>self.min_size
        for codec, needed in zip(self.codecs, self.required):
            if not isinstance(codec, Codec):
                raise TypeError(f"a codec is expected for each field, not {codec!r}")
            if needed:
                self.min_size += (<Codec>codec).min_size
            include_part(self, codec)
        return 0

    cdef int encode_fields(self, object values, unsigned kind, pfx_writer *out) except -1:
        """Append the fields; `values` is a list or tuple of as many values as there are fields."""
        cdef size_t start = out.size
        cdef Py_ssize_t count = self.count
        cdef Py_ssize_t i = 0
        cdef PyObject **items
        self.write_nulls(kind, out)
        try:
            if PyTuple_Check(values):
                items = PySequence_Fast_ITEMS(values)
                for i in range(count):
                    self.encode_field(i, items[i], start, out)
            else:
                for i in range(count):
                    value = item_of(values, i, count)
                    self.encode_field(i, <PyObject *>value, start, out)
        except TypeInformationError as fault:
            add_step(fault, self.names[i])
            raise
        return 0

    cdef inline int write_nulls(self, unsigned kind, pfx_writer *out) except -1:
        if self.header == 1:
            return ok(pfx_write_u8(out, <uint8_t>kind))
        ok(pfx_write_zeros(out, self.header))
        out.data[out.size - self.header] = <uint8_t>kind
        return 0

    cdef inline int encode_field(self, Py_ssize_t i, PyObject *value, size_t start, pfx_writer *out) except -1:
        cdef PyObject *part = self.parts[i]
        if value != <PyObject *>None:
            return (<Codec>part).encode(<object>value, out)
        if self.needs[i]:
            return (<Codec>part).refuse(None)
        pfx_bit_set(out.data + start, i + self.shift, 1)
        return 0

    cdef const uint8_t *read_nulls(self, pfx_reader *source) except NULL:
        cdef const uint8_t *bitmap = NULL
        ok(pfx_read_bytes(source, self.header, &bitmap))
        ok(pfx_check_bitmap(bitmap, self.header, self.count + self.shift))
        return bitmap

    cdef inline object decode_field(self, Py_ssize_t i, const uint8_t *bitmap, pfx_reader *source):
        cdef PyObject *part = self.parts[i]
        if not pfx_bit_get(bitmap, i + self.shift):
            return (<Codec>part).decode(source)
        if self.needs[i]:
            raise CorruptDataError("a field that cannot be null is null")
        return None

    cdef tuple decode_tuple(self, pfx_reader *source):
        cdef const uint8_t *bitmap = self.read_nulls(source)
        cdef tuple values = PyTuple_New(self.count)
        cdef Py_ssize_t i = 0
        try:
            for i in range(self.count):
                value = self.decode_field(i, bitmap, source)
                Py_INCREF(value)
                PyTuple_SET_ITEM(values, i, value)
        except CorruptDataError as fault:
            add_step(fault, self.names[i])
            raise
        return values

    cdef list decode_list(self, const uint8_t *bitmap, pfx_reader *source):
        cdef list values = PyList_New(self.count)
        cdef Py_ssize_t i = 0
        try:
            for i in range(self.count):
                value = self.decode_field(i, bitmap, source)
                Py_INCREF(value)
                PyList_SET_ITEM(values, i, value)
        except CorruptDataError as fault:
            add_step(fault, self.names[i])
            raise
        return values

    cdef int refuse_arity(self, object values) except -1:
        raise TypeInformationError(
            f"expected {self.name} of {self.count} fields, got {len(values)}: {describe_value(values)}"
        )

    cdef dict describe_fields(self, str kind, object cls, bint classes):
        description = {
            "type": kind,
            "version": 1,
            "fields": [
                {"name": name, "optional": not required, "codec": (<Codec>codec).describe(classes)}
                for name, required, codec in zip(self.names, self.required, self.codecs)
            ],
        }
        if classes and cls is not None:
            description["class"] = f"{cls.__module__}.{cls.__qualname__}"
        return description


cdef list positions(codecs):
    return [f"f{i}" for i in range(len(codecs))]


cdef class TupleCodec(RecordCodec):
    """TUPLE: tuple (or list or insert row, which become tuples); any field may be None.

    Args:
        codecs: one for each field.
    """

    def __init__(self, codecs):
        self.name = "TUPLE"
        codecs = tuple(codecs)
        self.set_fields(positions(codecs), codecs, [False] * len(codecs), 0)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        if PyTuple_Check(value):
            if PyTuple_GET_SIZE(value) == self.count:
                return self.encode_fields(value, 0, out)
            return self.refuse_arity(value)
        if isinstance(value, Row) and (<Row>value).kind == 0:
            value = (<Row>value).values
        elif not PyList_Check(value):
            return self.refuse(value)
        if PyList_GET_SIZE(value) != self.count:
            return self.refuse_arity(value)
        return self.encode_fields(value, 0, out)

    cdef object decode(self, pfx_reader *source):
        return self.decode_tuple(source)

    cdef dict describe(self, bint classes):
        return self.describe_fields("TUPLE", None, classes)


cdef bint same_names(list fields, tuple names) except -1:
    """Whether these are the names in their order; mostly they are the very same, interned, objects."""
    cdef Py_ssize_t i
    if PyList_GET_SIZE(fields) != PyTuple_GET_SIZE(names):
        return False
    for i in range(PyTuple_GET_SIZE(names)):
        if PyList_GET_ITEM(fields, i) != PyTuple_GET_ITEM(names, i):
            return tuple(fields) == names
    return True


cdef class RowCodec(RecordCodec):
    """ROW and ROW_NAMED: Row with its row kind (or a tuple or list, or for named rows a dict, which become insert
    rows); any field may be None. A row with names is matched by name when the type has names, everything else by
    position; names that a dict lacks are None.

    Args:
        codecs: one for each field.
        names: of the fields; None for rows without names.
    """

    cdef list row_names  # shared by all decoded rows; None without names

    def __init__(self, codecs, names=None):
        self.name = "ROW"
        codecs = tuple(codecs)
        self.set_fields(positions(codecs) if names is None else names, codecs, [False] * len(codecs), KIND_BITS)
        self.row_names = None if names is None else list(self.names)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef Row row
        if isinstance(value, Row):
            row = <Row>value
            if row.fields is None or self.row_names is None or same_names(row.fields, self.names):
                if PyList_GET_SIZE(row.values) != self.count:
                    return self.refuse_arity(value)
                return self.encode_fields(row.values, <unsigned>row.kind, out)
            return self.encode_fields(self.ordered(row, dict(zip(row.fields, row.values))), <unsigned>row.kind, out)
        if PyTuple_Check(value) or PyList_Check(value):
            if len(value) != self.count:
                return self.refuse_arity(value)
            return self.encode_fields(value, 0, out)
        if isinstance(value, dict) and self.row_names is not None:
            unknown = [name for name in value if name not in self.names]
            if unknown:
                raise TypeInformationError(
                    f"expected ROW with fields {self.row_names}, got unknown ones {unknown}: {describe_value(value)}"
                )
            return self.encode_fields([value.get(name) for name in self.names], 0, out)
        return self.refuse(value)

    cdef list ordered(self, Row row, dict by_name):
        if len(row.values) != self.count or set(by_name) != set(self.names):
            raise TypeInformationError(f"expected ROW with fields {self.row_names}, got {describe_value(row)}")
        return [by_name[name] for name in self.names]

    cdef object decode(self, pfx_reader *source):
        cdef const uint8_t *bitmap = self.read_nulls(source)
        cdef int kind = bitmap[0] & 3
        return new_row(self.decode_list(bitmap, source), self.row_names, kind)

    cdef dict describe(self, bint classes):
        return self.describe_fields("ROW" if self.row_names is None else "ROW_NAMED", None, classes)


cdef object build(object cls, tuple values, dict named):
    """Call the class; what it objects to can only be damage, since these values came from an instance of it."""
    try:
        return cls(*values) if named is None else cls(**named)
    except CorruptDataError:
        raise
    except Exception as error:
        raise CorruptDataError(f"{cls.__qualname__} refuses the decoded values: {error}") from error


cdef class NamedTupleCodec(RecordCodec):
    """A NamedTuple class: its instances, built through the class.

    Args:
        cls: the class.
        codecs: one for each of ``cls._fields``.
        required: for each field, whether None is refused.
    """

    cdef readonly object cls

    def __init__(self, cls, codecs, required):
        self.name = f"{cls.__module__}.{cls.__qualname__}"
        self.cls = cls
        self.set_fields(cls._fields, codecs, required, 0)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        if type(value) is not self.cls:
            return self.refuse(value)
        return self.encode_fields(value, 0, out)

    cdef object decode(self, pfx_reader *source):
        return build(self.cls, self.decode_tuple(source), None)

    cdef dict describe(self, bint classes):
        return self.describe_fields("NAMED_TUPLE", self.cls, classes)


cdef class DataclassCodec(RecordCodec):
    """A dataclass: its instances, built through the class.

    Args:
        cls: the class.
        names: the fields.
        codecs: one for each field.
        required: for each field, whether None is refused.
        arguments: the fields that the class takes as arguments; the others are set afterwards, also on frozen
            instances.
        by_keyword: whether the arguments are passed by name instead of in the order of ``names``.
    """

    cdef readonly object cls
    cdef tuple arguments
    cdef bint by_keyword
    cdef bint direct  # all fields are arguments, by position

    def __init__(self, cls, names, codecs, required, arguments, bint by_keyword):
        self.name = f"{cls.__module__}.{cls.__qualname__}"
        self.cls = cls
        self.set_fields(names, codecs, required, 0)
        self.hashable = self.hashable and cls.__hash__ is not None
        self.arguments = tuple(arguments)
        self.by_keyword = by_keyword
        self.direct = not by_keyword and self.arguments == self.names

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef size_t start = out.size
        cdef Py_ssize_t i = 0
        if type(value) is not self.cls:
            return self.refuse(value)
        self.write_nulls(0, out)
        try:
            for i in range(self.count):
                part = self.attribute(value, i)
                self.encode_field(i, <PyObject *>part, start, out)
        except TypeInformationError as fault:
            add_step(fault, self.names[i])
            raise
        return 0

    cdef inline object attribute(self, object value, Py_ssize_t i):
        try:
            return PyObject_GetAttr(value, <object>PyTuple_GET_ITEM(self.names, i))
        except AttributeError:
            raise TypeInformationError(f"the instance has no such attribute: {describe_value(value)}") from None

    cdef object decode(self, pfx_reader *source):
        cdef tuple values = self.decode_tuple(source)
        cdef dict named
        if self.direct:
            return build(self.cls, values, None)
        named = dict(zip(self.names, values))
        if self.by_keyword:
            instance = build(self.cls, (), {name: named.pop(name) for name in self.arguments})
        else:
            instance = build(self.cls, tuple([named.pop(name) for name in self.arguments]), None)
        for name, value in named.items():
            object.__setattr__(instance, name, value)
        return instance

    cdef dict describe(self, bint classes):
        return self.describe_fields("DATACLASS", self.cls, classes)


cdef class TypedDictCodec(RecordCodec):
    """A TypedDict: dicts that have exactly its keys, decoded in the order of their declaration.

    Args:
        cls: the class.
        names: the keys.
        codecs: one for each key's value.
        required: for each key, whether None is refused as its value.
    """

    cdef readonly object cls

    def __init__(self, cls, names, codecs, required):
        self.name = f"{cls.__module__}.{cls.__qualname__}"
        self.cls = cls
        self.set_fields(names, codecs, required, 0)
        self.hashable = False

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef size_t start = out.size
        cdef Py_ssize_t i = 0
        cdef PyObject *part = NULL
        if not PyDict_Check(value):
            return self.refuse(value)
        if PyDict_Size(value) != self.count:
            return self.refuse_keys(value)
        self.write_nulls(0, out)
        try:
            for i in range(self.count):
                part = PyDict_GetItemWithError(value, <object>PyTuple_GET_ITEM(self.names, i))
                if part == NULL:
                    return self.refuse_keys(value)
                held = <object>part  # encoding may run code that takes it out of the dict
                self.encode_field(i, <PyObject *>held, start, out)
        except TypeInformationError as fault:
            if part != NULL:
                add_step(fault, self.names[i])
            raise
        return 0

    cdef int refuse_keys(self, dict value) except -1:
        missing = [name for name in self.names if name not in value]
        unknown = [key for key in value if key not in self.names]
        faults = [f"lacks {missing}"] if missing else []
        if unknown:
            faults.append(f"has unknown keys {unknown}")
        raise TypeInformationError(
            f"expected {self.name}, got a dict that {' and '.join(faults)}: {describe_value(value)}"
        )

    cdef object decode(self, pfx_reader *source):
        return dict(zip(self.names, self.decode_tuple(source)))

    cdef dict describe(self, bint classes):
        return self.describe_fields("TYPED_DICT", self.cls, classes)

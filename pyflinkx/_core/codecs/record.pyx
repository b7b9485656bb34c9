"""Codecs of records: tuples, named tuples, dataclasses and typed dicts; those of rows build on them."""
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.dict cimport PyDict_Check, PyDict_CheckExact, PyDict_GetItemWithError, PyDict_Next, PyDict_Size
from cpython.list cimport PyList_AsTuple, PyList_Check, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject, PyObject_GetAttr
from cpython.ref cimport Py_INCREF
from cpython.sequence cimport PySequence_Fast_ITEMS
from cpython.tuple cimport (
    PyTuple_Check,
    PyTuple_CheckExact,
    PyTuple_GET_ITEM,
    PyTuple_GET_SIZE,
    PyTuple_New,
    PyTuple_SET_ITEM,
)
from libc.stdint cimport uint8_t

from pyflinkx._core.codecs.codec cimport Codec, add_step, describe_value, include_part, item_of, items_of, ok
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get, pfx_bit_set
from pyflinkx._core.pfx.bytes cimport (
    pfx_check_bitmap,
    pfx_read_bytes,
    pfx_reader,
    pfx_write_u8,
    pfx_write_zeros,
    pfx_writer,
)
from pyflinkx._core.records.row cimport Row

import sys

from pyflinkx.errors import CorruptDataError, TypeInformationError

cdef inline object conform_field(RecordCodec codec, Py_ssize_t i, PyObject *value):
    cdef PyObject *part = codec.parts[i]
    if value != <PyObject *>None:
        return (<Codec>part).conform(<object>value)
    if codec.needs[i]:
        (<Codec>part).refuse(None)
    return None


cdef inline int write_nulls(RecordCodec codec, unsigned kind, pfx_writer *out) except -1:
    if codec.header == 1:
        return ok(pfx_write_u8(out, <uint8_t>kind))
    ok(pfx_write_zeros(out, codec.header))
    out.data[out.size - codec.header] = <uint8_t>kind
    return 0


cdef inline int encode_field(RecordCodec codec, Py_ssize_t i, PyObject *value, size_t start, pfx_writer *out) except -1:
    cdef PyObject *part = codec.parts[i]
    if value != <PyObject *>None:
        return (<Codec>part).encode(<object>value, out)
    if codec.needs[i]:
        return (<Codec>part).refuse(None)
    pfx_bit_set(out.data + start, i + codec.shift, 1)
    return 0


cdef inline object decode_field(RecordCodec codec, Py_ssize_t i, const uint8_t *bitmap, pfx_reader *source):
    cdef PyObject *part = codec.parts[i]
    if not pfx_bit_get(bitmap, i + codec.shift):
        return (<Codec>part).decode(source)
    if codec.needs[i]:
        raise CorruptDataError("a field that cannot be null is null")
    return None


cdef class RecordCodec(Codec):
    """What the codecs of records share: a bitmap of nulls (with the row kind before it for rows), at least one byte,
    then the fields that are not null, in the order of their declaration."""

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
        write_nulls(self, kind, out)
        try:
            if PyTuple_Check(values):
                items = PySequence_Fast_ITEMS(values)
                for i in range(count):
                    encode_field(self, i, items[i], start, out)
            else:
                for i in range(count):
                    value = item_of(values, i, count)
                    encode_field(self, i, <PyObject *>value, start, out)
        except TypeInformationError as fault:
            add_step(fault, self.names[i])
            raise
        return 0

    cdef list changed_fields(self, object values):
        """The fields in the shape of their types, as a new list; None where all of them have it.

        `values` is a list or tuple of as many values as there are fields.
        """
        cdef Py_ssize_t count = self.count
        cdef Py_ssize_t i = 0
        cdef list result = None
        cdef PyObject **items
        try:
            if PyTuple_Check(values):
                items = PySequence_Fast_ITEMS(values)
                for i in range(count):
                    shaped = conform_field(self, i, items[i])
                    if <PyObject *>shaped != items[i]:
                        if result is None:
                            result = items_of(values, count)
                        result[i] = shaped
            else:
                for i in range(count):
                    value = item_of(values, i, count)
                    shaped = conform_field(self, i, <PyObject *>value)
                    if shaped is not value:
                        if result is None:
                            result = items_of(values, count)
                        result[i] = shaped
        except TypeInformationError as fault:
            add_step(fault, self.names[i])
            raise
        return result

    cdef const uint8_t *read_nulls(self, pfx_reader *source) except NULL:
        cdef const uint8_t *bitmap = NULL
        ok(pfx_read_bytes(source, self.header, &bitmap))
        ok(pfx_check_bitmap(bitmap, self.header, self.count + self.shift))
        return bitmap

    cdef tuple decode_tuple(self, pfx_reader *source):
        cdef const uint8_t *bitmap = self.read_nulls(source)
        cdef tuple values = PyTuple_New(self.count)
        cdef Py_ssize_t i = 0
        try:
            for i in range(self.count):
                value = decode_field(self, i, bitmap, source)
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
                value = decode_field(self, i, bitmap, source)
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

    The fields of a row go by position, but by their names if these are f0, f1, ... in another order.

    Args:
        codecs: one for each field.
    """

    def __init__(self, codecs):
        self.name = "TUPLE"
        codecs = tuple(codecs)
        self.set_fields(positions(codecs), codecs, [False] * len(codecs), 0)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        return self.encode_fields(self.values_of(value), 0, out)

    cdef inline object values_of(self, object value):
        """The fields, as a list or tuple of as many as there are to be."""
        if PyTuple_Check(value):
            if PyTuple_GET_SIZE(value) != self.count:
                self.refuse_arity(value)
            return value
        if isinstance(value, Row) and (<Row>value).kind == 0:
            return self.values_of_row(<Row>value)
        if not PyList_Check(value):
            self.refuse(value)
        if PyList_GET_SIZE(value) != self.count:
            self.refuse_arity(value)
        return value

    cdef list values_of_row(self, Row row):
        if PyList_GET_SIZE(row.values) != self.count:
            self.refuse_arity(row)
        if row.fields is None or len(row.fields) != self.count or set(row.fields) != set(self.names):
            return row.values
        return [row.values[row.fields.index(name)] for name in self.names]

    cdef object decode(self, pfx_reader *source):
        return self.decode_tuple(source)

    cdef object conform(self, object value):
        cdef object values = self.values_of(value)
        cdef list changed = self.changed_fields(values)
        if changed is not None:
            return PyList_AsTuple(changed)
        return value if PyTuple_CheckExact(value) else PyList_AsTuple(items_of(values, self.count))

    cdef dict describe(self, bint classes):
        return self.describe_fields("TUPLE", None, classes)


cdef object build(object cls, tuple values, dict named):
    """Call the class; what it objects to can only be damage, since these values came from an instance of it."""
    try:
        return cls(*values) if named is None else cls(**named)
    except CorruptDataError:
        raise
    except Exception as error:
        raise CorruptDataError(f"{cls.__qualname__} refuses the decoded values: {error}") from error


cdef object refusal(Codec codec, object value, object fault):
    """What is raised when the class of a record refuses the values that conforming gives."""
    return TypeInformationError(f"expected {codec.name}, got {describe_value(value)}; {fault}")


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

    cdef object conform(self, object value):
        cdef list changed
        if type(value) is not self.cls:
            self.refuse(value)
        changed = self.changed_fields(value)
        if changed is None:
            return value
        try:
            return build(self.cls, PyList_AsTuple(changed), None)
        except CorruptDataError as fault:
            raise refusal(self, value, fault) from fault

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
        write_nulls(self, 0, out)
        try:
            for i in range(self.count):
                part = self.attribute(value, i)
                encode_field(self, i, <PyObject *>part, start, out)
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
        return self.made(self.decode_tuple(source))

    cdef object conform(self, object value):
        cdef Py_ssize_t i = 0
        cdef list changed = None
        if type(value) is not self.cls:
            self.refuse(value)
        try:
            for i in range(self.count):
                part = self.attribute(value, i)
                shaped = conform_field(self, i, <PyObject *>part)
                if shaped is not part:
                    if changed is None:
                        changed = [self.attribute(value, k) for k in range(self.count)]
                    changed[i] = shaped
        except TypeInformationError as fault:
            add_step(fault, self.names[i])
            raise
        if changed is None:
            return value
        try:
            return self.made(PyList_AsTuple(changed))
        except CorruptDataError as fault:
            raise refusal(self, value, fault) from fault

    cdef object made(self, tuple values):
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
        return self.encode_fields(self.values_of(value), 0, out)

    cdef int refuse_keys(self, object value) except -1:
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

    cdef object conform(self, object value):
        cdef list values = self.values_of(value)
        cdef list changed = self.changed_fields(values)
        if changed is None and PyDict_CheckExact(value) and self.in_order(value):
            return value
        return dict(zip(self.names, values if changed is None else changed))

    cdef list values_of(self, object value):
        cdef PyObject *part
        cdef Py_ssize_t i
        cdef list values
        if not PyDict_Check(value):
            self.refuse(value)
        if PyDict_Size(value) != self.count:
            self.refuse_keys(value)
        values = PyList_New(self.count)
        for i in range(self.count):
            part = PyDict_GetItemWithError(value, <object>PyTuple_GET_ITEM(self.names, i))
            if part == NULL:
                self.refuse_keys(value)
            Py_INCREF(<object>part)
            PyList_SET_ITEM(values, i, <object>part)
        return values

    cdef bint in_order(self, dict value) except -1:
        """Whether the keys of a dict stand as the type declares them; mostly they are the same, interned, objects."""
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t i = 0
        cdef PyObject *key = NULL
        while PyDict_Next(value, &at, &key, NULL):
            if i == self.count or key != PyTuple_GET_ITEM(self.names, i):
                return tuple(value) == self.names
            i += 1
        return i == self.count

    cdef dict describe(self, bint classes):
        return self.describe_fields("TYPED_DICT", self.cls, classes)

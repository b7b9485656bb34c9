"""The codec of rows."""
from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.tuple cimport PyTuple_Check, PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport uint8_t

from pyflinkx._core.codecs.codec cimport describe_value, items_of
from pyflinkx._core.codecs.record cimport RecordCodec, positions
from pyflinkx._core.pfx.bytes cimport pfx_reader, pfx_writer
from pyflinkx._core.records.row cimport Row, new_row

from pyflinkx.errors import TypeInformationError

cdef enum:
    KIND_BITS = 2  # a row kind, before the nulls of a row


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
    """ROW and ROW_NAMED: Row with its row kind, whose fields are f0, f1, ... where the type names none.

    What else is taken becomes such a row, an insert where it has no row kind; any field may be None:

    - a Row without names, a tuple or a list, by position;
    - a Row with names, by them; if the type names none and they are not f0, f1, ..., by position;
    - a NamedTuple with the same names in another order, by them;
    - a dict, by its keys, and an object with at least one of the fields among its own attributes, by its attributes:
      fields that these lack are None.

    Args:
        codecs: one for each field.
        names: of the fields; None for rows without names.
    """

    cdef list row_names  # shared by all decoded rows
    cdef bint named

    def __init__(self, codecs, names=None):
        self.name = "ROW"
        codecs = tuple(codecs)
        self.named = names is not None
        self.set_fields(names if self.named else positions(codecs), codecs, [False] * len(codecs), KIND_BITS)
        self.row_names = list(self.names)

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int kind = 0
        values = self.values_of(value, &kind)
        return self.encode_fields(values, <unsigned>kind, out)

    cdef object values_of(self, object value, int *kind):
        """The fields in the order of the type, as a list or tuple, and the row kind."""
        cdef Row row
        if isinstance(value, Row):
            row = <Row>value
            kind[0] = row.kind
            if row.fields is not None and not same_names(row.fields, self.names):
                if self.named or self.holds(row.fields):
                    return self.ordered(row, dict(zip(row.fields, row.values)))
            if PyList_GET_SIZE(row.values) != self.count:
                self.refuse_arity(value)
            return row.values
        if PyTuple_Check(value):
            if PyTuple_GET_SIZE(value) != self.count:
                self.refuse_arity(value)
            return value if PyTuple_CheckExact(value) else self.by_fields(value)
        if PyList_Check(value):
            if PyList_GET_SIZE(value) != self.count:
                self.refuse_arity(value)
            return value
        if isinstance(value, dict):
            unknown = [name for name in value if name not in self.names]
            if unknown:
                raise TypeInformationError(
                    f"expected ROW with fields {self.row_names}, got unknown ones {unknown}: {describe_value(value)}"
                )
            return [value.get(name) for name in self.names]
        return self.attributes(value)

    cdef bint holds(self, object names) except -1:
        """Whether these are the names of the type, in any order."""
        return len(names) == self.count and set(names) == set(self.names)

    cdef list ordered(self, Row row, dict by_name):
        if len(row.values) != self.count or set(by_name) != set(self.names):
            raise TypeInformationError(f"expected ROW with fields {self.row_names}, got {describe_value(row)}")
        return [by_name[name] for name in self.names]

    cdef object by_fields(self, object value):
        """A tuple of a subclass, in the order of the type if its fields have the same names in another."""
        fields = getattr(type(value), "_fields", None)
        if not isinstance(fields, tuple) or fields == self.names or not self.holds(fields):
            return value
        return [value[fields.index(name)] for name in self.names]

    cdef list attributes(self, object value):
        held = getattr(value, "__dict__", None)
        if not isinstance(held, dict):
            held = getattr(type(value), "__dataclass_fields__", {})
        if not any([name in held for name in self.names]):
            self.refuse(value)
        return [getattr(value, name, None) for name in self.names]

    cdef object decode(self, pfx_reader *source):
        cdef const uint8_t *bitmap = self.read_nulls(source)
        cdef int kind = bitmap[0] & 3
        return new_row(self.decode_list(bitmap, source), self.row_names, kind)

    cdef object conform(self, object value):
        cdef int kind = 0
        cdef Row row
        cdef list changed
        if type(value) is Row:
            row = <Row>value
            if row.fields is not None and (row.fields is self.row_names or same_names(row.fields, self.names)):
                if PyList_GET_SIZE(row.values) != self.count:
                    self.refuse_arity(value)
                changed = self.changed_fields(row.values)
                return value if changed is None else new_row(changed, self.row_names, row.kind)
        values = self.values_of(value, &kind)
        changed = self.changed_fields(values)
        return new_row(items_of(values, self.count) if changed is None else changed, self.row_names, kind)

    cdef dict describe(self, bint classes):
        return self.describe_fields("ROW_NAMED" if self.named else "ROW", None, classes)

"""Rows: values with optional field names and a row kind."""
cimport cython
from cpython.object cimport PyObject_GenericGetAttr, PyObject_GenericSetAttr
from cpython.unicode cimport PyUnicode_READ_CHAR

from enum import Enum
from pyflinkx.names.asking import answers


@answers("common.types.RowKind")
class RowKind(Enum):
    """What a row says about its key in a changelog.

    ``str()`` gives the short form: ``+I``, ``-U``, ``+U``, ``-D``.
    """

    INSERT = 0
    UPDATE_BEFORE = 1
    UPDATE_AFTER = 2
    DELETE = 3

    def __str__(self):
        return SHORT_KINDS[self.value]


cdef tuple SHORT_KINDS = ("+I", "-U", "+U", "-D")
cdef tuple KINDS = (RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER, RowKind.DELETE)
cdef frozenset WRITABLE = frozenset(("_fields", "_values", "_row_kind"))
cdef list NO_VALUES = []


cdef list as_list(names):
    return names if names is None or type(names) is list else list(names)


cdef Py_ssize_t position(list fields, name) except -2:
    """Where the field is, or -1; rows are narrow, so a scan beats a dict that would have to be kept in step."""
    cdef Py_ssize_t i
    for i in range(len(fields)):
        if fields[i] is name:
            return i
    for i in range(len(fields)):
        if fields[i] == name:
            return i
    return -1


cdef bint is_private(name) except -1:
    return isinstance(name, str) and PyUnicode_READ_CHAR(name, 0) == 95  # an underscore


cdef object plain(value):
    if isinstance(value, Row):
        return value.as_dict(True)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


cdef Row new_row(list values, list fields, int kind):
    cdef Row row = Row.__new__(Row)
    row.values = values
    row.fields = fields
    row.kind = kind
    return row


def restore_row(cls, fields, values, int kind):
    """Rebuild a row from what ``Row.__reduce__`` took apart."""
    cdef Row row = cls.__new__(cls)
    row.values = list(values)
    row.fields = as_list(fields)
    row.kind = kind
    return row


@cython.freelist(256)
cdef class Row:
    """A record of values, with or without field names.

    Args:
        args: the values of a row without names. Such a row can itself be called, to make rows that have its values as
            field names.
        kwargs: values by field name, kept in the order given.

    Raises:
        ValueError: both args and kwargs were given.

    Values are read and written by position (``row[0]``), slice or name (``row["age"]``), and read as attributes
    (``row.age``). Two rows are equal when they have the same class, row kind, names in any order, and values.

    Example:
        >>> Row(name="Alice", age=11)
        Row(name='Alice', age=11)
        >>> Person = Row("name", "age")
        >>> Person("Bob", 12).age
        12
        >>> Row(1, 2)[0]
        1
    """

    def __cinit__(self):
        self.values = NO_VALUES

    def __init__(self, *args, **kwargs):
        if kwargs:
            if args:
                raise ValueError("a Row takes values by position or by field name, not both")
            self.fields = list(kwargs)
            self.values = list(kwargs.values())
        else:
            self.values = list(args)
        self.kind = 0

    @staticmethod
    def of_kind(row_kind, *args, **kwargs):
        """A row of the given RowKind; the other arguments are as for Row itself."""
        row = Row(*args, **kwargs)
        row.set_row_kind(row_kind)
        return row

    @property
    def _values(self):
        if self.values is NO_VALUES:
            self.values = []
        return self.values

    @_values.setter
    def _values(self, values):
        self.values = values if type(values) is list else list(values)

    @property
    def _fields(self):
        if self.fields is None:
            raise AttributeError("_fields")
        return self.fields

    @_fields.setter
    def _fields(self, names):
        self.fields = as_list(names)

    @property
    def _row_kind(self):
        return KINDS[self.kind]

    @_row_kind.setter
    def _row_kind(self, row_kind):
        self.set_row_kind(row_kind)

    def as_dict(self, recursive=False):
        """The values by field name, as a dict.

        Args:
            recursive: also turn rows within values, lists and dicts into dicts.

        Raises:
            TypeError: the row has no field names.
        """
        if self.fields is None:
            raise TypeError("a Row without field names cannot become a dict")
        values = [plain(value) for value in self.values] if recursive else self.values
        return dict(zip(self.fields, values))

    def get_row_kind(self):
        """The RowKind of this row; INSERT unless it was set."""
        return KINDS[self.kind]

    def set_row_kind(self, row_kind):
        """Set the RowKind.

        Raises:
            TypeError: it is not a RowKind.
        """
        if not isinstance(row_kind, RowKind):
            raise TypeError(f"a row kind is one of RowKind's members, not {row_kind!r}")
        self.kind = row_kind.value

    def set_field_names(self, field_names):
        """Replace the field names; a list is kept, not copied."""
        self.fields = as_list(field_names)

    def get_fields_by_names(self, names):
        """The values of the named fields, in the order of the names; all values when this row has no names.

        Raises:
            ValueError: there is no field of such a name.
        """
        if self.fields is None or names == self.fields:
            return self._values
        missing = [name for name in names if position(self.fields, name) < 0]
        if missing:
            raise ValueError(f"no fields {missing!r} among {self.fields!r}")
        return [self.values[position(self.fields, name)] for name in names]

    def __contains__(self, item):
        return item in (self.values if self.fields is None else self.fields)

    def __call__(self, *args):
        if len(args) > len(self.values):
            raise ValueError(f"{self!r} names {len(self.values)} fields, but got {len(args)} values: {args!r}")
        return new_row(list(args), self._values, self.kind)

    def __getitem__(self, item):
        if isinstance(item, (int, slice)):
            return self.values[item]
        if self.fields is None:
            raise AttributeError("_fields")
        cdef Py_ssize_t index = position(self.fields, item)
        if index < 0:
            raise ValueError(item)
        if index >= len(self.values):
            raise KeyError(item)
        return self.values[index]

    def __setitem__(self, key, value):
        if isinstance(key, (int, slice)):
            self._values[key] = value
            return
        if self.fields is None:
            raise KeyError(key)
        cdef Py_ssize_t index = position(self.fields, key)
        if index < 0:
            raise ValueError(value)
        if index >= len(self.values):
            raise KeyError(key)
        self.values[index] = value

    def __getattribute__(self, name):
        # Spares a failed lookup, which raises an AttributeError that is then dropped, for each field that is read.
        cdef Py_ssize_t index
        if self.fields is not None and type(self) is Row and name not in ATTRIBUTES:
            index = position(self.fields, name)
            if 0 <= index < len(self.values) and not is_private(name):
                return self.values[index]
        return PyObject_GenericGetAttr(self, name)

    def __getattr__(self, name):
        if self.fields is None or is_private(name):
            raise AttributeError(name)
        cdef Py_ssize_t index = position(self.fields, name)
        if index < 0 or index >= len(self.values):
            raise AttributeError(name)
        return self.values[index]

    def __setattr__(self, name, value):
        if name not in WRITABLE:
            raise AttributeError(name)
        PyObject_GenericSetAttr(self, name, value)

    def __delattr__(self, name):
        raise AttributeError(name)

    def __reduce__(self):
        return restore_row, (type(self), self.fields, tuple(self.values), self.kind)

    def __repr__(self):
        if self.fields is None:
            return f"<Row({', '.join([repr(value) for value in self.values])})>"
        return f"Row({', '.join([f'{name}={value!r}' for name, value in zip(self.fields, self.values)])})"

    def __eq__(self, other):
        if not isinstance(other, Row):
            return False
        cdef Row that = other
        if self.kind != that.kind or type(self) is not type(other):
            return False
        if self.fields is None or that.fields is None:
            return self.fields is that.fields and self.values == that.values
        if self.fields is that.fields or self.fields == that.fields:
            return self.values == that.values
        if len(self.fields) != len(that.fields) or len(self.values) != len(that.values):
            return False
        return dict(zip(self.fields, self.values)) == dict(zip(that.fields, that.values))

    def __hash__(self):
        return hash(tuple(self.values))

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)


# What a row has beside its fields, and before them.
cdef frozenset ATTRIBUTES = frozenset(dir(Row))

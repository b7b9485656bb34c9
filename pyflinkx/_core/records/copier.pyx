"""Copies of records that somebody else could still change, so that a record stays what it was when it was emitted.

A record that cannot change is its own copy. So is one of which nobody but the caller holds a reference, nor of anything
that could change within it: CPython counts references, and whoever could change an object holds one. All else is copied
as ``copy.deepcopy`` does, with the fewest calls: what occurs twice in a record, or within itself, does so in the copy.
"""
cimport cython
from cpython.dict cimport PyDict_Copy, PyDict_Next, PyDict_SetItem, PyDict_Size
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_FromVoidPtr
from cpython.ref cimport Py_TYPE, PyObject
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_CheckExact

from pyflinkx._core.python cimport (
    PyAnySet_CheckExact,
    PyByteArray_CheckExact,
    PyDict_CheckExact,
    PyDict_GetItemWithError,
    PyFrozenSet_CheckExact,
    pfx_enter,
    pfx_is_weakly_held,
    pfx_leave,
    pfx_traverse,
    references,
)
from pyflinkx._core.records.row cimport Row, new_row

import copy as copy_module

cdef enum:
    # Records that are nested deeper are copied without a look.
    DEEPEST = 100

cdef enum Kind:
    # Those of _core.mutability
    FROZEN
    TUPLE
    FROZEN_FIELDS
    WALKED
    OPAQUE

cdef object end = object()


cdef struct Walk:
    PyObject *copier
    Py_ssize_t held
    int depth


cdef int visit(PyObject *referent, void *argument) noexcept:
    """0 when nobody can change what is referred to."""
    cdef Walk *walk = <Walk *> argument
    try:
        return not (<Copier> <object> walk.copier).settled(referent, walk.held, walk.depth)
    except BaseException:
        return 1  # the copy that is made instead meets it again


@cython.final
cdef class Copier:
    """Makes the records that an operator emits or keeps its receiver's own.

    What cannot be copied (locks, files, generators) stays what it is; a warning says so once.

    Args:
        name: of the operator, for the warning.

    Attributes:
        warned: whether there was something that cannot be copied.

    Example:
        >>> record = {"tags": ["new"]}
        >>> Copier("Map").copy(record) == record, Copier("Map").copy(record) is record
        (True, False)
    """

    def __cinit__(self, str name not None):
        self.name = name
        self.kinds = {}

    def __reduce__(self):
        return Copier, (self.name,)

    cpdef object copy(self, object value):
        """The value, or a copy when anybody could change it."""
        if is_simple(value) or self.settled(<PyObject *> value, 0, 0):
            return value
        return self.copied_record(value)

    def copy_all(self, list values not None):
        """Replace every value of a list by ``copy(value)``; the same list.

        Returns:
            list
        """
        cdef Py_ssize_t i
        for i in range(len(values)):
            if not is_simple(<object> PyList_GET_ITEM(values, i)):
                values[i] = self.copy(values[i])
        return values

    def settle(self, list values not None):
        """Replace the values that others than the list hold by copies."""
        cdef Py_ssize_t i
        for i in range(len(values)):
            if not is_simple(<object> PyList_GET_ITEM(values, i)):
                value = values[i]
                values[i] = self.own(value, 2)

    def take(self, iterator, list values not None):
        """Append the next value of an iterator, which may go on to change it, to a list; False when there is none.

        Returns:
            bool
        """
        value = next(iterator, end)
        if value is end:
            return False
        values.append(self.own(value, 1))
        return True

    cdef object own(self, object value, Py_ssize_t held):
        """The value when nobody could change it who does not hold one of these references, else a copy."""
        if is_simple(value) or self.settled(<PyObject *> value, held, 0):
            return value
        return self.copied_record(value)

    # ---- whether anybody could change a value ----

    cdef int settled(self, PyObject *pointer, Py_ssize_t held, int depth) except -1:
        """Whether nobody can change a value but by ``held`` references to it, 0 where its owner is shared."""
        cdef Py_ssize_t i, below
        cdef PyObject *key
        cdef PyObject *item
        cdef bint alone
        if depth > DEEPEST:
            return 0
        alone = references(<object> pointer) <= held
        below = alone  # what it holds is referred to by it alone, or else by others too
        depth += 1
        if PyTuple_CheckExact(<object> pointer):
            for i in range(PyTuple_GET_SIZE(<object> pointer)):
                item = PyTuple_GET_ITEM(<object> pointer, i)
                if not is_atom(<object> item) and not self.settled(item, below, depth):
                    return 0
            return 1
        if PyDict_CheckExact(<object> pointer):
            if not alone:
                return 0
            i = 0
            while PyDict_Next(<object> pointer, &i, &key, &item):
                if not PyUnicode_CheckExact(<object> key) and not self.settled(key, 1, depth):
                    return 0
                if not is_atom(<object> item) and not self.settled(item, 1, depth):
                    return 0
            return 1
        if PyList_CheckExact(<object> pointer):
            if not alone:
                return 0
            for i in range(PyList_GET_SIZE(<object> pointer)):
                item = PyList_GET_ITEM(<object> pointer, i)
                if not is_atom(<object> item) and not self.settled(item, 1, depth):
                    return 0
            return 1
        if PyAnySet_CheckExact(<object> pointer):
            below = alone and not pfx_is_weakly_held(pointer)
            if not below and not PyFrozenSet_CheckExact(<object> pointer):
                return 0
            return self.traversed(pointer, below, depth)
        if PyByteArray_CheckExact(<object> pointer):
            return alone
        return is_atom(<object> pointer) or self.instance_settled(pointer, alone, depth)

    cdef int instance_settled(self, PyObject *pointer, Py_ssize_t alone, int depth) except -1:
        """The same for what is of another class."""
        cdef Py_ssize_t i
        cdef PyObject *item
        cdef PyObject *values
        if <type> Py_TYPE(<object> pointer) is Row:
            values = <PyObject *> (<Row> <object> pointer).values
            if not alone or pfx_is_weakly_held(pointer):
                return 0
            if references(<object> values) > 1:
                return 0
            for i in range(PyList_GET_SIZE(<object> values)):
                item = PyList_GET_ITEM(<object> values, i)
                if not is_atom(<object> item) and not self.settled(item, 1, depth):
                    return 0
            return 1
        known = self.kind_of(<type> Py_TYPE(<object> pointer))
        cdef Kind kind = known.kind
        if kind == FROZEN:
            return 1
        if kind == TUPLE:
            for i in range(PyTuple_GET_SIZE(<object> pointer)):
                if not self.settled(PyTuple_GET_ITEM(<object> pointer, i), alone, depth):
                    return 0
            return 1
        if kind == FROZEN_FIELDS:
            for name in <tuple> known.fields:
                field = getattr(<object> pointer, name, None)
                # One reference is that of the record, and one is ours.
                if not self.settled(<PyObject *> field, 2 if alone and not pfx_is_weakly_held(pointer) else 0, depth):
                    return 0
            return 1
        if kind == WALKED:
            return alone and not pfx_is_weakly_held(pointer) and self.traversed(pointer, 1, depth)
        return 0

    cdef int traversed(self, PyObject *pointer, Py_ssize_t held, int depth) except -1:
        """Whether nobody can change what an object refers to."""
        cdef Walk walk = Walk(<PyObject *> self, held, depth)
        return pfx_traverse(pointer, visit, &walk) == 0

    cdef object kind_of(self, type kind):
        known = self.kinds.get(kind)
        if known is None:
            from pyflinkx._core.records.mutability import mutability_of  # the classes that it knows take long to import

            known = self.kinds[kind] = mutability_of(kind)
        return known

    # ---- copies ----

    cdef object copied_record(self, object value):
        try:
            return self.copied(value, {})
        except RecursionError as error:
            return self.kept(value, error)

    cdef object copied(self, object value, dict memo):
        """A copy of a value; ``memo`` has the copies of what was met before, as ``copy.deepcopy`` keeps them."""
        cdef PyObject *found
        if is_atom(value):
            return value
        found = PyDict_GetItemWithError(memo, PyLong_FromVoidPtr(<void *> value))
        if found != NULL:
            return <object> found
        pfx_enter()
        try:
            if PyDict_CheckExact(value):
                return self.copied_dict(<dict> value, memo)
            if PyList_CheckExact(value):
                return self.copied_list(<list> value, memo)
            if PyTuple_CheckExact(value):
                return self.copied_tuple(<tuple> value, memo)
            return self.copied_other(value, memo)
        finally:
            pfx_leave()

    cdef object copied_other(self, object value, dict memo):
        kind = type(value)
        if kind is Row:
            return self.copied_row(<Row> value, memo)
        if kind is set or kind is frozenset:
            result = kind([self.copied(item, memo) for item in value])
            memo[id(value)] = result
            return result
        if kind is bytearray:
            result = memo[id(value)] = bytearray(value)
            return result
        known = self.kind_of(kind)
        if known.kind == FROZEN:
            return value
        if known.kind == TUPLE:
            return self.copied_tuple(<tuple> value, memo)
        if known.kind == FROZEN_FIELDS and self.settled(<PyObject *> value, 0, 0):
            return value
        if known.plain:
            return self.copied_instance(value, known, memo)
        return self.copied_deeply(value, memo)

    cdef object copied_dict(self, dict value, dict memo):
        cdef PyObject *key
        cdef PyObject *item
        cdef Py_ssize_t position = 0
        cdef dict result = PyDict_Copy(value)
        cdef Py_ssize_t left = PyDict_Size(result)
        memo[PyLong_FromVoidPtr(<void *> value)] = result
        # The copy is walked: a dict that others hold might be changed by them meanwhile. A __deepcopy__ of the user's
        # may find the copy, too, by the memo: so what is at hand is held, and there is an end to it whatever is added.
        while left > 0 and PyDict_Next(result, &position, &key, &item):
            left -= 1
            if is_atom(<object> key) and is_atom(<object> item):
                continue
            name, part = <object> key, <object> item
            if not is_atom(name) and self.copied(name, memo) is not name:
                return self.copied_keys(value, result, memo)
            if not is_atom(part):
                copied = self.copied(part, memo)
                if copied is not part:
                    PyDict_SetItem(result, name, copied)  # a key that is there: the dict is not resized
        return result

    cdef object copied_keys(self, dict value, dict result, dict memo):
        """The copy of a dict some of whose keys are copied too."""
        result.clear()
        for key, item in list(value.items()):
            result[self.copied(key, memo)] = self.copied(item, memo)
        return result

    cdef object copied_list(self, list value, dict memo):
        cdef list result = value[:]
        cdef Py_ssize_t count = PyList_GET_SIZE(result)
        cdef Py_ssize_t i
        memo[PyLong_FromVoidPtr(<void *> value)] = result
        for i in range(count):
            # A __deepcopy__ of the user's may find the copy by the memo, and shorten it.
            if i >= PyList_GET_SIZE(result):
                break
            item = result[i]
            if not is_atom(item):
                copied = self.copied(item, memo)
                if i < PyList_GET_SIZE(result):
                    result[i] = copied
        return result

    cdef object copied_tuple(self, tuple value, dict memo):
        cdef PyObject *found
        cdef bint same = True
        cdef list items = []
        for item in value:
            copied = self.copied(item, memo)
            same = same and copied is item
            items.append(copied)
        if same:
            return value
        found = PyDict_GetItemWithError(memo, PyLong_FromVoidPtr(<void *> value))
        if found != NULL:
            return <object> found  # it is within itself, by way of a list or the like
        kind = type(value)
        result = memo[id(value)] = tuple(items) if kind is tuple else tuple.__new__(kind, items)
        return result

    cdef object copied_row(self, Row value, dict memo):
        cdef Row result = new_row([], value.fields, value.kind)
        memo[id(value)] = result
        # The list of values may be shared too, so it goes by the memo.
        result.values = self.copied(value.values, memo)
        return result

    cdef object copied_instance(self, object value, object known, dict memo):
        kind = type(value)
        result = memo[id(value)] = kind.__new__(kind)
        attributes = getattr(value, "__dict__", None)
        if attributes:
            result.__dict__.update([(name, self.copied(item, memo)) for name, item in list(attributes.items())])
        for name in <tuple> known.slots:
            if hasattr(value, name):
                object.__setattr__(result, name, self.copied(getattr(value, name), memo))
        return result

    cdef object copied_deeply(self, object value, dict memo):
        try:
            return copy_module.deepcopy(value, memo)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:
            memo[id(value)] = value
            return self.kept(value, error)

    cdef object kept(self, object value, object error):
        """What cannot be copied; says so the first time."""
        if not self.warned:
            import logging  # seldom needed, and slow to import

            self.warned = True
            logging.getLogger("pyflinkx.runtime").warning(
                "operator '%s': a %s in its records cannot be copied (%s: %s), so all who hold it share it and see "
                "each other's changes; emit what it holds instead, or none of it",
                self.name, type(value).__name__, type(error).__name__, error,
            )
        return value

"""Keys that are an item of their record, taken without calling the user's ``lambda record: record[0]``."""
cimport cython
from cpython.list cimport PyList_GET_ITEM, PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE

import inspect
from types import FunctionType

cdef enum:
    MOST = 16


# The flags that say how a function is called; others say where it was written.
cdef int CALLED = (
    inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR | inspect.CO_COROUTINE
    | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR
)


# What makes two functions do the same.
cdef tuple shape(function):
    code = function.__code__
    types = tuple([type(constant) for constant in code.co_consts])  # 1, 1.0 and True are equal
    called = code.co_flags & CALLED
    arguments = code.co_argcount, code.co_kwonlyargcount
    return code.co_code, code.co_consts, types, arguments, called, code.co_names, code.co_freevars


# The compiler's own words for it, which differ between versions of Python.
cdef dict INDEXES = {shape(eval(f"lambda record: record[{i}]")): i for i in range(MOST)}


def item_index(function):
    """The i for which a function does no more than ``return function's argument[i]``, from 0 to 15; None for others.

    Example:
        >>> item_index(lambda pair: pair[1])
        1
    """
    if type(function) is not FunctionType:
        return None
    return INDEXES.get(shape(function))


@cython.final
cdef class ItemKey:
    """A key selector that gives an item of its record; records that are no tuples with such an item go to the function.

    Args:
        function: does no more than ``return function's argument[index]``.
        index: see ``item_index``.

    Example:
        >>> ItemKey(lambda pair: pair[1], 1)((2, "b"))
        'b'
    """

    def __cinit__(self, function, Py_ssize_t index):
        self.function = function
        self.index = index

    def __call__(self, record):
        return key_of(self, record)

    def __reduce__(self):
        return ItemKey, (self.function, self.index)

    def __repr__(self):
        return f"ItemKey({self.function!r}, {self.index})"


def select_items(list values not None, Py_ssize_t index):
    """A list of ``value[index]`` for every value; None unless all are tuples, no subclasses, with such an item.

    Example:
        >>> select_items([(1, "a"), (2, "b")], 1)
        ['a', 'b']
    """
    cdef Py_ssize_t count = len(values)
    cdef Py_ssize_t row
    cdef list keys
    if index < 0:
        return None
    for row in range(count):
        value = <object> PyList_GET_ITEM(values, row)
        if type(value) is not tuple or index >= PyTuple_GET_SIZE(value):
            return None
    keys = PyList_New(count)
    # No code of the user's runs in this loop, so nobody sees a list with empty places.
    for row in range(count):
        value = <object> PyTuple_GET_ITEM(<object> PyList_GET_ITEM(values, row), index)
        Py_INCREF(value)
        PyList_SET_ITEM(keys, row, value)
    return keys

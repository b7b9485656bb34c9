cdef class Row:
    cdef object __weakref__
    # Never None. A row made by `Row.__new__` without `__init__` holds NO_VALUES, which nobody may change.
    cdef list values
    # Names of the values, or None for a row without names. Rows share this list: replace it, never change it.
    cdef list fields
    # A RowKind value, 0 to 3.
    cdef signed char kind


# A row that takes `values` over (the caller writes to them no more) and shares `fields`, which may be None.
cdef Row new_row(list values, list fields, int kind)

from pyflinkx._core.columns.column cimport Column


# The column, with its children null where a null list or struct hides them: what lies there may be anything, and nobody
# is to read it. Other columns, and those that hide nothing, are returned as they are.
cdef Column shown(Column column)

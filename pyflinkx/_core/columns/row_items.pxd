# A row's values in the order of the names, as a list or tuple (whose length may be wrong); None for what is no row.
cdef object items_of(object row, list names)

cdef class Unit:
    cdef bint dirty
    cdef bint touched
    # Whether the cache has it.
    cdef bint held
    cdef Py_ssize_t weight

    cdef int write(self, bytes row, list changes) except -1
    cdef bint is_of(self, object table) noexcept


cdef class RowCache:
    cdef dict units
    cdef readonly Py_ssize_t weight
    cdef public Py_ssize_t limit
    cdef readonly object store

    # What is held under a row's key, or None. What was found or added before may go here, and nowhere else.
    cdef inline Unit find(self, bytes row):
        if self.weight > self.limit:
            self.evict()
        cdef Unit unit = self.units.get(row)
        if unit is not None:
            unit.touched = True
        return unit

    # The unit has become so much heavier.
    cdef inline void weigh(self, Unit unit, Py_ssize_t weight) noexcept:
        unit.weight += weight
        self.weight += weight

    cdef int add(self, bytes row, Unit unit) except -1
    cdef int evict(self) except -1


# About how many bytes of memory a value takes.
cdef Py_ssize_t weight_of(object value, int depth=*)

from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.columns.schema cimport Schema
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.pfx.json_read cimport pfx_json_reader


cdef class JsonReader:
    cdef pfx_json_reader reader
    cdef readonly Schema schema
    cdef MemoryBudget budget
    cdef list nodes
    cdef bint broken

    cdef int check_sound(self) except -1
    cdef Column take_node(self, int at)

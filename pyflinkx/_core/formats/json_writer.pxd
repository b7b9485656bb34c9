from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.columns.schema cimport Schema
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.pfx.bytes cimport pfx_writer
from pyflinkx._core.pfx.json_write cimport pfx_json_column


cdef class JsonWriter:
    cdef pfx_writer out
    cdef pfx_json_column *columns
    cdef readonly Schema schema
    cdef MemoryBudget budget
    cdef list nodes
    cdef list names     # what stands before the fields' values

    cdef int bind(self, int at, Column column) except -1

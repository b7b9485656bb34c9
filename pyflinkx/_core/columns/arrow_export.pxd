from pyflinkx._core.pfx.arrow cimport ArrowArray, ArrowSchema
from pyflinkx._core.columns.schema cimport Schema

# Fill structs that the receiver owns from then on.
cdef int export_schema_into(Schema schema, ArrowSchema *out) except -1
cdef int export_table_into(tuple columns, object length, ArrowArray *out) except -1

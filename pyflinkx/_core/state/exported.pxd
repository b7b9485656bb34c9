from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.codecs.codec cimport Codec, Writer
from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.keys.map cimport FrozenMap, KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.pfx.key cimport pfx_key


# A column of bytes that grows at its end.
cdef class ByteColumn:
    cdef Field field
    cdef Writer data
    cdef Writer offsets   # where values end
    cdef Writer present   # a byte for each row: 0 for null
    cdef int64_t rows
    cdef int64_t nulls

    # What is encoded into `data` from here on is the next value, until `end`.
    cdef int end(self, bint present) except -1
    cdef Column take(self)


cdef class StateExport:
    cdef readonly str name
    cdef readonly int64_t entries
    cdef readonly bint over
    cdef readonly list batches
    cdef Schema schema
    cdef int32_t max_parallelism
    cdef Snapshots snapshots
    cdef int64_t number
    cdef Codec key_codec
    cdef Codec namespace_codec
    cdef Codec value_codec
    cdef pfx_key key_bytes
    cdef Writer groups
    cdef ByteColumn keys
    cdef ByteColumn namespaces
    cdef ByteColumn values
    cdef bint made
    # The map that it is in the middle of.
    cdef FrozenMap current

    # Takes the next entry; False when there is none.
    cdef int one(self) except -1
    cdef int add(self, object key, object namespace, object value) except -1
    cdef int add_encoded(self, object key, bytes namespace, object value) except -1
    cdef int cut(self) except -1
    cdef int leave(self) except -1

from pyflinkx._core.codecs.codec cimport Codec
from pyflinkx._core.state.keyed cimport StateTable
from pyflinkx._core.state.row_cache cimport RowCache
from pyflinkx._core.state.row_keys cimport RowKeys


cdef class StoredTable(StateTable):
    cdef readonly int number
    cdef readonly RowCache cache
    cdef RowKeys row_keys
    cdef bytes begin
    cdef Codec key_codec
    cdef Codec codec
    cdef object form
    cdef object last_key
    cdef bytes last_row

    cdef bytes row(self, object namespace)
    cdef bytes value_head(self, object key)
    cdef object decoded(self, Codec codec, bytes data, Py_ssize_t start)
    cdef bytes encoded(self, Codec codec, object value, object key)
    cdef object key_in(self, bytes data, object key, bint plain, Py_ssize_t *end)

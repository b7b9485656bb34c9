from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from pyflinkx._core.codecs.codec cimport Codec
from pyflinkx._core.pfx.bytes cimport pfx_reader, pfx_writer


cdef class RecordCodec(Codec):
    cdef readonly tuple names
    cdef readonly tuple codecs
    cdef public dict aliases  # earlier names of fields, to read what was written by them; no part of the snapshot
    cdef PyObject **parts  # the items of codecs, borrowed
    cdef bytes required  # per field, whether None is refused
    cdef const char *needs  # the bytes of required, borrowed
    cdef Py_ssize_t count
    cdef Py_ssize_t shift  # bits before the first null bit
    cdef size_t header  # bytes of the bitmap

    cdef int set_fields(self, names, codecs, required, Py_ssize_t shift) except -1
    cdef int encode_fields(self, object values, unsigned kind, pfx_writer *out) except -1
    cdef list changed_fields(self, object values)
    cdef const uint8_t *read_nulls(self, pfx_reader *source) except NULL
    cdef tuple decode_tuple(self, pfx_reader *source)
    cdef list decode_list(self, const uint8_t *bitmap, pfx_reader *source)
    cdef int refuse_arity(self, object values) except -1
    cdef dict describe_fields(self, str kind, object cls, bint classes)


# f0, f1, ...: the names of fields that were given none.
cdef list positions(codecs)

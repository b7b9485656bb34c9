from libc.stdint cimport int64_t, uint8_t, uint32_t

from pyflinkx._core.codecs.codec cimport Codec

# The checks behind the basic types, for arrays of them: the C value, or TypeInformationError in the codec's name.
cdef bint bool_of(Codec codec, object value) except? -1
# An int (or an instance of a subclass) for what Python takes as an index, except bool: True is no number here.
cdef object integer_object(Codec codec, object value)
cdef int64_t integer_of(Codec codec, object value, int64_t low, int64_t high) except? -1
cdef double double_of(Codec codec, object value) except? -1
cdef float float_of(Codec codec, object value) except? -1
cdef uint32_t point_of(Codec codec, object value) except? 0xffffffff
# And the way back, with CorruptDataError for what no encoder wrote.
cdef object bool_from(uint8_t value)
cdef object character_from(uint32_t point)
cdef object text_from(const uint8_t *data, size_t count)

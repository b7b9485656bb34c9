from pyflinkx._core.pfx.bytes cimport pfx_writer


# Writes a value as a pickle of protocol 5 if it is plain data; False where only `pickle` can do it, and what was
# written till then is rubbish. The first object of a class has it imported, and the garbage collector may run.
cdef bint write_plain(object value, pfx_writer *out) except -1

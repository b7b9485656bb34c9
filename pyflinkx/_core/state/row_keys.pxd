from pyflinkx._core.pfx.key cimport pfx_key


cdef class RowKeys:
    cdef pfx_key out
    cdef readonly int max_parallelism
    # The last key, and its bytes behind its group.
    cdef object last
    cdef bytes last_bytes

    cdef bytes of(self, object key)


# Of a namespace; none is the beginning of another.
cdef bytes namespace_bytes(object namespace)

# Of the key of a map's entry, which may be what is no key of a stream.
cdef bytes entry_bytes(object key)

# Whether the bytes of a key say all of it.
cdef bint is_plain(object key) noexcept

"""The codec of values of any type."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t

import pickle

from pyflinkx._core.codecs.codec cimport Codec, Writer, describe_value, ok
from pyflinkx._core.codecs.plain_pickle cimport write_plain
from pyflinkx._core.pfx.bytes cimport (
    pfx_read_bytes,
    pfx_read_varint,
    pfx_reader,
    pfx_write_bytes,
    pfx_write_varint,
    pfx_writer,
)

from pyflinkx.errors import CorruptDataError, TypeInformationError


cdef class PickleCodec(Codec):
    """PICKLED_BYTE_ARRAY: any value that pickle takes, as the varint of a length, then its pickle (protocol 5).

    Decoding runs whatever code the pickle names, so bytes from elsewhere must not get here: see ``contains_pickle``.

    Args:
        loads: takes the pickle's bytes and returns the value; for an unpickler that allows only known classes.
    """

    cdef object dumps
    cdef object loads
    cdef Writer plain

    def __init__(self, loads=pickle.loads):
        self.name = "PICKLED_BYTE_ARRAY"
        self.contains_pickle = True
        self.dumps = pickle.dumps
        self.loads = loads

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef bytes data
        if self.encode_plain(value, out):
            return 0
        try:
            data = self.dumps(value, 5)
        except Exception as error:
            raise TypeInformationError(
                f"expected {self.name}, got a value that cannot be pickled ({error}): {describe_value(value)}"
            ) from error
        ok(pfx_write_varint(out, <uint64_t>PyBytes_GET_SIZE(data)))
        return ok(pfx_write_bytes(out, PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data)))

    cdef bint encode_plain(self, object value, pfx_writer *out) except -1:
        """Write plain data; False for everything else."""
        cdef Writer plain = self.plain
        cdef bint written
        self.plain = None  # to look for a class may run other code, which may need this codec
        if plain is None:
            plain = Writer()
        plain.out.size = 0
        written = write_plain(value, &plain.out)
        if written:
            ok(pfx_write_varint(out, <uint64_t> plain.out.size))
            ok(pfx_write_bytes(out, plain.out.data, plain.out.size))
        self.plain = plain
        return written

    cdef object conform(self, object value):
        return value

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t size = 0
        cdef const uint8_t *data = NULL
        ok(pfx_read_varint(source, &size))
        ok(pfx_read_bytes(source, size, &data))
        try:
            return self.loads(PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>size))
        except Exception as error:
            raise CorruptDataError(f"the pickle cannot be loaded: {type(error).__name__}: {error}") from error

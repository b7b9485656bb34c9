"""The numbering of keys by itself, without aggregates: for looking into it."""
cimport cython
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy, memset

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Buffer, new_buffer, writable
from pyflinkx._core.pfx.key_hash cimport pfx_key_secret
from pyflinkx._core.pfx.key_index cimport (
    PFX_CHUNK,
    pfx_key_index_compact,
    pfx_key_index_free,
    pfx_key_index_init,
    pfx_key_index_map,
    pfx_key_index_write,
)
from pyflinkx._core.native.aggregates cimport NativeAggregation
from pyflinkx._core.status cimport check


@cython.final
cdef class KeyIndex(NativeAggregation):
    """Numbers keys; see pfx/key_index.h.

    Args:
        schema: of the batches.
        keys: names of the key columns; none for one key.
        aggregates: none.
        results: schema of the keys.
        secret: bytes that take the place of the process's secret; what they do not fill is 0. None for the process's.
        budget: what native memory is charged to; the process's when None.
    """

    cdef pfx_key_secret secret

    def __init__(self, schema, keys, aggregates, results, secret=None, budget=None):
        cdef bytes given
        if secret is not None:
            given = bytes(secret)[:sizeof(pfx_key_secret)]
            memset(&self.secret, 0, sizeof(pfx_key_secret))
            memcpy(&self.secret, <const char *> given, len(given))
            pfx_key_index_free(&self.index)
            pfx_key_index_init(
                &self.index, &self.budget.budget, &self.secret, self.types, <int> len(self.key_positions))

    @property
    def is_direct(self):
        """Whether numbers are found in an array instead of a table."""
        return self.index.direct != NULL

    @property
    def longest(self):
        """The most steps beyond the first that the search for a key takes."""
        return self.index.longest

    @property
    def secrets(self):
        """How often another secret was taken, as searches were too long."""
        return self.index.secrets

    def add(self, ColumnBatch batch not None):
        """The numbers of the keys of a batch's rows."""
        cdef Buffer ids = new_buffer(batch.length * sizeof(uint32_t), self.budget)
        cdef uint32_t *to = <uint32_t *> writable(ids)
        cdef int64_t start, i
        self.bind(batch)
        for start in range(0, batch.length, PFX_CHUNK):
            check(pfx_key_index_map(
                &self.index, self.columns, start, min(PFX_CHUNK, batch.length - start), to + start))
        return [to[i] for i in range(batch.length)]

    def keys(self):
        """All keys in order of their numbers, as a batch; None when there are none."""
        cdef Buffer ids = new_buffer(self.index.count * sizeof(uint32_t), self.budget)
        cdef uint32_t *to = <uint32_t *> writable(ids)
        cdef uint32_t i
        for i in range(self.index.count):
            to[i] = i
        for i in range(<uint32_t> len(self.key_positions)):
            check(pfx_key_index_write(&self.index, i, to, self.index.count, &self.outs[i]))
        self.written.rows = self.index.count
        return self.take()

    def compact(self, keep):
        """Forget the keys whose element of ``keep`` is false.

        Returns:
            The new number of each key; None for those that are forgotten.
        """
        cdef Buffer numbers = new_buffer(self.index.count * sizeof(uint32_t), self.budget)
        cdef uint32_t *to = <uint32_t *> writable(numbers)
        cdef uint32_t before = self.index.count
        cdef uint32_t i
        for i in range(before):
            to[i] = 0 if keep[i] else <uint32_t> 0xFFFFFFFF
        check(pfx_key_index_compact(&self.index, to))
        return [None if to[i] == <uint32_t> 0xFFFFFFFF else to[i] for i in range(before)]

from libc.stdint cimport uint64_t

from pyflinkx._core.keys.encoder cimport KeyEncoder
from pyflinkx._core.pfx.key cimport pfx_key

# XXH64 of a key's canonical bytes, which are left in `out` unless the key is a short int.
cdef uint64_t hash_key(pfx_key *out, object key, KeyEncoder encoder) except? 0

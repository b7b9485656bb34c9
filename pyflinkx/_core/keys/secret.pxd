from pyflinkx._core.pfx.key_hash cimport pfx_key_secret

# Of the process: what the tables of keys hash under. Drawn when this module is imported, the same ever after (a forked
# process keeps its parent's), and good until the process ends.
cdef pfx_key_secret process_secret

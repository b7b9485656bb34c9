"""C of csrc as Cython sees it: a file for each header of csrc/include/pfx, checked by tests/test_headers.py."""

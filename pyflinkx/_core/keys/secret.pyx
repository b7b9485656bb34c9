"""The secret that native tables of keys hash under, so that no input can be chosen to fill them badly.

It lies here once for all extension modules, since tables pass from one to another. Where the environment variable
``PYFLINKX_KEY_SECRET`` is set, its text takes the place of chance, so that a run can be had again as it was; who knows
it can choose such input.
"""
import os
from hashlib import shake_256

from libc.string cimport memcpy

cdef bytes drawn


def _draw():
    text = os.environ.get("PYFLINKX_KEY_SECRET")
    return os.urandom(sizeof(pfx_key_secret)) if text is None else (
        shake_256(text.encode("utf-8", "surrogateescape")).digest(sizeof(pfx_key_secret)))


drawn = _draw()
memcpy(&process_secret, <const char *> drawn, sizeof(pfx_key_secret))

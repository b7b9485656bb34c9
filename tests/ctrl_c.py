"""Tests that press Ctrl-C."""

import contextlib
import signal


@contextlib.contextmanager
def ctrl_c_arrives():
    """Have SIGINT raise KeyboardInterrupt meanwhile: programs that a shell starts in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""What the tests of exchanges share."""

import os
import random
import signal
import threading

import pytest

from pyflinkx._core.exchange import shared as exchange
from tests.ctrl_c import ctrl_c_arrives

needs_arenas = pytest.mark.skipif(not exchange.SUPPORTED, reason="processes share memory on 64-bit Linux only")

SIZE = 4096
# Long enough for any machine to act in; a test that runs into it fails.
LONG = 20.0


def pattern(size, seed=0):
    return random.Random(seed).randbytes(size)


def in_thread(work):
    """Run it in a thread; the function returned gives what came of it."""
    outcome = []

    def run():
        try:
            outcome.append((work(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result():
        thread.join(LONG)
        assert outcome, "the thread still waits"
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    return result


def interrupted(work):
    """Run what waits, with Ctrl-C after a moment."""
    with ctrl_c_arrives():
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        return work()

"""What the tests of exchanges share."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from pyflinkx._core.exchange import shared as exchange
from pyflinkx.errors import WrongStateError
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


def until_it_waits(writer):
    """Return once another thread is within a call of the writer, has given up the interpreter lock, and sleeps."""
    while True:
        try:
            writer.write([None])  # what no write takes, so that it changes nothing
        except WrongStateError:
            if others_sleep():
                return
        except TypeError:
            pass
        time.sleep(0.001)


def others_sleep():
    """Whether every other thread of this process waits for something."""
    others = (task for task in Path("/proc/self/task").iterdir() if int(task.name) != threading.get_native_id())
    try:
        return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "S" for task in others)
    except OSError:  # one has ended meanwhile
        return False


def interrupted(work, until=lambda: time.sleep(0.1)):
    """Run what waits, with Ctrl-C after a moment: when ``until`` returns in another thread."""

    def press():
        until()
        os.kill(os.getpid(), signal.SIGINT)

    with ctrl_c_arrives():
        threading.Thread(target=press).start()
        return work()

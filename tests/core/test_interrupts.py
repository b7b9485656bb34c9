"""Ctrl-C and what only looks like it."""

import functools
import os
import signal
import threading
import time

import pytest

from pyflinkx._core.interrupts import is_interrupt
from tests.ctrl_c import ctrl_c_arrives


@pytest.fixture(autouse=True)
def handler():
    with ctrl_c_arrives():
        yield


def caught(call):
    try:
        call()
    except BaseException as error:
        return is_interrupt(error)
    raise AssertionError("nothing was raised")


def press():
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        time.sleep(1)


def cleaning_up():
    try:
        press()
    except KeyboardInterrupt:
        raise


def raising(error=KeyboardInterrupt):
    raise error


def test_the_systems_is_one():
    assert caught(press)
    assert caught(cleaning_up)
    assert caught(lambda: sorted(["a", "b"], key=lambda _: press()))


def test_what_a_function_raises_is_none():
    assert not caught(raising)
    assert not caught(lambda: raising(KeyboardInterrupt("x")))
    assert not caught(lambda: raising(SystemExit(3)))
    assert not caught(lambda: sorted([1], key=lambda _: raising()))


class Handlers:
    def method(self, number, frame):
        raise KeyboardInterrupt

    def __call__(self, number, frame):
        raising()

    def partly(self, extra, number, frame):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "own", [Handlers().method, Handlers(), functools.partial(Handlers().partly, 1), lambda *_: raising()]
)
def test_a_handler_of_the_programs_own_raises_one(own):
    signal.signal(signal.SIGINT, own)
    assert caught(press)
    assert not caught(raising)


def test_other_threads_get_none():
    found = []

    def run():
        error = KeyboardInterrupt()  # as if it came from nowhere: without a traceback
        found.append(is_interrupt(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [False]

"""Ctrl-C and SIGTERM, and what only looks like them."""

import functools
import os
import signal
import threading
import time

import pytest

from pyflinkx._core.interrupts import Terminated, is_interrupt
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


def press(number=signal.SIGINT):
    os.kill(os.getpid(), number)
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_handler_of_another_signal_that_ends_programs_raises_one(number):
    before = signal.signal(number, lambda *_: raising(SystemExit(7)))
    try:
        assert caught(lambda: press(number))
        assert not caught(lambda: raising(SystemExit(7)))
    finally:
        signal.signal(number, before)


def test_what_another_handler_raises_is_the_functions_own():
    before = signal.signal(signal.SIGUSR1, lambda *_: raising(SystemExit(7)))
    try:
        assert not caught(lambda: press(signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_sigterm_is_one_where_the_program_leaves_it_to_a_job():
    assert caught(lambda: raising(Terminated()))


def test_other_threads_get_none():
    found = []

    def run():
        error = KeyboardInterrupt()  # as if it came from nowhere: without a traceback
        found.append(is_interrupt(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [False]

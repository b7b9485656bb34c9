"""Ctrl-C and SIGTERM, told apart from what code of the user's raises."""

from __future__ import annotations

import functools
import signal
import threading
from opcode import opmap
from types import CodeType

RAISE = opmap["RAISE_VARARGS"]
# The signals that ask a program to end.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What a shell says of a program that SIGTERM has ended.
TERMINATED = 128 + signal.SIGTERM


class Terminated(SystemExit):
    """Raised in the main thread when SIGTERM ends the program; left alone, it gives the exit code 143."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


def is_interrupt(error: BaseException) -> bool:
    """Whether an exception is a signal that ends the program, and not what a function raised for its own reasons.

    Ctrl-C arrives in the main thread, between two instructions or in a call that waits, and from no ``raise`` but that
    of a handler of SIGINT. A program's own handlers of the signals that end programs raise ``SystemExit`` and the like.

    Args:
        error: what was caught, with its traceback.

    Example:
        >>> try:
        ...     raise KeyboardInterrupt
        ... except KeyboardInterrupt as error:
        ...     is_interrupt(error)
        False
    """
    if isinstance(error, Exception) or threading.current_thread() is not threading.main_thread():
        return False
    if isinstance(error, Terminated):
        return True
    handlers = codes_of_handlers()
    traceback = error.__traceback__
    raised = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code in handlers:
            return True
        at, instructions = traceback.tb_lasti, code.co_code
        raised = 0 <= at < len(instructions) and instructions[at] == RAISE
        traceback = traceback.tb_next
    return isinstance(error, KeyboardInterrupt) and not raised


def codes_of_handlers() -> set[CodeType]:
    """The code of the program's own handlers of signals that end it; none of one that is not in Python."""
    found = set()
    for number in ENDING:
        handler = signal.getsignal(number)
        while isinstance(handler, functools.partial):
            handler = handler.func
        for function in (handler, getattr(handler, "__func__", None), vars(type(handler)).get("__call__")):
            code = getattr(function, "__code__", None)
            if isinstance(code, CodeType):
                found.add(code)
                break
    return found

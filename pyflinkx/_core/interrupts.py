"""Ctrl-C, told apart from what code of the user's raises."""

from __future__ import annotations

import functools
import signal
import threading
from opcode import opmap
from types import CodeType

RAISE = opmap["RAISE_VARARGS"]


def is_interrupt(error: BaseException) -> bool:
    """Whether an exception is Ctrl-C in the program, which ends it, and not a KeyboardInterrupt that a function raised.

    The system's arrives in the main thread, between two instructions or in a call that waits, and from no ``raise``
    but that of a handler of SIGINT.

    Args:
        error: what was caught, with its traceback.

    Example:
        >>> try:
        ...     raise KeyboardInterrupt
        ... except KeyboardInterrupt as error:
        ...     is_interrupt(error)
        False
    """
    if not isinstance(error, KeyboardInterrupt) or threading.current_thread() is not threading.main_thread():
        return False
    handler = code_of_handler()
    traceback = error.__traceback__
    raised = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if handler is not None and code is handler:
            return True
        at, instructions = traceback.tb_lasti, code.co_code
        raised = 0 <= at < len(instructions) and instructions[at] == RAISE
        traceback = traceback.tb_next
    return not raised


def code_of_handler() -> CodeType | None:
    """The code of the program's own handler of SIGINT; None where it has none in Python."""
    handler = signal.getsignal(signal.SIGINT)
    while isinstance(handler, functools.partial):
        handler = handler.func
    for function in (handler, getattr(handler, "__func__", None), vars(type(handler)).get("__call__")):
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            return code
    return None

"""Exceptions that travel from a worker to the client, with their tracebacks as text."""

from __future__ import annotations

import pickle
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import JobExecutionError, RemoteError
from pyflinkx.runtime.control.pickles import dump_value


@dataclass(frozen=True)
class Failure:
    """An exception as it travels.

    Args:
        chain: the exception and its causes, outermost first: each pickled where it can be, and as text.
        text: the whole traceback.
    """

    chain: tuple[tuple[bytes | None, str], ...]
    text: str


class RemoteTraceback(Exception):
    """Shows where in a worker an exception was raised; the cause of the first exception of the chain."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


def contained(error: BaseException, where: str) -> BaseException:
    """What fails a job on behalf of an exception: a JobExecutionError for one that would end the program.

    Args:
        error: what was caught; an Exception, and Ctrl-C in the program, stay as they are.
        where: what raised it, such as ``task 'Map (1/2)'``.
    """
    if isinstance(error, Exception) or is_interrupt(error):
        return error
    failure = JobExecutionError(f"{where} failed: {told(error)}")
    failure.__cause__ = error
    return failure


def raise_contained(error: BaseException, where: str) -> NoReturn:
    """Raise what ``contained`` makes of an exception that is being handled."""
    raise contained(error, where)


def pack(error: BaseException) -> Failure:
    """Make an exception ready to travel."""
    chain: list[tuple[bytes | None, str]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 16:
        chain.append((pickled(current), "".join(traceback.format_exception_only(type(current), current)).strip()))
        current = current.__cause__
    return Failure(tuple(chain), "".join(traceback.format_exception(type(error), error, error.__traceback__)))


def pickled(error: BaseException) -> bytes | None:
    """The exception's pickle, if it is one that can be read again."""
    for value in (error, WithoutInit(error)):
        try:
            data: bytes = dump_value(value)
            if type(pickle.loads(data)) is type(error):
                return data
        except BaseException:  # its own code, which may do what it likes
            continue
    return None


class WithoutInit:
    """Stands for an exception in a pickle; read again it is that exception, made without a call of ``__init__``.

    An ``__init__`` of the user's often takes other arguments than it hands on, and only those are in ``args``, with
    which the exception's own pickle calls it.
    """

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        if type(self.error).__reduce__ is not BaseException.__reduce__:
            raise TypeError(f"{type(self.error).__name__} says itself how it is pickled")
        return made_without_init, (type(self.error), self.error.args, dict(self.error.__dict__))


def made_without_init(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    """An exception with these arguments and attributes."""
    error: BaseException = cls.__new__(cls, *args)
    error.__setstate__(state)
    return error


def unpack(failure: Failure) -> BaseException:
    """The exception, with its causes, and with the worker's traceback as the first cause."""
    inner: BaseException = RemoteTraceback(failure.text)
    for data, text in reversed(failure.chain):
        try:
            error = pickle.loads(data) if data is not None else RemoteError(text)
        except BaseException as reason:
            if is_interrupt(reason):
                raise
            error = RemoteError(text)
        error.__cause__ = inner
        inner = error
    return inner

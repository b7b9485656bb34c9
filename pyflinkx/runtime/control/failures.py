"""Exceptions that travel from a worker to the client, with their tracebacks as text."""

from __future__ import annotations

import pickle
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import JobExecutionError, RemoteError
from pyflinkx.runtime.control.frames_of_code import CodePlace, places, traceback_of
from pyflinkx.runtime.control.pickles import dump_value
from pyflinkx.runtime.tracebacks import kept

LONGEST_CHAIN = 16


@dataclass(frozen=True)
class Link:
    """One exception of those that led to a failure.

    Args:
        data: its pickle, where it has one that can be read again.
        text: what it says.
        frames: the user's.
        caused: whether what comes next in the chain is its cause, or was only being handled when it was raised.
        parts: of an exception group, the exceptions in it.
    """

    data: bytes | None
    text: str
    frames: tuple[CodePlace, ...]
    caused: bool
    parts: tuple[Failure, ...]


@dataclass(frozen=True)
class Failure:
    """An exception as it travels.

    Args:
        chain: the exception and what led to it, outermost first.
        text: the whole traceback.
    """

    chain: tuple[Link, ...]
    text: str


class RemoteTraceback(Exception):
    """Shows all frames of a worker that an exception came through; the cause of the first exception of the chain."""

    shows_remote_frames = True

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
    chain = links(error, 1)
    return Failure(tuple(chain), "".join(traceback.format_exception(type(error), error, error.__traceback__)))


def links(error: BaseException, depth: int) -> list[Link]:
    """An exception and what led to it, so far as Python would show it."""
    chain: list[Link] = []
    current: BaseException | None = error
    while current is not None and len(chain) < LONGEST_CHAIN:
        members = getattr(current, "exceptions", ())
        grouped = isinstance(members, tuple) and depth < LONGEST_CHAIN
        chain.append(
            Link(
                pickled(current),
                "".join(traceback.format_exception_only(type(current), current)).strip(),
                places(kept(current)),
                current.__cause__ is not None,
                tuple(Failure(tuple(links(member, depth + 1)), "") for member in members) if grouped else (),
            )
        )
        hidden = current.__suppress_context__
        current = current.__context__ if current.__cause__ is None and not hidden else current.__cause__
    return chain


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
    """The exception, with its causes and their frames, and with the worker's whole traceback as the first cause."""
    inner: BaseException | None = RemoteTraceback(failure.text) if failure.text else None
    caused = True
    for link in reversed(failure.chain):
        error = unpacked(link)
        if link.caused or caused:
            error.__cause__ = inner
        else:
            error.__context__ = inner
        inner, caused = error, False
    assert inner is not None
    return inner


def unpacked(link: Link) -> BaseException:
    """The exception of a link, with its frames."""
    try:
        error = pickle.loads(link.data) if link.data is not None else RemoteError(link.text)
    except BaseException as reason:
        if is_interrupt(reason):
            raise
        error = RemoteError(link.text)
    error.__traceback__ = traceback_of(link.frames)
    for member, part in zip(getattr(error, "exceptions", ()), link.parts, strict=False):
        known = unpack(part)
        member.__traceback__, member.__cause__ = known.__traceback__, known.__cause__
        member.__context__, member.__suppress_context__ = known.__context__, known.__suppress_context__
    result: BaseException = error
    return result

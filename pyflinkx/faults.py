"""Named places in the code at which a test can have the process die, an operation fail, or something take its time.

A place is a call, ``point("file-sink.renamed")``, named after what has just happened there. Nothing happens unless the
place is switched on, by the environment variable PYFLINKX_FAULTS or by ``switched``; docs/testing.md has it all. Which
places there are, tests find by reading the sources.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator

VARIABLE = "PYFLINKX_FAULTS"
# A folder, by which all processes of a program know which of their faults have happened: each does once.
ONCE_VARIABLE = "PYFLINKX_FAULTS_ONCE"
# name=action or name=action@n, where n says at which arrival, from 1; without it, at each.
FORM = re.compile(r"([\w.-]+)=(crash|error|delay:(\d+))(?:@([1-9]\d*))?")


class InjectedFault(OSError):
    """What ``error`` raises: a failure of the operating system, which the code has to expect wherever it may fail."""


class Fault:
    """What happens at one place.

    Args:
        act: called with the place's name.
        nth: at which arrival, from 1; 0 for each.
        once: a folder, in which a file of the place's name says that it has happened in some process; None for none.
    """

    def __init__(self, act: Callable[[str], None], nth: int = 0, once: str | None = None) -> None:
        self.act = act
        self.nth = nth
        self.once = once
        self.arrivals = 0

    def arrive(self, name: str) -> None:
        """The place has been reached."""
        self.arrivals += 1
        if self.nth in (0, self.arrivals) and (self.once is None or is_first(self.once, name)):
            self.act(name)


def is_first(folder: str, name: str) -> bool:
    """Whether nobody has asked for this name before; from now on somebody has."""
    try:
        os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
    except FileExistsError:
        return False
    return True


_faults: dict[str, Fault] | None = None


def point(name: str) -> None:
    """A place has been reached.

    Args:
        name: of the place, unique in the sources: the part of the engine, a dot, and what has happened.
    """
    if _faults is not None:
        fault = _faults.get(name)
        if fault is not None:
            fault.arrive(name)


def crash(name: str) -> None:
    """End this process as a power cut would end it: nothing is closed, flushed or removed."""
    if os.name == "nt":
        os._exit(137)
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def error(name: str) -> None:
    """Fail as the operating system would.

    Raises:
        InjectedFault: always.
    """
    import errno

    raise InjectedFault(errno.EIO, f"injected fault at {name}")


def delay(milliseconds: int) -> Callable[[str], None]:
    """What has its caller wait."""

    def wait(name: str) -> None:
        import time

        time.sleep(milliseconds / 1000)

    return wait


def parsed(text: str, once: str | None = None) -> dict[str, Fault]:
    """The faults that a text like ``"file-sink.renamed=crash@2,file-sink.synced=delay:50"`` asks for.

    Args:
        text: says which.
        once: as for ``Fault``.

    Raises:
        ValueError: it has another form.
    """
    faults = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        match = FORM.fullmatch(part)
        if match is None:
            raise ValueError(f"{VARIABLE}: {part!r} is not of the form name=crash|error|delay:milliseconds[@nth]")
        name, action, milliseconds, nth = match.groups()
        act = crash if action == "crash" else error if action == "error" else delay(int(milliseconds))
        faults[name] = Fault(act, int(nth or 0), once)
    return faults


@contextlib.contextmanager
def switched(faults: dict[str, Fault] | str) -> Iterator[dict[str, Fault]]:
    """Within the block, have faults happen in this process.

    Args:
        faults: by the name of the place; or the text for them, as for the environment variable.

    Example:
        >>> with switched("file-sink.renamed=delay:0"):
        ...     point("file-sink.renamed")
    """
    global _faults
    before = _faults
    _faults = parsed(faults) if isinstance(faults, str) else faults
    try:
        yield _faults
    finally:
        _faults = before


if os.environ.get(VARIABLE):
    _faults = parsed(os.environ[VARIABLE], os.environ.get(ONCE_VARIABLE))

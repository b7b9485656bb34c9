"""What workers print, on its way to the client's standard output and standard error."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import select
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger("pyflinkx.runtime")

PIECE = 1 << 16
KEPT_LINES = 20
KEPT_CHARACTERS = 2000
WAITING_CHARACTERS = 1 << 20
SHORT = 1000  # characters, of up to 4 bytes each
LOOK_INTERVAL = 0.2


class OutputStream:
    """One stream of one worker: passed on in whole lines, so that those of several workers do not mix.

    Of a line that is longer than a piece no more than a piece is kept: it goes on in pieces.

    Args:
        piece: characters of a piece.
    """

    def __init__(self, piece: int = PIECE) -> None:
        self.piece = piece
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.partial: list[str] = []
        self.held = 0

    def feed(self, data: bytes) -> str:
        """What is to be passed on, now that this was read; no bytes at all are the end."""
        text = self.decoder.decode(data, final=not data)
        whole = text.rfind("\n") + 1
        rest = len(text) - whole + (0 if whole else self.held)
        if not data or rest >= self.piece:
            whole, rest = len(text), 0
        passed = ""
        if whole or not data:
            passed = "".join(self.partial) + text[:whole]
            self.partial.clear()
        if whole < len(text):
            self.partial.append(text[whole:])
        self.held = rest
        return passed


class LastLines:
    """The last lines that a worker printed, each as far as it is worth telling."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.open = False

    def add(self, text: str) -> None:
        """Take what was passed on; it may begin or end within a line."""
        for line in text.splitlines(keepends=True)[-KEPT_LINES - 1 :]:
            if self.open and self.lines:
                line = self.lines.pop() + line
            self.open = not line.endswith("\n")
            line = line.rstrip("\r\n")
            self.lines.append(line if len(line) <= KEPT_CHARACTERS else line[: KEPT_CHARACTERS - 3] + "...")


class OutputRelay:
    """Writes to the client's streams in a thread of its own, so that whoever reads them slowly holds up no job.

    Args:
        room: called, in that thread, when there is room again after ``is_full``.
    """

    def __init__(self, room: Callable[[], None]) -> None:
        self.room = room
        self.waiting: deque[tuple[str, str]] = deque()
        self.characters = 0
        self.was_full = False
        self.ending = False
        self.dropping = False
        self.broken: set[str] = set()
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None

    def is_full(self) -> bool:
        """Whether so much waits that workers are to wait too."""
        with self.changed:
            self.was_full = self.characters >= WAITING_CHARACTERS
            return self.was_full

    def put(self, stream: str, text: str) -> None:
        """Have text written to "stdout" or "stderr"."""
        with self.changed:
            self.waiting.append((stream, text))
            self.characters += len(text)
            self.changed.notify_all()
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="output of workers", daemon=True)
            self.thread.start()

    def close(self, patience: float | None) -> None:
        """Wait until all is written, for so many seconds (None: ever); what is not written then is dropped."""
        if self.thread is None:
            return
        with self.changed:
            self.ending = True
            self.changed.notify_all()
        try:
            self.thread.join(patience)
        finally:
            self.dropping = True
            self.thread.join(LOOK_INTERVAL * 2)

    def _run(self) -> None:
        while not self.dropping:
            with self.changed:
                while not self.waiting and not self.ending:
                    self.changed.wait()
                if not self.waiting:
                    return
                stream, text = self.waiting.popleft()
            self._write(stream, text)
            with self.changed:
                self.characters -= len(text)
                wanted = self.was_full and self.characters < WAITING_CHARACTERS
                self.was_full = self.was_full and not wanted
            if wanted:
                self.room()

    def _write(self, stream: str, text: str) -> None:
        target = getattr(sys, stream)
        if target is None or stream in self.broken:  # a host without that stream
            return
        try:
            descriptor = pipe_behind(target)
            step = len(text) if descriptor is None else SHORT
            for start in range(0, len(text), step):
                # A thread that sat in a write could not be ended, nor could then the interpreter.
                while descriptor is not None and not takes_bytes(descriptor):
                    if self.dropping:
                        return
                write(target, text[start : start + step])
        except Exception as error:  # whatever a host has put in the place of its streams may raise
            self.broken.add(stream)
            with contextlib.suppress(Exception):
                log.warning(
                    "%s of workers is no longer passed on, as writing it failed: %s: %s",
                    stream,
                    type(error).__name__,
                    error,
                )


def pipe_behind(target: Any) -> int | None:
    """The descriptor of a stream whose reader may be slow; None where writing waits for nobody."""
    try:
        descriptor: int = target.fileno()
        mode = os.fstat(descriptor).st_mode
    except (AttributeError, OSError, ValueError):
        return None
    return None if stat.S_ISREG(mode) else descriptor


def takes_bytes(descriptor: int) -> bool:
    """Whether it takes at least what is written to a pipe at once (POSIX: 512 bytes, Linux: 4096), or has failed."""
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    return bool(poller.poll(LOOK_INTERVAL * 1000))


def write(target: Any, text: str) -> None:
    """Write text to a stream, what its encoding lacks as escapes."""
    try:
        target.write(text)
    except UnicodeEncodeError:
        encoding = target.encoding or "ascii"
        target.write(text.encode(encoding, "backslashreplace").decode(encoding))
    target.flush()

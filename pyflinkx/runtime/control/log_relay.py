"""What workers log, on its way to the handlers that the program has for its log."""

from __future__ import annotations

import contextlib
import logging
import pickle
import threading
import traceback
from collections import deque

from pyflinkx.runtime.control.messages import Logged

log = logging.getLogger("pyflinkx.runtime")

MOST_WAITING = 10_000


class LogRelay:
    """Calls the program's logging handlers in a thread of its own, so that a slow one holds up no job.

    Of what a handler cannot keep up with, so many records wait; those beyond are counted, and a warning says how many.

    Args:
        most: records that wait.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self.most = most
        self.waiting: deque[Logged] = deque()
        self.dropped = 0
        self.ending = False
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None

    def put(self, message: Logged) -> None:
        """Have a record logged, if it is wanted here."""
        if not logging.getLogger(message.record.name).isEnabledFor(message.record.levelno):
            return
        with self.changed:
            if len(self.waiting) >= self.most:
                self.dropped += 1
                return
            self.waiting.append(message)
            self.changed.notify_all()
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="log of workers", daemon=True)
            self.thread.start()

    def close(self, patience: float | None) -> None:
        """Wait until all is logged, for so many seconds (None: ever); what is not logged then is dropped."""
        if self.thread is None:
            return
        with self.changed:
            self.ending = True
            self.changed.notify_all()
        try:
            self.thread.join(patience)
        finally:
            with self.changed:
                self.waiting.clear()
                self.changed.notify_all()

    def _run(self) -> None:
        while True:
            with self.changed:
                while not self.waiting and not self.ending:
                    self.changed.wait()
                if not self.waiting:
                    return
                message = self.waiting.popleft()
                dropped = 0
                if not self.waiting:
                    dropped, self.dropped = self.dropped, 0
            try:
                pass_on(message)
            except BaseException:  # a filter or handler of the program's; as logging itself does with such
                with contextlib.suppress(Exception):
                    traceback.print_exc()
            if dropped:
                log.warning(
                    "%d log records of workers were dropped, as the program's logging handlers did not keep up", dropped
                )


def pass_on(message: Logged) -> None:
    """Log what a worker logged, without what is attached to it and cannot be read."""
    record = message.record
    for name, data in message.attached.items():
        try:
            setattr(record, name, pickle.loads(data))
        except BaseException:  # code of the value's class runs here
            continue
    logging.getLogger(record.name).handle(record)

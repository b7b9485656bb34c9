"""Calls that others want a task's own thread to make, between two steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Mail = Callable[[], None]


class Mailbox:
    """What a task is asked to do; the same object wherever the task runs, and there before the task is.

    Two priorities. *Control mail* (cancel, events of coordinators) is run whatever the task is at: it sends no records,
    and may be what lets the task go on. *Operators' mail* (results of work elsewhere) makes operators send, so it waits
    until the task may write, and takes turns with the inputs.

    Args:
        wake: has the task look for work; called from any thread.
    """

    def __init__(self, wake: Mail) -> None:
        self.wake = wake
        self.control: deque[Mail] = deque()
        self.ordinary: deque[Mail] = deque()

    def tell(self, mail: Mail) -> None:
        """Put in control mail; from any thread."""
        self.control.append(mail)
        self.wake()

    def post(self, mail: Mail) -> None:
        """Put in an operator's mail; from any thread."""
        self.ordinary.append(mail)
        self.wake()

    def run_control(self) -> bool:
        """Run all control mail; whether there was any."""
        if not self.control:
            return False
        while self.control:
            self.control.popleft()()
        return True

    def run_one(self) -> bool:
        """Run the oldest of the operators' mail; whether there was any."""
        if not self.ordinary:
            return False
        self.ordinary.popleft()()
        return True

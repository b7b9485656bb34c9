"""Interpreters that wait to become workers of the next attempt: Flink's redundant TaskManagers."""

from __future__ import annotations

import contextlib
import logging
import marshal
import os
import socket
import sys
from multiprocessing.connection import Connection
from typing import Any

from pyflinkx.runtime.control.channel import StreamChannel
from pyflinkx.runtime.control.interpreters import (
    Interpreter,
    divided_environment,
    parent_to_follow,
    program,
    start_interpreter,
    start_of_process,
    unnamed_file,
)
from pyflinkx.runtime.control.process_handle import ProcessHandle
from pyflinkx.runtime.control.worker_process import MOST_PASSED

log = logging.getLogger("pyflinkx.runtime")


class SpareWorkers:
    """Fresh interpreters that have imported the engine, and know nothing of the job.

    Args:
        wanted: how many are to wait while the job runs.

    Attributes:
        executable: of Python; "" where none is known.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.executable = sys.executable
        self.waiting: list[Interpreter] = []

    def refill(self) -> None:
        """Start as many as are missing; where the system refuses, the next attempt starts its workers itself."""
        try:
            while self.executable and len(self.waiting) < self.wanted:
                environment, _ = divided_environment()
                start = start_of_process("spare", parent_to_follow(), engine_modules())
                self.waiting.append(start_interpreter(self.executable, start, environment, []))
        except OSError as error:
            log.warning("no spare worker could be started: %s", error)

    def take(self, told: tuple[Any, ...], descriptors: list[int]) -> Interpreter | None:
        """One that becomes a worker now; None where none can.

        Args:
            told: to ``worker_process.spawned``, but for the variables that it sets late.
            descriptors: that the worker inherits.
        """
        if len(descriptors) >= MOST_PASSED:
            return None
        while self.waiting:
            spare = self.waiting.pop(0)
            try:
                with unnamed_file() as start:
                    start.write(marshal.dumps((*program(), current_folder(), dict(os.environb), (*told, {})), 2))
                    start.flush()
                    socket.send_fds(spare.control, [b"1"], [start.fileno(), *descriptors])
            except OSError:  # it is gone
                end(spare)
                continue
            return spare
        return None

    def close(self) -> None:
        """End those that wait."""
        while self.waiting:
            end(self.waiting.pop())


def end(spare: Interpreter) -> None:
    """End an interpreter that nobody needs, and give back what belongs to it."""
    control = StreamChannel(Connection(spare.control.detach()))
    handle = ProcessHandle(0, spare.pid, control, spare.outputs)
    handle.kill()
    handle.close()


def current_folder() -> str | None:
    """The folder that this process works in; None where it is gone."""
    with contextlib.suppress(OSError):
        return os.getcwd()
    return None


def engine_modules() -> list[str]:
    """What this process has imported of the engine: workers will need much of it."""
    names = sorted(name for name in sys.modules if name.partition(".")[0] == "pyflinkx")
    return [name for name in names if not name.startswith("pyflinkx.examples") and not name.endswith("__main__")]

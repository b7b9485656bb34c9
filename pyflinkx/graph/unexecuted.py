"""A word at a program's end about sinks that it declared and never executed."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import weakref
from typing import Any

from pyflinkx.graph.program import Program

log = logging.getLogger("pyflinkx.hints")

MOST_NAMED = 5


class Unexecuted:
    """Knows of the programs of this process, and which of their sinks have never run."""

    def __init__(self) -> None:
        self.programs: weakref.WeakSet[Program] = weakref.WeakSet()
        self.left: list[str] = []
        self.process = os.getpid()
        self.silent = False

    def watch(self, owner: Any, program: Program) -> None:
        """Look at a program when its owner is gone, or at the end of the process."""
        self.programs.add(program)
        weakref.finalize(owner, self.look_at, program).atexit = False

    def look_at(self, program: Program) -> None:
        """Keep in mind what a program leaves."""
        self.programs.discard(program)
        self.left += sinks_of(program)

    def forget(self) -> None:
        """Say nothing at the end: it is known by now, as where the program has failed."""
        self.silent = True

    def tell(self) -> None:
        """Called at the end of the process."""
        interactive = hasattr(sys, "ps1") or "ipykernel" in sys.modules
        failed = hasattr(sys, "last_value")
        if self.silent or interactive or failed or os.getpid() != self.process:
            return
        left = [*self.left, *(sink for program in list(self.programs) for sink in sinks_of(program))]
        if left:
            more = f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
            log.warning(
                "the program ends, and was never executed as far as %s%s; call execute() on its environment",
                ", ".join(left[:MOST_NAMED]),
                more,
            )


def sinks_of(program: Program) -> list[str]:
    """The sinks that are still to be executed."""
    if program.explained:
        return []
    sinks = [root for root in program.roots if root.kind == "sink"]
    return [
        f"sink '{program.name(sink)}'" + (f" (created at {sink.location})" if sink.location else "") for sink in sinks
    ]


UNEXECUTED = Unexecuted()
atexit.register(UNEXECUTED.tell)

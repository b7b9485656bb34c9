"""The user's function objects: each subtask, and each attempt, has its own."""

from __future__ import annotations

import copy
from typing import TypeVar

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import GraphError

T = TypeVar("T")


def copy_for_subtask(thing: T, name: str, location: str | None) -> T:
    """A deep copy for one subtask of one attempt, as function objects keep state handles and the like in attributes.

    Args:
        thing: what holds the function objects.
        name: of the operator, for errors.
        location: the user's line that made the operator.

    Raises:
        GraphError: a function object cannot be copied.
    """
    try:
        return copy.deepcopy(thing)
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise GraphError(
            f"operator '{name}' ({location}): each of its subtasks needs a copy of its function, which cannot be "
            f"copied: {told(error)}; make what it holds in open()"
        ) from error

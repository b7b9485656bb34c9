"""Each subtask's own copy of the user's function objects."""

from __future__ import annotations

import copy
from typing import TypeVar

from pyflinkx._core.calls import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import GraphError

T = TypeVar("T")


def copy_for_subtask(thing: T, subtasks: int, name: str, location: str | None) -> T:
    """A deep copy where there are several subtasks, as function objects keep state handles and the like in attributes.

    A single subtask runs the very objects that the program made.

    Args:
        thing: what holds the function objects.
        subtasks: how many subtasks need it.
        name: of the operator, for errors.
        location: the user's line that made the operator.

    Raises:
        GraphError: a function object cannot be copied.
    """
    if subtasks == 1:
        return thing
    try:
        return copy.deepcopy(thing)
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise GraphError(
            f"operator '{name}' ({location}): each of its {subtasks} subtasks needs a copy of its function, which "
            f"cannot be copied: {told(error)}; make what it holds in open()"
        ) from error

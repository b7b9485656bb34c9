"""When a task with several inputs may be scheduled."""

from enum import Enum

__all__ = ["InputDependencyConstraint"]


class InputDependencyConstraint(Enum):
    """As soon as ANY input can be consumed, or only when ALL can."""

    ANY = 0
    ALL = 1

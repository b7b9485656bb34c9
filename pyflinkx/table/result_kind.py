"""What a statement gives."""

from enum import Enum

__all__ = ["ResultKind"]


class ResultKind(Enum):
    """SUCCESS: nothing but that it was done; SUCCESS_WITH_CONTENT: rows."""

    SUCCESS = 0
    SUCCESS_WITH_CONTENT = 1

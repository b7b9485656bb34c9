"""Arguments of methods that may be left out."""

from __future__ import annotations

from typing import Any


def given(*arguments: Any) -> tuple[Any, ...]:
    """Those up to the last one that is given.

    Example:
        >>> given(1, None), given(None, None)
        ((1,), ())
    """
    some = list(arguments)
    while some and some[-1] is None:
        some.pop()
    return tuple(some)

"""How a function object or a plain callable given to the API becomes what an operator calls."""

from __future__ import annotations

from typing import Any

from pyflinkx.datastream.functions import Function
from pyflinkx.errors import GraphError
from pyflinkx.operators.checkpointed import WithLife
from pyflinkx.operators.functions import UserFunction


def user_function(given: Any, kind: type[Function], method: str, what: str) -> UserFunction:
    """The user function in ``given``: an instance of ``kind`` or a callable.

    Args:
        given: what the user passed.
        kind: the interface.
        method: the interface's method that is called per record.
        what: the API call, for the error.

    Raises:
        GraphError: it is neither.
    """
    if isinstance(given, type) and issubclass(given, Function):
        raise GraphError(f"{what} takes an instance of {kind.__name__}, not the class {given.__name__}: add ()")
    if isinstance(given, kind):
        return UserFunction(getattr(given, method), given)
    if isinstance(given, Function):
        raise GraphError(f"{what} takes a {kind.__name__} or a callable, not the {type(given).__name__} {given!r}")
    if callable(given):
        return UserFunction(given, given if isinstance(given, WithLife) else None)
    raise GraphError(f"{what} takes a {kind.__name__} or a callable, not {given!r} ({type(given).__name__})")


def object_function(given: Any, kind: type[Function], methods: list[str], what: str) -> list[UserFunction]:
    """The methods of a function object, for interfaces that no plain callable can stand for.

    The object is opened and closed with the first method only.

    Raises:
        GraphError: it is no instance of ``kind``.
    """
    if not isinstance(given, kind):
        raise GraphError(f"{what} takes an instance of {kind.__name__}, not {given!r} ({type(given).__name__})")
    return [UserFunction(getattr(given, method), given) for method in methods]

"""Functions that are shown a record and may be called any number of times with it: key selectors."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable
from typing import Any

from pyflinkx._core.copier import Copier

# Instructions that change no object; whatever is not among them may. Names differ between versions of Python.
HARMLESS: tuple[str, ...] = (
    "LOAD_",
    "BUILD_TUPLE",
    "BUILD_STRING",
    "BUILD_SLICE",
    "BINARY_",
    "UNARY_",
    "COMPARE_OP",
    "IS_OP",
    "CONTAINS_OP",
)
HARMLESS += (
    "RETURN_",
    "RESUME",
    "NOP",
    "CACHE",
    "COPY",
    "SWAP",
    "DUP_TOP",
    "ROT_",
    "POP_JUMP_",
    "JUMP_",
    "POP_TOP",
    "TO_BOOL",
)
HARMLESS += ("FORMAT_", "CONVERT_VALUE", "PUSH_NULL", "NOT_TAKEN", "EXTENDED_ARG")


class Looking:
    """Calls a function with copies of records that can change, so that what it does to them is seen by nobody.

    How often a key selector is called for a record depends on how the job is laid out: before an exchange, and again by
    what stands behind it. A result must not.

    Args:
        function: from record to key.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.copier = Copier("key selector")

    def __call__(self, record: Any) -> Any:
        return self.function(self.copier.copy(record))

    def __repr__(self) -> str:
        return repr(self.function)


def looking(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of a record that leaves the record as it is: itself, where its code cannot change anything.

    Example:
        >>> looking(lambda record: record["name"])({"name": "ann"})
        'ann'
    """
    return function if is_harmless(function) else Looking(function)


def is_harmless(function: Callable[[Any], Any]) -> bool:
    """Whether a function only takes out fields, compares and calculates: no calls, and nothing that stores."""
    plain = function.__func__ if isinstance(function, types.MethodType) else function
    if not isinstance(plain, types.FunctionType):
        return False
    return all(
        step.opname.startswith(HARMLESS) and not (step.opname.startswith("BINARY_OP") and step.argrepr.endswith("="))
        for step in dis.get_instructions(plain.__code__)
    )

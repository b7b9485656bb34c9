"""Functions that are shown a record and may be called any number of times with it: key selectors."""

from __future__ import annotations

import dis
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

from pyflinkx._core.records.copier import Copier

# Instructions that change no object; whatever is not among them may. Names differ between versions of Python.
HARMLESS: tuple[str, ...] = (
    "LOAD_",
    "STORE_FAST",
    "BUILD_TUPLE",
    "BUILD_STRING",
    "BUILD_SLICE",
    "BINARY_",
    "UNARY_",
    "COMPARE_OP",
    "IS_OP",
    "CONTAINS_OP",
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
    "FORMAT_",
    "CONVERT_VALUE",
    "PUSH_NULL",
    "PRECALL",
    "NOT_TAKEN",
    "EXTENDED_ARG",
)
CALLS = ("CALL", "CALL_FUNCTION", "CALL_METHOD")
FUNCTIONS = {"abs", "bool", "float", "hash", "int", "len", "ord", "repr", "round", "str"}
METHODS = {"casefold", "count", "date", "encode", "endswith", "find", "format", "get", "hour", "index", "isoformat"}
METHODS |= {"lower", "lstrip", "replace", "rsplit", "rstrip", "split", "startswith", "strip", "title", "upper"}
COPIER = Copier("key selector")


class Looking:
    """Calls a function with copies of records that can change, so that what it does to them is seen by nobody.

    How often a key selector is called for a record depends on how the job is laid out: before an exchange, and again by
    what stands behind it. A result must not.

    Args:
        function: from record to key.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, record: Any) -> Any:
        return self.function(COPIER.copy(record))

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
    """Whether a function only takes out fields, compares and calculates, and calls only what changes nothing either.

    Names are taken for what they are in builtin types: a record's own ``get`` that changes it is not foreseen.
    """
    if isinstance(function, (operator.itemgetter, operator.attrgetter)):
        return True
    plain = function.__func__ if isinstance(function, types.MethodType) else function
    if not isinstance(plain, types.FunctionType):
        return False
    calls = known = 0
    for step in dis.get_instructions(plain.__code__):
        if step.opname in CALLS:
            calls += 1
        elif not step.opname.startswith(HARMLESS) or is_in_place(step):
            return False
        elif step.opname == "LOAD_GLOBAL":
            known += step.argval in FUNCTIONS and step.argval not in plain.__globals__ and loads_callee(step)
        elif loads_method(step):
            if step.argval not in METHODS:
                return False
            known += 1
    # Each call is of one of those, and none of what a field holds.
    return calls == known


def is_in_place(step: dis.Instruction) -> bool:
    """Whether an instruction is of an operator such as ``+=``."""
    return step.opname.startswith("BINARY_OP") and step.argrepr.endswith("=")


def loads_method(step: dis.Instruction) -> bool:
    """Whether an instruction loads what the next call is of."""
    if step.opname == "LOAD_ATTR" and sys.version_info >= (3, 12):
        return bool((step.arg or 0) & 1)
    return step.opname == "LOAD_METHOD"


def loads_callee(step: dis.Instruction) -> bool:
    """Whether an instruction loads a global that the next call is of; before Python 3.11 nothing tells."""
    return sys.version_info < (3, 11) or bool((step.arg or 0) & 1)

"""What is known of a class: whether its instances can change, and how they are copied."""

from __future__ import annotations

import copy
import copyreg
import dataclasses
import pathlib
import types
import weakref
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from re import Pattern
from typing import Any, NamedTuple
from uuid import UUID

# Nothing can change an instance.
FROZEN = 0
# A tuple with names: its items may change.
TUPLE = 1
# Its fields are never assigned again, but their values may change.
FROZEN_FIELDS = 2
# All that belongs to an instance is a Python object that the garbage collector can see.
WALKED = 3
# Nothing is known.
OPAQUE = 4

IMMUTABLE_BASES = (
    int,
    float,
    complex,
    str,
    bytes,
    date,
    time,
    timedelta,
    Decimal,
    Fraction,
)
IMMUTABLE = {
    *IMMUTABLE_BASES,
    bool,
    type(None),
    type(Ellipsis),
    type(NotImplemented),
    range,
    UUID,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    Pattern,
    weakref.ref,
    property,
    types.CodeType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
}
# Of other packages, by the name of one of their bases: they are not imported for this.
IMMUTABLE_NAMES = {
    ("numpy", "generic"),
    ("pandas", "Timestamp"),
    ("pandas._libs.tslibs.timestamps", "Timestamp"),
    ("pandas._libs.tslibs.timedeltas", "Timedelta"),
    ("pandas._libs.tslibs.nattype", "NaTType"),
    ("pyarrow.lib", "Array"),
    ("pyarrow.lib", "ChunkedArray"),
    ("pyarrow.lib", "DataType"),
    ("pyarrow.lib", "Field"),
    ("pyarrow.lib", "RecordBatch"),
    ("pyarrow.lib", "Scalar"),
    ("pyarrow.lib", "Schema"),
    ("pyarrow.lib", "Table"),
}
# A structured numpy scalar can be assigned to, and one of objects holds anything.
MUTABLE_NAMES = {("numpy", "void"), ("numpy", "object_")}
CONTAINERS = {dict, list, set, deque, defaultdict, OrderedDict, Counter}
COPY_HOOKS = ("__deepcopy__", "__setstate__", "__getnewargs__", "__getnewargs_ex__", "__copy__")
WORD = tuple.__itemsize__


class Mutability(NamedTuple):
    """What is known of a class.

    Attributes:
        kind: FROZEN, TUPLE, FROZEN_FIELDS, WALKED or OPAQUE.
        fields: names of the fields of FROZEN_FIELDS.
        plain: whether a copy is ``cls.__new__(cls)`` with copies of the values in its ``__dict__`` and its slots.
        slots: names of its slots.
    """

    kind: int
    fields: tuple[str, ...] = ()
    plain: bool = False
    slots: tuple[str, ...] = ()


def mutability_of(cls: type) -> Mutability:
    """What is known of a class.

    Example:
        >>> mutability_of(Decimal).kind == FROZEN
        True
    """
    if cls in IMMUTABLE or issubclass(cls, (type, Enum)) or is_immutable_by_base(cls):
        return Mutability(FROZEN)
    if cls in CONTAINERS:
        return Mutability(WALKED)
    if issubclass(cls, tuple):
        named = hasattr(cls, "_fields") and cls.__dictoffset__ == 0 and not hasattr(cls, "__deepcopy__")
        return Mutability(TUPLE if named else OPAQUE)
    if not is_written_in_python(cls):
        return Mutability(OPAQUE)
    plain, slots = is_plain(cls), tuple(copyreg._slotnames(cls))  # type: ignore[attr-defined]
    made: Any = cls
    parameters = getattr(made, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen and "__dataclass_params__" in vars(cls):
        return Mutability(FROZEN_FIELDS, tuple(field.name for field in dataclasses.fields(made)), plain, slots)
    return Mutability(WALKED, (), plain, slots)


def is_immutable_by_base(cls: type) -> bool:
    """Whether a class only adds methods to one whose instances never change."""
    names = {(base.__module__, base.__name__) for base in cls.__mro__}
    if names & IMMUTABLE_NAMES:
        return not names & MUTABLE_NAMES
    if hasattr(cls, "__deepcopy__") and not issubclass(cls, (Decimal, Fraction)):
        return False
    if issubclass(cls, (pathlib.PurePath, tzinfo)):
        return True  # these keep caches in slots of their own
    adds_nothing = cls.__dictoffset__ == 0 and not copyreg._slotnames(cls)  # type: ignore[attr-defined]
    return issubclass(cls, IMMUTABLE_BASES) and (adds_nothing or cls.__module__ in ("fractions", "decimal"))


def is_written_in_python(cls: type) -> bool:
    """Whether all that an instance has beside those of its base, one of ours or of Python's, are Python objects."""
    for base, parent in zip(cls.__mro__, [*cls.__mro__[1:], object], strict=True):
        if base is object or base in CONTAINERS:
            continue
        attributes = vars(base)
        if base.__module__ == "builtins" or not base.__flags__ & HEAP_TYPE:
            return False
        if "__dict__" not in attributes and "__slots__" not in attributes and not hasattr(parent, "__dict__"):
            return False
        own = attributes.get("__slots__", ())
        words = (1 if isinstance(own, str) else len(tuple(own))) + 2  # and one for __dict__, one for __weakref__
        if base.__basicsize__ - (base.__base__ or object).__basicsize__ > words * WORD:
            return False
    return True


HEAP_TYPE = 1 << 9


def is_plain(cls: type) -> bool:
    """Whether copy.deepcopy would make an instance by ``cls.__new__`` and fill its ``__dict__`` and its slots."""
    own: Any = cls
    return (
        not any(issubclass(cls, container) for container in CONTAINERS)
        and own.__new__ is object.__new__
        and own.__reduce_ex__ is object.__reduce_ex__
        and own.__reduce__ is object.__reduce__
        and getattr(own, "__getstate__", None) is getattr(object, "__getstate__", None)
        and not any(hasattr(cls, hook) for hook in COPY_HOOKS)
        and cls not in copyreg.dispatch_table
        and cls not in copy._deepcopy_dispatch  # type: ignore[attr-defined]
    )

"""Values as bytes between a program and its workers: classes by reference where the reader has them, else by value.

A class of the program that no module brings to a worker (of ``__main__``, or made in a function) goes there as a copy.
An object of that copy comes back as one of the program's own class: by reference for a class of ``__main__``, which a
worker's ``__main__`` has under the same name; otherwise with the copy, by whose number its reader knows the class that
it already has.
"""

from __future__ import annotations

import io
import pickle
import types
from collections import ChainMap
from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakSet

import cloudpickle

# Classes that are as their program made them: what comes back with an object of theirs must not change them.
_whole: WeakSet[type] = WeakSet()


def code_with_file(code: types.CodeType) -> tuple[Any, ...]:
    """How a function's code is pickled: as cloudpickle does, whose newer versions leave out the name of its file.

    Without that name the traceback of a failure in a worker does not show the user's line.
    """
    make, arguments = cloudpickle.Pickler.dispatch_table[types.CodeType](code)
    nameless = "<dynamic-code>"
    named = [code.co_filename if isinstance(part, str) and part == nameless else part for part in arguments]
    return make, tuple(named)


class ValuePickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Writes what no module has by value: as cloudpickle does, but classes with their slots and full names."""

    dispatch_table: ClassVar = ChainMap({types.CodeType: code_with_file}, cloudpickle.Pickler.dispatch_table)

    def reducer_override(self, value: Any) -> Any:
        """How a value is written; NotImplemented for as pickle does."""
        reduced = super().reducer_override(value)
        if isinstance(value, type) and isinstance(reduced, tuple) and len(reduced) == 6:
            return reduced_class(value, reduced)
        return reduced


def reduced_class(cls: type, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """How a class is written by value, from how cloudpickle does it."""
    make, arguments, (attributes, slot_state), items, pairs, set_state = reduced
    _whole.add(cls)
    if make.__name__ == "_make_skeleton_class":
        kind, name, bases, early, *rest = arguments
        early = {**early, "__qualname__": cls.__qualname__}
        slots = own_slots(cls)
        # A class made from NamedTuple gets its slots from that, which refuses to be told.
        if slots is not None and "NamedTuple" not in (getattr(base, "__name__", "") for base in bases):
            # Set later, as cloudpickle does, they would be no slots: objects would have a __dict__ that ours have not.
            early["__slots__"] = slots
            attributes = {key: part for key, part in attributes.items() if not is_slot(cls, part)}
        arguments = (kind, name, bases, early, *rest)
    return make, arguments, (set_state, (attributes, slot_state)), items, pairs, complete_class


def own_slots(cls: type) -> tuple[str, ...] | None:
    """The slots that a class adds to those of its bases; None if its objects have a ``__dict__`` without asking."""
    if "__slots__" not in cls.__dict__:
        return None
    slots = [part.__name__ for part in cls.__dict__.values() if is_slot(cls, part)]
    slots += [name for name in ("__dict__", "__weakref__") if name in cls.__dict__]
    return tuple(slots)


def is_slot(cls: type, attribute: Any) -> bool:
    """Whether an attribute of a class is what its slots made."""
    return type(attribute) is types.MemberDescriptorType and attribute.__objclass__ is cls


def complete_class(cls: type, state: tuple[Callable[[type, Any], Any], Any]) -> type:
    """Give a class that was just made its attributes; one that was here already has them."""
    if cls not in _whole:
        _whole.add(cls)
        set_state, attributes = state
        set_state(cls, attributes)
    return cls


def dump_by_value(value: Any, head: bytes = b"") -> bytes:
    """A value as bytes for ``pickle.loads`` in a process that may lack the program's own functions and classes."""
    file = io.BytesIO()
    file.write(head)
    ValuePickler(file, protocol=5).dump(value)
    return file.getvalue()


def dump_value(value: Any, head: bytes = b"") -> bytes:
    """A value as bytes for a process that has what the program's ``__main__`` defines; by value only what needs it.

    Args:
        value: the value.
        head: bytes that come before it.
    """
    file = io.BytesIO()
    file.write(head)
    try:
        pickle.dump(value, file, 5)
    except (pickle.PicklingError, AttributeError, TypeError):
        return dump_by_value(value, head)
    return file.getvalue()

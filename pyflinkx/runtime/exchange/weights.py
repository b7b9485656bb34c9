"""How large records are, about, without encoding them: by this a batch is cut before its copy takes too much memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import islice
from types import MemberDescriptorType
from typing import Any

from pyflinkx._core.records.row import Row

NUMBER = 8
SAMPLED_ITEMS = 8
DEEPEST = 6


def weight(value: Any, depth: int = 0) -> int:
    """About the bytes of a value's text, bytes and numbers; what it is made of counts too, as far as a sample shows."""
    kind = type(value)
    if kind is str or kind is bytes or kind is bytearray:
        return len(value)
    if value is None or kind is int or kind is float or kind is bool or depth == DEEPEST:
        return NUMBER
    if isinstance(value, dict):
        return weight_of_some(islice(value.items(), SAMPLED_ITEMS), len(value), depth)
    if isinstance(value, (list, tuple, set, frozenset, Row)):
        return weight_of_some(islice(value, SAMPLED_ITEMS), len(value), depth)
    try:
        return memoryview(value).nbytes
    except (TypeError, ValueError, BufferError):  # neither an array nor a buffer
        return weight_of_attributes(value, depth)


def weight_of_some(items: Iterator[Any], count: int, depth: int) -> int:
    """Of so many items, by the first few."""
    sample = [weight(item, depth + 1) for item in items]
    return sum(sample) * count // len(sample) if sample else 0


def weight_of_attributes(value: Any, depth: int) -> int:
    """Of an object, by its attributes and slots; no code of its class is called."""
    found = 0
    for base in type(value).__mro__:
        for descriptor in base.__dict__.values() if "__slots__" in base.__dict__ else ():
            if type(descriptor) is MemberDescriptorType:
                with contextlib.suppress(AttributeError):  # it has no value
                    found += weight(descriptor.__get__(value), depth + 1)
    attributes = getattr(value, "__dict__", None)
    return found + (weight(attributes, depth + 1) if type(attributes) is dict else 0)


def mean_weight(values: Sequence[Any]) -> float:
    """About the bytes of a record, by the first, the middle and the last."""
    total = 0
    for value in (values[0], values[len(values) // 2], values[-1]):
        for item in value if type(value) is tuple else (value,):  # most records: a call for each would take longer
            kind = type(item)
            if kind is str or kind is bytes:
                total += len(item)
            elif kind is not int and kind is not float:
                try:
                    total += weight(item)
                except Exception:  # a collection of the user's own may do what it likes
                    continue
    return total / 3


class RecordCutter:
    """Cuts records into runs whose copies are of about a size, by what earlier ones took.

    Args:
        target: bytes of a copy.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.record_size = 0.0

    def next_run(self, values: Sequence[Any]) -> int:
        """How many of the first of these records to copy at once; at least one, if there is any."""
        count = len(values)
        if count < 2:
            return count
        size = max(self.record_size, mean_weight(values))
        return count if size * count <= self.target else max(int(self.target / size), 1)

    def took(self, count: int, nbytes: int) -> None:
        """The copy of so many records took so many bytes."""
        if count:
            self.record_size = nbytes / count

"""What all nodes of the syntax tree have in common."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**how: Any) -> Any:
        return lambda kind: kind


# From where to where in the text, in characters.
Span = tuple[int, int]
SPAN = "span"


def field(*, default: Any, kw_only: bool) -> Any:
    """A field of a Record."""
    return default


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """Has the fields that a subclass names, as a frozen dataclass does; records are equal when their fields are.

    Subclasses are no dataclasses, whose methods are compiled for each class: for some 150 classes that takes a third of
    the time in which the parser is imported.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _required: ClassVar[frozenset[str]] = frozenset()
    _allowed: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        known = (*cls._fields, SPAN)
        cls._fields += tuple(name for name in inspect.get_annotations(cls) if name not in known)
        cls._required = frozenset(name for name in cls._fields if not hasattr(cls, name))
        cls._allowed = frozenset((*cls._fields, SPAN))

    if not TYPE_CHECKING:  # mypy makes the signature of the fields

        def __init__(self, *values: Any, **named: Any) -> None:
            fields = self.__dict__
            fields.update(zip(self._fields, values, strict=False))
            fields.update(named)
            keys = fields.keys()
            if len(fields) != len(values) + len(named) or not self._required <= keys or not keys <= self._allowed:
                given = f"{len(values)} values and {list(named)}"
                raise TypeError(f"{type(self).__name__} takes {self._fields}, not {given}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed: replaced(node, {name}=...) makes another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and parts(self) == parts(other)

    def __hash__(self) -> int:
        return hash((type(self), parts(self)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, parts(self), strict=True))
        return f"{type(self).__name__}({fields})"


class Node(Record):
    """A part of a statement.

    Nodes are equal when they say the same; where it is written does not count.

    Args:
        span: its place in the text.
    """

    span: Span = field(default=(0, 0), kw_only=True)


R = TypeVar("R", bound=Record)


def parts(record: Record) -> tuple[Any, ...]:
    """The values of the fields, but for the span."""
    return tuple([getattr(record, name) for name in record._fields])


def replaced(record: R, **changes: Any) -> R:
    """The same with other values of some fields."""
    kind = type(record)
    return kind(**{**record.__dict__, **changes})


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node is made of, in the order of its fields."""
    pending: list[Any] = list(reversed(parts(node)))
    while pending:
        part = pending.pop()
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            pending.extend(reversed(part))


def walk(node: Node) -> Iterator[Node]:
    """A node and all that is in it, each before what it is made of."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(list(children(node))))

"""How single values become bytes in a stream of bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import IO, Generic, TypeVar

T = TypeVar("T")


class TypeSerializer(ABC, Generic[T]):
    """Writes values of one type to a stream and reads them back, as a custom window assigner's windows need it.

    Example:
        >>> class Number(TypeSerializer[int]):
        ...     def serialize(self, element, stream):
        ...         stream.write(element.to_bytes(8, "big"))
        ...     def deserialize(self, stream):
        ...         return int.from_bytes(stream.read(8), "big")
    """

    @abstractmethod
    def serialize(self, element: T, stream: IO[bytes]) -> None:
        """Write a value."""

    @abstractmethod
    def deserialize(self, stream: IO[bytes]) -> T:
        """Read a value."""

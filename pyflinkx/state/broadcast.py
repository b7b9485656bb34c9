"""Broadcast state: maps that every subtask of an operator holds alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.conformed import DeclaredShape
from pyflinkx._core.records.copier import Copier
from pyflinkx.errors import WrongStateError
from pyflinkx.state.descriptors import MapStateDescriptor

K = TypeVar("K")
V = TypeVar("V")


class ReadOnlyBroadcastState(Generic[K, V]):
    """A broadcast state as the records of the other stream see it.

    Args:
        name: of the state.
        entries: where the entries are.
        key_shape: of the keys; None where they may be any object.
    """

    def __init__(self, name: str, entries: KeyMap[K, V], key_shape: DeclaredShape | None = None) -> None:
        self._name = name
        self._entries = entries
        self._key_shape = key_shape

    def _shaped_key(self, key: K) -> K:
        return key if self._key_shape is None else self._key_shape.of(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def get(self, key: K) -> V | None:
        """The value under ``key``, None when there is none."""
        return self._entries.get(self._shaped_key(key))

    def contains(self, key: K) -> bool:
        """Whether there is an entry under ``key``."""
        return self._shaped_key(key) in self._entries

    def items(self) -> Iterable[tuple[K, V]]:
        """All entries, as a list of the caller's own."""
        return list(self._entries.items())

    def keys(self) -> Iterable[K]:
        """All keys, as a list of the caller's own."""
        return list(self._entries)

    def values(self) -> Iterable[V]:
        """All values, as a list of the caller's own."""
        return list(self._entries.values())

    def is_empty(self) -> bool:
        """Whether there is no entry."""
        return len(self._entries) == 0

    def __getitem__(self, key: K) -> V | None:
        return self.get(key)

    def __contains__(self, key: K) -> bool:
        return self.contains(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self.keys())


class BroadcastState(ReadOnlyBroadcastState[K, V]):
    """A broadcast state as the records of the broadcast stream see it; all subtasks must change it alike.

    Example:
        >>> state = BroadcastState("rules", KeyMap())
        >>> state.put("limit", 5)
        >>> state.get("limit")
        5
    """

    def __init__(
        self,
        name: str,
        entries: KeyMap[K, V],
        copier: Copier | None = None,
        key_shape: DeclaredShape | None = None,
        shape: DeclaredShape | None = None,
    ) -> None:
        super().__init__(name, entries, key_shape)
        self._copier = copier
        self._shape = shape

    def put(self, key: K, value: V) -> None:
        """Set the value under ``key``.

        Raises:
            TypeInformationError: one of them cannot have the type that the state's descriptor declares.
        """
        copier, key = self._copier, self._shaped_key(key)
        is_stored = self._entries.get(key) is value
        if self._shape is not None:
            value = self._shape.of(value)
        if copier is not None and not is_stored:
            key, value = copier.copy(key), copier.copy(value)
        self._entries[key] = value

    def put_all(self, dict_value: dict[K, V]) -> None:
        """Set several entries."""
        for key, value in dict(dict_value).items():
            self.put(key, value)

    def remove(self, key: K) -> None:
        """Remove the entry under ``key``, if there is one."""
        self._entries.pop(self._shaped_key(key))

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()

    def __setitem__(self, key: K, value: V) -> None:
        self.put(key, value)

    def __delitem__(self, key: K) -> None:
        self.remove(key)


class DeclaredBroadcastStates:
    """The broadcast states that a program has declared: what it asks for by another name is refused.

    Args:
        states: the declared ones.
    """

    def __init__(self, states: Iterable[BroadcastState[Any, Any]]) -> None:
        self.writable = {state._name: state for state in states}
        self.read_only = {
            name: ReadOnlyBroadcastState[Any, Any](name, state._entries, state._key_shape)
            for name, state in self.writable.items()
        }

    def find(self, descriptor: Any, states: dict[str, Any]) -> Any:
        """The state of a descriptor among ``writable`` or ``read_only``.

        Raises:
            WrongStateError: it was not declared.
            TypeError: the descriptor is no MapStateDescriptor.
        """
        if not isinstance(descriptor, MapStateDescriptor):
            raise TypeError(f"broadcast state needs a MapStateDescriptor, not {descriptor!r}")
        state = states.get(descriptor.name)
        if state is None:
            declared = ", ".join(map(repr, states)) or "none"
            raise WrongStateError(f"broadcast state {descriptor.name!r} was not declared: broadcast() got {declared}")
        return state

"""States of one key that can be read and not changed."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.state.keyed import KeyContext, State, StateTable
from pyflinkx.errors import WrongStateError
from pyflinkx.state.backend import KeyedStateBackend
from pyflinkx.state.descriptors import StateDescriptor
from pyflinkx.state.state_backend import StateBackend
from pyflinkx.types.typeinfo import TypeInformation


class ReadOnlyTable(StateTable):
    """Has what it was given, and takes nothing."""

    given: Any = None

    def get(self, namespace: Any) -> Any:
        return self.given

    def edit(self, namespace: Any) -> Any:
        raise WrongStateError(f"state {self.name!r} was read by a query, so it cannot be changed")

    remove = edit

    def put(self, namespace: Any, value: Any) -> int:
        self.edit(namespace)
        return 0

    def in_memory(self) -> bool:
        return False


class ReadOnlyBackend(StateBackend):
    """Makes tables of one value."""

    def table(
        self,
        name: str,
        kind: str,
        context: KeyContext,
        value_type: TypeInformation | None = None,
        by_entry: bool = False,
    ) -> StateTable:
        return ReadOnlyTable(name, kind, context)


def immutable_state(descriptor: StateDescriptor, key: Any, value: Any) -> Any:
    """A state of the descriptor's kind, for one key.

    Args:
        descriptor: of the state.
        key: the key.
        value: as it is stored in a table.
    """
    backend = KeyedStateBackend(backend=ReadOnlyBackend())
    backend.context.key = key
    state: State = backend.get_partitioned_state(descriptor)
    table = state.table
    assert isinstance(table, ReadOnlyTable)
    table.given = value
    return state

"""Records that wait in an operator without keys, as state of its subtask."""

from __future__ import annotations

from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.spec import SPLIT, StateSpec
from pyflinkx.types.typeinfo import TypeInformation, Types


def held_records(name: str, record_type: TypeInformation | None) -> ListStateDescriptor:
    """A list of records with their timestamps (ms, NO_TIMESTAMP for none), which are dealt out to other subtasks.

    Args:
        name: of the state.
        record_type: the declared type of the records, None where there is none.
    """
    value = Types.PICKLED_BYTE_ARRAY() if record_type is None else record_type
    return ListStateDescriptor(name, Types.TUPLE([value, Types.LONG()]))


def declared(state: ListStateDescriptor) -> StateSpec:
    """What an operator says of such a state before it has any."""
    return StateSpec(state.name, SPLIT, state.type_info)

"""How the values of a state are written: by the codec of the state's type, or as pickles."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx.state.rows import state_codec
from pyflinkx.types.typeinfo import ListTypeInfo, MapTypeInfo, TupleTypeInfo, TypeInformation, Types

TTL = "Ttl"


class StoredForm:
    """The form of the values in a table.

    Args:
        kind: of the state ("ValueState", ...); of values with a time to live "TtlValueState", ...
        value_type: of the values; None when nothing is known of it.

    Attributes:
        codec: of what ``written`` gives.
    """

    def __init__(self, kind: str, value_type: TypeInformation | None) -> None:
        self.is_map = isinstance(value_type, MapTypeInfo) and kind.endswith("MapState")
        self.codec = state_codec(None if value_type is None else stored_type(value_type, kind))

    def written(self, value: Any) -> Any:
        """A stored value, as the codec takes it; of a map the list of its entries, as a dict could be slow to fill."""
        return list(value.items()) if self.is_map else value

    def read(self, value: Any) -> Any:
        """What the codec gives, as it is stored."""
        return KeyMap(value) if self.is_map else value


def stored_type(value_type: TypeInformation, kind: str) -> TypeInformation:
    """The type of what a table holds for a key; with a time to live each value has the time of its last renewal."""
    timed = kind.startswith(TTL)
    if kind.endswith("MapState") and isinstance(value_type, MapTypeInfo):
        value = pair(value_type.value_type, Types.LONG()) if timed else value_type.value_type
        return Types.LIST(pair(value_type.key_type, value))
    if not timed:
        return value_type
    if kind.endswith("ListState") and isinstance(value_type, ListTypeInfo):
        return Types.LIST(pair(value_type.elem_type, Types.LONG()))
    return pair(value_type, Types.LONG())


def pair(first: TypeInformation, second: TypeInformation) -> TypeInformation:
    """The type of two values."""
    return TupleTypeInfo([first, second])

"""Values of states in the one shape of the types that their descriptors declare."""

from __future__ import annotations

from pyflinkx._core.records.conformed import DeclaredShape
from pyflinkx._core.state.keyed import MapState, State
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor, StateDescriptor
from pyflinkx.types.basic import ArrayTypeInfo
from pyflinkx.types.codecs import conforming_codec
from pyflinkx.types.typeinfo import CompositeTypeInfo, ExternalTypeInfo, ListTypeInfo, MapTypeInfo, TypeInformation


def declare_shapes(handle: State, descriptor: StateDescriptor) -> None:
    """Have a handle give what it stores the shape that it would have after a trip through the type's codec."""
    value_type: TypeInformation = descriptor.type_info
    if isinstance(descriptor, ListStateDescriptor):
        assert isinstance(value_type, ListTypeInfo)
        value_type = value_type.elem_type
    elif isinstance(descriptor, MapStateDescriptor):
        assert isinstance(value_type, MapTypeInfo)
        assert isinstance(handle, MapState)
        handle.key_shape = declared_shape(value_type.key_type, f"the keys of state {descriptor.name!r}")
        value_type = value_type.value_type
    handle.shape = declared_shape(value_type, f"state {descriptor.name!r}")


def declared_shape(type_info: TypeInformation, owner: str) -> DeclaredShape | None:
    """What gives values the shape of a type; None where any object will do.

    Args:
        type_info: of the values.
        owner: whose they are, as errors name it.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> declared_shape(Types.TUPLE([Types.DOUBLE()]), "state 'x'").of([1])
        (1.0,)
    """
    codec = conforming_codec(type_info)
    return None if codec is None else DeclaredShape(codec, owner, grows(type_info))


def grows(type_info: TypeInformation) -> bool:
    """Whether values of a type may have ever more parts: it is, or has in it, a list, a map or an array."""
    match type_info:
        case ListTypeInfo() | MapTypeInfo() | ArrayTypeInfo():
            return True
        case CompositeTypeInfo():
            return any(map(grows, type_info.field_types))
        case ExternalTypeInfo():
            return grows(type_info.type_info)
    return False

"""Keys by position, by name, by path, by function, or several of these at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.datastream.functions import KeySelector
from pyflinkx.datastream.looking import looking
from pyflinkx.datastream.user_functions import user_function
from pyflinkx.errors import GraphError
from pyflinkx.operators.fields import FLINK_FIELD, FieldPath, FieldTuple, Step
from pyflinkx.types.basic import (
    BasicTypeInfo,
    ListTypeInfo,
    LocalTimeTypeInfo,
    MapTypeInfo,
    SqlTimeTypeInfo,
    TypeInformation,
)
from pyflinkx.types.composite import CompositeTypeInfo, RowTypeInfo
from pyflinkx.types.structured import DataclassTypeInfo, TypedDictTypeInfo

ALL_FIELDS = ("*", "_")
BY_NAME = (DataclassTypeInfo, TypedDictTypeInfo)
SCALARS = (BasicTypeInfo, SqlTimeTypeInfo, LocalTimeTypeInfo)


def is_field(selector: Any) -> bool:
    """Whether a key selector is a position, a name or a path."""
    return isinstance(selector, (int, str)) and not isinstance(selector, bool)


def key_selector(selectors: Sequence[Any], known: TypeInformation | None, what: str) -> Callable[[Any], Any]:
    """What takes the key out of a record.

    Args:
        selectors: each a position, a field name, a path such as ``"a.b.0"``, a KeySelector or a callable from record to
            key. One gives the key, several a tuple of keys.
        known: the records' type, against which fields are checked; None when nothing is known of it.
        what: the API call, for the error.

    Raises:
        GraphError: a selector is none of these, or the records have no such field.

    Example:
        >>> key_selector(["user.name", 1], None, "key_by()")({"user": {"name": "ann"}, 1: 7})
        ('ann', 7)
    """
    if not selectors:
        raise GraphError(f"{what} needs a key selector")
    getters = tuple(one_selector(selector, known, what) for selector in selectors)
    return getters[0] if len(getters) == 1 else FieldTuple(getters)


def one_selector(selector: Any, known: TypeInformation | None, what: str) -> Callable[[Any], Any]:
    """What one selector takes out of a record."""
    if is_field(selector):
        return field_getter(selector, known, what)
    return looking(user_function(selector, KeySelector, "get_key", what).call)


def field_getter(field: int | str, known: TypeInformation | None, what: str) -> Callable[[Any], Any]:
    """What takes a field out of a record of a known or unknown type.

    Raises:
        GraphError: the records have no such field.
    """
    steps = path_steps(field, what)
    if known is None:
        return FieldPath(steps)
    resolved: list[Step] = []
    current: TypeInformation | None = known
    for step in steps:
        # Dataclasses and typed dicts are read by name, all other records with fields by position, which is fastest.
        by_name = isinstance(current, BY_NAME)
        position = field_position(current, step, f"{what}: field {field!r}")
        if isinstance(current, CompositeTypeInfo) and position is not None:
            resolved.append(field_names(current)[position] if by_name else position)
            current = current.field_types[position]
        else:
            resolved.append(step)
            current = element_type(current)
    if len(resolved) == 1 and isinstance(known, CompositeTypeInfo):
        only = resolved[0]
        if isinstance(known, DataclassTypeInfo):
            return operator.attrgetter(str(only))
        return operator.itemgetter(only)
    return FieldPath(tuple(resolved))


def path_steps(field: int | str, what: str) -> tuple[Step, ...]:
    """The steps of a path; none for the whole record.

    Raises:
        GraphError: it is negative, or has empty parts.
    """
    if isinstance(field, int):
        if field < 0:
            raise GraphError(f"{what}: a field's position counts from 0, it is not {field}")
        return (field,)
    if field in ALL_FIELDS:
        return ()
    parts = field.split(".")
    if not all(parts):
        raise GraphError(f"{what} takes a field name or a path such as 'a.b.0', not {field!r}")
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)


def field_position(kind: TypeInformation | None, step: Step, what: str) -> int | None:
    """The position of a field in records of a type; None where the type does not say.

    Raises:
        GraphError: the type says that there is no such field.
    """
    if isinstance(kind, SCALARS):
        raise GraphError(f"{what} does not exist: {kind} has no fields")
    if not isinstance(kind, CompositeTypeInfo):
        return None
    count = len(kind.field_types)
    names = field_names(kind)
    if isinstance(step, int):
        if step < count:
            return step
    elif step in names:
        return names.index(step)
    elif not names and (match := FLINK_FIELD.fullmatch(step)) and int(match[1]) < count:
        return int(match[1])
    offered = ", ".join(map(repr, names)) if names else f"positions below {count}"
    raise GraphError(f"{what} does not exist: no {step!r} in {kind}; there are {offered}")


def field_names(kind: CompositeTypeInfo) -> list[str]:
    """The names of the fields; none where they have no names."""
    return kind.get_field_names() if isinstance(kind, RowTypeInfo) else list(kind.field_names or ())


def element_type(kind: TypeInformation | None) -> TypeInformation | None:
    """The type of the values in a map or list; None when unknown."""
    if isinstance(kind, MapTypeInfo):
        return kind.value_type
    return kind.elem_type if isinstance(kind, ListTypeInfo) else None

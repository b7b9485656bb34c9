"""Type information of values with a fixed number of fields: rows and tuples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.aliases import Aliases, checked_aliases
from pyflinkx.types.basic import TypeInformation, check_type
from pyflinkx.types.repeated import repeated


class CompositeTypeInfo(TypeInformation):
    """Base of types with a fixed number of fields, each with a type of its own.

    Args:
        field_types: the types of the fields.
        field_names: their names, as many and no two the same; None for fields without names.

    Raises:
        TypeInformationError: a type is not type information, or the names do not fit the types.

    Attributes:
        aliases: earlier names of fields, which do not count for equality; None for none.
    """

    aliases: Aliases | None = None

    def __init__(self, field_types: Iterable[TypeInformation], field_names: Iterable[str] | None = None):
        name = type(self).__name__
        if isinstance(field_types, (TypeInformation, str)) or not isinstance(field_types, Iterable):
            raise TypeInformationError(f"{name} takes a list of field types, not {field_types!r}")
        self.field_types = tuple(
            check_type(field_type, f"field {index} of {name}") for index, field_type in enumerate(field_types)
        )
        self.field_names = None if field_names is None else self._checked_names(name, field_names)

    def _checked_names(self, name: str, field_names: Iterable[str]) -> tuple[str, ...]:
        names = (field_names,) if isinstance(field_names, str) else tuple(field_names)
        if isinstance(field_names, str) or any(not isinstance(field, str) for field in names):
            raise TypeInformationError(f"{name} takes a list of field names, not {field_names!r}")
        if len(names) != len(self.field_types):
            raise TypeInformationError(f"{name} got {len(names)} field names for {len(self.field_types)} field types")
        twice = repeated(names)
        if twice:
            raise TypeInformationError(f"{name} got the same field name twice: {', '.join(twice)}")
        return names

    def get_field_types(self) -> list[TypeInformation]:
        """The types of the fields."""
        return list(self.field_types)


def internal_fields(fields: Sequence[TypeInformation], values: Sequence[Any]) -> tuple[Any, ...]:
    """The internal forms of the values of fields."""
    if not any(field.need_conversion() for field in fields):
        return tuple(values)
    return tuple(field.to_internal_type(value) for field, value in zip(fields, values, strict=False))


def external_fields(fields: Sequence[TypeInformation], obj: Any) -> Any:
    """The values of internal forms, as a tuple; lists and tuples are taken to be converted already."""
    if obj is None or isinstance(obj, (tuple, list)):
        return obj
    if not any(field.need_conversion() for field in fields):
        return tuple(obj)
    return tuple(field.from_internal_type(value) for field, value in zip(fields, obj, strict=False))


class RowTypeInfo(CompositeTypeInfo):
    """Rows. Their fields may be None; the names of the fields do not count for equality.

    Args:
        field_types: the types of the fields.
        field_names: their names; None for fields without names.
        aliases: by field, what it was called before: a name or several.

    Raises:
        TypeInformationError: as of CompositeTypeInfo, or it is not clear which field an alias is of.
    """

    def __init__(
        self,
        field_types: Iterable[TypeInformation],
        field_names: Iterable[str] | None = None,
        aliases: Mapping[str, str | Iterable[str]] | None = None,
    ):
        super().__init__(field_types, field_names)
        self.aliases = checked_aliases("RowTypeInfo", self.field_names or (), aliases)

    def get_field_names(self) -> list[str]:
        """The names of the fields; f0, f1, ... when none were given."""
        if self.field_names is None:
            return [f"f{index}" for index in range(len(self.field_types))]
        return list(self.field_names)

    def get_field_index(self, field_name: str) -> int:
        """The position of a field, or -1 when the fields have no names.

        Raises:
            ValueError: no field has this name.
        """
        if not self.field_names:
            return -1
        if field_name not in self.field_names:
            raise ValueError(f"no field {field_name!r} in {self}")
        return self.field_names.index(field_name)

    def schema_equals(self, other: object) -> bool:
        """Whether the other is a row type with the same field types under the same names, at every depth."""
        return isinstance(other, RowTypeInfo) and schema_key(self) == schema_key(other)

    def _identity(self) -> tuple[Any, ...]:
        return ("row", self.field_types)

    def __repr__(self) -> str:
        if self.field_names:
            fields = [f"{name}: {field}" for name, field in zip(self.field_names, self.field_types, strict=True)]
        else:
            fields = [str(field) for field in self.field_types]
        return f"RowTypeInfo({', '.join(fields)})"

    def need_conversion(self) -> bool:
        return True

    def to_internal_type(self, obj: Any) -> tuple[Any, ...] | None:
        """A tuple of the row kind's number and the field values of a Row, dict, tuple, list or plain object.

        Raises:
            ValueError: it is none of these.
        """
        if obj is None:
            return None
        kind = 0
        if isinstance(obj, Row):
            kind = obj.get_row_kind().value
            values = [obj[name] for name in self.get_field_names()] if hasattr(obj, "_fields") else list(obj)
        elif isinstance(obj, dict):
            values = [obj.get(name) for name in self.get_field_names()]
        elif isinstance(obj, (tuple, list)):
            values = list(obj)
        elif hasattr(obj, "__dict__"):
            values = [obj.__dict__.get(name) for name in self.get_field_names()]
        else:
            raise ValueError(f"{obj!r} is not a row of type {self}")
        return (kind, *internal_fields(self.field_types, values))

    def from_internal_type(self, obj: Any) -> Any:
        """A tuple of field values; lists and tuples are taken to be converted already."""
        return external_fields(self.field_types, obj)


class TupleTypeInfo(CompositeTypeInfo):
    """Tuples, whose fields may each have another type."""

    def __init__(self, field_types: Iterable[TypeInformation]):
        super().__init__(field_types)

    def _identity(self) -> tuple[Any, ...]:
        return ("tuple", self.field_types)

    def __repr__(self) -> str:
        return f"TupleTypeInfo({', '.join(map(str, self.field_types))})"

    def need_conversion(self) -> bool:
        return True

    def to_internal_type(self, obj: Any) -> tuple[Any, ...] | None:
        """A tuple of the internal forms of the fields of a tuple, list or Row.

        Raises:
            ValueError: it is none of these.
        """
        if obj is None:
            return None
        if not isinstance(obj, (list, tuple, Row)):
            raise ValueError(f"{obj!r} is not a tuple of type {self}")
        return internal_fields(self.field_types, list(obj))

    def from_internal_type(self, obj: Any) -> Any:
        """A tuple of field values; lists and tuples are taken to be converted already."""
        return external_fields(self.field_types, obj)


def schema_key(type_info: TypeInformation) -> tuple[Any, ...]:
    """What two types have in common when they are equal and their rows' field names are too, at every depth.

    Hashable: the key for caches of codecs, whose results carry field names.
    """

    def key_of(part: Any) -> Any:
        if isinstance(part, TypeInformation):
            return schema_key(part)
        return tuple(map(key_of, part)) if isinstance(part, tuple) else part

    key = key_of(type_info._identity())
    return (*key, *type_info.get_field_names()) if isinstance(type_info, RowTypeInfo) else key

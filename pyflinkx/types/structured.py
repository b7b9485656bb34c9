"""Type information of records that the user's own classes describe: dataclasses, NamedTuples and TypedDicts."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterable
from typing import Any

from pyflinkx.errors import TypeInformationError
from pyflinkx.types.aliases import aliases_of_class, checked_aliases
from pyflinkx.types.basic import TypeInformation
from pyflinkx.types.composite import CompositeTypeInfo


class StructuredTypeInfo(CompositeTypeInfo):
    """Base of the types that a class describes.

    Attributes:
        cls: the class. Values are instances of exactly this class, not of one derived from it (for a TypedDict: dicts).
        field_names: the fields, in the order of their declaration.
        field_types: their types.
        required: for each field, whether None is refused.
    """

    cls: type
    field_names: tuple[str, ...]

    def __init__(
        self,
        cls: type,
        field_names: Iterable[str],
        field_types: Iterable[TypeInformation],
        required: Iterable[bool] | None,
    ):
        super().__init__(field_types, field_names)
        self.cls = cls
        self.aliases = checked_aliases(cls.__qualname__, self.field_names, aliases_of_class(cls))
        self.required = (False,) * len(self.field_types) if required is None else tuple(map(bool, required))
        if len(self.required) != len(self.field_types):
            raise TypeInformationError(
                f"{type(self).__name__} got {len(self.required)} required flags for {len(self.field_types)} field types"
            )

    def get_field_names(self) -> list[str]:
        """The names of the fields."""
        return list(self.field_names)

    def _identity(self) -> tuple[Any, ...]:
        return (type(self).__name__, self.cls, self.field_names, self.field_types, self.required)

    def __repr__(self) -> str:
        fields = zip(self.field_names, self.field_types, strict=True)
        return (
            f"{type(self).__name__}<{self.cls.__qualname__}>({', '.join(f'{name}: {kind}' for name, kind in fields)})"
        )


class NamedTupleTypeInfo(StructuredTypeInfo):
    """Instances of a NamedTuple class.

    Args:
        cls: the class.
        field_types: the types of its fields, in their order.
        required: for each field, whether None is refused; by default None is allowed everywhere.

    Raises:
        TypeInformationError: the class is no NamedTuple, or the types do not fit its fields.
    """

    def __init__(self, cls: type, field_types: Iterable[TypeInformation], required: Iterable[bool] | None = None):
        if not is_named_tuple(cls):
            raise TypeInformationError(f"NamedTupleTypeInfo takes a NamedTuple class, not {cls!r}")
        super().__init__(cls, cls._fields, field_types, required)  # type: ignore[attr-defined]


class DataclassTypeInfo(StructuredTypeInfo):
    """Instances of a dataclass.

    A value is rebuilt by calling the class with the fields that it takes as arguments, then setting the others; so
    ``__post_init__`` runs again.

    Args:
        cls: the class.
        field_types: the types of its fields, in their order.
        required: for each field, whether None is refused; by default None is allowed everywhere.

    Attributes:
        arguments: the fields that the class takes as arguments, in its own order.
        by_keyword: whether some of them are taken by keyword only.

    Raises:
        TypeInformationError: the class is no dataclass, its arguments are not its fields (it has InitVars or its own
            ``__init__``), or the types do not fit the fields.
    """

    def __init__(self, cls: type, field_types: Iterable[TypeInformation], required: Iterable[bool] | None = None):
        if not isinstance(cls, type) or not dataclasses.is_dataclass(cls):
            raise TypeInformationError(f"DataclassTypeInfo takes a dataclass, not {cls!r}")
        if not takes_its_fields(cls):
            raise TypeInformationError(
                f"{cls.__qualname__} takes arguments that are not its fields, so its instances cannot be rebuilt from "
                "them; declare Types.PICKLED_BYTE_ARRAY() instead"
            )
        fields = dataclasses.fields(cls)
        super().__init__(cls, [field.name for field in fields], field_types, required)
        self.arguments = tuple(field.name for field in fields if field.init)
        self.by_keyword = any(field.kw_only for field in fields if field.init)


class TypedDictTypeInfo(StructuredTypeInfo):
    """Dicts that a TypedDict describes: they have all of its keys and no others.

    Args:
        cls: the TypedDict.
        field_types: the types of its keys' values, in the order of their declaration.
        required: for each key, whether None is refused as its value; by default None is allowed everywhere.

    Raises:
        TypeInformationError: the class is no TypedDict, allows keys to be left out, or the types do not fit its keys.
    """

    def __init__(self, cls: type, field_types: Iterable[TypeInformation], required: Iterable[bool] | None = None):
        if not typing.is_typeddict(cls):
            raise TypeInformationError(f"TypedDictTypeInfo takes a TypedDict, not {cls!r}")
        if has_optional_keys(cls):
            raise TypeInformationError(
                f"keys of {cls.__qualname__} may be left out; declare Types.PICKLED_BYTE_ARRAY() instead"
            )
        super().__init__(cls, cls.__annotations__, field_types, required)


def has_optional_keys(cls: type) -> bool:
    """Whether keys of a TypedDict may be left out."""
    return bool(cls.__optional_keys__)  # type: ignore[attr-defined]


def is_named_tuple(cls: Any) -> bool:
    """Whether ``cls`` is a class made by NamedTuple or namedtuple, or derived from one."""
    return isinstance(cls, type) and issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)


def takes_its_fields(cls: type) -> bool:
    """Whether a dataclass is made from its own fields: it has no InitVar and no ``__init__`` written by hand."""
    taken = {field.name for field in dataclasses.fields(cls) if field.init}
    return set(inspect.signature(cls).parameters) == taken

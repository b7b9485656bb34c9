"""Values that no Arrow type is for, carried through columns as bytes: they come back as they were."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.schema import Field
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import TypeInformation

CARRIER = "z"


class CarriedType:
    """What makes bytes of the values of a type, and values of the bytes; see ``Field``.

    Native operators move such a column as any other, and look into it nowhere: the same value may have several forms as
    bytes, and the bytes of a greater value may be less.

    Args:
        kind: the type.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> carried = CarriedType(Types.BIG_INT())
        >>> carried.decode(carried.encode(10**40)) == 10**40
        True
    """

    def __init__(self, kind: TypeInformation) -> None:
        self.kind = kind

    @cached_property
    def codec(self) -> Codec:
        """The codec of the values."""
        return codec_of(self.kind)

    @property
    def contains_pickle(self) -> bool:
        """Whether ``decode`` may unpickle."""
        return self.codec.contains_pickle

    def encode(self, value: Any) -> bytes:
        """A value as bytes.

        Raises:
            TypeInformationError: it is none of the type.
        """
        return self.codec.encode_one(value)

    def decode(self, data: bytes) -> Any:
        """The value of such bytes."""
        return self.codec.decode_one(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CarriedType) and self.kind == other.kind

    def __hash__(self) -> int:
        return hash(self.kind)

    def __str__(self) -> str:
        return str(self.kind)

    def __repr__(self) -> str:
        return f"CarriedType({self.kind!r})"

    def __reduce__(self) -> Any:
        return CarriedType, (self.kind,)


def carried(name: str, kind: TypeInformation, nullable: bool = True, format: str = CARRIER) -> Field:
    """The column that carries values of a type, or of another format that holds them too."""
    return Field(name, format, nullable, carried=CarriedType(kind))


def is_carried(field: Field) -> bool:
    """Whether a column carries values that native operators cannot look into."""
    return field.carried is not None and field.format == CARRIER
